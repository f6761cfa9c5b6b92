"""Racks whose members are known by a label: one that can tell them, beside nothing that would need their names."""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.errors import Problem, shown
from leafrack.fabric import names
from leafrack.fabric.model import Fabric, Rack
from leafrack.fabric.node_label import NodeLabel
from leafrack.fabric.source import at


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Labels that cannot tell the nodes of a rack, and what a rack cannot have beside one."""
    first: dict[NodeLabel, str] = {}
    for name, rack in fabric.racks.items():
        label = fabric.by_label(name)
        if label is None:
            continue
        path = at("racks", name, "members", "label")
        yield from _key(label, path)
        yield from _beside(fabric, name, rack)
        other = first.setdefault(label, name)
        if other != name:
            text = f"{label} is the label of rack {shown(other)} too: a node is in one rack, give each its own"
            yield Problem(text, path)


def _key(label: NodeLabel, path: str) -> Iterator[Problem]:
    if label.key in names.OWN_LABELS:
        text = f"leafrack itself gives and takes the label {label.key}: use another key"
        yield Problem(text, path)


def _beside(fabric: Fabric, name: str, rack: Rack) -> Iterator[Problem]:
    path = at("racks", name)
    if rack.members:
        few = ", ".join(shown(node) for node in list(rack.members)[:3])
        text = f"{few} and a label: the members of a rack are named or known by a label, keep one of the two"
        yield Problem(text, f"{path}.members")
    if fabric.reflector_mesh and fabric.reflectors_of(name):
        text = (
            "no nodes by label beside reflectorMesh: reflectors of other racks peer with a rack's nodes until each has "
            f"the label {names.REFLECTED_LABEL}, which a node that joins gets from nobody; name the members"
        )
        yield Problem(text, f"{path}.members.label")
    if fabric.rack_as(name) != fabric.as_number:
        text = (
            f"a node that joins is in the fabric's AS, {fabric.as_number}, and nobody gives it {rack.as_number}: "
            f"write localASNumber: {rack.as_number} in its place, which the rack shows to its leaves"
        )
        yield Problem(text, f"{path}.asNumber")
