"""What a healthy fabric looks like, from the fabric file alone and for each phase of its building."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations

from leafrack.addresses import Address
from leafrack.fabric import Addresses, Fabric, Interconnect
from leafrack.sessions.model import ExpectedEnd, ExpectedSession, Phase, SessionKind

MOST_PAIRED = 100
"""Nodes up to which a gate waits for the whole mesh: 4,950 sessions, and every node is asked.

Beyond that it asks :data:`REFERENCES` nodes of each rack for their sessions to the nodes of that rack.
"""
REFERENCES = 2


def sessions(
    fabric: Fabric, phase: Phase = Phase.FINISHED, racks: Iterable[str] | None = None
) -> tuple[ExpectedSession, ...]:
    """Sessions that must be Established in a phase, for some racks or all of them."""
    chosen = list(fabric.racks if racks is None else racks)
    found = [session for rack in chosen for session in _of_rack(fabric, rack, phase)]
    if phase is not Phase.CONNECTED and fabric.reflector_mesh:
        found += between_reflectors(fabric, phase, chosen)
    if phase is Phase.FINISHED and fabric.cluster_mesh:
        found += mesh(fabric, chosen)
    return tuple(found)


def _of_rack(fabric: Fabric, rack: str, phase: Phase) -> Iterator[ExpectedSession]:
    """Node by node: its sessions to the leaves, then those to nodes that come after it."""
    declared, border = fabric.racks[rack], fabric.border(rack)
    how = fabric.rack_interconnect(rack)
    linked = phase is not Phase.CONNECTED
    judges = {
        Interconnect.ROUTE_REFLECTORS: fabric.reflectors_of(rack),
        Interconnect.FULL_MESH: {} if fabric.cluster_mesh or phase is Phase.LINKED else declared.nodes,
        Interconnect.TOP_OF_RACK: {},
    }[how]
    later = dict(declared.nodes)
    for node in declared.nodes:
        del later[node]
        if node in border:
            yield from to_leaves(fabric, rack, node, phase)
        if linked and node in judges:
            yield from _to_nodes(fabric, rack, node, later, phase)


def of_reflector(fabric: Fabric, rack: str, reflector: str, phase: Phase) -> tuple[ExpectedSession, ...]:
    """All sessions of one reflector: to the leaves of its rack and to its nodes, the other reflectors included."""
    others = {name: addresses for name, addresses in fabric.racks[rack].nodes.items() if name != reflector}
    return (*to_leaves(fabric, rack, reflector, phase), *_to_nodes(fabric, rack, reflector, others, phase))


def to_leaves(fabric: Fabric, rack: str, node: str, phase: Phase) -> Iterator[ExpectedSession]:
    """Sessions of a node to the leaves of its rack."""
    for name, leaf in fabric.racks[rack].leaves.items():
        for address in fabric.racks[rack].nodes[node]:
            far = leaf.address.of(address.version)
            if far is not None:
                yield ExpectedSession(
                    kind=SessionKind.LEAF,
                    rack=rack,
                    near=_end(fabric, node, address, fabric.leaf_side_as(rack), phase),
                    far=ExpectedEnd(name=name, address=far, as_numbers=(leaf.as_number,)),
                )


def _to_nodes(
    fabric: Fabric, rack: str, node: str, others: Mapping[str, Addresses], phase: Phase
) -> Iterator[ExpectedSession]:
    own = fabric.rack_as(rack)
    for name, addresses in others.items():
        for address in fabric.racks[rack].nodes[node]:
            far = addresses.of(address.version)
            if far is not None:
                yield ExpectedSession(
                    kind=SessionKind.NODE,
                    rack=rack,
                    near=_end(fabric, node, address, own, phase),
                    far=_end(fabric, name, far, own, phase),
                )


def between_reflectors(fabric: Fabric, phase: Phase, racks: Iterable[str]) -> Iterator[ExpectedSession]:
    """Sessions from the reflectors of some racks to those of the racks that come after them in the file."""
    order = list(fabric.racks)
    for rack in racks:
        for other in order[order.index(rack) + 1 :]:
            for near, addresses in fabric.reflectors_of(rack).items():
                for far, theirs in fabric.reflectors_of(other).items():
                    for address in addresses:
                        there = theirs.of(address.version)
                        if there is not None:
                            yield ExpectedSession(
                                kind=SessionKind.NODE,
                                rack=rack,
                                near=_end(fabric, near, address, fabric.rack_as(rack), phase),
                                far=_end(fabric, far, there, fabric.rack_as(other), phase),
                            )


def _end(fabric: Fabric, name: str, address: Address, final: int, phase: Phase) -> ExpectedEnd:
    if phase is Phase.FINISHED:
        return ExpectedEnd(name=name, address=address, as_numbers=(final,))
    return ExpectedEnd(
        name=name, address=address, as_numbers=tuple(dict.fromkeys((fabric.as_number, final))), keep=True
    )


def mesh(fabric: Fabric, racks: Iterable[str] | None = None, *, reflectors: bool = True) -> tuple[ExpectedSession, ...]:
    """Sessions of the node-to-node mesh between the nodes of some racks, in the fabric's AS.

    Without ``reflectors`` those between the others only, because Calico keeps nodes with a cluster ID out of the
    mesh. Beyond :data:`MOST_PAIRED` nodes it is those of some nodes of each rack.
    """
    of_racks = [
        [
            (rack, name, addresses)
            for name, addresses in fabric.racks[rack].nodes.items()
            if reflectors or name not in fabric.reflectors_of(rack)
        ]
        for rack in (fabric.racks if racks is None else racks)
    ]
    if sum(map(len, of_racks)) <= MOST_PAIRED:
        pairs: Iterable[tuple[_Node, _Node]] = combinations(chain.from_iterable(of_racks), 2)
    else:
        pairs = (
            (near, far)
            for nodes in of_racks
            for place, near in enumerate(nodes[:REFERENCES], start=1)
            for far in nodes[place:]
        )
    return tuple(session for near, far in pairs for session in _pair(fabric, SessionKind.MESH, near, far))


def of_former_reflector(fabric: Fabric, rack: str, reflector: str) -> tuple[ExpectedSession, ...]:
    """Sessions of a node that has just lost its cluster ID, on the way back.

    Where the mesh is on they are those of the mesh: to the nodes of its rack that are no reflectors, or stopped being
    one before it, which is last declared first. Where it is off: to the other reflectors, as one of their nodes.
    """
    declared, in_order = fabric.racks[rack], list(fabric.reflectors_of(rack))
    still = set(in_order[: in_order.index(reflector)])
    near = (rack, reflector, declared.reflectors[reflector])
    found: list[ExpectedSession] = []
    for name, addresses in declared.nodes.items():
        far = (rack, name, addresses)
        if name != reflector and name not in still:
            found += _pair(fabric, SessionKind.MESH, near, far)
        if name != reflector and name in in_order:
            found += _pair(fabric, SessionKind.NODE, far, near)
    return tuple(found)


_Node = tuple[str, str, Addresses]
"""Rack, name, addresses."""


def _pair(fabric: Fabric, kind: SessionKind, near: _Node, far: _Node) -> Iterator[ExpectedSession]:
    phase, final = (
        (Phase.FINISHED, fabric.as_number) if kind is SessionKind.MESH else (Phase.LINKED, fabric.rack_as(near[0]))
    )
    for address in near[2]:
        there = far[2].of(address.version)
        if there is not None:
            yield ExpectedSession(
                kind=kind,
                rack=near[0],
                near=_end(fabric, near[1], address, final, phase),
                far=_end(fabric, far[1], there, final, phase),
            )


def way_back_to_leaves(fabric: Fabric) -> tuple[ExpectedSession, ...]:
    """Sessions to the leaves once every rack has given up its own AS again and before the mesh comes back.

    For what was handed over nobody waits then: a leaf by hand may go on with the AS of the rack.
    """
    nobodys_own = {
        rack: declared.model_copy(update={"as_number": None, "local_as_number": None})
        for rack, declared in fabric.racks.items()
    }
    settled = sessions(fabric.model_copy(update={"racks": nobodys_own}), Phase.FINISHED)
    by_hand = {name for rack in fabric.racks.values() for name, leaf in rack.leaves.items() if leaf.by_hand}
    return tuple(session for session in settled if session.kind is SessionKind.LEAF and session.far.name not in by_hand)
