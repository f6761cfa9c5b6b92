"""A BIRD leaf before leafrack comes, as an operator writes it: uplinks, nothing of the nodes, room for leafrack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_interface

from lab.paths import BIRD2
from lab.plan import Switch
from lab.switches.software import Software

_PATHS = 16
"""Equal paths that a switch uses: more than any rack or fabric of the lab has."""
INCLUDE = 'include "/etc/bird/leafrack/*.conf";'
"""What an operator adds for leafrack (docs/platforms.md)."""


def base_config(switch: Switch) -> str:
    """Text of bird.conf: sessions to the spines and the leaf's connected routes, in every family planned."""
    return "\n".join([*_lines(switch), "# Neighbours of leafrack's.", INCLUDE, ""])


def _lines(switch: Switch) -> Iterator[str]:
    yield "log stderr all;"
    yield f"router id {switch.router_id};"
    yield "protocol device { }"
    yield "protocol direct { ipv4; ipv6; }"
    for version in (4, 6):
        routes = "export where source != RTS_DEVICE;"
        yield f"protocol kernel {{ ipv{version} {{ {routes} }}; merge paths on limit {_PATHS}; }}"
    for link in switch.links:
        for address in map(ip_interface, link.peer_addresses):
            yield f"protocol bgp '{link.peer}-ipv{address.version}' {{"
            yield f'    description "{link.peer}";'
            yield f"    local as {switch.as_number};"
            yield f"    neighbor {address.ip} as {link.peer_as};"
            yield f"    ipv{address.version} {{ import all; export all; }};"
            yield "}"


def _files(switch: Switch) -> Mapping[str, str]:
    return {"/etc/bird/bird.conf": base_config(switch)}


BIRD = Software(
    script="bird.sh",
    daemons=("bird",),
    owner="bird",
    mounts=("/etc/bird", "/etc/bird/leafrack", "/run/bird"),
    files=_files,
    environment={"BIRD2": str(BIRD2)},
)
