umask 077;
work=$(mktemp -d) || exit 1;
trap 'rm -rf "$work"' EXIT;
trap 'exit 143' HUP INT TERM PIPE;
cat >"$work/program" || exit 1;
bound=$(command -v timeout) && bound="$bound @BOUND@";
$bound sh "$work/program" "$work" @WAY@ </dev/null; code=$?;
[ $code -ne 124 ] || echo 'the switch has not answered within @BOUND@ s: see whether its routing daemon does' >&2;
exit $code
