# shellcheck shell=sh
: "${next:?}" "${trial:?}"

trap '' HUP INT TERM PIPE
# Its time may be over: then BIRD has taken it back, and another change may be the last one.
if [ -e "$next/.on-trial" ] && unconfirmed; then
    said=$(birdc 'configure undo' 2>&1) || fail "BIRD says: $(complaint "$said")"
    settled
fi
rm -rf "$next" "$trial"
