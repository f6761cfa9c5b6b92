# shellcheck shell=sh
: "${next:?}" "${trial:?}" "${live:?}"

# From here on nothing is left half done because somebody hangs up.
trap '' HUP INT TERM PIPE
[ -d "$next" ] || fail 'what was on trial is not there any more'
[ ! -s "$next/.changes" ] || { : >"$live/.leafrack" && rm "$live/.leafrack"; } || fail "cannot write to $live"
said=$(birdc 'configure confirm' 2>&1) || fail "BIRD says: $(complaint "$said")"
case $said in
    *confirmed*) ;;
    *)
        rm -rf "$next" "$trial"
        fail "nobody has confirmed in time, and BIRD has taken it back: $(complaint "$said")"
        ;;
esac
while read -r what file; do
    case $what in
        put) mv -f "$next/$file" "$live/$file" ;;
        drop) rm -f "$live/$file" ;;
    esac || fail "cannot write to $live: BIRD runs what its files do not say, and they win when it starts"
done <"$next/.changes"
rm -rf "$next" "$trial"
