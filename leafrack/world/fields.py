"""A field of some objects, owned under a field manager of its own: given to them, and taken away again.

A cluster ID turns a node into a route reflector, an AS number resets sessions. Such fields move traffic, must land at
their own time, and cannot share the resource of the object that they are on. So they are applied here, server-side
and under a field manager of their own: then just they can be taken away again. Nothing is sent to an object that
already carries its value, so repeating a change on a healthy fabric changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any

from lightkube.core.resource import GlobalResource
from lightkube.resources.core_v1 import Node

from leafrack.errors import UnreadableError
from leafrack.world.cluster import ClusterReader, PeerState
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster
from leafrack.world.model import Value as Model
from leafrack.world.nodes import NodeState
from leafrack.world.writer import ClusterWriter

Value = bool | int | str
Values = dict[str, Value]
"""Value of a field by the object's name."""


class Target(StrEnum):
    """What a step may own a field of, and where the field is."""

    NODE_LABEL = "node label"
    NODE_ANNOTATION = "node annotation"
    PEER_SPEC = "BGPPeer spec"
    BGP_CONFIGURATION_SPEC = "BGPConfiguration spec"

    @property
    def kind(self) -> str:
        """What the object is called in what the step says."""
        return self.value.partition(" ")[0]


_PLACES: Mapping[Target, tuple[str, ...]] = {
    Target.NODE_LABEL: ("metadata", "labels"),
    Target.NODE_ANNOTATION: ("metadata", "annotations"),
    Target.PEER_SPEC: ("spec",),
    Target.BGP_CONFIGURATION_SPEC: ("spec",),
}


class Fields(Model):
    """A field that some objects are to carry, and the field manager that owns it."""

    target: Target
    key: str
    values: Values
    """Wanted value by the object's name."""
    manager: str
    cluster: Cluster


def forward(wanted: Fields, tell: Callable[[str], None], previous: Values | None = None) -> frozenset[str]:
    """Give every object its value, and say which did not have it: those that have it already are left alone.

    ``previous`` is what the step owned before: objects that are no longer wanted lose the field again.

    Raises :class:`UnreadableError` when the API server refuses, is away, or an object does not exist: before anything
    is sent in the last case.
    """
    connection = Connection(wanted.cluster)
    reader, writer = ClusterReader(connection), ClusterWriter(connection)
    present = carried(wanted.target, wanted.values, reader.nodes_named, reader.peers, reader.bgp_configuration)
    missing = sorted(set(wanted.values) - set(present))
    if missing:
        why = f"has no {wanted.target.kind} {', '.join(missing)}: nothing was changed"
        raise UnreadableError("cluster", why, refused=True)
    shared = _only_of_others(reader, wanted)
    given = {name for name, value in wanted.values.items() if present[name].get(wanted.key) != value}
    for name, value in wanted.values.items():
        if name in given or name in shared:
            # Taken over from whoever set another value: the fabric file says what it must be.
            writer.apply(_resource(wanted, connection), name, _content(wanted, value), manager=wanted.manager)
            tell(f"{name}: {wanted.key} is {value}")
    left = {name: value for name, value in (previous or {}).items() if name not in wanted.values}
    if left:
        back(wanted.model_copy(update={"values": left}), tell)
    return frozenset(given)


def back(wanted: Fields, tell: Callable[[str], None]) -> None:
    """Take the field away again where it still has our value; an object that is gone is no error."""
    connection = Connection(wanted.cluster)
    reader, writer = ClusterReader(connection), ClusterWriter(connection)
    present = carried(wanted.target, wanted.values, reader.nodes_named, reader.peers, reader.bgp_configuration)
    for name, value in wanted.values.items():
        if present.get(name, {}).get(wanted.key) == value:
            # Not given up but removed: a value that was there before leafrack has another manager as well.
            writer.merge(_resource(wanted, connection), name, _content(wanted, None), manager=wanted.manager)
            tell(f"{name}: {wanted.key} is gone")


def carried(
    target: Target,
    names: Collection[str],
    nodes: Callable[[Collection[str]], Mapping[str, NodeState]],
    peers: Callable[[], Iterable[PeerState]],
    bgp_configuration: Callable[[], Mapping[str, Any]],
) -> dict[str, Mapping[str, Any]]:
    """What each of the named objects that exist carries where a target's field belongs; only these are asked for."""
    if target is Target.PEER_SPEC:
        return {peer.name: peer.spec for peer in peers() if peer.name in names}
    if target is Target.BGP_CONFIGURATION_SPEC:
        # calico-node makes it at its first start; where it has not yet, applying the field makes it.
        return {"default": bgp_configuration()}
    found = nodes(names)
    there = {name: found[name] for name in names if name in found}
    if target is Target.NODE_LABEL:
        return {name: state.labels for name, state in there.items()}
    return {name: state.annotations for name, state in there.items()}


def _only_of_others(reader: ClusterReader, wanted: Fields) -> frozenset[str]:
    """Nodes whose label is not the step's as well: it would go with its other owner, the NodePatch of a reflector.

    A node that is no reflector any more keeps its label until the step is taken back.
    """
    if wanted.target is not Target.NODE_LABEL:
        return frozenset()
    return frozenset(
        name
        for name, node in reader.nodes_named(wanted.values).items()
        if wanted.manager not in node.managers.get(wanted.key, ())
    )


def _resource(wanted: Fields, connection: Connection) -> type[GlobalResource]:
    if wanted.target is Target.PEER_SPEC:
        return connection.group.resources.bgp_peer
    if wanted.target is Target.BGP_CONFIGURATION_SPEC:
        return connection.group.resources.bgp_configuration
    return Node


def _content(wanted: Fields, value: Value | None) -> dict[str, Any]:
    """The field in an object with nothing else."""
    content: dict[str, Any] = {wanted.key: value}
    for key in reversed(_PLACES[wanted.target]):
        content = {key: content}
    return content
