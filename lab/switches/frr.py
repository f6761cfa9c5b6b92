"""A switch's configuration before leafrack comes, as an operator writes it: uplinks, nothing of the nodes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_interface

from lab.plan import Switch
from lab.switches.software import Software

_PATHS = 16
"""Equal paths that a switch uses: more than any rack or fabric of the lab has."""

RELEASE = {"FRR_RELEASE": os.environ.get("LEAFRACK_FRR_RELEASE", "")}
"""Folder with FRR of another Debian release (tools/releases.py); the machine's own without it."""
VTYSH = "service integrated-vtysh-config\n"


def base_config(switch: Switch) -> str:
    """Text of frr.conf: sessions to the spines (or leaves), a leaf's connected routes, in every family planned."""
    ends = [
        (link.peer, link.peer_as, ip_interface(address).ip) for link in switch.links for address in link.peer_addresses
    ]
    lines = [
        "frr defaults traditional",
        f"hostname {switch.name}",
        "service integrated-vtysh-config",
        "!",
        f"router bgp {switch.as_number}",
        f" bgp router-id {switch.router_id}",
        # The traditional defaults of RFC 8212 would send and accept nothing without a policy.
        " no bgp ebgp-requires-policy",
        " bgp bestpath as-path multipath-relax",
    ]
    for peer, as_number, address in ends:
        lines += [f" neighbor {address} remote-as {as_number}", f" neighbor {address} description {peer}"]
    for version in (4, 6):
        own = [address for _, _, address in ends if address.version == version]
        # FRR turns IPv4 on for every neighbour; IPv6 sessions of this fabric carry IPv6 only.
        others = [address for _, _, address in ends if version < address.version]
        if own or others:
            lines += [" !", f" address-family ipv{version} unicast"]
            lines += ["  redistribute connected"] if own and switch.rack else []
            lines += [f"  neighbor {address} activate" for address in own]
            lines += [f"  no neighbor {address} activate" for address in others]
            lines += [f"  maximum-paths {_PATHS}", " exit-address-family"]
    return "\n".join([*lines, "exit", "!", ""])


def _files(switch: Switch) -> Mapping[str, str]:
    return {"/etc/frr/frr.conf": base_config(switch), "/etc/frr/vtysh.conf": VTYSH}


FRR = Software(
    script="frr.sh",
    daemons=("bgpd", "zebra", "staticd"),
    owner="frr",
    mounts=("/etc/frr", "/run/frr"),
    files=_files,
    environment=RELEASE,
)
