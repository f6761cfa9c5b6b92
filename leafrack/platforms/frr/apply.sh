# shellcheck shell=sh
# What a job does on FRR. Facts of the platform, as tried on 8.4:
# - `vtysh -f FILE` goes on after an error, so a syntax check (`-C`) of the whole comes first. It says nothing and
#   returns 0 where bgpd does not run: the running configuration is read before.
# - messages repeat the line that failed, password included: it is cut there.
# - `no neighbor X` drops every line of X, and succeeds where there is none.
# - FRR silently refuses a prefix list's entry that stands under another number: entries are told by what they say, and
#   new ones go to the end.
# - FRR refuses to switch graceful restart to what it is already, so only what differs is sent.
: "${work:?}" "${way:?}"

# How FRR is reached. A platform that has it elsewhere says so in an apply.sh of its own, which comes after this one.
frr() { vtysh "$@"; }

# frr_given FILE WORD...: the same with the lines of a file.
frr_given() {
    file=$1
    shift
    vtysh "$@" -f "$file"
}

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

# Addresses of neighbours that carry a list of this fabric.
ours() {
    awk 'NR == FNR { own[$1]; next }
        $1 == "neighbor" && $3 == "prefix-list" && ($4 in own) && $2 ~ /[.:]/ && !($2 in seen) { seen[$2]; print $2 }' \
        "$work/own_lists" "$work/instance"
}

stage() {
    : >"$work/config" || full
    case $(cat "$work/task")-$way in
        sessions-forward) stage_sessions ;;
        sessions-back)
            ours >"$work/gone" || full
            stage_removal "$work/own_lists"
            ;;
        retired-forward)
            ours >"$work/ours" || full
            awk 'FILENAME == ARGV[1] { declared[$1]; next } !($1 in declared)' "$work/neighbours" "$work/ours" \
                >"$work/gone" || full
            awk 'FILENAME == ARGV[1] { if ($2 == "prefix-list") declared[$3]; next } !($1 in declared)' \
                "$work/given" "$work/own_lists" >"$work/old_lists" || full
            stage_removal "$work/old_lists"
            ;;
        as-numbers-*) stage_as_numbers ;;
    esac
}

# The neighbours of $work/gone, then the lists named in a file: what a neighbour still names permits nothing.
stage_removal() {
    {
        in_instance sed 's/^/ no neighbor /' "$work/gone"
        awk 'FILENAME == ARGV[1] { old[$1]; next }
            /^ip(v6)? prefix-list / && ($3 in old) && !(($1, $3) in seen) { seen[$1, $3]; print "no", $1, $2, $3 }' \
            "$1" "$work/running"
    } >>"$work/config" || full
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
}

# Lines that a command prints, inside the BGP instance; nothing where it prints nothing.
in_instance() {
    lines=$("$@") || return
    [ -z "$lines" ] || printf 'router bgp %s\n%s\nexit\n' "$shown" "$lines"
}

stands() { frr -c "show bgp vrf default neighbors $1 json" 2>&1 | grep -q '"bgpState": *"Established"'; }

# Addresses of neighbours whose AS stays as it is: to change it resets the session. Only who has no session, in an AS
# that is never right, gets the one of the start.
keep_as() {
    while read -r address start end right; do
        has=$(awk -v who="$address" '$1 == "neighbor" && $2 == who && $3 == "remote-as" { print $4; exit }' "$work/instance")
        [ -n "$has" ] || continue
        case " external $start $end $right " in
            *" $(as_plain "$has") "*) echo "$address" ;;
            *) ! stands "$address" || echo "$address" ;;
        esac
    done <"$work/neighbours"
}

# What differs of the given lines: a line that stands is not sent again, nor the removal of one that does not.
stage_sessions() {
    keep_as >"$work/kept" || full
    {
        cat "$work/instance"
        awk '$2 == "prefix-list"' "$work/running"
    } >"$work/standing" || full
    awk 'FILENAME == ARGV[1] { kept[$1]; next }
        FILENAME == ARGV[2] {
            sub(/^ +/, "")
            if ($2 == "prefix-list") sub(/ seq [0-9]+ /, " ")
            stands[$0]
            for (text = $0; sub(/ [^ ]*$/, "", text);) begins[text]
            next
        }
        { line = $0; sub(/^ +/, "", line) }
        line ~ /^neighbor [^ ]+ remote-as / && ($2 in kept) { next }
        line ~ /^no neighbor / { sub(/^no /, "", line); if ((line in stands) || (line in begins)) print; next }
        line ~ /^(ip|ipv6) prefix-list / { sub(/ seq [0-9]+ /, " ", line); if (!(line in stands)) print line; next }
        line ~ /^neighbor / && (line in stands) { next }
        { print }' "$work/kept" "$work/standing" "$work/given" >"$work/config" || full
    # After the new entries are in, so that a list is never empty.
    awk '$2 != "prefix-list" { next }
        { text = $0; sub(/ seq [0-9]+ /, " ", text) }
        NR == FNR { ours[$1, $3]; given[text]; next }
        (($1, $3) in ours) && !(text in given) { print "no " $0 }' "$work/given" "$work/running" >>"$work/config" || full
}

check() { frr_given "$work/config" -C >"$work/said" 2>&1 || quiet; }

apply() { frr_given "$work/config" >"$work/said" 2>&1 || quiet; }

# Twice: vtysh keeps what was saved before as frr.conf.sav, and with it a password that has been taken away.
save() {
    for _ in once again; do frr -c 'write memory' >"$work/said" 2>&1 || quiet; done
}
