"""Calico's resources, as the API server stores them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource, CustomResourcePatch

from leafrack.fabric import announced, names
from leafrack.world import migration
from leafrack.world.calico import Group

from . import filters
from .rerun import Rerun
from .scope import Resources, Scope, field_manager


def our_labels(fabric: str) -> dict[str, str]:
    """Labels by which every object that leafrack makes is recognised."""
    return {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric}


def our_annotations() -> dict[str, str]:
    """Annotations that tell pulumi-kubernetes how to write an object of ours."""
    # A fixed manager, or every lost state leaves a random one behind and the next change conflicts. Force, because
    # a field that somebody changed by hand belongs to them until it is taken back. Background, because the provider
    # deletes in the foreground otherwise and waits for the garbage collector.
    return {
        migration.MANAGER_ANNOTATION: field_manager(),
        "pulumi.com/patchForce": "true",
        "pulumi.com/deletionPropagationPolicy": "background",
    }


def node_labels(scope: Scope, name: str, labels: Mapping[str, str], depends_on: Resources = ()) -> pulumi.Resource:
    """The one NodePatch of a node: its labels. Deleting it takes away just those.

    Pulumi takes a node that has registered again, without labels, for the one that it knows: a token among the
    annotations makes it apply them again.
    """
    rerun = scope.watch.rerun_on_object(scope.watch.comparison.of_labels(name, labels))
    annotations = {**our_annotations(), **_token(rerun)}
    return _NodePatch(
        f"{name}-labels",
        {"name": name, "labels": dict(labels), "annotations": annotations},
        _options(scope, rerun, depends_on),
    )


@cache
def _provider_version() -> str:
    return importlib.metadata.version("pulumi_kubernetes")


class _NodePatch(pulumi.CustomResource):
    """``pulumi_kubernetes.core.v1.NodePatch``: importing that takes a quarter of the program's start, for one class."""

    def __init__(self, name: str, metadata: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        opts.version = _provider_version()
        given = {"apiVersion": "v1", "kind": "Node", "metadata": dict(metadata)}
        super().__init__("kubernetes:core/v1:NodePatch", name, given, opts)


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A BGPPeer of ours; ``spec`` in Calico's own keys (api/pkg/apis/projectcalico/v3/bgppeer.go).

    ``by_steps`` are fields that steps will give it.
    """

    name: str
    spec: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)
    by_steps: Sequence[str] = ()


def bgp_peer(scope: Scope, peer: Peer, depends_on: Resources) -> pulumi.Resource:
    """A BGPPeer of ours."""
    watch = scope.watch
    watch.note(watch.comparison.of_others_in_peer(peer.name, [*peer.spec, *peer.by_steps]))
    rerun = watch.rerun_on_object(watch.comparison.of_peer(peer.name, peer.spec))
    return CustomResource(
        peer.name,
        api_version=_group(scope).api_version,
        kind="BGPPeer",
        metadata=_metadata(scope, peer.name, {**peer.annotations, **_token(rerun)}),
        spec=dict(peer.spec),
        opts=_options(scope, rerun, depends_on, "BGPPeer"),
    )


def bgp_filter(scope: Scope, name: str, depends_on: Resources) -> pulumi.Resource:
    """A BGPFilter of ours. Calico skips one that does not exist: it stands before and after the peers that name it."""
    spec = filters.spec(scope.fabric)
    rerun = scope.watch.rerun_on_object(scope.watch.comparison.of_filter(name, spec))
    return CustomResource(
        name,
        api_version=_group(scope).api_version,
        kind="BGPFilter",
        metadata=_metadata(scope, name, _token(rerun)),
        spec=spec,
        opts=_options(scope, rerun, depends_on, "BGPFilter"),
    )


def _group(scope: Scope) -> Group:
    """The group that the cluster's Calico uses, as it was found before the program built anything."""
    return scope.watch.comparison.observed.calico.stored


def _metadata(scope: Scope, name: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    given = {**our_annotations(), **migration.marks(_group(scope)), **annotations}
    return {"name": name, "labels": our_labels(scope.fabric.name), "annotations": given}


def _token(rerun: Rerun) -> dict[str, str]:
    """Annotation that makes Pulumi write an object again.

    Its refresh does not see an entry more at the end of a list, and its update sends only what it knows to differ.
    """
    return {names.RERUN_ANNOTATION: rerun.token} if rerun.token else {}


def _options(scope: Scope, rerun: Rerun, depends_on: Resources, kind: str = "") -> pulumi.ResourceOptions:
    """Options of an object; one of Calico's ``kind`` is the same in whichever group Calico keeps it.

    The group is part of Pulumi's type. Without an alias a stack would, after a migration, make the object that is there
    and delete it again. The provider replaces an object only for another name or namespace.
    """
    others = [group for group in Group if group is not _group(scope)] if kind else []
    aliases = [pulumi.Alias(type_=f"kubernetes:{group.api_version}:{kind}") for group in others]
    return scope.options(depends_on, rerun.ignored(f'metadata.annotations["{names.RERUN_ANNOTATION}"]'), aliases)


def bgp_configuration(scope: Scope, depends_on: Resources) -> pulumi.Resource:
    """Our fields of the ``default`` BGPConfiguration: the node-to-node mesh, the cluster's AS, the services.

    A patch, because calico-node makes the object at its first start. Deleting it takes our fields away, and Calico's
    default is the mesh on.
    """
    fabric, lacking = scope.fabric, scope.watch.comparison.observed.calico.lacking_lists
    spec = {
        "logSeverityScreen": "Info",
        "nodeToNodeMeshEnabled": fabric.cluster_mesh,
        "asNumber": fabric.as_number,
        # An empty list of a field that this Calico does not have would be refused.
        **{key: given for key, given in announced.of_bgp_configuration(fabric).items() if key not in lacking},
    }
    rerun = scope.watch.rerun_on_object(scope.watch.comparison.of_bgp_configuration(spec))
    return CustomResourcePatch(
        "bgp-configuration",
        api_version=_group(scope).api_version,
        kind="BGPConfiguration",
        metadata={"name": "default", "annotations": {**our_annotations(), **_token(rerun)}},
        spec=spec,
        opts=_options(scope, rerun, depends_on, "BGPConfigurationPatch"),
    )
