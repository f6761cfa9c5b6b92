"""Labels that make a node part of a rack, or its reflector, against the fabric file."""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.errors import Problem
from leafrack.fabric import Fabric, names
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState


def findings(fabric: Fabric, cluster: ClusterState, manager: str) -> Iterator[Problem]:
    """Labels that leafrack neither takes away nor overwrites.

    Those that ``manager``, or a part of it, has set go with the change that is about to be made: the node leaves its
    rack, or is no reflector any more.
    """
    reflectors = {node for rack in fabric.racks for node in fabric.reflectors_of(rack)}
    nodes = {node for declared in fabric.racks.values() for node in declared.nodes}
    for name, node in cluster.nodes.items():
        rack = _foreign(node, names.REFLECTOR_LABEL, manager)
        if rack in fabric.racks and fabric.reflectors_of(rack) and name not in reflectors:
            yield _problem(fabric, name, "reflector", names.REFLECTOR_LABEL, rack)
        rack = _foreign(node, names.RACK_LABEL, manager)
        if rack in fabric.racks and name not in nodes:
            yield _problem(fabric, name, "node", names.RACK_LABEL, rack)


def _foreign(node: NodeState, label: str, manager: str) -> str:
    """Value of a label that somebody else than the manager has set, or empty."""
    setters = node.managers.get(label, ())
    ours = any(setter == manager or setter.startswith(f"{manager}:") for setter in setters)
    return "" if ours else node.calico_labels.get(label, "")


def _problem(fabric: Fabric, node: str, role: str, label: str, rack: str) -> Problem:
    text = f"{node} is no {role} of {rack} in this file, but its label {label}={rack} makes it one"
    member = f"racks.{rack}.members.{node}" if node in fabric.racks[rack].members else f"racks.{rack}"
    return Problem(f"{text}: kubectl label node {node} {label}-", path=member)
