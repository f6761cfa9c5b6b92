"""The world as it was found before anything changes: a cluster and its leaves, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leafrack.errors import UnreadableError
from leafrack.fabric import Fabric, names
from leafrack.platforms import SwitchState
from leafrack.platforms.as_numbers import number_or_none
from leafrack.world.calico_api import CalicoApi
from leafrack.world.cluster import ClusterReader, PeerState, Pool
from leafrack.world.connection import Connection
from leafrack.world.installed import Installed
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Report, endpoints
from leafrack.world.nodes import NodeState
from leafrack.world.retry import PATIENCE
from leafrack.world.ssh import read_all
from leafrack.world.writer import ClusterWriter

CALICO_DEFAULT_AS = 64512
"""AS of nodes where BGPConfiguration ``default`` names none."""


@dataclass(frozen=True)
class ClusterState:
    """What a preflight needs to know of a cluster."""

    nodes: Mapping[str, NodeState] = field(default_factory=dict)
    pools: tuple[Pool, ...] = ()
    peers: tuple[PeerState, ...] = ()
    bgp_configuration: Mapping[str, Any] = field(default_factory=dict)
    calico: CalicoApi = field(default_factory=CalicoApi)
    filters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Specs of BGPFilters by name."""
    passwords: Mapping[str, str] | None = field(default=None, repr=False)
    """Passwords of racks as their nodes have them, in base64; ``None`` where that was not read."""
    password_secret: bool = True
    """Whether there is a Secret for them; also where nobody has looked."""
    configuration_managers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Field managers of the fields of BGPConfiguration ``default``, by field."""
    installed: Installed = field(default_factory=Installed)
    namespace: str = names.CALICO_NAMESPACES[0]
    """Where calico-node runs: as the file says, or as it was found."""

    @classmethod
    def read(
        cls, cluster: Cluster, *, patience: float = PATIENCE, namespace: str | None = None, passwords: bool = False
    ) -> ClusterState:
        """Ask the API server; raises :class:`UnreadableError`. Of a cluster without Calico only its nodes are known.

        ``namespace`` is calico-node's where the file names it. The Secret with passwords is read only with
        ``passwords``.
        """
        connection = Connection(cluster, patience=patience)
        reader = ClusterReader(connection)
        nodes, calico = reader.nodes(), CalicoApi.read(reader)
        if not calico.group:
            return cls(nodes, calico=calico)
        filters = reader.filters() if calico.filters else {}
        spec, managers = reader.configured()
        state = cls(nodes, reader.pools(), reader.peers(), spec, calico, filters, configuration_managers=managers)
        installed = Installed.read(connection, namespace)
        where = namespace or installed.namespace or names.CALICO_NAMESPACES[0]
        state = replace(state, installed=installed, namespace=where)
        if not passwords:
            return state
        secret = reader.secret(names.PASSWORD_SECRET, where)
        return replace(state, passwords=secret or {}, password_secret=secret is not None)

    def configured_by(self, key: str, manager: str) -> bool:
        """Whether a field of BGPConfiguration ``default`` was set by a field manager, or a part of it."""
        setters = self.configuration_managers.get(key, ())
        return any(setter == manager or setter.startswith(f"{manager}:") for setter in setters)

    def as_of(self, node: str) -> int | None:
        """AS that a node has now, ``None`` where its annotation is none that Calico reads."""
        given = self.nodes[node].annotations.get(names.AS_NUMBER_ANNOTATION)
        if given is None:
            return int(self.bgp_configuration.get("asNumber") or CALICO_DEFAULT_AS)
        return number_or_none(given)


@dataclass(frozen=True)
class Observed:
    """The world as it was found: ``cluster`` is ``None`` where it could not be read."""

    cluster: ClusterState | None = None
    switches: Mapping[str, SwitchState] = field(default_factory=dict)
    unreadable: tuple[UnreadableError, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    """What nodes say of their sessions, of racks with a leaf that somebody configures by hand."""
    assumed: CalicoApi = field(default_factory=CalicoApi)
    """What the cluster's Calico is taken to have where the cluster could not be read."""

    @property
    def found_peers(self) -> frozenset[str]:
        """Names of BGPPeers whose next hop mode stays as it was found."""
        peers = self.cluster.peers if self.cluster else ()
        return frozenset(peer.name for peer in peers if peer.keeps_its_next_hop)

    def takes_keepalive(self, name: str, wanted: str) -> bool:
        """Whether a BGPPeer may be given a keepalive time: BIRD restarts a session whose keepalive time changes.

        A new one may, one that leafrack has given it, and one that has it already. One that stands without keeps the
        third of the hold time that its leaf decides.
        """
        peers = self.cluster.peers if self.cluster else ()
        stands = next((peer for peer in peers if peer.name == name), None)
        if stands is None or names.KEEPALIVE_ANNOTATION in stands.annotations:
            return True
        return stands.spec.get("keepaliveTime") == wanted

    @property
    def calico(self) -> CalicoApi:
        """What the cluster's Calico has; where it could not be read, what the newest has."""
        return self.assumed if self.cluster is None else self.cluster.calico


def observe(
    fabric: Fabric,
    cluster: Cluster,
    credentials: Credentials,
    *,
    patience: float = PATIENCE,
    passwords: bool = False,
) -> Observed:
    """Read the cluster and all leaves; what cannot be read is in ``unreadable``.

    ``patience`` are the seconds for which an API server that is away is asked again. The passwords of racks are read
    only where there are ``passwords`` to compare them with.
    """
    unreadable: list[UnreadableError] = []
    state = None
    try:
        state = ClusterState.read(cluster, patience=patience, namespace=fabric.calico_namespace, passwords=passwords)
    except UnreadableError as error:
        unreadable.append(error)
    states = read_all(endpoints(fabric), credentials, routes=False)
    unreadable += [found for found in states.values() if isinstance(found, UnreadableError)]
    switches = {name: found for name, found in states.items() if isinstance(found, SwitchState)}
    reports: Mapping[str, Report] = {}
    if state is not None and (nodes := _beside_leaves_by_hand(fabric, state)):
        try:
            reports = ClusterWriter(Connection(cluster, patience=patience)).statuses(nodes)
        except UnreadableError as error:
            unreadable.append(UnreadableError(error.who, f"nodes cannot be asked for their sessions: {error.why}"))
    return Observed(state, switches, tuple(unreadable), reports)


def _beside_leaves_by_hand(fabric: Fabric, state: ClusterState) -> tuple[str, ...]:
    """Nodes with sessions to leaves by hand, of racks that have been connected."""
    racks = (rack for rack, declared in fabric.racks.items() if any(leaf.by_hand for leaf in declared.leaves.values()))
    return tuple(
        node
        for rack in racks
        for node in fabric.border(rack)
        if node in state.nodes and state.nodes[node].labels.get(names.RACK_LABEL) == rack
    )
