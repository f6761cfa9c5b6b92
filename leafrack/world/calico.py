"""Calico's API group: which one the cluster's Calico stores its resources in, and those resources in it.

This is the one place that knows the groups. Everything else asks a connection (:attr:`Connection.group`) or what was
observed (:class:`CalicoApi`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from lightkube.generic_resource import GenericGlobalResource, create_global_resource

from leafrack.errors import UnreadableError

GROUP_VARIABLE = "CALICO_API_GROUP"
"""Environment variable of calico-node that says which group it uses (libcalico-go: lib/apiconfig)."""
NODE = "calico-node"
"""Name of the DaemonSet, and of the container in it that runs confd and BIRD."""
DAEMON_SET = f"DaemonSet {NODE}"


class Group(StrEnum):
    """An API group that Calico may store its resources in."""

    V1 = "crd.projectcalico.org"
    V3 = "projectcalico.org"
    """Of native v3 CRDs, and of Calico's own API server in front of the others."""

    @property
    def version(self) -> str:
        """The only version that the group has."""
        return "v1" if self is Group.V1 else "v3"

    @property
    def api_version(self) -> str:
        """Group and version, as ``apiVersion`` of an object has them."""
        return f"{self.value}/{self.version}"

    @property
    def bgp_peers(self) -> str:
        """BGPPeers for kubectl. Where both groups are served, the short name means either of them."""
        return f"bgppeers.{self.value}"

    @property
    def resources(self) -> Resources:
        """Calico's resources as the API server stores them."""
        return _resources(self)


@dataclass(frozen=True)
class Resources:
    """Calico's resources in one group, as lightkube wants them."""

    bgp_configuration: type[GenericGlobalResource]
    bgp_peer: type[GenericGlobalResource]
    bgp_filter: type[GenericGlobalResource]
    ip_pool: type[GenericGlobalResource]
    block_affinity: type[GenericGlobalResource]
    cluster_information: type[GenericGlobalResource]
    felix_configuration: type[GenericGlobalResource]
    node_status: type[GenericGlobalResource]


@cache
def _resources(group: Group) -> Resources:
    def kind(name: str, plural: str) -> type[GenericGlobalResource]:
        return create_global_resource(group.value, group.version, name, plural)

    return Resources(
        bgp_configuration=kind("BGPConfiguration", "bgpconfigurations"),
        bgp_peer=kind("BGPPeer", "bgppeers"),
        bgp_filter=kind("BGPFilter", "bgpfilters"),
        ip_pool=kind("IPPool", "ippools"),
        block_affinity=kind("BlockAffinity", "blockaffinities"),
        cluster_information=kind("ClusterInformation", "clusterinformations"),
        felix_configuration=kind("FelixConfiguration", "felixconfigurations"),
        node_status=kind("CalicoNodeStatus", "caliconodestatuses"),
    )


MIGRATING = (
    f"Calico's resources are being moved to {Group.V3.api_version}, and what is written to {Group.V1.api_version} has "
    "no effect any more: nothing was changed; wait until `kubectl get datastoremigrations` says Complete, delete that "
    "object (the old CRDs go with it), then run `pulumi up`"
)
"""What is said while a migration is under way, or was given up half done."""


class Documents(Protocol):
    """An API server that can be asked for documents by their path."""

    def document(self, path: str) -> Mapping[str, Any]:
        """A document; empty where there is none. Raises :class:`UnreadableError`."""
        ...


@dataclass(frozen=True)
class FoundGroup:
    """The group that the cluster's Calico uses; ``None`` without Calico."""

    group: Group | None
    unknown: str = ""
    """What could not be read and so is not known, and what was taken to hold instead."""


def find(server: Documents) -> FoundGroup:
    """Find the group by Calico's own rule (libcalico-go: lib/backend/k8s/discovery.go).

    What ``CALICO_API_GROUP`` of calico-node says; otherwise v3 only where no v1 is served. Both groups are mostly
    Calico's API server in front of the v1 CRDs, whether that server is up or not. While a migration copies v1 to v3,
    and until its object is deleted, the v1 ``ClusterInformation`` is not ready (kube-controllers:
    pkg/controllers/migration/controller.go).

    calico-node is looked at only where there are two groups to choose from. Raises :class:`UnreadableError`, also
    while a migration is under way: nobody may write then, and what is read may be the copy that nobody reads.
    """
    served = {group.get("name") for group in server.document("/apis").get("groups", ())}
    there = [group for group in Group if group.value in served]
    if len(there) < 2:
        return FoundGroup(there[0] if there else None)
    unknown: list[str] = []
    locked = False
    try:
        locked = _is_locked(server)
    except UnreadableError as error:
        _only_refused(error)
        unknown.append(f"whether a migration to {Group.V3.api_version} is under way (ClusterInformation)")
    if locked:
        raise UnreadableError("cluster", MIGRATING, refused=True)
    chosen = None
    try:
        chosen = _chosen(server)
    except UnreadableError as error:
        _only_refused(error)
        unknown.append(f"what {GROUP_VARIABLE} of the {DAEMON_SET} says")
    group = Group.V3 if chosen == Group.V3.api_version else Group.V1
    text = f"it may not be read {' and '.join(unknown)}: taken for {group.api_version}" if unknown else ""
    return FoundGroup(group, text)


def _only_refused(error: UnreadableError) -> None:
    """Let an API server that is away be said as such; one that refuses is lived with."""
    if not error.refused:
        raise error


def _is_locked(server: Documents) -> bool:
    path = f"/apis/{Group.V1.api_version}/clusterinformations/default"
    return (server.document(path).get("spec") or {}).get("datastoreReady") is False


def _chosen(server: Documents) -> str | None:
    """What calico-node is told to use; ``None`` where nothing is said."""
    listed = server.document(f"/apis/apps/v1/daemonsets?fieldSelector=metadata.name%3D{NODE}")
    for daemon_set in listed.get("items") or ():
        namespace = (daemon_set.get("metadata") or {}).get("namespace") or ""
        for container in containers(daemon_set):
            for value in _values(server, namespace, container):
                return value
    return None


def containers(daemon_set: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Containers of a DaemonSet's pods, as it declares them."""
    pod = ((daemon_set.get("spec") or {}).get("template") or {}).get("spec") or {}
    yield from pod.get("containers") or ()


def _values(server: Documents, namespace: str, container: Mapping[str, Any]) -> Iterator[str]:
    """Values of the variable in a container, the one that counts first: ``env`` goes before ``envFrom``."""

    def config_map(name: object) -> Mapping[str, Any]:
        return server.document(f"/api/v1/namespaces/{namespace}/configmaps/{name}").get("data") or {}

    for each in container.get("env") or ():
        if each.get("name") == GROUP_VARIABLE:
            reference = (each.get("valueFrom") or {}).get("configMapKeyRef")
            value = config_map(reference.get("name")).get(reference.get("key")) if reference else each.get("value")
            if value is not None:
                yield str(value)
    for each in reversed(container.get("envFrom") or ()):
        name = (each.get("configMapRef") or {}).get("name")
        value = config_map(name).get(GROUP_VARIABLE) if name and not each.get("prefix") else None
        if value is not None:
            yield str(value)
