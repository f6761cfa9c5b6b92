"""The ports of the lab's switches: the links of a fabric's underlay from the side of each end."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface
from itertools import combinations

from lab.errors import LabError
from leafrack.fabric.underlay import Ends, Underlay


@dataclass(frozen=True)
class Port:
    """One end of a link between a leaf and a spine; addresses with prefix length."""

    interface: str
    peer: str
    peer_as: int
    peer_interface: str
    addresses: tuple[str, ...]
    peer_addresses: tuple[str, ...]


def ports_of(underlay: Underlay) -> dict[str, tuple[Port, ...]]:
    """Ports of every switch by its name; raises LabError where two of one switch would lie in one network."""
    found: dict[str, list[Port]] = {name: [] for name in (*underlay.spines, *underlay.leaves)}
    for link in underlay.links:
        up, down = f"up{len(found[link.leaf])}", f"down{len(found[link.spine])}"
        lengths = {ends: _length(link.leaf, link.spine, ends) for ends in link.ends}
        own = tuple(f"{ends.leaf}/{length}" for ends, length in lengths.items())
        peers = tuple(f"{ends.spine}/{length}" for ends, length in lengths.items())
        found[link.leaf].append(Port(up, link.spine, underlay.spines[link.spine], down, own, peers))
        found[link.spine].append(Port(down, link.leaf, underlay.leaves[link.leaf], up, peers, own))
    _refuse_shared_networks(found)
    return {name: tuple(ports) for name, ports in found.items()}


def _length(leaf: str, spine: str, ends: Ends) -> int:
    network = ends.network
    if network is None:
        raise LabError(f"the link of {leaf} ({ends.leaf}) to {spine} ({ends.spine}) has no network of its own")
    return network.prefixlen


def _refuse_shared_networks(ports: dict[str, list[Port]]) -> None:
    for name, own in ports.items():
        held = [(port.peer, ip_interface(address).network) for port in own for address in port.addresses]
        for (one, network), (other, there) in combinations(held, 2):
            if network.version == there.version and network.overlaps(there):
                text = f"{name}: its links to {one} and {other} are one network, {network}"
                raise LabError(f"{text}: the lab has a cable for each link, give each a network of its own")
