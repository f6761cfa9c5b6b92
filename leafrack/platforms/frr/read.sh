# shellcheck shell=sh
# What a switch runs: neighbours, routes in use, configuration. As FRR tells it, a table has half a kilobyte for each
# route; of hundreds of leaves with thousands of routes, taking that apart took more than all else. So the switch does,
# for its own. In an entry of either table the prefix comes first.
installed() {
    { frr -c 'show ip route json' -c 'show ipv6 route json' && echo '"whole"'; } | tr '{},' '[\n*]' | awk -F '"' '
        $2 == "whole" { whole = 1 }
        $2 == "prefix" { prefix = $4; selected = fib = 0 }
        $2 == "selected" && /true/ { selected = 1 }
        $2 == "installed" && /true/ { fib = 1 }
        prefix && selected && fib { gsub(/\\/, "", prefix); print prefix; prefix = "" }
        END { exit !whole }'
}
frr -c 'show bgp vrf @VRF@ neighbors json' && installed && frr -c 'show running-config bgpd'
