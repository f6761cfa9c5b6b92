# shellcheck shell=sh
# The task sessions: lists, neighbours and ranges come and change; on the way back all that is ours goes.
: "${work:?}" "${way:?}"

stage() {
    : >"$work/config" || full
    if [ "$way" = forward ]; then
        stage_sessions
        return
    fi
    ours >"$work/gone" || full
    stage_removal "$work/own_lists" "$work/own_paths"
}

# Whether a neighbour has a session, or somebody who has come by a range of a group.
stands() {
    case $1 in
        *[.:]*)
            frr -c "show bgp vrf default neighbors $1 json" 2>&1 | grep -q '"bgpState": *"Established"'
            return
            ;;
    esac
    established >"$work/up" || full
    awk -v group="$1" "$INSIDE"'
        FILENAME == ARGV[1] { if (/^ bgp listen range / && $6 == group) ranges[$4]; next }
        { for (range in ranges) if (inside($1, range)) found = 1 }
        END { exit !found }' "$work/instance" "$work/up"
}

# Addresses of neighbours whose AS stays as it is: to change it resets the session. Only who has no session, in an AS
# that is never right, gets the one of the start.
keep_as() {
    : >"$work/meanwhile" || full
    while read -r address start end right; do
        has=$(awk -v who="$address" '$1 == "neighbor" && $2 == who && $3 == "remote-as" { print $4; exit }' "$work/instance")
        [ -n "$has" ] || continue
        case " external $start $end $right " in
            *" $(as_plain "$has") "*) ;;
            *) stands "$address" || continue ;;
        esac
        echo "$address"
        meanwhile "$address" "$has" >>"$work/meanwhile" || full
    done <"$work/neighbours"
}

# Groups of ours that are declared no more, before neighbours that are not there yet.
make_room() {
    surplus
    # shellcheck disable=SC2016 # the dollars are awk's
    awk 'FILENAME == ARGV[1] { if ($1 == "neighbor") has[$2]; next }
        FILENAME == ARGV[2] { if (!($1 in has)) lacking = 1; next }
        lacking && $1 !~ /[.:]/' "$work/instance" "$work/neighbours" "$work/gone" >"$work/groups" || full
    mv "$work/groups" "$work/gone" || full
    in_instance gone >>"$work/config" || full
}

# Ranges of groups that get another password, or lose theirs: they are taken away first and come back after it, because
# the keys of who came by them (keys.sh) go only while the range is not there.
with_other_password() {
    awk 'FILENAME == ARGV[1] { groups[$2]; next }
        { who = 2; no = $1 == "no"; if (no) who = 3 }
        $who in groups && $(who + 1) == "password" {
            line = $0
            sub(/^ +/, "", line)
            if (FILENAME == ARGV[2]) has[$who] = line; else wants[$who] = no ? "" : line
        }
        END { for (group in groups) if (has[group] "" != wants[group] "") print group }' \
        "$work/listeners" "$work/instance" "$work/given" >"$work/groups" || return 1
    awk 'FILENAME == ARGV[1] { groups[$1]; next } /^ bgp listen range / && ($6 in groups)' "$work/groups" "$work/instance"
}

# Neighbours and groups that are new, with another AS than that of the start: the one of the end, where they come in the
# place of the other kind and all of that have it, because their nodes are in it already (with the one of the start
# their sessions would reset once more when it is pinned, and on all leaves of the rack at once); or any, where another
# one is not in that of the start, because their rack is in another AS until the update has reached it.
settled() {
    awk 'function plain(number, halves) {
            return split(number, halves, ".") == 2 ? halves[1] * 65536 + halves[2] : number
        }
        FILENAME == ARGV[1] { ours[$1]; next }
        FILENAME == ARGV[2] { if ($1 == "neighbor" && $3 == "remote-as") has[$2] = plain($4); next }
        $1 in has { next }
        {
            some = others = meanwhile = 0
            for (who in ours) {
                if (!(who in has)) continue
                if (has[who] != $2) meanwhile = 1
                if ((who ~ /[.:]/) == ($1 ~ /[.:]/)) continue
                if (has[who] == $3) some = 1; else others = 1
            }
            if (some && !others) print $1, $3
            else if (meanwhile && $2 != "any") print $1, "external"
        }' "$work/ours" "$work/instance" "$work/neighbours"
}

# The widened lines with the AS of who is settled, and what is said of the limit of neighbours, which is given only where
# it is to be raised.
wanted() {
    has=$(listen_limit)
    needed=$(awk '/^ bgp listen limit / { print $4 }' "$work/given")
    raised "$work/listeners" >"$work/raised" || return 1
    read -r to was <"$work/raised" || to=''
    if [ "${needed:-0}" -gt "$has" ]; then
        [ "$to" = "$has" ] || was=$has
        to=$needed
    fi
    settled >"$work/settled" || return 1
    awk -v note="${to:+ (bgp listen limit $to, was $was)}" -v has="$has" '
        FILENAME == ARGV[1] { groups[$2]; next }
        FILENAME == ARGV[2] { end[$1] = $2; next }
        $1 == "neighbor" && $3 == "remote-as" && ($2 in end) { print " neighbor " $2 " remote-as " end[$2]; next }
        /^ bgp listen limit / && $4 <= has + 0 { next }
        $1 == "neighbor" && $3 == "description" && ($2 in groups) { print $0 note; next }
        { print }' "$work/listeners" "$work/settled" "$work/widened"
}

# The AS in which a node is meanwhile, whatever the file says: its neighbour's, or that of its session.
meanwhile() {
    case $2 in
        [0-9]*) as_plain "$2" ;;
        *) frr -c "show bgp vrf default neighbors $1 json" 2>&1 |
            awk -F '[:,]' '/"remoteAs"/ { number = $2 + 0 } /"bgpState" *: *"Established"/ { up = 1 }
                END { if (up && number) printf "%.0f\n", number }' ;;
    esac
}

# The given lines with a path list that takes the AS numbers of $work/meanwhile too, in both spellings.
widen() {
    awk 'FILENAME == ARGV[1] { if ($1 + 0 > 0) more[$1]; next }
        $2 == "as-path" {
            numbers = $NF
            sub(/^\^\(/, "", numbers)
            sub(/\).*/, "", numbers)
            for (count = split(numbers, known, "|"); count > 0; count--) delete more[known[count]]
            for (number in more) {
                numbers = numbers "|" number
                if (number + 0 > 65535) numbers = numbers "|" int(number / 65536) "[.]" number % 65536
            }
            $NF = "^(" numbers ")(_(" numbers "))*$"
        }
        { print }' "$work/meanwhile" "$work/given" >"$work/widened" || full
}

stage_sessions() {
    keep_as >"$work/kept" || full
    make_room
    widen
    wanted >"$work/wanted" || full
    giving_way >"$work/giving_way" || full
    with_other_password >"$work/with_other_password" || full
    awk '!($0 in said) { said[$0]; print }' "$work/with_other_password" "$work/giving_way" >"$work/paused" || full
    in_instance without "$work/paused" >>"$work/config" || full
    differing >>"$work/config" || full
}

# End the sessions of those that come by their name from now on: FRR forgets whom a range brought as soon as that is done.
by_name() {
    [ "$way" = forward ] || return 0
    coming_by_name >"$work/by_name" || full
    coming_again >"$work/coming" || full
    while read -r address; do
        frr -c "clear bgp $address" >"$work/said" 2>&1 || quiet
    done <"$work/by_name"
}
