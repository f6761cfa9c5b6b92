"""A field of some objects, owned under a field manager of its own: given to them, and taken away again.

A cluster ID turns a node into a route reflector, an AS number resets sessions. Such fields move traffic, must land at
their own time, and cannot share the resource of the object that they are on. So they are applied here, server-side
and under a field manager of their own: then just they can be taken away again. Nothing is sent to an object that
already carries its value, so repeating a change on a healthy fabric changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from lightkube.core.resource import GlobalResource, api_info
from lightkube.resources.core_v1 import Node
from lightkube.types import PatchType
from pydantic import Field

from leafrack.errors import UnreadableError
from leafrack.world.cluster import BGPConfiguration, BGPPeer, Reader
from leafrack.world.model import Cluster
from leafrack.world.model import Value as Model

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


_OBJECTS: Mapping[Target, tuple[type[GlobalResource], tuple[str, ...]]] = {
    Target.NODE_LABEL: (Node, ("metadata", "labels")),
    Target.NODE_ANNOTATION: (Node, ("metadata", "annotations")),
    Target.PEER_SPEC: (BGPPeer, ("spec",)),
    Target.BGP_CONFIGURATION_SPEC: (BGPConfiguration, ("spec",)),
}


class Fields(Model):
    """A field that some objects are to carry, and the field manager that owns it."""

    target: Target
    key: str
    values: Values
    """Wanted value by the object's name."""
    manager: str
    cluster: Cluster
    leave: Values = Field(default_factory=dict)
    """Value that ``back`` gives an object instead of taking the field away, where the mesh is on by then."""


def forward(wanted: Fields, tell: Callable[[str], None], previous: Values | None = None) -> None:
    """Give every object its value; those that have it already are left alone.

    ``previous`` is what the step owned before: objects that are no longer wanted lose the field again.

    Raises :class:`UnreadableError` when the API server refuses, is away, or an object does not exist: before anything
    is sent in the last case.
    """
    reader = Reader(wanted.cluster)
    present = _present(reader, wanted)
    missing = sorted(set(wanted.values) - set(present))
    if missing:
        why = f"has no {wanted.target.kind} {', '.join(missing)}: nothing was changed"
        raise UnreadableError("cluster", why, refused=True)
    shared = _only_of_others(reader, wanted)
    for name, value in wanted.values.items():
        if present[name].get(wanted.key) != value or name in shared:
            # `force` takes the field over from whoever set another value: the fabric file says what it must be.
            _patch(reader, wanted, name, value, PatchType.APPLY, force=True)
            tell(f"{name}: {wanted.key} is {value}")
    left = {name: value for name, value in (previous or {}).items() if name not in wanted.values}
    if left:
        back(wanted.model_copy(update={"values": left}), tell)


def back(wanted: Fields, tell: Callable[[str], None]) -> None:
    """Take the field away again where it still has our value; an object that is gone is no error."""
    reader = Reader(wanted.cluster)
    present = _present(reader, wanted)
    if wanted.leave and not reader.mesh_enabled():
        return
    for name, value in wanted.values.items():
        if present.get(name, {}).get(wanted.key) == value:
            # Not given up but removed: a value that was there before leafrack has another manager as well.
            _patch(reader, wanted, name, wanted.leave.get(name), PatchType.MERGE)
            tell(f"{name}: {wanted.key} is {wanted.leave.get(name, 'gone')}")


def _present(reader: Reader, wanted: Fields) -> dict[str, Mapping[str, Any]]:
    """What each object that exists carries where the field belongs."""
    if wanted.target is Target.PEER_SPEC:
        return {peer.name: peer.spec for peer in reader.peers() if peer.name in wanted.values}
    if wanted.target is Target.BGP_CONFIGURATION_SPEC:
        # calico-node makes it at its first start; where it has not yet, applying the field makes it.
        return {"default": reader.bgp_configuration()}
    nodes = {name: state for name, state in reader.nodes().items() if name in wanted.values}
    if wanted.target is Target.NODE_LABEL:
        return {name: state.labels for name, state in nodes.items()}
    return {name: state.annotations for name, state in nodes.items()}


def _only_of_others(reader: Reader, wanted: Fields) -> frozenset[str]:
    """Nodes whose label is not the step's as well: it would go with its other owner, the NodePatch of a reflector.

    A node that is no reflector any more keeps its label until the step is taken back.
    """
    if wanted.target is not Target.NODE_LABEL:
        return frozenset()
    return frozenset(
        name for name, node in reader.nodes().items() if wanted.manager not in node.managers.get(wanted.key, ())
    )


def _patch(
    reader: Reader, wanted: Fields, name: str, value: Value | None, how: PatchType, *, force: bool = False
) -> None:
    resource, way = _OBJECTS[wanted.target]
    content: dict[str, Any] = {wanted.key: value}
    for key in reversed(way):
        content = {key: content}
    if how is PatchType.APPLY:
        what = api_info(resource).resource
        content |= {"apiVersion": what.api_version, "kind": what.kind}
    with reader.asking():
        reader.client.patch(resource, name, content, patch_type=how, field_manager=wanted.manager, force=force)
