"""A Cumulus leaf before leafrack comes: uplinks in NVUE's startup configuration, nothing of the nodes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from ipaddress import ip_interface
from typing import Any

import yaml

from lab.paths import CLONE
from lab.plan import Switch
from lab.switches.frr import RELEASE
from lab.switches.software import Software

VERSION = "5.9.1"
"""Of the dialect that most switches have."""
_ON = {"enable": "on"}


def startup(switch: Switch) -> str:
    """Text of startup.yaml: sessions to the spines and the leaf's connected routes, in every family planned."""
    neighbours: dict[str, Any] = {}
    for link in switch.links:
        for address in map(ip_interface, link.peer_addresses):
            families = {f"ipv{version}-unicast": {"enable": "off"} for version in (4, 6)}
            families[f"ipv{address.version}-unicast"] = _ON
            entry = {"type": "numbered", "remote-as": link.peer_as, "description": link.peer}
            neighbours[str(address.ip)] = {**entry, "address-family": families}
    own = {**_ON, **({"redistribute": {"connected": _ON}} if switch.rack else {})}
    bgp = {
        **_ON,
        "autonomous-system": switch.as_number,
        "router-id": switch.router_id,
        "neighbor": neighbours,
        "address-family": {"ipv4-unicast": own, "ipv6-unicast": own},
    }
    # Without YAML's marks for what stands twice.
    tree = [{"set": {"vrf": {"default": {"router": {"bgp": bgp}}}}}]
    return yaml.dump(tree, Dumper=_Plain, sort_keys=False)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def _files(switch: Switch) -> Mapping[str, str]:
    system = f'NAME="Cumulus Linux"\nID=cumulus-linux\nVERSION_ID={VERSION}\n'
    return {"/etc/nvue.d/startup.yaml": startup(switch), "/run/nvue/os-release": system}


CUMULUS = Software(
    script="cumulus.sh",
    daemons=("bgpd", "zebra", "staticd"),
    owner="frr",
    mounts=("/etc/nvue.d", "/etc/frr", "/run/frr", "/run/nvue"),
    files=_files,
    environment={**RELEASE, "NV": f"env PYTHONPATH={CLONE} {sys.executable} -P -m lab.nv"},
)
