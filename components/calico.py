"""Calico's resources, as the API server stores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource, CustomResourcePatch
from pulumi_kubernetes.core.v1 import NodePatch
from pulumi_kubernetes.meta.v1 import ObjectMetaPatchArgs

from leafrack.fabric import Fabric, names

from . import filters
from .again import Again, Watch
from .gate import field_manager

API_VERSION = f"{names.CALICO_GROUP}/v1"


def our_labels(fabric: str) -> dict[str, str]:
    """Labels by which every object that leafrack makes is recognised."""
    return {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric}


def our_annotations() -> dict[str, str]:
    """Annotations that tell pulumi-kubernetes how to write an object of ours."""
    # A fixed manager, or every lost state leaves a random one behind and the next change conflicts. Force, because
    # a field that somebody changed by hand belongs to them until it is taken back. Background, because the provider
    # deletes in the foreground otherwise and waits for the garbage collector.
    return {
        "pulumi.com/patchFieldManager": field_manager(),
        "pulumi.com/patchForce": "true",
        "pulumi.com/deletionPropagationPolicy": "background",
    }


def node_labels(
    name: str,
    labels: Mapping[str, str],
    *,
    resource: str,
    watch: Watch,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """The one NodePatch of a node: its labels. Deleting it takes away just those.

    Pulumi takes a node that has registered again, without labels, for the one that it knows: a mark among the
    annotations makes it apply them again.
    """
    again = watch.again_on_object(watch.drift.of_labels(name, labels))
    annotations = {**our_annotations(), **_mark(again)}
    return NodePatch(
        resource,
        metadata=ObjectMetaPatchArgs(name=name, labels=dict(labels), annotations=annotations),
        opts=_options(again, parent, after),
    )


def bgp_peer(
    name: str,
    fabric: str,
    spec: Mapping[str, Any],
    *,
    resource: str,
    watch: Watch,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
    annotations: Mapping[str, str] | None = None,
    by_steps: Sequence[str] = (),
) -> pulumi.Resource:
    """A BGPPeer of ours; ``spec`` in Calico's own keys (api/pkg/apis/projectcalico/v3/bgppeer.go).

    ``by_steps`` are fields that steps will give it.
    """
    watch.note(watch.drift.of_others_in_peer(name, [*spec, *by_steps]))
    again = watch.again_on_object(watch.drift.of_peer(name, spec))
    metadata = _metadata(name, fabric, {**(annotations or {}), **_mark(again)})
    options = _options(again, parent, after)
    return CustomResource(
        resource, api_version=API_VERSION, kind="BGPPeer", metadata=metadata, spec=dict(spec), opts=options
    )


def bgp_filter(
    name: str,
    fabric: Fabric,
    *,
    watch: Watch,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """A BGPFilter of ours. Calico skips one that does not exist: it stands before and after the peers that name it."""
    spec = filters.spec(fabric)
    again = watch.again_on_object(watch.drift.of_filter(name, spec))
    metadata = _metadata(name, fabric.name, _mark(again))
    options = _options(again, parent, after)
    return CustomResource(name, api_version=API_VERSION, kind="BGPFilter", metadata=metadata, spec=spec, opts=options)


def _metadata(name: str, fabric: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "labels": our_labels(fabric), "annotations": {**our_annotations(), **annotations}}


def _mark(again: Again) -> dict[str, str]:
    """Annotation that makes Pulumi write an object again.

    Its refresh does not see an entry more at the end of a list, and its update sends only what it knows to differ.
    """
    return {names.AGAIN_ANNOTATION: again.mark} if again.mark else {}


def _options(again: Again, parent: pulumi.Resource, after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    ignored = again.ignored(f'metadata.annotations["{names.AGAIN_ANNOTATION}"]')
    return pulumi.ResourceOptions(parent=parent, depends_on=list(after), ignore_changes=ignored)


def bgp_configuration(
    fabric: Fabric, *, watch: Watch, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    """Our fields of the ``default`` BGPConfiguration: the node-to-node mesh, the cluster's AS, the services.

    A patch, because calico-node makes the object at its first start. Deleting it takes our fields away, and Calico's
    default is the mesh on.
    """
    spec = {
        "logSeverityScreen": "Info",
        "nodeToNodeMeshEnabled": fabric.cluster_mesh,
        "asNumber": fabric.as_number,
        "serviceClusterIPs": [{"cidr": str(cidr)} for cidr in fabric.service_cluster_ips],
    }
    again = watch.again_on_object(watch.drift.of_bgp_configuration(spec))
    return CustomResourcePatch(
        "bgp-configuration",
        api_version=API_VERSION,
        kind="BGPConfiguration",
        metadata={"name": "default", "annotations": {**our_annotations(), **_mark(again)}},
        spec=spec,
        opts=_options(again, parent, after),
    )
