# shellcheck shell=sh disable=SC1083,SC2034 # {session} and {seconds} are filled in; $as is for free.sh
# Puts the revision in force, on trial. Two things NVUE's apply cannot do, so FRR is told before it. Nothing of that stays:
# the apply compares with what FRR runs.
# - FRR keeps a key for each node that came by a range with a password (keys.sh). It goes while the range is not there,
#   which the apply brings back as it is to be.
# - the apply takes a neighbour away line by line (frr-reload.py), and who comes back by a range in the middle refuses the
#   rest of it. So neighbours that give way to a range go at once.
umask 077
trap '' HUP INT TERM PIPE
free=/tmp/{session}.free
apply() { nv config apply --confirm {seconds}s -y </dev/null; }
if [ ! -s "$free" ]; then
    apply
    exit
fi
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }
given() { as_root vtysh -f /dev/stdin; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work" "$free"' EXIT
as_root vtysh -c 'show running-config bgpd' </dev/null >"$work/running" || exit 1
awk '/^router bgp [0-9.]+( as-notation [a-z+]+)?$/ { inside = 1; next }
    /^[^ !]/ { inside = 0 }
    inside { print }' "$work/running" >"$work/instance" || exit 1
as=$(awk '/^router bgp [0-9.]+( as-notation [a-z+]+)?$/ { print $3; exit }' "$work/running")
awk 'FILENAME == ARGV[1] { free[$1, $2]; next } /^ bgp listen range / && (($4, $6) in free)' \
    "$free" "$work/instance" >"$work/ranges" || exit 1
