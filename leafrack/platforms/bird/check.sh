# shellcheck shell=sh
: "${trial:?}"

said=$(birdc "configure check \"$trial\"" 2>&1) || fail "BIRD refuses what is to stand: $(complaint "$said")"
