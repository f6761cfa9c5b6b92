# shellcheck shell=sh
# What a job does on FRR. Facts of the platform, as tried on 8.4:
# - `vtysh -f FILE` goes on after an error, so a syntax check (`-C`) of the whole comes first. It says nothing and
#   returns 0 where bgpd does not run: the running configuration is read before.
# - messages repeat the line that failed, password included: it is cut there.
# - `no neighbor X` drops every line of X, and succeeds where there is none.
# - FRR silently refuses a prefix list's entry that stands under another number: entries are told by what they say, and
#   new ones go to the end.
# - FRR refuses to switch graceful restart to what it is already, so only what differs is sent.
# - `bgp listen limit` is the instance's: it is raised to what is needed and never lowered. What it was stands behind the
#   description of leafrack's groups, and is put back with the last of them, unless somebody has changed it since.
# - FRR takes a session that stands over to no range, and refuses to configure who has come by one. So a group that is
#   declared no more goes before neighbours come in its place, and those that gave way to the other are waited for: the
#   other leaf of a pair has its turn after that.
: "${work:?}" "${way:?}"

# How FRR is reached. A platform that has it elsewhere says so in an apply.sh of its own, which comes after this one.
frr() { vtysh "$@"; }

# frr_given FILE WORD...: the same with the lines of a file.
frr_given() {
    file=$1
    shift
    vtysh "$@" -f "$file"
}

# Seconds for neighbours that have to connect again; BIRD waits five after the leaf has closed a session.
PATIENCE=40
# Seconds from then on for their routes, which FRR gathers for one before it sends them (`bgp coalesce-time`): the other
# leaf must not go before.
ROUTES=3

# What else must be true before anything changes; it says what is not, and ends the job.
ready() { :; }

# That sudo wants a password is no secret.
quiet() {
    sed -e '/^sudo: /!s/password .*/password (hidden)/' "$work/said" >&2
    exit 1
}

# What is ours is taken away whatever the switch has become by now.
removing() { [ "$way" = back ] || [ "$(cat "$work/task")" = retired ]; }

guard() {
    removing || ready
    # By way of a variable: vtysh does not say that it could not write.
    running=$(frr -c 'show running-config bgpd' 2>"$work/said") || quiet
    printf '%s\n' "$running" >"$work/running" || full
    # The default instance alone: a switch may run BGP in a VRF only.
    awk '/^router bgp [0-9.]+( as-notation [a-z+]+)?$/ { print "as", $3; inside = 1; next }
        /^[^ !]/ { inside = 0 }
        inside { print }' "$work/running" >"$work/instance" || full
    shown=$(sed -n 's/^as //p' "$work/instance" | head -n 1)
    ! removing || return 0
    wanted=$(cat "$work/as_number")
    [ "$(as_plain "$shown")" != "$wanted" ] || return 0
    echo "this switch runs BGP as AS ${shown:-(none)}, the fabric file says $wanted: nothing was changed" >&2
    exit 1
}

as_plain() {
    case $1 in
        *.*) echo $((${1%.*} * 65536 + ${1#*.})) ;;
        *) echo "$1" ;;
    esac
}

# Addresses of neighbours, and names of groups, that carry a list of this fabric.
ours() {
    awk 'NR == FNR { own[$1]; next }
        $1 == "neighbor" && $3 == "peer-group" && NF == 3 { group[$2] }
        $1 == "neighbor" && $3 == "prefix-list" && ($4 in own) && ($2 ~ /[.:]/ || ($2 in group)) && !($2 in seen) {
            seen[$2]
            print $2
        }' "$work/own_lists" "$work/instance"
}

stage() {
    : >"$work/config" || full
    case $(cat "$work/task")-$way in
        sessions-forward) stage_sessions ;;
        sessions-back)
            ours >"$work/gone" || full
            stage_removal "$work/own_lists" "$work/own_paths"
            ;;
        retired-forward)
            surplus
            old_ranges >"$work/ranges" || full
            in_instance without "$work/ranges" >>"$work/config" || full
            awk 'FILENAME == ARGV[1] { if ($2 == "prefix-list") declared[$3]; next } !($1 in declared)' \
                "$work/given" "$work/own_lists" >"$work/old_lists" || full
            stage_removal "$work/old_lists" /dev/null
            ;;
        as-numbers-*) stage_as_numbers ;;
    esac
}

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

stage_as_numbers() {
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

# Lines that a command prints, inside the BGP instance; nothing where it prints nothing.
in_instance() {
    lines=$("$@") || return
    [ -z "$lines" ] || printf 'router bgp %s\n%s\nexit\n' "$shown" "$lines"
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

check() { frr_given "$work/config" -C >"$work/said" 2>&1 || quiet; }

apply() {
    established >"$work/established" || full
    by_name
    frr_given "$work/config" >"$work/said" 2>&1 || quiet
}

# End the sessions of those that come by their name from now on: FRR forgets whom a range brought as soon as that is done.
by_name() {
    [ "$(cat "$work/task")-$way" = sessions-forward ] || return 0
    coming_by_name >"$work/by_name" || full
    coming_again >"$work/coming" || full
    while read -r address; do
        frr -c "clear bgp $address" >"$work/said" 2>&1 || quiet
    done <"$work/by_name"
}

# Addresses of neighbours whose session stands.
established() {
    frr -c 'show bgp vrf default neighbors json' 2>/dev/null | tr '{},' '[\n*]' | awk -F '"' '
        /^[ \t]*"[0-9a-fA-F.:]+" *: *$/ { who = $2 }
        /"bgpState" *: *"Established"/ { print who }'
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

# Twice: vtysh keeps what was saved before as frr.conf.sav, and with it a password that has been taken away.
save() {
    for _ in once again; do frr -c 'write memory' >"$work/said" 2>&1 || quiet; done
    [ ! -f "$work/established" ] || come_back
}
