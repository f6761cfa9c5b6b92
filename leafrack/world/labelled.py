"""Nodes that a rack knows by a label: which there are when somebody looks, and which of them have to be seen.

A node that joins is there before its BIRD is, and one that leaves is there after it. So only those that Kubernetes
calls Ready and to which Calico has given an address have to be seen working; the others are named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from leafrack.errors import shown
from leafrack.fabric import Addresses, Fabric
from leafrack.fabric.model import NodeLabel
from leafrack.world.nodes import NodeState

MOST_NAMED = 3
"""Nodes that a line names; of more it gives the number."""


@dataclass(frozen=True)
class Labelled:
    """Nodes that carry a label and that no file names."""

    nodes: Mapping[str, NodeState] = field(default_factory=dict)
    """Those that have to be seen, by name."""
    aside: Mapping[str, str] = field(default_factory=dict)
    """Those that hold nothing, each with the reason: not Ready, joining or leaving."""

    def of_aside(self) -> str:
        """Those that hold nothing in a line; empty where there are none."""
        named = [f"{shown(name)} ({why})" for name, why in list(self.aside.items())[:MOST_NAMED]]
        more = len(self.aside) - len(named)
        return ", ".join(named) + (f" and {more} more" if more else "")


def carriers(
    labels: Iterable[NodeLabel], nodes: Mapping[str, NodeState]
) -> Mapping[NodeLabel, Mapping[str, NodeState]]:
    """Nodes that carry each label as Calico's selectors see it, in order of their names; one walk over all nodes."""
    found: dict[NodeLabel, dict[str, NodeState]] = {label: {} for label in labels}
    keys = {label.key for label in found}
    for name in sorted(nodes):
        has = nodes[name].calico_labels
        for key in keys & has.keys():
            if (label := NodeLabel(key, has[key])) in found:
                found[label][name] = nodes[name]
    return found


def labelled(label: NodeLabel, nodes: Mapping[str, NodeState], named: Collection[str] = ()) -> Labelled:
    """Nodes that carry a label beside those that are ``named``."""
    return _beside(named, carriers([label], nodes)[label])


def _beside(named: Collection[str], carrying: Mapping[str, NodeState]) -> Labelled:
    found = {name: node for name, node in carrying.items() if name not in named}
    aside = {name: why for name, node in found.items() if (why := _holds_nothing(node))}
    return Labelled({name: node for name, node in found.items() if name not in aside}, aside)


def _holds_nothing(node: NodeState) -> str:
    if node.leaving:
        return "leaving"
    if not node.ready:
        return "not Ready"
    return "" if node.addresses else "joining, Calico has given it no address yet"


def of_fabric(fabric: Fabric, nodes: Mapping[str, NodeState]) -> Mapping[str, Labelled]:
    """The nodes of each rack that knows them by a label; one that the file names is nobody's by its label."""
    labels = {name: rack.label for name, rack in fabric.racks.items() if rack.label is not None}
    named = {node for rack in fabric.racks.values() for node in rack.nodes}
    found = carriers(labels.values(), nodes)
    return {name: _beside(named, found[label]) for name, label in labels.items()}


def with_nodes(fabric: Fabric, nodes: Mapping[str, NodeState]) -> Fabric:
    """The fabric with the nodes that its labels select now among the members: to look at, never to build from."""
    found = of_fabric(fabric, nodes)
    if not found:
        return fabric
    members = {
        rack: {name: Addresses(node.addresses) for name, node in each.nodes.items()} for rack, each in found.items()
    }
    racks = {
        name: rack.model_copy(update={"members": {**rack.members, **members[name]}}) if name in members else rack
        for name, rack in fabric.racks.items()
    }
    return fabric.model_copy(update={"racks": racks})
