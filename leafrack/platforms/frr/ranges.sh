# shellcheck shell=sh
# Ranges that neighbours or other ranges take the place of. FRR takes no range that overlaps one that stands, and refuses
# to configure who has come by one. So a range that is declared no more goes before one that overlaps it comes, and a
# session by a range is ended before its node gets a name, which the others of the range do not notice.
: "${work:?}"

# Ranges of a group that stays that are declared no more, and overlap one that is new.
giving_way() {
    old_ranges >"$work/old_ranges" || return 1
    awk "$INSIDE"'
        FILENAME == ARGV[1] { if (/^ bgp listen range /) stands[$4, $6]; next }
        FILENAME == ARGV[2] { if (!(($1, $2) in stands)) new[$1]; next }
        { for (one in new) if (overlap(one, $4)) { print; next } }' \
        "$work/instance" "$work/listeners" "$work/old_ranges"
}

# Addresses of neighbours that are new and have come by a range of a group that stays.
coming_by_name() {
    awk "$INSIDE"'
        FILENAME == ARGV[1] { if ($1 == "neighbor") configured[$2]; next }
        FILENAME == ARGV[2] { range[$1]; next }
        FILENAME == ARGV[3] { up[$1]; next }
        ($1 in up) && !($1 in configured) { for (one in range) if (inside($1, one)) { print $1; next } }' \
        "$work/instance" "$work/listeners" "$work/established" "$work/neighbours"
}

# Who has a session that ends for it and comes again: by another range, unless both ends of it get something else, which
# the nodes have only later; or by its name.
coming_again() {
    awk "$INSIDE"'
        FILENAME == ARGV[1] { groups[$2]; range[$1]; next }
        FILENAME == ARGV[2] {
            who = $1 == "no" ? 2 : 1
            if ($who == "neighbor" && ($(who + 1) in groups) && $(who + 2) ~ /^(password|ttl-security)$/) both = 1
            next
        }
        FILENAME == ARGV[3] { if ($1 == "neighbor") configured[$2]; next }
        FILENAME == ARGV[4] { from[$4]; next }
        FILENAME == ARGV[5] { print $1; next }
        both || ($1 in configured) { next }
        {
            left = here = 0
            for (one in from) if (inside($1, one)) left = 1
            for (one in range) if (inside($1, one)) here = 1
            if (left && here) print $1
        }' "$work/listeners" "$work/config" "$work/instance" "$work/giving_way" "$work/by_name" "$work/established"
}
