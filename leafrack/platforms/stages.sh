# shellcheck shell=sh
# The stages of a job, for a platform behind a POSIX shell. The platform's own file before this one defines guard, stage,
# check, apply and save. The job's data are files in $work: task, as_number, own_lists, own_paths, neighbours (a line each:
# address, or group of those that come by a range; AS at the start, AS in the end, every AS that is right), listeners
# (range and group), given (the configuration in the platform's words).

: "${work:?}"

full() {
    echo "cannot write to $work: is its disk full? Nothing was changed" >&2
    exit 1
}

main() {
    guard
    stage
    if [ -s "$work/config" ]; then
        check
        apply
    fi
    save
}
