"""Other people's BGPPeers, held against the sessions that a fabric will have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from leafrack.addresses import Address
from leafrack.errors import Problem
from leafrack.fabric import Fabric, Interconnect, names
from leafrack.sessions import expected
from leafrack.sessions.model import ExpectedSession, Phase, SessionKind
from leafrack.world.cluster import PeerState
from leafrack.world.labelled import with_nodes
from leafrack.world.observed import ClusterState
from leafrack.world.selector import matches

SHOWN = 3
"""Nodes that a line names; of more it gives the number."""


@dataclass(frozen=True)
class Foreign:
    """BGPPeers that are not of this fabric, and what they do to its nodes."""

    declared: Fabric
    cluster: ClusterState

    @cached_property
    def fabric(self) -> Fabric:
        """The fabric with the nodes that its labels select now."""
        return with_nodes(self.declared, self.cluster.nodes)

    def findings(self) -> Iterator[Problem]:
        """Peers that would do harm to its sessions."""
        for peer in self._peers:
            yield from self._without_as(peer) if _lacks_as(peer) else self._same_session(peer)

    def notices(self) -> Iterator[Problem]:
        """Peers that select nodes of the fabric and do no harm to its sessions."""
        for peer in self._peers:
            nodes = self._ours(self._reach(peer))
            if nodes and not _lacks_as(peer) and not any(self._same_session(peer)):
                text = (
                    f"BGPPeer {peer.name} selects {listed(nodes)} too; it stays as it is. If nobody needs it: "
                    f"{self._delete} {peer.name}"
                )
                yield Problem(text, path=self._place(nodes))

    @property
    def _delete(self) -> str:
        return f"kubectl delete {self.cluster.calico.stored.bgp_peers}"

    @cached_property
    def _peers(self) -> tuple[PeerState, ...]:
        """Peers that carry neither a name nor the labels of this fabric's own."""
        fabric, ours = self.fabric, declared_peers(self.fabric)
        # Ours of an earlier version of the file have other names, and go with this change.
        labels = {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric.name}
        return tuple(
            peer for peer in self.cluster.peers if peer.name not in ours and not labels.items() <= peer.labels.items()
        )

    def _without_as(self, peer: PeerState) -> Iterator[Problem]:
        nodes = self._ours(self._near(peer))
        if nodes:
            text = (
                f"BGPPeer {peer.name} has a peerIP but no asNumber and selects {listed(nodes)}: BIRD refuses "
                "the whole configuration of these nodes, so that no change arrives there any more; give it an "
                f"asNumber, or {self._delete} {peer.name}"
            )
            yield Problem(text, path=self._place(nodes))

    def _same_session(self, peer: PeerState) -> Iterator[Problem]:
        """Calico keys peers by node and address and takes whichever comes first (confd: client.go, updatePeersV1)."""
        clashes: dict[str, dict[str, ExpectedSession]] = {}
        for node, addresses in self._reach(peer).items():
            for address in sorted(addresses & self._sessions.get(node, {}).keys(), key=str):
                session = self._sessions[node][address]
                clashes.setdefault(self._peer_of(session, node), {}).setdefault(node, session)
        for ours, by_node in clashes.items():
            node, session = next(iter(by_node.items()))
            far = session.near if session.far.name == node else session.far
            delete = f"{self._delete} {peer.name}"
            path = f"racks.{session.rack}"
            if session.kind is SessionKind.LEAF:
                who = f"{listed(by_node)} peer with {far.name} ({far.address})"
                path += f".leaves.{far.name}"
                if far.address == self.fabric.racks[session.rack].leaves[far.name].address.first:
                    delete = f"name it as peerName of {far.name} to take it over, or {delete}"
            else:
                others = f", and {len(by_node) - 1} more likewise" if len(by_node) > 1 else ""
                who = f"{node} peer with {far.name} ({far.address}){others}"
            text = (
                f"BGPPeer {peer.name} makes {who}, as {ours} will: Calico takes either of the two, by chance; {delete}"
            )
            yield Problem(text, path=path)

    @cached_property
    def _sessions(self) -> Mapping[str, Mapping[Address, ExpectedSession]]:
        """Sessions that BGPPeers of ours will make, by node and the address of the other end."""
        found: dict[str, dict[Address, ExpectedSession]] = {}
        for session in expected.sessions(self.fabric, Phase.FINISHED):
            if session.kind is not SessionKind.MESH:
                found.setdefault(session.near.name, {})[session.far.address] = session
            if session.kind is SessionKind.NODE:
                found.setdefault(session.far.name, {})[session.near.address] = session
        return found

    def _peer_of(self, session: ExpectedSession, node: str) -> str:
        fabric, rack = self.fabric, session.rack
        if session.kind is SessionKind.LEAF:
            return names.leaf_peer(fabric, rack, session.far.name, session.far.address.version)
        if session.far.name not in fabric.racks[rack].nodes:
            return names.reflector_mesh_peer(rack if node == session.near.name else self._rack[node])
        mesh = fabric.rack_interconnect(rack) is Interconnect.FULL_MESH
        return names.mesh_peer(rack) if mesh else names.node_peer(rack)

    @cached_property
    def _rack(self) -> Mapping[str, str]:
        return {node: rack for rack, declared in self.fabric.racks.items() for node in declared.nodes}

    @cached_property
    def _labelled(self) -> Mapping[str, tuple[Mapping[str, str], ...]]:
        """Labels of every node, those of ours both as they are now and as they will be."""
        found: dict[str, tuple[Mapping[str, str], ...]] = {}
        for name, node in self.cluster.nodes.items():
            now = node.calico_labels
            found[name] = (now,)
            if name in self._rack:
                rack = self._rack[name]
                later = {key: value for key, value in now.items() if key != names.REFLECTOR_LABEL}
                if name in self.fabric.reflectors_of(rack):
                    later[names.REFLECTOR_LABEL] = rack
                named = name in self.declared.racks[rack].nodes
                found[name] = (now, {**later, names.RACK_LABEL: rack} if named else later)
        return found

    def _matching(self, selector: str) -> tuple[str, ...]:
        return tuple(name for name, each in self._labelled.items() if any(matches(selector, labels) for labels in each))

    def _near(self, peer: PeerState) -> tuple[str, ...]:
        """Nodes that a peer is for: all of them where it says nothing."""
        selector, node = peer.spec.get("nodeSelector"), peer.spec.get("node")
        if selector:
            return self._matching(selector)
        if node:
            return (node,) if node in self.cluster.nodes else ()
        return tuple(self.cluster.nodes)

    def _reach(self, peer: PeerState) -> Mapping[str, frozenset[Address]]:
        """Nodes that a peer makes sessions on, with the addresses that it makes them with.

        That includes the other end where it is a node: Calico writes it there too, unless ``reversePeering`` is
        ``Manual``.
        """
        near, there, far = self._near(peer), frozenset[Address](), tuple[str, ...]()
        address = _address(peer.spec.get("peerIP"))
        if peer.spec.get("localWorkloadSelector"):
            return dict.fromkeys(near, there)
        if peer.spec.get("peerSelector"):
            far = self._matching(peer.spec["peerSelector"])
            there = self._addresses(far)
        elif address is not None:
            there = frozenset([address])
            number = peer.spec.get("asNumber")
            ends = (name for name, node in self.cluster.nodes.items() if address in node.addresses)
            far = tuple(name for name in ends if self.cluster.as_of(name) == number)
        if not near or not there:
            return {}
        found = {node: there - frozenset(self.cluster.nodes[node].addresses) for node in near}
        if peer.spec.get("reversePeering") != "Manual":
            back = self._addresses(near)
            for node in far:
                found[node] = found.get(node, frozenset()) | (back - frozenset(self.cluster.nodes[node].addresses))
        return {node: addresses for node, addresses in found.items() if addresses}

    def _addresses(self, nodes: Iterable[str]) -> frozenset[Address]:
        return frozenset(address for node in nodes for address in self.cluster.nodes[node].addresses)

    def _ours(self, nodes: Iterable[str]) -> tuple[str, ...]:
        return tuple(node for node in nodes if node in self._rack)

    def _place(self, nodes: Iterable[str]) -> str:
        """Key of the file for some nodes: the rack that they are all in, or all racks."""
        racks = {self._rack[node] for node in nodes}
        return f"racks.{racks.pop()}" if len(racks) == 1 else "racks"


def declared_peers(fabric: Fabric) -> set[str]:
    """Names of every BGPPeer that the fabric may have."""
    ours: set[str] = set()
    for rack, declared in fabric.racks.items():
        ours |= {names.node_peer(rack), names.mesh_peer(rack), names.reflector_mesh_peer(rack)}
        for name, leaf in declared.leaves.items():
            ours |= {names.leaf_peer(fabric, rack, name, address.version) for address in leaf.address}
    return ours


def _lacks_as(peer: PeerState) -> bool:
    spec = peer.spec
    elsewhere = spec.get("peerSelector") or spec.get("localWorkloadSelector")
    return not elsewhere and _address(spec.get("peerIP")) is not None and not spec.get("asNumber")


def _address(given: object) -> Address | None:
    """Address of ``peerIP``: ``<ip>``, ``<v4>:<port>`` or ``[<v6>]:<port>``; anything else makes no session."""
    text = str(given or "")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text)
    except ValueError:
        return None


def listed(nodes: Iterable[str]) -> str:
    """Names of nodes in a sentence, of many only the first."""
    every = list(nodes)
    shown = every if len(every) <= SHOWN + 1 else every[:SHOWN]
    rest = [] if len(shown) == len(every) else [f"{len(every) - len(shown)} other nodes"]
    *first, last = [*shown, *rest]
    return f"{', '.join(first)} and {last}" if first else last
