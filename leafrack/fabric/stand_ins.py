"""Invented nodes in the place of those that a label will select: for a proof, and for a lab, which both need some."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count, islice

from leafrack.addresses import Address, Network
from leafrack.fabric.model import Fabric
from leafrack.fabric.switch import Addresses

FIRST_HOST = 101
"""Of the addresses of a subnet, where it has as many: leaves and gateways are usually at its ends."""


def with_stand_ins(fabric: Fabric, number: int) -> Fabric:
    """The fabric with so many invented members in each rack that knows its own by a label; to look at only."""
    racks = dict(fabric.racks)
    for name, rack in fabric.racks.items():
        if rack.label is not None:
            members = {**rack.members, **dict(islice(newcomers(fabric, name), number))}
            racks[name] = rack.model_copy(update={"members": members})
    return fabric.model_copy(update={"racks": racks})


def newcomers(fabric: Fabric, rack: str) -> Iterator[tuple[str, Addresses]]:
    """Names and addresses that nodes of a rack may have and nobody in the file has, one after the other."""
    taken = set(_addresses(fabric))
    names = {node for each in fabric.racks.values() for node in (*each.nodes, *each.leaves)} | set(fabric.spines)
    hosts = [chain.from_iterable(_hosts(one, taken) for one in ranges) for ranges in _of_nodes(fabric, rack)]
    free = (name for each in count(1) if (name := f"{rack}-node-{each}") not in names)
    for addresses in zip(*hosts, strict=False):
        yield next(free), Addresses(addresses)


def _addresses(fabric: Fabric) -> Iterator[Address]:
    for rack in fabric.racks.values():
        for addresses in (*rack.nodes.values(), *(leaf.address for leaf in rack.leaves.values())):
            yield from addresses


def _of_nodes(fabric: Fabric, rack: str) -> list[list[Network]]:
    """Ranges of each IP version, those first that a leaf is in."""
    leaves = [address for leaf in fabric.racks[rack].leaves.values() for address in leaf.address]
    found: dict[int, list[Network]] = {}
    for subnet in sorted(fabric.ranges_of(rack), key=lambda each: not any(address in each for address in leaves)):
        found.setdefault(subnet.version, []).append(subnet)
    return [found[version] for version in sorted(found)]


def _hosts(subnet: Network, taken: set[Address]) -> Iterator[Address]:
    """Free addresses, but for the first and the last one of more than two: they may be the subnet's own."""
    size = subnet.num_addresses
    ends = 0 if size <= 2 else 1
    first = FIRST_HOST if size > 2 * FIRST_HOST else ends
    for offset in (*range(first, min(size - ends, first + 4096)), *range(ends, first)):
        address: Address = subnet.network_address + offset
        if address not in taken:
            yield address
