# shellcheck shell=sh
# The task retired: what is ours and declared no more goes. It has no way back.
: "${work:?}"

stage() {
    : >"$work/config" || full
    surplus
    old_ranges >"$work/ranges" || full
    in_instance without "$work/ranges" >>"$work/config" || full
    awk 'FILENAME == ARGV[1] { if ($2 == "prefix-list") declared[$3]; next } !($1 in declared)' \
        "$work/given" "$work/own_lists" >"$work/old_lists" || full
    stage_removal "$work/old_lists" /dev/null
}
