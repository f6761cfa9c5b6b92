# shellcheck shell=sh
# What every job does on FRR; the file of its task follows, with the stage. Facts of the platform, as tried on 8.4:
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

# Addresses of neighbours, and names of groups, that carry a list of this fabric.
ours() {
    awk 'NR == FNR { own[$1]; next }
        $1 == "neighbor" && $3 == "peer-group" && NF == 3 { group[$2] }
        $1 == "neighbor" && $3 == "prefix-list" && ($4 in own) && ($2 ~ /[.:]/ || ($2 in group)) && !($2 in seen) {
            seen[$2]
            print $2
        }' "$work/own_lists" "$work/instance"
}

# Lines that a command prints, inside the BGP instance; nothing where it prints nothing.
in_instance() {
    lines=$("$@") || return
    [ -z "$lines" ] || printf 'router bgp %s\n%s\nexit\n' "$shown" "$lines"
}

# Addresses of neighbours whose session stands.
established() {
    frr -c 'show bgp vrf default neighbors json' 2>/dev/null | tr '{},' '[\n*]' | awk -F '"' '
        /^[ \t]*"[0-9a-fA-F.:]+" *: *$/ { who = $2 }
        /"bgpState" *: *"Established"/ { print who }'
}

# What a task does besides: before its lines are given, and after they are saved.
by_name() { :; }
come_back() { :; }

check() { frr_given "$work/config" -C >"$work/said" 2>&1 || quiet; }

apply() {
    established >"$work/established" || full
    by_name
    frr_given "$work/config" >"$work/said" 2>&1 || quiet
}

# Twice: vtysh keeps what was saved before as frr.conf.sav, and with it a password that has been taken away.
save() {
    for _ in once again; do frr -c 'write memory' >"$work/said" 2>&1 || quiet; done
    [ ! -f "$work/established" ] || come_back
}
