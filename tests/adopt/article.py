"""The article's fabric as facts, and what can be different about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from leafrack.adopt.facts import Facts, KnownLeaf
from leafrack.fabric import names
from leafrack.platforms import NeighbourState, SessionState, SwitchState
from leafrack.world.cluster import PeerState, Pool
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState

CONFIGURATION: dict[str, Any] = {
    "logSeverityScreen": "Info",
    "nodeToNodeMeshEnabled": False,
    "asNumber": 64512,
    "serviceClusterIPs": [{"cidr": "10.233.0.0/18"}],
    "serviceLoadBalancerAggregation": "Enabled",
}


def node(name: str, address: str, as_number: int | None, rack: str, *, reflects: bool = False) -> NodeState:
    """A node as it is labelled and annotated by hand; ``address`` with its prefix length."""
    labels = {names.RACK_LABEL: rack} if rack else {}
    annotations = {names.IPV4_ANNOTATION: address}
    own = address.partition("/")[0]
    if as_number is not None:
        annotations[names.AS_NUMBER_ANNOTATION] = str(as_number)
    if reflects:
        labels[names.REFLECTOR_LABEL] = rack
        annotations[names.CLUSTER_ID_ANNOTATION] = own
    return NodeState(name, (ip_address(own),), labels, annotations)


NODES = (
    node("node1", "172.20.0.11/24", 64512, "rr1", reflects=True),
    node("node2", "172.20.0.12/24", 64512, "rr1", reflects=True),
    node("node3", "172.20.0.13/24", 64512, "rr1"),
    node("node4", "173.20.0.11/24", 64513, "rr2", reflects=True),
    node("node5", "173.20.0.12/24", 64513, "rr2", reflects=True),
    node("node6", "173.20.0.13/24", 64513, "rr2"),
)
PEERS: dict[str, dict[str, Any]] = {
    "rr1-to-leaf1-peer": {"nodeSelector": "rr-id == 'rr1'", "peerIP": "172.20.0.254", "asNumber": 65009},
    "rr1-to-node-peer": {"nodeSelector": "rr-group == 'rr1'", "peerSelector": "rr-id == 'rr1'"},
    "rr2-to-leaf2-peer": {"nodeSelector": "rr-id == 'rr2'", "peerIP": "173.20.0.254", "asNumber": 65010},
    "rr2-to-node-peer": {"nodeSelector": "rr-group == 'rr2'", "peerSelector": "rr-id == 'rr2'"},
}


def neighbour(address: str, as_number: int, local: str, **more: Any) -> NeighbourState:
    """A session that is up."""
    return NeighbourState(
        ip_address(address),
        as_number,
        SessionState.ESTABLISHED,
        local_address=ip_address(local),
        router_id=address,
        **more,
    )


def leaf(name: str, as_number: int, router_id: str, *found: NeighbourState) -> KnownLeaf:
    """A leaf that answered."""
    state = SwitchState(as_number, {one.address: one for one in found}, router_id=router_id)
    return KnownLeaf(name, {"host": "127.0.0.1", "port": 2200 + int(name[-2:])}, state)


SPINE = {"description": "spine"}
LEAVES = (
    leaf(
        "leaf01",
        65009,
        "2.2.2.2",
        replace(neighbour("100.0.0.1", 65008, "100.0.0.2", **SPINE), router_id="1.1.1.1"),
        neighbour("172.20.0.11", 64512, "172.20.0.254"),
        neighbour("172.20.0.12", 64512, "172.20.0.254"),
    ),
    leaf(
        "leaf02",
        65010,
        "3.3.3.3",
        replace(neighbour("100.0.0.5", 65008, "100.0.0.6", **SPINE), router_id="1.1.1.1"),
        neighbour("173.20.0.11", 64513, "173.20.0.254"),
        neighbour("173.20.0.12", 64513, "173.20.0.254"),
    ),
)
POOLS = (Pool("default-ipv4-ippool", ip_network("10.233.64.0/18")),)


def facts(
    *,
    nodes: tuple[NodeState, ...] = NODES,
    peers: Mapping[str, Mapping[str, Any]] = PEERS,
    configuration: Mapping[str, Any] = CONFIGURATION,
    pools: tuple[Pool, ...] = POOLS,
    leaves: tuple[KnownLeaf, ...] = LEAVES,
) -> Facts:
    """The article's fabric, some of it different."""
    state = ClusterState(
        {one.name: one for one in nodes},
        pools,
        tuple(PeerState(name, spec) for name, spec in peers.items()),
        configuration,
    )
    return Facts(state, leaves)


def peer(name: str, **changed: Any) -> dict[str, Mapping[str, Any]]:
    """All BGPPeers, one of them with other or more fields; ``None`` takes one away."""
    spec: dict[str, Any] = {**PEERS.get(name, {}), **changed}
    return {**PEERS, name: {key: value for key, value in spec.items() if value is not None}}
