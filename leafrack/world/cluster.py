"""Reading the cluster: nodes, Calico's objects, pod blocks, and what calico-node says of a node's sessions."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_network
from typing import Any

import httpx2
from lightkube import ApiError, Client, KubeConfig
from lightkube.config import client_adapter
from lightkube.config.client_adapter import ConnectionParams
from lightkube.config.kubeconfig import SingleConfig
from lightkube.core.exceptions import ConfigError
from lightkube.generic_resource import create_global_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node, Secret
from yaml import YAMLError

from leafrack.addresses import Network
from leafrack.errors import UnreadableError
from leafrack.fabric import names
from leafrack.world import node_status
from leafrack.world.model import Cluster, Report
from leafrack.world.nodes import NodeState, managers_of, node_state
from leafrack.world.retry import PATIENCE, StrangerError, patient, what_failed

TIMEOUT = 10.0
"""Seconds for one request to the API server."""
STATUS_AT_ONCE = 10
"""Nodes whose status is asked for at the same time, as the documentation of CalicoNodeStatus bounds it."""

CALICO_GROUP = "crd.projectcalico.org"
BGPConfiguration = create_global_resource(CALICO_GROUP, "v1", "BGPConfiguration", "bgpconfigurations")
BGPPeer = create_global_resource(CALICO_GROUP, "v1", "BGPPeer", "bgppeers")
BGPFilter = create_global_resource(CALICO_GROUP, "v1", "BGPFilter", "bgpfilters")
IPPool = create_global_resource(CALICO_GROUP, "v1", "IPPool", "ippools")
BlockAffinity = create_global_resource(CALICO_GROUP, "v1", "BlockAffinity", "blockaffinities")


@dataclass(frozen=True)
class Pool:
    """An IPPool; ``encapsulation`` is the mode of IPIP or VXLAN that is not ``Never``, or empty."""

    name: str
    cidr: Network
    encapsulation: str = ""


@dataclass(frozen=True)
class Peer:
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

        True for adopted BGPPeers until someone sets ``Keep``. Our own start with ``Keep``; losing it is drift.
        """
        ours = self.labels.get(names.MANAGED_BY_LABEL) == names.MANAGER
        kept = self.spec.get("nextHopMode") == "Keep" or self.spec.get("keepOriginalNextHop") is True
        return not kept and (not ours or names.NEXT_HOP_ANNOTATION in self.annotations)


class Reader:
    """The API server of one cluster, read with the rights that the context gives.

    Every method raises :class:`UnreadableError` with one line when there is no answer within ``patience`` seconds, and
    the ``timeout`` of the last request.
    """

    def __init__(self, cluster: Cluster, *, timeout: float = TIMEOUT, patience: float = PATIENCE) -> None:
        self._who = "cluster"
        self._timeout = httpx2.Timeout(timeout)
        config = self._config(cluster)
        try:
            self._transport = patient(config, patience, self._who)
            self.client = Client(config, timeout=self._timeout, transport=self._transport)
        except (OSError, ValueError) as error:
            # Certificates that the kubeconfig holds as text: lightkube writes them into TMPDIR.
            why = f"cannot use the certificates of the kubeconfig: {_line(error)}"
            raise UnreadableError(self._who, why, refused=True) from None
        # A gate looks every second: its connections end with each look, not with the process.
        weakref.finalize(self, self.client.close)

    def _config(self, cluster: Cluster) -> SingleConfig:
        if cluster.kubeconfig and not os.path.isfile(cluster.kubeconfig):  # noqa: PTH113 - also of what is no path
            raise UnreadableError(self._who, f"there is no kubeconfig {cluster.kubeconfig}")
        try:
            loaded = KubeConfig.from_file(cluster.kubeconfig) if cluster.kubeconfig else KubeConfig.from_env()
            single = loaded.get(cluster.context)
        except (AttributeError, RecursionError, YAMLError) as error:
            what = "not valid YAML" if isinstance(error, YAMLError) else "no mapping"
            why = f"cannot use the kubeconfig {cluster.kubeconfig or '$KUBECONFIG'}: it is {what}"
            raise UnreadableError(self._who, why, refused=True) from None
        except (ConfigError, OSError, KeyError, TypeError, ValueError) as error:
            why = f"cannot use the kubeconfig {cluster.kubeconfig or '$KUBECONFIG'}: {_line(error)}"
            raise UnreadableError(self._who, why, refused=not isinstance(error, OSError)) from None
        if single is None:
            why = f"the kubeconfig {cluster.kubeconfig or ''} has no context {cluster.context or 'that is current'}"
            raise UnreadableError(self._who, why, refused=True)
        if single.user is None:
            raise UnreadableError(self._who, f"the context {single.context_name} names no user", refused=True)
        return single

    @cached_property
    def _http(self) -> httpx2.Client:
        """For what is no resource: lightkube has no call for it."""
        parameters = ConnectionParams(timeout=self._timeout, transport=self._transport)
        return client_adapter.Client(self.client.config, parameters)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn whatever goes wrong between here and the API server into one line."""
        try:
            yield
        except ApiError as error:
            raise UnreadableError(self._who, f"the API server refuses: {_line(error)}", refused=True) from None
        except httpx2.HTTPError as error:
            away = self._transport.away
            tried = f", for {away:.0f} s" if away > 1 else ""
            refused = isinstance(error, httpx2.HTTPStatusError | StrangerError)
            raise UnreadableError(self._who, f"{what_failed(error)}{tried}", refused=refused) from None
        except (ConfigError, OSError) as error:
            # Of a credential plugin, which runs with the first request.
            why = f"cannot log in as the kubeconfig says: {_line(error)}"
            raise UnreadableError(self._who, why, refused=True) from None
        except ValueError as error:
            raise UnreadableError(self._who, f"the API server holds what cannot be: {_line(error)}") from None

    def document(self, path: str) -> Mapping[str, Any]:
        """A document about the API itself (discovery, OpenAPI); empty where there is none."""
        with self.asking():
            answer = self._http.get(path)
            if answer.status_code == httpx2.codes.NOT_FOUND:
                return {}
            try:
                found = answer.json()
            except ValueError:
                found = None
            if answer.is_error or not isinstance(found, dict):
                why = f"the API server refuses {path}: {answer.status_code} {answer.reason_phrase}"
                raise UnreadableError(self._who, why, refused=True)
            return found

    def nodes(self) -> Mapping[str, NodeState]:
        """Every node of the cluster by name."""
        with self.asking():
            return {state.name: state for state in map(node_state, self.client.list(Node))}

    def secret(self, name: str, namespace: str) -> Mapping[str, str] | None:
        """Keys of a Secret, in base64 as it has them; ``None`` where there is no such Secret."""
        with self.asking():
            try:
                return self.client.get(Secret, name, namespace=namespace).data or {}
            except ApiError as error:
                if error.status.code != 404:
                    raise
                return None

    def bgp_configuration(self) -> Mapping[str, Any]:
        """Spec of the ``default`` BGPConfiguration; empty where there is none."""
        with self.asking():
            try:
                return dict(self.client.get(BGPConfiguration, "default").get("spec") or {})
            except ApiError as error:
                if error.status.code != 404:
                    raise
                return {}

    def mesh_enabled(self) -> bool:
        """Whether the node-to-node mesh is on: Calico's default where nothing is said."""
        return self.bgp_configuration().get("nodeToNodeMeshEnabled") is not False

    def pools(self) -> tuple[Pool, ...]:
        """Every IPPool that is not disabled."""
        with self.asking():
            specs = [((pool.metadata or ObjectMeta()).name or "", pool["spec"]) for pool in self.client.list(IPPool)]
            return tuple(
                Pool(name, ip_network(spec["cidr"]), _mode(spec)) for name, spec in specs if not spec.get("disabled")
            )

    def peers(self) -> tuple[Peer, ...]:
        """Every BGPPeer, whoever made it."""
        with self.asking():
            found = [(peer.metadata or ObjectMeta(), peer.get("spec") or {}) for peer in self.client.list(BGPPeer)]
        return tuple(
            Peer(
                metadata.name or "",
                spec,
                metadata.labels or {},
                metadata.annotations or {},
                {key: managers_of(metadata, "spec", key) for key in spec},
            )
            for metadata, spec in found
        )

    def filters(self) -> Mapping[str, Mapping[str, Any]]:
        """Spec of every BGPFilter by name, whoever made it."""
        with self.asking():
            found = list(self.client.list(BGPFilter))
        return {(one.metadata or ObjectMeta()).name or "": one.get("spec") or {} for one in found}

    def blocks(self) -> Mapping[str, tuple[Network, ...]]:
        """Pod blocks of each node: what its BIRD announces (confirmed block affinities)."""
        found: dict[str, list[Network]] = {}
        with self.asking():
            for affinity in self.client.list(BlockAffinity):
                spec = affinity["spec"]
                if spec.get("state") == "confirmed" and str(spec.get("deleted", "false")).lower() != "true":
                    found.setdefault(spec["node"], []).append(ip_network(spec["cidr"]))
        return {node: tuple(sorted(blocks, key=str)) for node, blocks in found.items()}

    def statuses(self, nodes: Iterable[str]) -> Mapping[str, Report]:
        """What each node says of its sessions and routes, a few nodes at a time."""
        wanted = list(nodes)
        reports: dict[str, Report] = {}
        for start in range(0, len(wanted), STATUS_AT_ONCE):
            with self.asking():
                reports |= node_status.ask(self.client, wanted[start : start + STATUS_AT_ONCE])
        return reports


def _mode(spec: Mapping[str, Any]) -> str:
    modes = {kind: spec.get(key) or "Never" for kind, key in (("IPIP", "ipipMode"), ("VXLAN", "vxlanMode"))}
    return ", ".join(f"{kind} {mode}" for kind, mode in modes.items() if mode != "Never")


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
