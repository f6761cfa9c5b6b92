"""Nodes as the cluster knows them, and who has set the fields of an object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_interface
from typing import Any

from lightkube.generic_resource import GenericGlobalResource, create_global_resource
from lightkube.models.meta_v1 import ObjectMeta

from leafrack.addresses import Address
from leafrack.fabric import names

Node = create_global_resource("", "v1", "Node", "nodes")
"""A node whose status stays as the API server sent it: with lightkube's types a list takes three times as long.

The status has the images of each node, and a list of nodes is read whenever somebody looks at the cluster.
"""
_TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler"
"""Taint of a node that an autoscaler drains before it deletes it (kubernetes/autoscaler: utils/taints)."""
_LABELS, _ANNOTATIONS = ("metadata", "labels"), ("metadata", "annotations")
_OWNED = {
    names.RACK_LABEL: _LABELS,
    names.REFLECTOR_LABEL: _LABELS,
    names.CLUSTER_ID_LABEL: _LABELS,
    names.REFLECTED_LABEL: _LABELS,
    names.CLUSTER_ID_ANNOTATION: _ANNOTATIONS,
}
"""Where on a node each key is whose field managers matter."""


@dataclass(frozen=True)
class NodeState:
    """A node as the cluster knows it; addresses are those that Calico uses for BGP."""

    name: str
    addresses: tuple[Address, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    managers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Field managers of leafrack's labels and of its annotation for a cluster ID, by key."""
    ready: bool = True
    """Whether Kubernetes says so, and nobody that it has no network."""
    leaving: bool = False
    """Whether it is being deleted, or an autoscaler has said that it will be."""

    @cached_property
    def calico_labels(self) -> Mapping[str, str]:
        """Labels that Calico's selectors see: those of the node before those given through calicoctl."""
        try:
            given = json.loads(self.annotations.get(names.LABELS_ANNOTATION) or "{}")
        except ValueError:
            given = {}
        # As Calico reads it: one value that is no string, and none counts.
        read = isinstance(given, dict) and all(isinstance(value, str) for value in given.values())
        return {**(given if read else {}), **self.labels}


def node_state(node: GenericGlobalResource) -> NodeState:
    """What matters of a node object."""
    metadata = node.metadata or ObjectMeta()
    annotations = metadata.annotations or {}
    given = (annotations.get(names.IPV4_ANNOTATION), annotations.get(names.IPV6_ANNOTATION))
    return NodeState(
        name=metadata.name or "",
        addresses=tuple(ip_interface(text).ip for text in given if text and _is_interface(text)),
        labels=metadata.labels or {},
        annotations=annotations,
        managers={key: found for key, way in _OWNED.items() if (found := managers_of(metadata, *way, key))},
        ready=_is_ready(node),
        leaving=metadata.deletionTimestamp is not None or _is_to_be_deleted(node),
    )


def _is_ready(node: GenericGlobalResource) -> bool:
    """As the kubelet reports it; calico-node says of its own that there is no network until it runs, and when it ends.

    Source: projectcalico/calico, node/pkg/lifecycle (NetworkUnavailable, CalicoIsUp and CalicoIsDown).
    """
    conditions = (node.get("status") or {}).get("conditions") or ()
    said = {each.get("type"): each.get("status") for each in conditions}
    return said.get("Ready") == "True" and said.get("NetworkUnavailable") != "True"


def _is_to_be_deleted(node: GenericGlobalResource) -> bool:
    return any(taint.get("key") == _TO_BE_DELETED for taint in (node.get("spec") or {}).get("taints") or ())


def managers_of(metadata: ObjectMeta, *way: str) -> frozenset[str]:
    """Who has set the field at the end of a way through an object."""
    found = set()
    for entry in metadata.managedFields or ():
        fields: Mapping[str, Any] | None = entry.fieldsV1
        for key in way:
            fields = (fields or {}).get(f"f:{key}")
        if fields is not None:
            found.add(entry.manager or "")
    return frozenset(found)


def _is_interface(text: str) -> bool:
    with suppress(ValueError):
        return bool(ip_interface(text))
    return False
