"""Whether the parts of the fabric are all there and fit together: leaves, reflectors, nodes, spines."""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.errors import Problem, shown
from leafrack.fabric.model import Fabric, Interconnect, Rack
from leafrack.fabric.source import at
from leafrack.fabric.wording import did_you_mean

MOST_LEAVES = 2
MESH_LIMIT = 100
"""Nodes up to which a full mesh is meant to work (Calico: networking/configuring/bgp)."""
USUAL_REFLECTORS = 2


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Missing, surplus and unknown parts."""
    yield from _reflector_mesh(fabric)
    yield from _waves(fabric)
    for name, rack in fabric.racks.items():
        yield from _leaves(at("racks", name), rack)
        yield from _nodes(fabric, name, rack)
        yield from _uplinks(fabric, at("racks", name), rack)


def warnings(fabric: Fabric) -> Iterator[Problem]:
    """A rack whose pods are cut off when one node stops, and a mesh of more nodes than it is meant for."""
    nodes = sum(len(rack.nodes) for rack in fabric.racks.values())
    if fabric.cluster_mesh and nodes > MESH_LIMIT:
        text = f"{nodes} nodes in one full mesh: it is meant for up to {MESH_LIMIT}; use route-reflectors"
        yield Problem(text, "interconnect")
    for name, rack in fabric.racks.items():
        reflects = fabric.rack_interconnect(name) is Interconnect.ROUTE_REFLECTORS
        if reflects and len(rack.reflectors) < USUAL_REFLECTORS:
            text = "only one route reflector: the rack's pods are cut off while it restarts; declare two"
            yield Problem(text, at("racks", name, "reflectors"))
        yield from _timers(at("racks", name), rack)


def _reflector_mesh(fabric: Fabric) -> Iterator[Problem]:
    if fabric.reflector_mesh and not any(fabric.reflectors_of(rack) for rack in fabric.racks):
        text = "no rack has route reflectors: remove it, or use the interconnect route-reflectors"
        yield Problem(text, "reflectorMesh")


def _waves(fabric: Fabric) -> Iterator[Problem]:
    canary = fabric.waves.canary
    if canary is not None and canary not in fabric.racks:
        text = f"the fabric has no rack '{shown(canary)}'{did_you_mean(canary, fabric.racks)}"
        yield Problem(text, at("waves", "canary"))


def _timers(path: str, rack: Rack) -> Iterator[Problem]:
    for name, leaf in rack.leaves.items():
        if leaf.timers is not None and leaf.timers.hold < 3 * leaf.timers.keepalive:
            # RFC 4271 §4.4 calls a third of the hold time reasonable.
            text = f"a hold time of {leaf.timers.hold} s is less than three keepalives of {leaf.timers.keepalive} s"
            more = f"{text}: one lost keepalive may end a session; lower keepalive to {leaf.timers.hold // 3}"
            yield Problem(more, at(f"{path}.leaves", name, "timers"))


def _leaves(path: str, rack: Rack) -> Iterator[Problem]:
    if not rack.leaves:
        yield Problem("the rack has no leaf: declare the switch that its nodes peer with", f"{path}.leaves")
    if len(rack.leaves) > MOST_LEAVES:
        text = f"{len(rack.leaves)} leaves: a rack has one leaf or a redundant pair; split the rack"
        yield Problem(text, f"{path}.leaves")


def _nodes(fabric: Fabric, name: str, rack: Rack) -> Iterator[Problem]:
    path = at("racks", name)
    if not rack.nodes and not rack.label:
        yield Problem("the rack has no node: declare its reflectors and members, or remove the rack", path)
    elif not rack.reflectors and fabric.rack_interconnect(name) is Interconnect.ROUTE_REFLECTORS:
        text = "the rack has no route reflector, so no node would peer with its leaf: declare two nodes here"
        yield Problem(text, f"{path}.reflectors")
    for node in rack.members:
        if node in rack.reflectors:
            text = "is a reflector and a member: a node is one of the two, remove one entry"
            yield Problem(text, f"{path}.members.{shown(node)}")


def _uplinks(fabric: Fabric, path: str, rack: Rack) -> Iterator[Problem]:
    for leaf_name, leaf in rack.leaves.items():
        for spine in leaf.uplinks:
            if spine not in fabric.spines:
                hint = did_you_mean(spine, fabric.spines) or ": declare it under spines"
                text = f"there is no spine '{shown(spine)}'{hint}"
                yield Problem(text, f"{path}.leaves.{shown(leaf_name)}.uplinks.{shown(spine)}")
