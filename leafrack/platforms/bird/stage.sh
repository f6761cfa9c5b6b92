# shellcheck shell=sh
# All that will stand, in a folder beside the one that stands. On standard input: lines `#as WHO WORDS`, `#gone WHO`,
# `#drop FILE` and `#enable PROTOCOL`, then the files to put, each after its name, then `#end`. The file of who is
# meant begins with WHO and a hyphen.
: "${conf:?}" "${etc:?}" "${live:?}" "${next:?}" "${trial:?}" "${stands:?}" "${said:?}"

# What came before is nobody's: a job that was cut off.
given=$(cat) || fail 'no room for what is to stand'
case $given in *'#end') ;; *) fail 'what is to stand has arrived in part' ;; esac
[ "$stands" -eq 0 ] || fail "BIRD refuses $conf as it stands: $(complaint "$said")"

unwritable() { fail "cannot write to $etc"; }

trap '[ -e "$next/.staged" ] || rm -rf "$next" "$trial"' EXIT
trap 'exit 1' TERM HUP INT
{ mkdir "$next" && belongs "$next"; } || unwritable
# What two jobs copy at once, each would run without the other's change. The look before this one saw none.
for path in "$etc"/.leafrack-????????; do
    [ "$path" = "$next" ] || ! under_way "$path" || fail "another job is under way here (${path##*/.}): run it again"
done

# lines WORD: what is said of it.
lines() { printf '%s\n' "$given" | sed -n "s/^#$1 //p"; }

printf '%s\n' "$given" | sed -n 's/^# leafrack\///p' >"$next/.adds" || unwritable
# What is ours is taken away, and given its AS, whatever the switch has by now.
if [ -s "$next/.adds" ]; then
    { [ -d "$live" ] && grep -Eq "$(include)" "$conf"; } ||
        fail "make the folder $live, and add the line \`include \"$live/*.conf\";\` at the end of $conf"
fi

for path in "$live"/*.conf; do
    [ ! -e "$path" ] || cp -p "$path" "$next/" || unwritable
done
lines enable >"$next/.enable" || unwritable
: >"$next/.changes" || unwritable

# put NAME: what is on standard input will stand under that name, if it is something else than what does.
put() {
    cat >"$next/.put" || unwritable
    ! cmp -s "$next/.put" "$live/$1" || return 0
    { cat "$next/.put" >"$next/$1" && belongs "$next/$1"; } || unwritable
    echo "put $1" >>"$next/.changes" || unwritable
}

drop() {
    [ -e "$next/$1" ] || return 0
    { rm "$next/$1" && echo "drop $1" >>"$next/.changes"; } || unwritable
}

while read -r name; do
    printf '%s\n' "$given" | awk -v name="$name" '/^# leafrack\// { inside = $2 == "leafrack/" name; next }
        /^#end$/ { inside = 0 }
        inside { print }' | put "$name" || exit 1
done <"$next/.adds"
lines as >"$next/.as" || unwritable
while read -r who words; do
    for path in "$live/$who-"*.conf; do
        [ -e "$path" ] || continue
        awk -v words="$words" '$1 == "neighbor" {
                print "    neighbor " ($2 == "range" ? $2 " " $3 : $2) " " words ";"
                next
            }
            { print }' "$path" | put "${path##*/}" || exit 1
    done
done <"$next/.as"
lines gone >"$next/.gone" || unwritable
while read -r who; do
    for path in "$live/$who-"*.conf; do drop "${path##*/}"; done
done <"$next/.gone"
lines drop >"$next/.drop" || unwritable
while read -r file; do drop "$file"; done <"$next/.drop"
sed -E "s#$(include)#include \"$next/*.conf\"#" "$conf" >"$trial" || unwritable
belongs "$trial" || unwritable
: >"$next/.staged" || unwritable
