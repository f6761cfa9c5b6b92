"""Why a route does not arrive: the link that it does not get over, or the one that is missing."""

from __future__ import annotations

from dataclasses import dataclass

from leafrack.fabric import Fabric
from leafrack.fabric.source import at
from leafrack.proof.model import Gap, Kind, Link, Prefix, Route, Speaker, Topology
from leafrack.proof.rules import Refusal
from leafrack.proof.simulate import Drop, Walk, drops

_TELLING = (Refusal.OWN_AS, Refusal.PREFIX_LIST, Refusal.INTERNAL, Refusal.NEXT_HOP, Refusal.CLUSTER)
"""Rules that explain something; the others only keep routes from coming back."""


@dataclass(frozen=True)
class Cause:
    """What stops a route, what to do, and the key of the fabric file where to do it."""

    text: str
    path: str
    about: str
    """What the cause is, without which speaker met it: two pairs of racks with one cause are one finding."""


def cause(fabric: Fabric, walk: Walk, prefix: Prefix, holder: str) -> Cause:
    """Why a prefix does not get into a speaker's table, or is of no use there."""
    walked = walk.of(prefix)
    if not walked.stable:
        return Cause("their routes never settle: the sessions form a loop", "racks", "unstable")
    entry = walked.entries.get(holder)
    if entry is not None and entry.best is not None:
        return _useless(fabric, walk.topology, holder, entry.best)
    if (gap := _own_gap(walk.topology, prefix, holder)) is not None:
        return Cause(gap.text, gap.path, gap.text)
    outside = _around(walk, prefix, holder)
    stopped = [
        (outside[drop.link.receiver.speaker], _TELLING.index(drop.rule), number, drop)
        for number, drop in enumerate(drops(walk, prefix))
        if drop.link.receiver.speaker in outside and drop.rule in _TELLING
    ]
    if stopped:
        return _stopped(fabric, walk.topology, prefix, min(stopped, key=lambda item: item[:3])[3])
    return _missing(fabric, walk, prefix, holder, set(outside))


def _own_gap(topology: Topology, prefix: Prefix, holder: str) -> Gap | None:
    """A session that the holder lacks to the prefix's own rack: what rules do on longer ways is beside the point."""
    own, origins = topology.speakers[holder], topology.origins[prefix]
    if own.kind is not Kind.LEAF or own.rack not in {topology.speakers[name].rack for name in origins}:
        return None
    return next((gap for gap in topology.gaps if gap.version == prefix.version and holder in gap.speakers), None)


def _around(walk: Walk, prefix: Prefix, holder: str) -> dict[str, int]:
    """Speakers without the route from which sessions lead to the holder, with how many sessions away they are."""
    held = {name for name, rib in walk.of(prefix).ribs.items() if any(rib.values())} | set(
        walk.topology.origins[prefix]
    )
    distance, edge = {holder: 0}, [holder]
    for name in edge:
        for link in walk.topology.links[name]:
            other = link.receiver.speaker
            if link.version == prefix.version and other not in distance and other not in held:
                distance[other] = distance[name] + 1
                edge.append(other)
    return distance


def _useless(fabric: Fabric, topology: Topology, holder: str, route: Route) -> Cause:
    speaker = topology.speakers[holder]
    if speaker.kind is not Kind.NODE:
        sender = topology.speakers[route.via[-1]]
        switch = speaker if speaker.kind is Kind.LEAF else sender
        text = (
            f"{holder} cannot resolve their next hop {route.next_hop}, which {sender.name} leaves as it is because "
            f"both are in AS {speaker.as_number}; give {switch.name} another asNumber"
        )
        return Cause(text, _place(fabric, switch), f"iBGP {speaker.as_number}")
    text = f"{holder} has them with next hop {route.next_hop}, to which it knows no way outside of BGP"
    return Cause(text, at("racks", speaker.rack), f"next hop {speaker.rack}")


def _stopped(fabric: Fabric, topology: Topology, prefix: Prefix, drop: Drop) -> Cause:
    link, route, rule = drop
    sender, receiver = topology.speakers[link.sender.speaker], topology.speakers[link.receiver.speaker]
    if rule is Refusal.OWN_AS:
        return _own_as(fabric, topology, link, route)
    if rule is Refusal.PREFIX_LIST:
        ranges = ", ".join(map(str, prefix.ranges))
        text = f"the prefix list of {receiver.name} does not let {ranges} in; add it"
        return Cause(text, "podCIDRs", f"prefix list {ranges}")
    if rule is Refusal.INTERNAL:
        return _internal(fabric, sender, receiver)
    if rule is Refusal.CLUSTER:
        text = f"{receiver.name} takes them for its own: it has the cluster ID of a reflector that they came through"
        return Cause(text, at("racks", receiver.rack), "cluster ID")
    text = f"{receiver.name} cannot use their next hop {route.next_hop}, which is in no subnet of its own: give it one"
    return Cause(text, _place(fabric, receiver), f"next hop {receiver.name}")


def _internal(fabric: Fabric, sender: Speaker, receiver: Speaker) -> Cause:
    number = sender.as_number
    switch = next((one for one in (sender, receiver) if one.kind is Kind.LEAF), None)
    if switch is not None:
        other = receiver if switch is sender else sender
        text = (
            f"{sender.name} does not pass on to {receiver.name} what it has over iBGP: {switch.name} and "
            f"{other.name} are both in AS {number}; give the leaf another asNumber"
        )
        return Cause(text, _place(fabric, switch), f"iBGP {number}")
    text = f"{sender.name} passes on to {receiver.name} nothing that it has over iBGP: make it a route reflector"
    return Cause(text, at("racks", sender.rack), f"no reflector {sender.rack}")


def _own_as(fabric: Fabric, topology: Topology, link: Link, route: Route) -> Cause:
    receiver, number = topology.speakers[link.receiver.speaker], link.receiver.as_number
    earlier = [one for one in map(topology.speakers.__getitem__, route.via) if number in _numbers(fabric, one)]
    first = earlier[0] if earlier else receiver
    path = " ".join(map(str, route.as_path))
    head = f"{receiver.name} drops them, AS {number} is in their path already ({path}"
    between_nodes = first.kind is receiver.kind is Kind.NODE
    if first.rack == receiver.rack and between_nodes:
        text = f"{head}): the leaf must put its own AS in place of the nodes' (as-override)"
        return Cause(text, _place(fabric, receiver), f"AS {number} {receiver.rack}")
    if between_nodes and number == receiver.as_number != fabric.leaf_side_as(receiver.rack):
        text = (
            f"{head}); the nodes of {receiver.rack} are in it too, and no leaf replaces an AS that is not private "
            f"(RFC 6996); give {receiver.rack} an asNumber instead of localASNumber"
        )
        return Cause(text, _place(fabric, receiver), f"AS {number} {receiver.rack}")
    if between_nodes:
        one, other = sorted((first.rack, receiver.rack), key=list(fabric.racks).index)
        text = (
            f"{head}; racks {one} and {other} share it); give {other} its own {_key(fabric, other)}, "
            "or asOverride to the leaves of both"
        )
        return Cause(text, at("racks", other, _key(fabric, other)), f"AS {number} {other}")
    # Nodes are easier to renumber than leaves, and leaves than spines.
    order = (Kind.NODE, Kind.LEAF, Kind.SPINE)
    change, keep = sorted((first, receiver), key=lambda speaker: order.index(speaker.kind))
    mine = f"rack {change.rack}" if change.kind is Kind.NODE else _title(change)
    key = _key(fabric, change.rack) if change.kind is Kind.NODE else "asNumber"
    text = f"{head}; {mine} and {_title(keep)} share it); give {mine} its own {key}"
    return Cause(text, _place(fabric, change), f"AS {number} {mine}")


def _numbers(fabric: Fabric, speaker: Speaker) -> set[int]:
    """AS numbers in which others see a speaker."""
    node = speaker.kind is Kind.NODE
    return {speaker.as_number, fabric.leaf_side_as(speaker.rack)} if node else {speaker.as_number}


def _key(fabric: Fabric, rack: str) -> str:
    """Key of the AS number that a rack shows to its leaves."""
    return "asNumber" if fabric.racks[rack].local_as_number is None else "localASNumber"


def _missing(fabric: Fabric, walk: Walk, prefix: Prefix, holder: str, around: set[str]) -> Cause:
    """No session leads on: the gap in the declaration that is nearest to the origin or to the holder."""
    topology, walked = walk.topology, walk.of(prefix)
    reached = {name for name, rib in walked.ribs.items() if any(rib.values())}
    for name in around:
        for link in topology.links[name]:
            entry = walked.entries.get(link.receiver.speaker)
            if link.version == prefix.version and entry is not None and entry.best is not None and not entry.usable:
                return _useless(fabric, topology, link.receiver.speaker, entry.best)
    for wanted in ({prefix.node}, {holder}, around, reached):
        for gap in topology.gaps:
            if gap.version == prefix.version and gap.speakers & wanted:
                return Cause(gap.text, gap.path, gap.text)
    leaves = [one for one in topology.speakers.values() if one.kind is Kind.LEAF]
    here, there = ([leaf for leaf in leaves if leaf.name in names] for names in (around, reached))
    if here and there:
        # The same of both ways, so that it is one cause.
        one, other = sorted((here[0], there[0]), key=lambda leaf: leaf.name)
        path = at("racks", one.rack, "leaves", one.name, "uplinks")
        names = f"{one.name} and {other.name}"
        return Cause(f"no spine connects leaves {names}: link both to one", path, f"no way {names}")
    speaker = topology.speakers[holder]
    text = f"no session leads to {_title(speaker)}"
    return Cause(text, _place(fabric, speaker), text)


def _title(speaker: Speaker) -> str:
    return speaker.name if speaker.kind is Kind.NODE else f"{speaker.kind} {speaker.name}"


def _place(fabric: Fabric, speaker: Speaker) -> str:
    """Key of the AS number that a speaker has."""
    if speaker.kind is Kind.NODE:
        return at("racks", speaker.rack, _key(fabric, speaker.rack))
    if speaker.kind is Kind.LEAF:
        return at("racks", speaker.rack, "leaves", speaker.name, "asNumber")
    return at("spines", speaker.name, "asNumber") if speaker.name in fabric.spines else "spines"
