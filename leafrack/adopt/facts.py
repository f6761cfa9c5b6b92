"""What a description is made from, and what it cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any

from leafrack.addresses import Address
from leafrack.errors import printable
from leafrack.fabric import names
from leafrack.fabric.switch import Apply
from leafrack.platforms import DEFAULT, SwitchState
from leafrack.world.cluster import PeerState
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState

Path = tuple[str, ...]
"""Keys that lead to a value of the fabric file."""


@dataclass(frozen=True)
class KnownLeaf:
    """A leaf that the operator named: how to log in to it, and what it said."""

    name: str
    ssh: Mapping[str, Any]
    """As in the fabric file."""
    state: SwitchState | None = None
    """``None`` where it could not be read."""
    platform: str = DEFAULT
    apply: Apply = Apply.LEAFRACK


@dataclass(frozen=True)
class Facts:
    """A cluster and the leaves that the operator named."""

    cluster: ClusterState
    leaves: tuple[KnownLeaf, ...] = ()

    @property
    def mesh(self) -> bool:
        """Whether the node-to-node mesh is on: Calico's default where nothing is said."""
        return self.cluster.bgp_configuration.get("nodeToNodeMeshEnabled") is not False

    @property
    def owners(self) -> Mapping[Address, str]:
        """Nodes by address."""
        return {address: name for name, node in self.cluster.nodes.items() for address in node.addresses}


@dataclass(frozen=True)
class Remark:
    """Something that the fabric file cannot express: what it is about, what it is, and what to do."""

    about: str
    text: str

    def __str__(self) -> str:
        return printable(f"{self.about}: {self.text}")


@dataclass(frozen=True)
class Description:
    """Values of a fabric file, where each was found, and what has no place in it."""

    values: dict[str, Any]
    sources: Mapping[Path, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


@dataclass
class FoundRack:
    """Nodes that belong together, and the BGPPeers that say so."""

    name: str
    named_by: str
    """Where the name comes from."""
    nodes: list[str]
    leaf_peers: list[tuple[PeerState, frozenset[str]]] = field(default_factory=list)
    """BGPPeers towards switches with the nodes that they are for."""
    node_peers: list[tuple[PeerState, frozenset[str], frozenset[str]]] = field(default_factory=list)
    """BGPPeers between nodes of the rack: both sides."""


def naturally(name: str) -> list[tuple[int, str]]:
    """Sort key that puts node2 before node10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", name)]


def in_order(found: Iterable[str]) -> list[str]:
    """Names sorted as a person would."""
    return sorted(found, key=naturally)


def interfaces(node: NodeState) -> list[IPv4Interface | IPv6Interface]:
    """Addresses of a node with the prefix lengths that calico-node found, IPv4 first."""
    given = (node.annotations.get(names.IPV4_ANNOTATION), node.annotations.get(names.IPV6_ANNOTATION))
    return [ip_interface(text) for text in given if text and ip_interface(text).ip in node.addresses]


def peer_address(peer: PeerState) -> str:
    """``peerIP`` without the port that may follow it."""
    text = str(peer.spec.get("peerIP") or "")
    with_port = re.fullmatch(r"\[(.+)\]:\d+|([\d.]+):\d+", text)
    return (with_port[1] or with_port[2]) if with_port else text


def listed(found: Iterable[object]) -> str:
    """Several things in one line."""
    return ", ".join(map(str, found))
