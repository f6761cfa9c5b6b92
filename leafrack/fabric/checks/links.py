"""Links between leaves and spines: both ends in one network, which is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from leafrack.addresses import Address, Network
from leafrack.errors import Problem, shown
from leafrack.fabric.checks.addresses import Range, ranges
from leafrack.fabric.model import Fabric
from leafrack.fabric.source import at
from leafrack.fabric.switch import Uplink
from leafrack.fabric.underlay import WIDEST_LINK, Ends


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Links that carry no session, and links in the place of something else."""
    taken = list(ranges(fabric))
    spines: dict[str, list[tuple[str, Address, Network]]] = {}
    for rack_name, rack in fabric.racks.items():
        for leaf_name, leaf in rack.leaves.items():
            own: list[tuple[str, Address, Network]] = []
            for spine, uplink in leaf.uplinks.items():
                path = at("racks", rack_name, "leaves", leaf_name, "uplinks", spine)
                yield from _ends(path, uplink, taken)
                for ends in _pairs(uplink):
                    if (network := ends.network) is None:
                        continue
                    yield from _twice(path, f"to spine {shown(spine)}", ends.leaf, network, own)
                    whose = f"from leaf {shown(leaf_name)}"
                    yield from _twice(path, whose, ends.spine, network, spines.setdefault(spine, []))


def warnings(fabric: Fabric) -> Iterator[Problem]:
    """Spines that no leaf has a link to, where links are declared."""
    linked = {spine for rack in fabric.racks.values() for leaf in rack.leaves.values() for spine in leaf.uplinks}
    for spine in fabric.spines if linked else ():
        if spine not in linked:
            yield Problem("no leaf has an uplink to it: declare one, or remove the spine", at("spines", spine))


def _pairs(uplink: Uplink) -> Iterator[Ends]:
    for here in uplink.address:
        if (there := uplink.peer_address.of(here.version)) is not None:
            yield Ends(here, there)


def _ends(path: str, uplink: Uplink, taken: list[Range]) -> Iterator[Problem]:
    if {own.version for own in uplink.address} != {peer.version for peer in uplink.peer_address}:
        yield Problem("address and peerAddress are of different IP versions: give the same at both ends", path)
    for ends in _pairs(uplink):
        if ends.leaf != ends.spine and ends.network is None:
            text = (
                f"{ends.spine} and the leaf's {ends.leaf} share no network, not even a /{WIDEST_LINK[ends.version]}: "
                "give both ends addresses of one network"
            )
            yield Problem(text, f"{path}.peerAddress")
    for address in chain(uplink.address, uplink.peer_address):
        for network, _, use in taken:
            if address in network:
                yield Problem(f"{address} is inside {network} ({use}): give the link another address", path)


def _twice(
    path: str, whose: str, address: Address, network: Network, held: list[tuple[str, Address, Network]]
) -> Iterator[Problem]:
    """A switch has one interface in a network; a spine may have several leaves behind it, on a shared segment."""
    for other, its_address, its_network in held:
        same_family = network.version == its_network.version
        if same_family and address != its_address and network.overlaps(its_network):
            text = f"{network} overlaps {its_network}, the network of the link {other}: give each link its own"
            yield Problem(text, path)
            break
    held.append((whose, address, network))
