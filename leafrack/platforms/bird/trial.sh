# shellcheck shell=sh
: "${next:?}" "${trial:?}"

: >"$next/.on-trial" || fail "cannot write to $next"
said=$(birdc "configure \"$trial\" timeout {seconds}" 2>&1) || fail "BIRD refuses what is to stand: $(complaint "$said")"
settled
while read -r name; do
    said=$(birdc "enable '$name'" 2>&1) || fail "BIRD says: $(complaint "$said")"
done <"$next/.enable"
