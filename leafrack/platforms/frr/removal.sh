# shellcheck shell=sh
# Taking away what is ours: neighbours, groups with their ranges, lists. Facts of the platform:
# - `bgp listen limit` is the instance's: it is raised to what is needed and never lowered. What it was stands behind the
#   description of leafrack's groups, and is put back with the last of them, unless somebody has changed it since.
# - FRR takes a session that stands over to no range, and refuses to configure who has come by one. So a group that is
#   declared no more goes before neighbours come in its place, and those that gave way to the other are waited for: the
#   other leaf of a pair has its turn after that.
: "${work:?}" "${way:?}"

# Seconds for neighbours that have to connect again; BIRD waits five after the leaf has closed a session.
PATIENCE=40
# Seconds from then on for their routes, which FRR gathers for one before it sends them (`bgp coalesce-time`): the other
# leaf must not go before.
ROUTES=3

# Of what is ours, what is declared no more.
surplus() {
    ours >"$work/ours" || full
    awk 'FILENAME == ARGV[1] { declared[$1]; next } !($1 in declared)' "$work/neighbours" "$work/ours" \
        >"$work/gone" || full
}

# Ranges of a group that stays.
old_ranges() {
    awk 'FILENAME == ARGV[1] { declared[$1, $2]; stays[$2]; next }
        FILENAME == ARGV[2] { ours[$1]; next }
        /^ bgp listen range / && ($6 in ours) && ($6 in stays) && !(($4, $6) in declared)' \
        "$work/listeners" "$work/ours" "$work/instance"
}

listen_limit() { awk '/^ bgp listen limit / { has = $4 } END { print has ? has : 100 }' "$work/instance"; }

# What the limit of neighbours was raised to for groups that are named in a file, and what it was before.
raised() {
    awk 'FILENAME == ARGV[1] { groups[$NF]; next }
        $1 == "neighbor" && ($2 in groups) && $3 == "description" && /\(bgp listen limit [0-9]+, was [0-9]+\)$/ {
            to = $(NF - 2)
            was = $NF
            sub(/,/, "", to)
            sub(/\)/, "", was)
            print to, was
            exit
        }' "$1" "$work/instance"
}

# The limit as it was, where groups are taken away that it was raised for.
limit_back() {
    [ "$way" = back ] || [ ! -s "$work/listeners" ] || return 0
    raised "$work/gone" >"$work/raised" || full
    read -r to was <"$work/raised" || return 0
    [ "$(listen_limit)" != "$to" ] || echo " bgp listen limit $was"
}

# The neighbours of $work/gone, then the prefix lists named in one file and the path lists named in another: what a
# neighbour still names permits nothing.
stage_removal() {
    {
        in_instance gone
        awk 'FILENAME == ARGV[1] { old[$1]; next }
            /^ip(v6)? prefix-list / && ($3 in old) && !(($1, $3) in seen) { seen[$1, $3]; print "no", $1, $2, $3 }' \
            "$1" "$work/running"
        awk 'FILENAME == ARGV[1] { old[$1]; next }
            /^bgp as-path access-list / && ($4 in old) && !($4 in seen) { seen[$4]; print "no", $1, $2, $3, $4 }' \
            "$2" "$work/running"
    } >>"$work/config" || full
}

# Neighbours and groups of $work/gone. 8.4 keeps the key of a range's password when its group goes and the range does not
# go before it, and then lets nobody of that range in.
gone() {
    awk 'FILENAME == ARGV[1] { gone[$1]; next } /^ bgp listen range / && ($6 in gone)' \
        "$work/gone" "$work/instance" >"$work/ranges" || return 1
    without "$work/ranges" || return 1
    sed 's/^/ no neighbor /' "$work/gone"
    limit_back
}

# Who has given way to a range, or was in one that gave way to neighbours or to another range, and had a session, has it
# again.
come_back() {
    [ "$way" = forward ] || return 0
    ! removing || [ -s "$work/listeners" ] || return 0
    for file in gone coming; do [ -f "$work/$file" ] || : >"$work/$file" || full; done
    awk 'FILENAME == ARGV[1] { gone[$1]; if ($1 !~ /[.:]/) group = 1; next }
        FILENAME == ARGV[2] { declared[$1]; next }
        FILENAME == ARGV[3] { coming[$1]; next }
        ($1 in gone) || ($1 in coming) || (group && ($1 in declared))' \
        "$work/gone" "$work/neighbours" "$work/coming" "$work/established" >"$work/missing" || full
    [ -s "$work/missing" ] || return 0
    for _ in $(seq "$PATIENCE"); do
        [ -s "$work/missing" ] || break
        sleep 1
        established >"$work/now" || full
        awk 'FILENAME == ARGV[1] { up[$1]; next } !($1 in up)' "$work/now" "$work/missing" >"$work/still" || full
        mv "$work/still" "$work/missing" || full
    done
    [ ! -s "$work/missing" ] || {
        echo "neighbours that have not come back within $PATIENCE s: $(tr '\n' ' ' <"$work/missing")" >&2
        exit 1
    }
    sleep "$ROUTES"
}
