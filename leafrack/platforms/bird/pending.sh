# shellcheck shell=sh
: "${etc:?}"

if unconfirmed; then
    for path in "$etc"/.leafrack-????????/.on-trial; do
        [ ! -e "$path" ] || { path=${path%/*} && echo "on trial: ${path##*/.}" && exit 0; }
    done
    echo 'on trial: another one'
fi
for path in "$etc"/.leafrack-????????; do
    [ ! -e "$path" ] || ! under_way "$path" || echo "on trial: ${path##*/.}"
done
