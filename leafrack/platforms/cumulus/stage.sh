# shellcheck shell=sh disable=SC1083 # {session} is filled in
# Puts what stands on standard input into a new revision of NVUE: up to the line --- what is unset, a path each, and
# `free PREFIX GROUP` or `free ADDRESS` for what apply.sh takes away in FRR; from there on what is patched; the line ... at
# the end, without which it has not arrived whole. Facts of the platform
# (docs.nvidia.com, nvue-reference and NVUE's guide):
# - `nv config patch` wants the whole path of a file.
# - what one sets or patches goes to the revision that one is attached to: somebody may have left one behind, which
#   `nv config detach` leaves as it is.
umask 077
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM PIPE
cat >"$work/given" || exit 1
if [ "$(tail -n 1 "$work/given")" != ... ]; then
    echo 'what is to be staged has not arrived whole' >&2
    exit 1
fi
awk '/^---$/ { exit } $1 != "free" { print }' "$work/given" >"$work/unset" || exit 1
free=$(awk '/^---$/ { exit } $1 == "free" { print $2, $3 }' "$work/given")
# Nobody else's file is written to.
[ -z "$free" ] || (set -C && printf '%s\n' "$free" >/tmp/{session}.free) || exit 1
awk 'begun && $0 != "..." { print } /^---$/ { begun = 1 }' "$work/given" >"$work/patch.yaml" || exit 1
nv config detach >"$work/said" 2>&1 </dev/null || :
while read -r path; do
    # shellcheck disable=SC2086 # words of a path
    nv unset $path </dev/null || exit 1
done <"$work/unset"
[ ! -s "$work/patch.yaml" ] || nv config patch "$work/patch.yaml" </dev/null
