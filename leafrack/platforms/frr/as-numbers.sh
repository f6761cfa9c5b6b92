# shellcheck shell=sh
# The task as-numbers: neighbours get the AS of the end, or on the way back that of the start.
: "${work:?}" "${way:?}"

stage() {
    : >"$work/config" || full
    ours >"$work/ours" || full
    # shellcheck disable=SC2016 # the dollars are awk's
    in_instance awk -v way="$way" 'function plain(number, halves) {
            return split(number, halves, ".") == 2 ? halves[1] * 65536 + halves[2] : number
        }
        FILENAME == ARGV[1] { ours[$1]; next }
        FILENAME == ARGV[2] { if ($1 == "neighbor" && $3 == "remote-as") has[$2] = plain($4); next }
        { wanted = way == "forward" ? $3 : $2; if (wanted == "any") wanted = "external" }
        ($1 in ours) && has[$1] != wanted { print " neighbor " $1 " remote-as " wanted }' \
        "$work/ours" "$work/instance" "$work/neighbours" >>"$work/config" || full
    [ "$way" = forward ] || return 0
    # From now on the nodes are in the AS of the end: what the path list had for another one meanwhile goes.
    awk '$2 == "as-path"' "$work/given" >"$work/wanted" || full
    : >"$work/kept" || full
    : >"$work/paused" || full
    differing >>"$work/config" || full
}
