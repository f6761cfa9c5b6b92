"""Sessions of nodes that no file names: what is expected of each, and which those are when somebody looks.

A gate's input must not change because a node joins. So it holds what every node with a label is to have
(:class:`ByLabel`), and looks at the cluster for who they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from leafrack.addresses import Address
from leafrack.fabric import Fabric, Interconnect
from leafrack.fabric.model import NodeLabel
from leafrack.sessions.model import ExpectedEnd, ExpectedSession, Phase, SessionKind
from leafrack.world.labelled import labelled
from leafrack.world.model import Value
from leafrack.world.nodes import NodeState

JUDGES = 2
"""Labelled nodes that are asked for sessions with all others, where no named node can tell: the first by name."""


class ByLabel(Value):
    """Sessions that every node with a label must have: with each of ``ends``, or with others that carry it."""

    rack: str
    label: str
    """As the file has it, ``KEY=VALUE``."""
    named: tuple[str, ...] = ()
    """Nodes of the rack that the file names: what they must have is said elsewhere."""
    kind: SessionKind
    as_numbers: tuple[int, ...]
    """Of the labelled nodes, as :class:`ExpectedEnd` has them."""
    keep: bool = False
    ends: tuple[ExpectedEnd, ...] = ()
    """Leaves, which tell of their sessions; or named nodes, which tell of theirs."""
    among: bool = False
    """Whether two labelled nodes tell of their sessions with the others."""

    def beside(self, nodes: Mapping[str, Collection[Address]]) -> ByLabel:
        """The same without named nodes that have left the cluster, or have another address there."""
        if self.kind is SessionKind.LEAF:
            return self
        ends = tuple(end for end in self.ends if end.address in nodes.get(end.name, ()))
        return self.model_copy(update={"ends": ends})

    @property
    def who(self) -> NodeLabel:
        """The label as a value."""
        return NodeLabel.parse(self.label)


@dataclass(frozen=True)
class Resolved:
    """What some labels mean at a time: the sessions, and who carries one and holds nothing."""

    sessions: tuple[ExpectedSession, ...]
    aside: tuple[str, ...] = ()
    """A line for each rack in which somebody does."""


def resolved(wanted: Iterable[ByLabel], nodes: Mapping[str, NodeState]) -> Resolved:
    """The sessions of those nodes that have to be seen now."""
    sessions: list[ExpectedSession] = []
    aside: dict[str, None] = {}
    for each in wanted:
        found = labelled(each.who, nodes, each.named)
        if found.aside:
            aside[f"of {each.label} in rack {each.rack} these hold nothing: {found.of_aside()}"] = None
        ends = [
            ExpectedEnd(name=name, address=address, as_numbers=each.as_numbers, keep=each.keep)
            for name, node in found.nodes.items()
            for address in node.addresses
        ]
        sessions += _sessions(each, ends)
    return Resolved(tuple(sessions), tuple(aside))


def _sessions(wanted: ByLabel, nodes: list[ExpectedEnd]) -> Iterator[ExpectedSession]:
    for other in wanted.ends:
        for node in nodes:
            if node.address.version == other.address.version:
                near, far = (node, other) if wanted.kind is SessionKind.LEAF else (other, node)
                yield ExpectedSession(kind=wanted.kind, rack=wanted.rack, near=near, far=far)
    if wanted.among:
        judges = list(dict.fromkeys(node.name for node in nodes))[:JUDGES]
        for number, node in enumerate(nodes):
            for near in (judge for judge in nodes[:number] if judge.name in judges and judge.name != node.name):
                if near.address.version == node.address.version:
                    yield ExpectedSession(kind=wanted.kind, rack=wanted.rack, near=near, far=node)


def sessions(fabric: Fabric, phase: Phase = Phase.FINISHED, racks: Iterable[str] | None = None) -> tuple[ByLabel, ...]:
    """What the labelled nodes of some racks, or of all, must have in a phase."""
    return tuple(each for rack in _labelled(fabric, racks) for each in _of_rack(fabric, rack, phase))


def _of_rack(fabric: Fabric, rack: str, phase: Phase) -> Iterator[ByLabel]:
    how = fabric.rack_interconnect(rack)
    if how is Interconnect.ROUTE_REFLECTORS:
        if phase is not Phase.CONNECTED:
            for reflector in fabric.reflectors_of(rack):
                yield of_reflector(fabric, rack, reflector, phase)
        return
    yield _to_leaves(fabric, rack, phase)
    if how is Interconnect.FULL_MESH:
        meshed = {Phase.FINISHED} if fabric.cluster_mesh else {Phase.SWITCHED_OVER, Phase.FINISHED}
        if phase in meshed:
            kind = SessionKind.MESH if fabric.cluster_mesh else SessionKind.NODE
            yield _with_each_other(fabric, rack, kind, _as_numbers(fabric, fabric.rack_as(rack), phase))


def of_reflector(fabric: Fabric, rack: str, reflector: str, phase: Phase) -> ByLabel:
    """Sessions of the labelled nodes of a rack with one of its reflectors."""
    numbers = _as_numbers(fabric, fabric.rack_as(rack), phase)
    return _make(fabric, rack, SessionKind.NODE, numbers, ends=_named(fabric, rack, [reflector], numbers))


def of_former_reflector(fabric: Fabric, rack: str, reflector: str) -> ByLabel:
    """Sessions of the labelled nodes with a reflector that has just lost its cluster ID: those of the mesh."""
    numbers = _Numbers((fabric.as_number,))
    return _make(fabric, rack, SessionKind.MESH, numbers, ends=_named(fabric, rack, [reflector], numbers))


def mesh(fabric: Fabric, *, reflectors: bool = True) -> tuple[ByLabel, ...]:
    """Sessions of labelled nodes in the node-to-node mesh, inside their racks.

    Without ``reflectors`` those with nodes that have a cluster ID are left out, as Calico does.
    """
    numbers = _Numbers((fabric.as_number,))
    return tuple(
        _with_each_other(fabric, rack, SessionKind.MESH, numbers, reflectors=reflectors)
        for rack in _labelled(fabric, None)
    )


def way_back_to_leaves(fabric: Fabric) -> tuple[ByLabel, ...]:
    """Sessions to the leaves once every rack has given up its own AS again; for leaves by hand nobody waits."""
    found: list[ByLabel] = []
    for rack in _labelled(fabric, None):
        if fabric.listens(rack):
            by_hand = {name for name, leaf in fabric.racks[rack].leaves.items() if leaf.by_hand}
            what = _to_leaves(fabric, rack, Phase.FINISHED)
            ends = tuple(end for end in what.ends if end.name not in by_hand)
            found.append(what.model_copy(update={"as_numbers": (fabric.as_number,), "ends": ends}))
    return tuple(found)


def _labelled(fabric: Fabric, racks: Iterable[str] | None) -> list[str]:
    return [rack for rack in (fabric.racks if racks is None else racks) if fabric.by_label(rack) is not None]


@dataclass(frozen=True)
class _Numbers:
    """AS numbers that are right, and whether an end may keep another one."""

    right: tuple[int, ...]
    keep: bool = False


def _as_numbers(fabric: Fabric, final: int, phase: Phase) -> _Numbers:
    if phase is Phase.FINISHED:
        return _Numbers((final,))
    return _Numbers(tuple(dict.fromkeys((fabric.as_number, final))), keep=True)


def _to_leaves(fabric: Fabric, rack: str, phase: Phase) -> ByLabel:
    leaves = tuple(
        ExpectedEnd(name=name, address=address, as_numbers=(leaf.as_number,))
        for name, leaf in fabric.racks[rack].leaves.items()
        for address in leaf.address
    )
    numbers = _as_numbers(fabric, fabric.leaf_side_as(rack), phase)
    return _make(fabric, rack, SessionKind.LEAF, numbers, ends=leaves)


def _with_each_other(
    fabric: Fabric, rack: str, kind: SessionKind, numbers: _Numbers, *, reflectors: bool = True
) -> ByLabel:
    """Named nodes of the rack tell of the labelled ones; where there is none, two of the labelled ones do."""
    known = [node for node in fabric.racks[rack].nodes if reflectors or node not in fabric.reflectors_of(rack)]
    ends = _named(fabric, rack, known[:JUDGES], numbers)
    return _make(fabric, rack, kind, numbers, ends=ends, among=not ends)


def _named(fabric: Fabric, rack: str, nodes: Iterable[str], numbers: _Numbers) -> tuple[ExpectedEnd, ...]:
    addresses: list[tuple[str, Address]] = [
        (node, address) for node in nodes for address in fabric.racks[rack].nodes[node]
    ]
    return tuple(
        ExpectedEnd(name=name, address=address, as_numbers=numbers.right, keep=numbers.keep)
        for name, address in addresses
    )


def _make(
    fabric: Fabric,
    rack: str,
    kind: SessionKind,
    numbers: _Numbers,
    *,
    ends: tuple[ExpectedEnd, ...],
    among: bool = False,
) -> ByLabel:
    return ByLabel(
        rack=rack,
        label=str(fabric.by_label(rack)),
        named=tuple(fabric.racks[rack].nodes),
        kind=kind,
        as_numbers=numbers.right,
        keep=numbers.keep,
        ends=ends,
        among=among,
    )
