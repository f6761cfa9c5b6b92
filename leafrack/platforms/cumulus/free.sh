# shellcheck shell=sh
# The second part of apply.sh, behind FRR's keys.sh.
: "${work:?}" "${as:?}" "${free:?}"

# shellcheck disable=SC2329 # keys.sh calls it
sockets() { as_root ss -H -t -l -n -i 'sport = :179' 2>/dev/null </dev/null; }

lines=$(without "$work/ranges" && awk 'NF == 1 { print " no neighbor " $1 }' "$free") || exit 1
[ -z "$lines" ] || printf 'router bgp %s\n%s\nexit\n' "$as" "$lines" | given >/dev/null || exit 1
apply && exit
# All as it was, where NVUE has not brought it back.
given <"$work/running" >/dev/null 2>&1
exit 1
