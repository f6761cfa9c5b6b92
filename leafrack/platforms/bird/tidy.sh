# shellcheck shell=sh
: "${etc:?}"

# What jobs have left that were cut off. The files are the saved configuration: there is nothing else to save.
unconfirmed && exit 0
for path in "$etc"/.leafrack-????????; do
    [ ! -e "$path" ] || under_way "$path" || rm -rf "$path" "$path.conf"
done
