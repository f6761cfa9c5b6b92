"""Reading the cluster: nodes, Calico's objects and pod blocks. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from lightkube import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Secret

from leafrack.addresses import Network, network_of
from leafrack.fabric import names
from leafrack.fabric.node_label import NodeLabel
from leafrack.world.calico import Group, Resources
from leafrack.world.connection import Connection
from leafrack.world.nodes import Node, NodeState, managers_of, node_state

FEW_LABELS = 10
FEW = 100
"""Nodes up to which each is asked for by its name: a list of 5,000 nodes is as long as some thousands of those."""


@dataclass(frozen=True)
class Pool:
    """An IPPool; ``encapsulation`` is the mode of IPIP or VXLAN that is not ``Never``, or empty."""

    name: str
    cidr: Network
    encapsulation: str = ""


@dataclass(frozen=True)
class PeerState:
    """A BGPPeer that exists in the cluster, ours or somebody else's."""

    name: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    managers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Field managers of the fields of ``spec``, by field."""

    @property
    def keeps_its_next_hop(self) -> bool:
        """Whether its next hop mode is left as it was found: to set it would reset its sessions.

        True for adopted BGPPeers until someone sets ``Keep``, and where ``keepOriginalNextHop`` says the same: newer
        CRDs refuse both words together. Our own start with ``Keep``; losing it is drift.
        """
        ours = self.labels.get(names.MANAGED_BY_LABEL) == names.MANAGER
        kept = self.spec.get("nextHopMode") == "Keep" and self.spec.get("keepOriginalNextHop") is not True
        return not kept and (not ours or names.NEXT_HOP_ANNOTATION in self.annotations)


class ClusterReader:
    """What a cluster holds, read over a :class:`Connection`.

    Every method raises :class:`UnreadableError` as the connection does.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.client

    def document(self, path: str) -> Mapping[str, Any]:
        """A document about the API itself (discovery, OpenAPI); empty where there is none."""
        return self._connection.document(path)

    @property
    def group(self) -> Group:
        """The group that the cluster's Calico uses."""
        return self._connection.group

    @property
    def _calico(self) -> Resources:
        return self.group.resources

    def nodes(self) -> Mapping[str, NodeState]:
        """Every node of the cluster by name."""
        with self._connection.asking():
            return {state.name: state for state in map(node_state, self._client.list(Node))}

    def nodes_named(self, names: Collection[str]) -> Mapping[str, NodeState]:
        """Those of the named nodes that there are: one by one where they are few, for a list has every node in it."""
        if len(names) > FEW:
            every = self.nodes()
            return {name: every[name] for name in names if name in every}
        found: dict[str, NodeState] = {}
        with self._connection.asking():
            for name in names:
                try:
                    found[name] = node_state(self._client.get(Node, name))
                except ApiError as error:
                    if error.status.code != 404:
                        raise
        return found

    def nodes_with(self, labels: Iterable[NodeLabel]) -> Mapping[str, NodeState]:
        """Nodes that carry one of some labels: by a list for each where they are few, for one of all is long.

        The API server selects by labels of the Node; those given through calicoctl are seen where all are read.
        """
        wanted = dict.fromkeys(labels)
        if len(wanted) > FEW_LABELS:
            return self.nodes()
        with self._connection.asking():
            found = [self._client.list(Node, labels={label.key: label.value}) for label in wanted]
            return {state.name: state for each in found for state in map(node_state, each)}

    def secret(self, name: str, namespace: str) -> Mapping[str, str] | None:
        """Keys of a Secret, in base64 as it has them; ``None`` where there is no such Secret."""
        with self._connection.asking():
            try:
                return self._client.get(Secret, name, namespace=namespace).data or {}
            except ApiError as error:
                if error.status.code != 404:
                    raise
                return None

    def bgp_configuration(self) -> Mapping[str, Any]:
        """Spec of the ``default`` BGPConfiguration; empty where there is none."""
        return self.configured()[0]

    def configured(self) -> tuple[Mapping[str, Any], Mapping[str, frozenset[str]]]:
        """Spec of the ``default`` BGPConfiguration, and the field managers of its fields; empty where there is none."""
        with self._connection.asking():
            try:
                found = self._client.get(self._calico.bgp_configuration, "default")
            except ApiError as error:
                if error.status.code != 404:
                    raise
                return {}, {}
        spec = dict(found.get("spec") or {})
        metadata = found.metadata or ObjectMeta()
        return spec, {key: managers_of(metadata, "spec", key) for key in spec}

    def mesh_enabled(self) -> bool:
        """Whether the node-to-node mesh is on: Calico's default where nothing is said."""
        return self.bgp_configuration().get("nodeToNodeMeshEnabled") is not False

    def pools(self) -> tuple[Pool, ...]:
        """Every IPPool that is not disabled."""
        with self._connection.asking():
            specs = [
                ((pool.metadata or ObjectMeta()).name or "", pool["spec"])
                for pool in self._client.list(self._calico.ip_pool)
            ]
            return tuple(
                Pool(name, ip_network(spec["cidr"]), _mode(spec)) for name, spec in specs if not spec.get("disabled")
            )

    def peers(self) -> tuple[PeerState, ...]:
        """Every BGPPeer, whoever made it."""
        with self._connection.asking():
            found = [
                (peer.metadata or ObjectMeta(), peer.get("spec") or {})
                for peer in self._client.list(self._calico.bgp_peer)
            ]
        return tuple(_peer_state(metadata, spec) for metadata, spec in found)

    def peers_named(self, names: Iterable[str]) -> Mapping[str, PeerState]:
        """Those of the named BGPPeers that there are, one by one."""
        found: dict[str, PeerState] = {}
        with self._connection.asking():
            for name in names:
                try:
                    peer = self._client.get(self._calico.bgp_peer, name)
                except ApiError as error:
                    if error.status.code != 404:
                        raise
                else:
                    found[name] = _peer_state(peer.metadata or ObjectMeta(), peer.get("spec") or {})
        return found

    def filters(self) -> Mapping[str, Mapping[str, Any]]:
        """Spec of every BGPFilter by name, whoever made it."""
        with self._connection.asking():
            found = list(self._client.list(self._calico.bgp_filter))
        return {(one.metadata or ObjectMeta()).name or "": one.get("spec") or {} for one in found}

    def blocks(self) -> Mapping[str, tuple[Network, ...]]:
        """Pod blocks of each node: what its BIRD announces (confirmed block affinities)."""
        found: dict[str, list[Network]] = {}
        with self._connection.asking():
            for affinity in self._client.list(self._calico.block_affinity):
                spec = affinity["spec"]
                if spec.get("state") == "confirmed" and str(spec.get("deleted", "false")).lower() != "true":
                    found.setdefault(spec["node"], []).append(network_of(str(spec["cidr"]), strict=True))
        return {node: tuple(sorted(blocks, key=str)) for node, blocks in found.items()}


def _peer_state(metadata: ObjectMeta, spec: Mapping[str, Any]) -> PeerState:
    managers = {key: managers_of(metadata, "spec", key) for key in spec}
    return PeerState(metadata.name or "", spec, metadata.labels or {}, metadata.annotations or {}, managers)


def _mode(spec: Mapping[str, Any]) -> str:
    modes = {kind: spec.get(key) or "Never" for kind, key in (("IPIP", "ipipMode"), ("VXLAN", "vxlanMode"))}
    return ", ".join(f"{kind} {mode}" for kind, mode in modes.items() if mode != "Never")
