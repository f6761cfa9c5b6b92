# shellcheck shell=sh
# What a job gives: only what differs of it.
: "${work:?}"

# What differs of the wanted lines: a line that stands is not sent again, nor the removal of one that does not.
differing() {
    {
        grep -v -x -F -f "$work/paused" "$work/instance"
        awk '$2 == "prefix-list" || $2 == "as-path"' "$work/running"
    } >"$work/standing" || full
    awk 'FILENAME == ARGV[1] { kept[$1]; next }
        FILENAME == ARGV[2] {
            sub(/^ +/, "")
            if ($2 == "prefix-list" || $2 == "as-path") sub(/ seq [0-9]+ /, " ")
            stands[$0]
            for (text = $0; sub(/ [^ ]*$/, "", text);) begins[text]
            next
        }
        { line = $0; sub(/^ +/, "", line) }
        line ~ /^neighbor [^ ]+ remote-as / && ($2 in kept) { next }
        line ~ /^no neighbor / { sub(/^no /, "", line); if ((line in stands) || (line in begins)) print; next }
        line ~ /^(ip|ipv6) prefix-list / { sub(/ seq [0-9]+ /, " ", line); if (!(line in stands)) print line; next }
        line ~ /^(neighbor|bgp as-path|bgp listen) / && (line in stands) { next }
        { print }' "$work/kept" "$work/standing" "$work/wanted" || return
    # After the new entries are in, so that a list is never empty.
    awk 'function list() { return $2 == "as-path" ? $1 " " $4 : $2 == "prefix-list" ? $1 " " $3 : "" }
        list() == "" { next }
        { text = $0; sub(/ seq [0-9]+ /, " ", text) }
        FILENAME == ARGV[1] { ours[list()]; wanted[text]; next }
        (list() in ours) && !(text in wanted) { print "no " $0 }' "$work/wanted" "$work/running"
}
