"""The first mesh of the lab's nodes: which of its sessions are up, and which are missing."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterable, Iterator
from ipaddress import ip_interface
from pathlib import Path

from lab.paths import PATH, home_of
from lab.plan import Node, Plan, Switch

DAEMONS = {4: "bird", 6: "bird6"}
FAMILIES = {4: "IPv4", 6: "IPv6"}
MOST_NAMED = 6
"""Sessions that a line names; of more it gives the number."""
_ESTABLISHED = re.compile(rb"^(?:1002-| )(\S+) +BGP .*Established", re.MULTILINE)
"""A line of BIRD's ``show protocols``: the first of a reply has the code 1002."""


def missing(plan: Plan, node: Node) -> list[str]:
    """Sessions of a node's mesh that are not up, one a family with every other node that has it too."""
    found: list[str] = []
    for version, daemon in DAEMONS.items():
        up = established(home_of(node.name) / "calico" / f"{daemon}.ctl")
        if up is None:
            found.append(f"{daemon} of {node.name} does not answer")
        elif address_of(node, version):
            found += [
                session(node.name, other.name, version)
                for other in plan.nodes
                if other != node and (there := address_of(other, version)) and protocol(there) not in up
            ]
    return found


def session(one: str, other: str, version: int) -> str:
    """A session as it is named, the same from both of its ends."""
    return f"{' - '.join(sorted((one, other)))} ({FAMILIES[version]})"


def address_of(node: Node, version: int) -> str:
    """Address of a node in a family, without prefix length, or nothing."""
    return next((str(one.ip) for one in map(ip_interface, node.addresses) if one.version == version), "")


def protocol(address: str) -> str:
    """Name that confd gives a session of the mesh in BIRD's configuration (bird.cfg.template)."""
    return f"Mesh_{re.sub('[.:]', '_', address)}"


def established(control: Path) -> frozenset[str] | None:
    """Names of the BGP sessions that a BIRD has up, by its control socket; None if it does not answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(control))
            connection.sendall(b"show protocols\n")
            text = b""
            # The answer ends with a line "0000 " (BIRD's reply codes: 0001 is the greeting).
            while not re.search(rb"^(0000|[89]\d{3}) ", text, re.MULTILINE):
                chunk = connection.recv(65536)
                if not chunk:
                    return None
                text += chunk
        except OSError:
            return None
    return frozenset(name.decode() for name in _ESTABLISHED.findall(text))


def report(plan: Plan, nodes: Iterable[Node], patience: float) -> str:
    """What nodes wait for in vain, and the sessions of switches without which the racks do not reach each other."""
    sessions = dict.fromkeys(one for node in nodes for one in missing(plan, node))
    lines = [f"not ready after {patience:.0f} s, missing {listed(list(sessions))}"]
    if under := [one for switch in plan.switches for one in missing_of_switch(switch, _summary(switch))]:
        lines.append(f"of the switches {listed(list(dict.fromkeys(under)))} are missing too: look at those first")
    return "\n".join(lines)


def listed(names: list[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def missing_of_switch(switch: Switch, summary: str) -> Iterator[str]:
    """Sessions of a switch to others that are not up, from FRR's ``show bgp summary json``."""
    try:
        families = json.loads(summary)
    except ValueError:
        yield f"bgpd of {switch.name} does not answer"
        return
    peers = {name: peer for family in families.values() for name, peer in family.get("peers", {}).items()}
    for link in switch.links:
        for address in map(ip_interface, link.peer_addresses):
            if peers.get(str(address.ip), {}).get("state") != "Established":
                yield session(switch.name, link.peer, address.version)


def ask(switch: Switch) -> list[str]:
    """Command that asks a switch for its sessions, run where the lab's holder is."""
    # What switches/frr.sh mounts as the switch's /run/frr.
    sockets = str(home_of(switch.name) / "run" / "frr")
    return ["vtysh", "--vty_socket", sockets, "-d", "bgpd", "-c", "show bgp summary json"]


def _summary(switch: Switch) -> str:
    environment = {"PATH": PATH}
    done = subprocess.run(ask(switch), capture_output=True, text=True, timeout=10, env=environment, check=False)
    return done.stdout
