"""Facts before acts: the cluster and the switches, read and held against the fabric file before anything changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config import Fabric, Problem, names
from switches import SwitchState
from verify import expected
from verify.cluster import NodeState, Peer, Pool, Reader
from verify.errors import UnreadableError
from verify.model import Cluster
from verify.switches import Credentials, read_all

CALICO_DEFAULT_AS = 64512
"""AS of nodes where BGPConfiguration ``default`` names none."""


@dataclass(frozen=True)
class ClusterState:
    """What a preflight needs to know of a cluster."""

    nodes: Mapping[str, NodeState] = field(default_factory=dict)
    pools: tuple[Pool, ...] = ()
    peers: tuple[Peer, ...] = ()
    bgp_configuration: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, cluster: Cluster) -> ClusterState:
        """Ask the API server; raises :class:`UnreadableError`."""
        reader = Reader(cluster)
        return cls(reader.nodes(), reader.pools(), reader.peers(), reader.bgp_configuration())

    def as_of(self, node: str) -> int | None:
        """AS that a node has now, ``None`` where its annotation is none that Calico reads."""
        given = self.nodes[node].annotations.get(names.AS_NUMBER_ANNOTATION)
        if given is None:
            return int(self.bgp_configuration.get("asNumber") or CALICO_DEFAULT_AS)
        return int(given) if given.isdecimal() else None


@dataclass(frozen=True)
class Observed:
    """The world as it was found: ``cluster`` is ``None`` where it could not be read."""

    cluster: ClusterState | None = None
    switches: Mapping[str, SwitchState] = field(default_factory=dict)
    unreadable: tuple[UnreadableError, ...] = ()


def observe(fabric: Fabric, cluster: Cluster, credentials: Credentials) -> Observed:
    """Read the cluster and all leaves; what cannot be read is in ``unreadable``."""
    unreadable: list[UnreadableError] = []
    state = None
    try:
        state = ClusterState.read(cluster)
    except UnreadableError as error:
        unreadable.append(error)
    states = read_all(expected.endpoints(fabric), credentials)
    unreadable += [found for found in states.values() if isinstance(found, UnreadableError)]
    switches = {name: found for name, found in states.items() if isinstance(found, SwitchState)}
    return Observed(state, switches, tuple(unreadable))


def findings(fabric: Fabric, observed: Observed) -> tuple[Problem, ...]:
    """Everything in which the world differs from the fabric file such that applying it would do harm."""
    refused = (about(fabric, error) for error in observed.unreadable if error.refused)
    cluster = observed.cluster
    of_cluster = (
        () if cluster is None else (*_nodes(fabric, cluster), *_pools(fabric, cluster), *_peers(fabric, cluster))
    )
    return (*refused, *of_cluster, *_switches(fabric, observed.switches))


def notices(fabric: Fabric, observed: Observed) -> tuple[Problem, ...]:
    """What an operator should know before saying yes: sessions that reset, leaves that stay silent."""
    cluster = observed.cluster
    return (*(() if cluster is None else _renumbered(fabric, cluster)), *_silent_leaves(fabric, observed.switches))


def _nodes(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    for rack, declared in fabric.racks.items():
        for group, members in (("reflectors", declared.reflectors), ("members", declared.members)):
            for name, addresses in members.items():
                path = f"racks.{rack}.{group}.{name}"
                if name not in cluster.nodes:
                    yield Problem(f"the cluster has no node {name}: check its name with kubectl get nodes", path=path)
                    continue
                has = cluster.nodes[name].addresses
                for address in addresses:
                    if has and address not in has:
                        found = ", ".join(map(str, has))
                        yield Problem(
                            f"Calico uses {found} for {name} in the cluster, this file says {address}", path=path
                        )


def _pools(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    for cidr in fabric.pod_cidrs:
        for pool in cluster.pools:
            if pool.cidr.version == cidr.version and pool.cidr.overlaps(cidr) and pool.encapsulation:
                text = (
                    f"IPPool {pool.name} ({pool.cidr}) uses {pool.encapsulation}: leaves route pods only without "
                    "encapsulation; set ipipMode and vxlanMode to Never first"
                )
                yield Problem(text, path="podCIDRs")


def _peers(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Other people's BGPPeers towards our leaves.

    Calico keys peers by node and address and takes whichever comes first, so that two for one address are a game of
    chance (confd/pkg/backends/calico/bgp_processor.go).
    """
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            ours = {names.leaf_peer(fabric, rack, name, address.version) for address in leaf.address}
            for peer in cluster.peers:
                if peer.name not in ours and peer.spec.get("peerIP") in {str(address) for address in leaf.address}:
                    text = (
                        f"BGPPeer {peer.name} already peers with {peer.spec['peerIP']}: name it as peerName of {name} "
                        f"to take it over, or kubectl delete bgppeers.crd.projectcalico.org {peer.name}"
                    )
                    yield Problem(text, path=f"racks.{rack}.leaves.{name}")


def _switches(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            state = switches.get(name)
            if state is None:
                continue
            path = f"racks.{rack}.leaves.{name}.asNumber"
            if state.as_number is None:
                yield Problem(f"{name} runs no BGP: configure `router bgp {leaf.as_number}` on it first", path=path)
            elif state.as_number != leaf.as_number:
                found = f"{name} runs BGP as AS {state.as_number}, this file says {leaf.as_number}"
                yield Problem(f"{found}: correct one of them", path=path)


def _renumbered(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    for rack, declared in fabric.racks.items():
        wanted = fabric.rack_as(rack)
        now = {found for node in declared.nodes if node in cluster.nodes and (found := cluster.as_of(node)) != wanted}
        if now:
            change = f"its nodes change from AS {', '.join(map(str, sorted(now, key=str)))} to {wanted}"
            text = f"{change}: every session of the rack resets once, for some seconds (docs/order.md)"
            yield Problem(text, path=f"racks.{rack}.asNumber")


def _silent_leaves(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    for rack, declared in fabric.racks.items():
        for name in declared.leaves:
            if name in switches and switches[name].requires_policy:
                text = (
                    f"{name} sends nothing to eBGP neighbours without an outbound policy (RFC 8212), so its nodes "
                    "learn no routes of other racks: `no bgp ebgp-requires-policy` changes that"
                )
                yield Problem(text, path=f"racks.{rack}.leaves.{name}")


def about(fabric: Fabric, error: UnreadableError) -> Problem:
    """What could not be read, with the key of the file that says how to reach it (a leaf's ``ssh``)."""
    keys = (f"racks.{rack}.leaves.{error.who}.ssh" for rack, r in fabric.racks.items() if error.who in r.leaves)
    return Problem(error.why, path=next(keys, error.who))
