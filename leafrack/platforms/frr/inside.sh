# shellcheck shell=sh
: "${work:?}"

# Functions of awk's: inside(ADDRESS, PREFIX), overlap(PREFIX, PREFIX).
# shellcheck disable=SC2016,SC2034 # the dollars are awk's, and others use it
INSIDE='
    function hex(address, words, count, left, place, found) {
        if (address !~ /:/) {
            split(address, words, ".")
            return sprintf("%02x%02x%02x%02x", words[1], words[2], words[3], words[4])
        }
        sub(/::/, ":z:", address)
        count = split(tolower(address), words, ":")
        left = 8
        for (place = 1; place <= count; place++) if (words[place] ~ /^[0-9a-f]/) left--
        for (place = 1; place <= count; place++)
            if (words[place] ~ /^[0-9a-f]/) found = found substr("000" words[place], length(words[place]))
            else if (words[place] == "z") while (left-- > 0) found = found "0000"
        return found
    }
    function digit(number, place) { return index("0123456789abcdef", substr(number, place, 1)) - 1 }
    function inside(address, range, parts, whole, rest, own, first) {
        split(range, parts, "/")
        own = hex(address)
        first = hex(parts[1])
        whole = int(parts[2] / 4)
        rest = 2 ^ (4 - parts[2] % 4)
        if (length(own) != length(first) || substr(own, 1, whole) != substr(first, 1, whole)) return 0
        return rest == 16 || int(digit(own, whole + 1) / rest) == int(digit(first, whole + 1) / rest)
    }
    function overlap(one, other) {
        return inside(substr(one, 1, index(one, "/") - 1), other) || inside(substr(other, 1, index(other, "/") - 1), one)
    }
'
