# shellcheck shell=sh
# Keys that FRR leaves behind (TCP MD5, RFC 2385). A node that comes by a range with a password gets a key for its own
# address on bgpd's socket, beside that of the range, and the kernel goes by the narrower one. Before 10.6, and 10.3.4 of
# its series, FRR keeps it when the node is gone (bgpd/bgpd.c, `peer_delete`): with another password, or none, nobody of
# that address gets in until bgpd is started again. To take a range of that one address away takes its key away.
: "${work:?}"

# Sockets of bgpd with their keys, which root alone is shown. A password stands beside each: nothing may keep this.
sockets() { ss -H -t -l -n -i 'sport = :179' 2>/dev/null; }

# Addresses with a key of their own; where nobody says, all that the switch has heard of, as a range of one without a key
# does nothing.
addresses() {
    sockets | tr ' ,' '[\n*]' | awk '{ sub(/^md5keys:/, "") }
        /^[0-9a-fA-F.:]+\/[0-9]+=/ {
            told = 1
            sub(/=.*/, "")
            if (/:.*\/128$/ || (!/:/ && /\/32$/)) { sub(/\/.*/, ""); print }
        }
        END { exit !told }' || ip neigh show 2>/dev/null | awk '{ print $1 }'
}

# without FILE: lines that take away the ranges of a file, which has them as they stand, and the keys of who came by them.
without() {
    [ -s "$1" ] || return 0
    addresses >"$work/addresses" || return 1
    awk "$INSIDE"'
        FILENAME == ARGV[1] { address[++addresses] = $1; next }
        FILENAME == ARGV[2] {
            if ($1 == "neighbor") configured[$2]
            if ($1 == "neighbor" && $3 == "password") keyed[$2]
            next
        }
        { print " no" $0 }
        $6 in keyed {
            for (number = 1; number <= addresses; number++) {
                one = address[number]
                if ((one in configured) || !inside(one, $4)) continue
                own = " bgp listen range " one (one ~ /:/ ? "/128" : "/32") " peer-group " $6
                print own
                print " no" own
            }
        }' "$work/addresses" "$work/instance" "$1"
}
