"""Which declared sessions stay up: those whose packets have a way, and that get no more prefixes than they may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from leafrack.addresses import Address
from leafrack.proof.model import Kind, Link, Session, Topology, What
from leafrack.proof.simulate import Walk, passed


def standing(topology: Topology, stands_for: Mapping[str, float]) -> Topology:
    """The topology with the sessions that stay up.

    ``stands_for`` is how many nodes of the whole fabric a route from a node counts for, 1 if not given.
    """
    return within_limits(carried(topology), stands_for)


def carried(topology: Topology) -> Topology:
    """The topology without sessions between nodes of different subnets whose packets no leaf and spine carries."""
    walk, found = Walk(topology), dict[tuple[str, Address], bool]()

    def leads(node: str, address: Address) -> bool:
        """Whether a leaf of the node's rack, its default gateway, knows the address's subnet."""
        rack = topology.speakers[node].rack
        if (rack, address) not in found:
            leaves = {name for name, one in topology.speakers.items() if one.kind is Kind.LEAF and one.rack == rack}
            found[rack, address] = any(
                leaves & {name for name, entry in walk.of(prefix).entries.items() if entry.usable}
                for prefix in topology.origins
                if prefix.what is What.SUBNET and any(address in subnet for subnet in prefix.ranges)
            )
        return found[rack, address]

    kept = tuple(
        one
        for one in topology.sessions
        if _direct(topology, one)
        or (leads(one.near.speaker, one.far.address) and leads(one.far.speaker, one.near.address))
    )
    return topology if len(kept) == len(topology.sessions) else replace(topology, sessions=kept)


def _direct(topology: Topology, session: Session) -> bool:
    near, far = (topology.speakers[end.speaker] for end in (session.near, session.far))
    return {near.kind, far.kind} != {Kind.NODE} or any(
        session.near.address in subnet and session.far.address in subnet for subnet in near.subnets
    )


def within_limits(topology: Topology, stands_for: Mapping[str, float]) -> Topology:
    """The topology without sessions that end because more routes come in than ``max_prefixes`` allows."""
    while over := {link.number for link, _ in over_limits(topology, stands_for)}:
        kept = tuple(one for number, one in enumerate(topology.sessions) if number not in over)
        topology = replace(topology, sessions=kept)
    return topology


def over_limits(topology: Topology, stands_for: Mapping[str, float]) -> Iterator[tuple[Link, float]]:
    """Directions in which more routes come in than ``max_prefixes`` allows, with how many those are at least."""
    walk = Walk(topology)
    for links in topology.links.values():
        for link in links:
            if link.receiver.max_prefixes is not None:
                count = sum(
                    stands_for.get(route.via[0], 1)
                    for prefix in topology.origins
                    if prefix.version == link.version
                    for route in passed(walk, link, prefix)
                )
                if count > link.receiver.max_prefixes:
                    yield link, count
