# shellcheck shell=sh
birdc show status && birdc show protocols all &&
    echo '=== routes' && ip -j route && ip -j -6 route &&
    echo '=== files' && conf=$(birdc configure check | sed -n 's/^Reading configuration from //p') || exit
folder=${conf%/*}/@FOLDER@
for file in "$folder"/*.conf; do
    [ ! -e "$file" ] || { echo "=== ${file##*/}" && cat "$file"; } || exit
done
