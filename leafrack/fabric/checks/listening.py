"""Ranges in which leaves listen for nodes that nobody names: nothing but nodes of the rack may be in one."""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.addresses import Address, Network
from leafrack.errors import Problem, shown
from leafrack.fabric.model import Fabric, Rack
from leafrack.fabric.source import at
from leafrack.fabric.values import within


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Ranges that are nobody's, that hold somebody else, or that no leaf listens on."""
    switches = list(_switches(fabric))
    for name, rack in fabric.racks.items():
        if not fabric.listens(name):
            yield from _unused(name, rack)
            continue
        for index, prefix in enumerate(rack.listen_ranges):
            path = at("racks", name, "listenRanges", index)
            yield from _of_range(rack, prefix, path)
            for address, whose in switches:
                if address in prefix:
                    text = f"{prefix} holds {address}, the address of {whose}: give ranges with nodes of the rack alone"
                    yield Problem(text, path)
            twice = next((one for one in rack.listen_ranges[:index] if one.overlaps(prefix)), None)
            if twice is not None:
                yield Problem(f"{prefix} overlaps {twice}, where the leaves listen already: remove one", path)


def _unused(name: str, rack: Rack) -> Iterator[Problem]:
    given = {"listenRanges": bool(rack.listen_ranges), "maximumNeighbours": rack.maximum_neighbours is not None}
    for key, is_given in given.items():
        if is_given:
            text = (
                "its leaves are given the name of every node that peers with them and listen for nobody: remove it, "
                "or know the members by a label, with interconnect top-of-rack or full-mesh"
            )
            yield Problem(text, at("racks", name, key))


def _of_range(rack: Rack, prefix: Network, path: str) -> Iterator[Problem]:
    if not any(within(prefix, subnet) for subnet in rack.subnets):
        listed = ", ".join(map(str, rack.subnets))
        text = f"{prefix} is not inside the rack's subnets ({listed}), so that others would be in it: correct it"
        yield Problem(text, path)


def _switches(fabric: Fabric) -> Iterator[tuple[Address, str]]:
    for rack in fabric.racks.values():
        for name, leaf in rack.leaves.items():
            yield from ((address, f"leaf {shown(name)}") for address in leaf.address)
            for spine, uplink in leaf.uplinks.items():
                yield from ((one, f"the uplink of {shown(name)} to {shown(spine)}") for one in uplink.address)
                yield from ((one, f"spine {shown(spine)}") for one in uplink.peer_address)
