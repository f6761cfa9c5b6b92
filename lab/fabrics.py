"""Small fabrics as mappings, to be changed before a Fabric is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = dict[str, Any]


def rack(
    number: int,
    *,
    reflectors: int = 2,
    members: int = 1,
    leaves: int = 1,
    spines: int = 0,
    versions: tuple[int, ...] = (4,),
    **changed: Any,
) -> Values:
    """Rack N: AS 64511 + N, subnets 172.(19+N).0.0/24 and fd00:N::/64, leaves leafN (and leafNb), AS 65100 + N."""

    def addresses(host: int) -> Any:
        own = {4: f"172.{19 + number}.0.{host}", 6: f"fd00:{number}::{host:x}"}
        return [own[version] for version in versions]

    def uplink(leaf: int, spine: int) -> Values:
        def ends(last: int) -> list[str]:
            own = {4: f"100.{spine}.{number}.{4 * leaf + last}", 6: f"fd01:{spine}:{number}:{leaf}::{last}"}
            return [own[version] for version in versions]

        return {"address": ends(2), "peerAddress": ends(1)}

    names = [f"leaf{number}{'' if leaf == 0 else 'b'}" for leaf in range(leaves)]
    nodes = [f"n{number}{letter}" for letter in "abcdefghijklmnop"[: reflectors + members]]
    return {
        "asNumber": 64511 + number,
        "leaves": {
            name: {
                "address": addresses(254 - leaf),
                "asNumber": 65100 + 10 * leaf + number,
                "routerID": f"2.2.{leaf}.{number}",
                "uplinks": {f"spine{spine}": uplink(leaf, spine) for spine in range(1, spines + 1)},
            }
            for leaf, name in enumerate(names)
        },
        "reflectors": {node: addresses(11 + host) for host, node in enumerate(nodes[:reflectors])},
        "members": {node: addresses(11 + reflectors + host) for host, node in enumerate(nodes[reflectors:])},
        **changed,
    }


def values(
    racks: int | Mapping[str, Values] = 2,
    *,
    spines: int = 0,
    versions: tuple[int, ...] = (4,),
    **changed: Any,
) -> Values:
    """A fabric of so many equal racks, or of these."""
    ranges = {4: ("10.233.64.0/18", "10.233.0.0/18"), 6: ("fd10::/48", "fd20::/112")}
    if isinstance(racks, int):
        racks = {f"rr{number}": rack(number, spines=spines, versions=versions) for number in range(1, racks + 1)}
    return {
        "name": "dc1",
        "podCIDRs": [ranges[version][0] for version in versions],
        "serviceClusterIPs": [ranges[version][1] for version in versions],
        "spines": {
            f"spine{spine}": {"asNumber": 65200 + spine, "routerID": f"1.1.1.{spine}"} for spine in range(1, spines + 1)
        },
        "racks": dict(racks),
        **changed,
    }
