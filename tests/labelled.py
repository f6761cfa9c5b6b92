"""The example with racks whose members are known by a label, and a cluster in which nodes carry it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from leafrack.fabric import Fabric, Interconnect
from leafrack.fabric.load import load_fabric
from leafrack.fabric.model import NodeLabel
from leafrack.world.nodes import NodeState

LABELS = {"rr1": NodeLabel("rack", "one"), "rr2": NodeLabel("rack", "two")}
EXAMPLE = load_fabric(Path("config/fabrics/dev.yaml"))


def by_label(*racks: str, how: Interconnect | None = None, named: bool = True) -> Fabric:
    """The example with these racks by label, its own reflectors still named or, for other interconnects, not."""
    changed: dict[str, Any] = {
        name: rack.model_copy(
            update={
                "members": {},
                "label": LABELS[name],
                "as_number": None,
                "local_as_number": None if rack.as_number == EXAMPLE.as_number else rack.as_number,
                "interconnect": how,
                **({} if named else {"reflectors": {}}),
            }
        )
        for name, rack in EXAMPLE.racks.items()
        if name in racks
    }
    return EXAMPLE.model_copy(update={"racks": {**EXAMPLE.racks, **changed}})


def node(name: str, address: str, rack: str = "", **more: Any) -> NodeState:
    """A node that carries the label of a rack."""
    labels = {LABELS[rack].key: LABELS[rack].value} if rack else {}
    addresses = (ip_address(address),) if address else ()
    return NodeState(name, addresses, **{"labels": labels, **more})


def nodes(*found: NodeState) -> Mapping[str, NodeState]:
    """The example's named nodes, and some more."""
    named = {
        name: NodeState(name, tuple(addresses))
        for rack in EXAMPLE.racks.values()
        for name, addresses in rack.nodes.items()
    }
    return {**named, **{each.name: each for each in found}}
