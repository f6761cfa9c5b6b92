# shellcheck shell=sh
# What a job does on BIRD 2. Facts of the platform, as tried on 2.0.12:
# - what is ours are files of their own, which bird.conf includes: nobody else's line is touched, and the files are the
#   saved configuration.
# - `birdc configure check "FILE"` reads a whole configuration and changes nothing; `birdc configure` keeps the running
#   one after an error. Both return 1 then, and name a place, never a text.
# - the file is read by the user that BIRD runs as. Includes are relative to the folder of the file that has them.
# - a protocol that changed is restarted, but for description, filters and limits.
# - `configure` goes on in the background; one that is cut off is begun again by the next job.
: "${work:?}" "${way:?}"

nothing() {
    echo "$1: nothing was changed" >&2
    exit 1
}

# BIRD's own words for an error, without the lines that come before it.
complaint() { sed -e '/^BIRD .* ready\.$/d' -e '/^Reading configuration from /d' "$work/said" | head -n 1; }

task() { printf '%s-%s' "$(cat "$work/task")" "$way"; }

guard() {
    birdc configure check >"$work/said" 2>&1
    stands=$?
    conf=$(sed -n 's/^Reading configuration from //p' "$work/said")
    [ -n "$conf" ] || nothing "BIRD does not answer: $(complaint)"
    [ $stands -eq 0 ] || nothing "BIRD refuses $conf as it stands: $(complaint)"
    etc=${conf%/*} live=${conf%/*}/leafrack
    case $(task) in
        sessions-forward | as-numbers-forward) ;;
        # What is ours is taken away whatever the switch has by now.
        *) return ;;
    esac
    { [ -d "$live" ] && grep -Eq "$(include)" "$conf"; } ||
        nothing "make the folder $live, and add the line \`include \"$live/*.conf\";\` at the end of $conf"
    protocols
    guard_as_number
    guard_neighbours
}

include() { printf '^[[:space:]]*include[[:space:]]+"(%s/)?leafrack/[*]\\.conf"' "$etc"; }

# A line for each BGP protocol of the default VRF: name, neighbour, own AS, state, what it is in (Established), the
# neighbour's AS.
protocols() {
    birdc show protocols all >"$work/said" 2>&1 || nothing "BIRD does not answer: $(complaint)"
    awk 'function tell() { if (name != "" && !vrf) print name, (who == "" ? "-" : who), own, state, doing, theirs }
        /^[^ \t]/ { tell(); name = ""; if ($2 == "BGP") { name = $1; state = $4; who = own = theirs = ""; doing = "-"; vrf = 0 } }
        $1 == "VRF:" { vrf = 1 }
        $1 == "Neighbor" && $2 == "address:" { who = $3; sub(/%.*/, "", who) }
        $1 == "Neighbor" && $2 == "AS:" { theirs = $3 }
        $1 == "Local" && $2 == "AS:" { own = $3 }
        $1 == "BGP" && $2 == "state:" { doing = $3 }
        END { tell() }' "$work/said" >"$work/protocols" || full
}

# BIRD has no AS of its own. That of the protocols that are not leafrack's is the switch's, where there are any.
guard_as_number() {
    wanted=$(cat "$work/as_number")
    cat /dev/null "$live"/neighbour-*.conf 2>/dev/null >"$work/written"
    has=$(awk -v wanted="$wanted" 'FILENAME == ARGV[1] {
            if ($1 == "protocol") { gsub(/\047/, "", $3); ours[$3] }
            next
        }
        !($1 in ours) && $3 == wanted { right = 1 }
        !($1 in ours) { other = $3 }
        END { if (!right) print other }' "$work/written" "$work/protocols")
    [ -z "$has" ] || nothing "this switch runs BGP as AS $has, the fabric file says $wanted"
}

guard_neighbours() {
    while read -r address _; do
        file=$(standing "$address")
        name=$(awk -v who="$address" -v own="$([ -z "$file" ] || name_in "$live/$file")" \
            '$2 == who && $1 != own { print $1; exit }' "$work/protocols")
        [ -z "$name" ] ||
            nothing "this switch has a protocol $name for the neighbour $address: take it out of its configuration first"
    done <"$work/neighbours"
}

name_in() { sed -n "s/^protocol bgp '\(.*\)' {\$/\1/p" "$1"; }

as_in() { awk '$1 == "neighbor" { sub(/;$/, ""); print $NF }' "$1"; }

# Our files: those of neighbours by the list that their name ends with.
ours() {
    [ -d "$live" ] || return 0
    for path in "$live"/neighbour-*.conf; do
        [ -e "$path" ] || continue
        file=${path##*/}
        list=${file#neighbour-*-} list=${list%.conf}
        ! grep -Fqx -e "$list" "$work/own_lists" || echo "$file"
    done
}

# Our file of an address, if there is one.
standing() { ours | awk -v who="neighbour-$1-" 'index($0, who) == 1 { print; exit }'; }

# All that will stand, in a folder beside the one that stands; what differs is named in $work/config.
stage() {
    : >"$work/config" || full
    [ -d "$live" ] || return 0
    next=$(mktemp -d "$etc/.leafrack-XXXXXX") || unwritable
    trap 'rm -rf "$next" "$next.conf"' EXIT
    trap 'exit 1' TERM HUP INT
    belongs "$next" || unwritable
    copy_all "$next"
    ours >"$work/ours" || full
    case $(task) in
        sessions-forward) stage_sessions ;;
        sessions-back)
            cat "$work/own_lists" "$work/own_paths" >"$work/lists" || full
            stage_removal "$work/ours" "$work/lists"
            ;;
        retired-forward) stage_retired ;;
        as-numbers-*) stage_as_numbers ;;
    esac
    [ ! -e "$live/.pending" ] || echo again >>"$work/config" || full
}

copy_all() {
    for path in "$live"/*.conf; do
        [ ! -e "$path" ] || cp -p "$path" "$1/" || unwritable
    done
}

unwritable() { nothing "cannot write to $etc"; }

# BIRD has to read it, and nobody else: passwords are in it.
belongs() {
    owner=$(stat -c %u:%g "$conf") && chown "$owner" "$1" || return
    if [ -d "$1" ]; then chmod u=rwx,go= "$1"; else chmod u=rw,go= "$1"; fi || return
    case $owner in 0:*) chmod "g=u" "$1" && chmod "g-w" "$1" ;; esac
}

# put NAME: what is on standard input will stand under that name, if it is something else than what does.
put() {
    cat >"$work/put" || full
    ! cmp -s "$work/put" "$live/$1" || return 0
    { cat "$work/put" >"$next/$1" && belongs "$next/$1"; } || unwritable
    echo "put $1" >>"$work/config" || full
}

# with_as FILE AS: the file with another AS.
with_as() {
    awk -v as="$2" '$1 == "neighbor" { print "    neighbor " $2 (as == "external" ? " external;" : " as " as ";"); next }
        { print }' "$1"
}

external() { if [ "$1" = any ]; then echo external; else echo "$1"; fi; }

stage_sessions() {
    mkdir "$work/files" || full
    awk -v folder="$work/files/" '/^# leafrack\// { file = folder substr($2, 10); next } { print >file }' "$work/given" || full
    : >"$work/meanwhile" || full
    while read -r address start end right; do
        kept=$(kept_as "$address" "$start" "$end" "$right")
        case $kept in
            external) awk -v who="$address" '$2 == who && $5 == "Established" { print $6 }' "$work/protocols" ;;
            ?*) echo "$kept" ;;
        esac >>"$work/meanwhile" || full
    done <"$work/neighbours"
    paths=list-$(cat "$work/own_paths").conf
    for path in "$work/files"/list-*; do
        if [ "${path##*/}" = "$paths" ]; then widened "$path"; else cat "$path"; fi >"$work/list" || full
        put "${path##*/}" <"$work/list"
    done
    while read -r address start end right; do
        for path in "$work/files/neighbour-$address-"*; do
            as=$(kept_as "$address" "$start" "$end" "$right")
            if [ -n "$as" ]; then with_as "$path" "$as"; else cat "$path"; fi >"$work/neighbour" || full
            put "${path##*/}" <"$work/neighbour"
        done
        awk -v who="$address" '$2 == who && $4 == "down" { print "enable " $1 }' "$work/protocols" >>"$work/config" || full
    done <"$work/neighbours"
}

# The file of the path list with the AS numbers in which nodes are meanwhile, whatever the file says.
widened() {
    awk 'FILENAME == ARGV[1] { if ($1 + 0 > 0) more[$1]; next }
        $1 + 0 > 0 { text = $1; sub(/,$/, "", text); delete more[text] }
        # The last number has no comma behind it.
        /^\]/ { for (number in more) { print last ","; last = "    " number } }
        last != "" { print last }
        { last = $0 }
        END { print last }' "$work/meanwhile" "$1"
}

# The AS that a neighbour has and keeps: to change it resets the session. Only who has no session, in an AS that is never
# right, gets the one of the start.
kept_as() {
    file=$(standing "$1")
    [ -n "$file" ] || return 0
    has=$(as_in "$live/$file")
    case " external $2 $3 $4 " in
        *" $has "*) echo "$has" ;;
        *) ! stands "$1" || echo "$has" ;;
    esac
}

stands() { awk -v who="$1" '$2 == who && $5 == "Established" { found = 1 } END { exit !found }' "$work/protocols"; }

stage_as_numbers() {
    while read -r address start end _; do
        file=$(standing "$address")
        [ -n "$file" ] || continue
        if [ "$way" = forward ]; then as=$(external "$end"); else as=$(external "$start"); fi
        with_as "$live/$file" "$as" >"$work/neighbour" || full
        put "$file" <"$work/neighbour"
    done <"$work/neighbours"
    # From now on the nodes are in the AS of the end: what the path list had for another one meanwhile goes.
    [ "$way" = forward ] || return 0
    paths=list-$(cat "$work/own_paths").conf
    awk -v file="leafrack/$paths" '/^# leafrack\// { inside = $2 == file; next } inside' "$work/given" >"$work/list" || full
    [ ! -s "$work/list" ] || put "$paths" <"$work/list"
}

stage_retired() {
    awk 'FILENAME == ARGV[1] { declared["neighbour-" $1 "-"]; next }
        { for (start in declared) if (index($0, start) == 1) next; print }' "$work/neighbours" "$work/ours" >"$work/gone" || full
    awk 'FILENAME == ARGV[1] { if (/^# leafrack\/list-/) declared[$2]; next }
        !(("leafrack/list-" $0 ".conf") in declared)' "$work/given" "$work/own_lists" >"$work/old_lists" || full
    stage_removal "$work/gone" "$work/old_lists"
}

# The files named in one file, and those of the lists named in another.
stage_removal() {
    { cat "$1" && sed 's/.*/list-&.conf/' "$2"; } >"$work/removed" || full
    while read -r file; do
        [ -e "$next/$file" ] || continue
        rm "$next/$file" || unwritable
        echo "drop $file" >>"$work/config" || full
    done <"$work/removed"
}

check() {
    sed -E "s#$(include)#include \"$next/*.conf\"#" "$conf" >"$next.conf" || unwritable
    belongs "$next.conf" || unwritable
    birdc "configure check \"$next.conf\"" >"$work/said" 2>&1 || nothing "BIRD refuses what is to stand: $(complaint)"
}

# Nothing that is in place is lost before BIRD runs what takes its place.
apply() {
    mkdir "$work/before" || full
    copy_all "$work/before"
    : >"$live/.pending" || unwritable
    while read -r what file; do
        case $what in
            put) mv -f "$next/$file" "$live/$file" || restore "cannot write to $live" ;;
            drop) rm -f "$live/$file" || restore "cannot write to $live" ;;
        esac
    done <"$work/config"
    birdc configure >"$work/said" 2>&1 || restore "$(complaint)"
    rm -f "$live/.pending"
    settled
    while read -r what name; do
        [ "$what" != enable ] || birdc "enable '$name'" >"$work/said" 2>&1 || nothing "BIRD says: $(complaint)"
    done <"$work/config"
}

restore() {
    while read -r what file; do
        case $what in
            put | drop)
                if [ -e "$work/before/$file" ]; then cp -p "$work/before/$file" "$live/$file"; else rm -f "$live/$file"; fi
                ;;
        esac
    done <"$work/config"
    birdc configure >"$work/said" 2>&1 && rm -f "$live/.pending"
    echo "BIRD refuses what was to stand: $1: its files are as they were" >&2
    exit 1
}

settled() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        birdc show status 2>&1 | grep -q '^Reconfiguration in progress' || return 0
        sleep 0.5
    done
}

# The files are the saved configuration.
save() { :; }
