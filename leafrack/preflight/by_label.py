"""Racks that know their nodes by a label, held against the nodes that carry it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from leafrack.addresses import Address, Network
from leafrack.errors import Problem
from leafrack.fabric import Fabric, Interconnect, names
from leafrack.fabric.model import NodeLabel
from leafrack.preflight.foreign import listed
from leafrack.world.cluster import PeerState
from leafrack.world.installed import AS_VARIABLE
from leafrack.world.labelled import carriers, of_fabric
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState
from leafrack.world.selector import matches


def findings(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Labels that make nodes part of a rack that they are no part of."""
    first: dict[str, str] = {}
    home = {node: name for name, declared in fabric.racks.items() for node in declared.nodes}
    labels = {rack: label for rack in fabric.racks if (label := fabric.by_label(rack)) is not None}
    every = carriers(labels.values(), cluster.nodes)
    for rack, label in labels.items():
        found = every[label]
        if len(found) == len(cluster.nodes) > 1 and len(fabric.racks) > 1:
            text = f"every node of the cluster carries {label}: choose a label that only the nodes of this rack carry"
            yield Problem(text, path=f"racks.{rack}.members.label")
            continue
        yield from _of_nodes(fabric, cluster, rack, found, home)
        for node in found:
            first.setdefault(node, rack)
        both: dict[str, list[str]] = {}
        for node in (node for node in found if first[node] != rack):
            both.setdefault(first[node], []).append(node)
        for other, nodes in both.items():
            text = (
                f"{_carriers(nodes)} {label} and the label of rack {other}, {fabric.by_label(other)}: a node is in one "
                f"rack, {_take_away(label, nodes)}"
            )
            yield Problem(text, path=f"racks.{rack}.members.label")


def _of_nodes(
    fabric: Fabric, cluster: ClusterState, rack: str, found: Mapping[str, NodeState], home: Mapping[str, str]
) -> Iterator[Problem]:
    """Nodes that another rack names, that are outside of the rack's subnets, or in an AS of their own."""
    path, label = f"racks.{rack}.members.label", fabric.racks[rack].label
    if label is None:
        return
    elsewhere = [node for node in found if home.get(node, rack) != rack]
    if elsewhere:
        text = (
            f"{_carriers(elsewhere)} {label}, and rack {home[elsewhere[0]]} of this file names "
            f"{'it' if len(elsewhere) == 1 else 'them'}: {_take_away(label, elsewhere)}"
        )
        yield Problem(text, path=path)
    ranges = fabric.ranges_of(rack)
    of_rack, key = (
        ("the ranges in which its leaves listen", "listenRanges")
        if fabric.listens(rack)
        else ("the rack's subnets", "nodeCIDRs")
    )
    others = {name: node for name, node in found.items() if name not in home}
    outside = [name for name, node in others.items() if any(not _is_in(one, ranges) for one in node.addresses)]
    if outside:
        text = (
            f"{_carriers(outside)} {label} with an address outside of {of_rack} ({', '.join(map(str, ranges))}), so "
            f"that no leaf takes a session: {_take_away(label, outside)}, or correct {key}"
        )
        yield Problem(text, path=path)
    numbered = [
        name
        for name, node in others.items()
        if names.AS_NUMBER_ANNOTATION in node.annotations and cluster.as_of(name) != fabric.as_number
    ]
    if numbered and not cluster.installed.environment.get(AS_VARIABLE):
        key, now = names.AS_NUMBER_ANNOTATION, cluster.as_of(numbered[0])
        known = any(cluster.nodes[node].managers.get(names.RACK_LABEL) for node in numbered)
        remedy = f"kubectl annotate node {numbered[0]} {key}-"
        if known:
            remedy = f"move the rack from asNumber to localASNumber: {now} first, with its nodes by name as they are"
        text = (
            f"{_carriers(numbered)} {label}, in AS {now} by annotation, and a rack by label is in AS {fabric.as_number}"
        )
        yield Problem(f"{text}: {remedy}", path=path)


def notices(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Racks whose label nobody carries, and nodes that carry one and hold nothing."""
    for rack, found in of_fabric(fabric, cluster.nodes).items():
        label, path = fabric.by_label(rack), f"racks.{rack}.members.label"
        if not found.nodes and not found.aside:
            text = f"no node carries {label}: check it with kubectl get nodes -l {label}; the first that joins peers"
            yield Problem(text, path=path)
        if found.aside:
            yield Problem(f"these nodes hold nothing: {found.of_aside()}", path=path)


def moves(fabric: Fabric, cluster: ClusterState, manager: str) -> Iterator[Problem]:
    """Nodes that a rack knows now, by name or by label, and would know no more after it has changed how it does."""
    ours = {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric.name}.items()
    peers = {peer.name: peer for peer in cluster.peers if ours <= peer.labels.items()}
    for rack, declared in fabric.racks.items():
        wanted = names.rack_selector(fabric, rack)
        now = {_selector(peers[name]) for name in _of_whole_rack(fabric, rack) if name in peers} - {"", wanted}
        if not now:
            continue
        left = [
            name
            for name, node in cluster.nodes.items()
            if name not in declared.nodes
            and any(matches(selector, node.calico_labels) for selector in now)
            and not matches(wanted, _without_ours(node, manager))
        ]
        label = fabric.by_label(rack)
        if left and label is not None:
            text = (
                f"{listed(left)} would lose {_their(left)} sessions when the rack knows its nodes by {label}: kubectl "
                f"label node {left[0]} {label}, for each of them first; or take out of the cluster what is to leave"
            )
            yield Problem(text, path=f"racks.{rack}.members.label")
        elif left and any(f"{names.RACK_LABEL} == '{rack}'" != selector for selector in now):
            text = (
                f"{listed(left)} would lose {_their(left)} sessions when the rack knows its nodes by name: name them "
                "here, or take the label away from what is to leave first"
            )
            yield Problem(text, path=f"racks.{rack}")


def _of_whole_rack(fabric: Fabric, rack: str) -> Iterator[str]:
    """Names of the BGPPeers that select every node of a rack."""
    if fabric.rack_interconnect(rack) is Interconnect.ROUTE_REFLECTORS:
        yield names.node_peer(rack)
        return
    for name, leaf in fabric.racks[rack].leaves.items():
        yield from (names.leaf_peer(fabric, rack, name, address.version) for address in leaf.address)


def _selector(peer: PeerState) -> str:
    return str(peer.spec.get("nodeSelector") or "")


def _without_ours(node: NodeState, manager: str) -> dict[str, str]:
    """Labels that a node keeps when its rack names it no more."""
    setters = node.managers.get(names.RACK_LABEL, ())
    ours = any(setter == manager or setter.startswith(f"{manager}:") for setter in setters)
    return {key: value for key, value in node.calico_labels.items() if not (ours and key == names.RACK_LABEL)}


def _carriers(nodes: Sequence[str]) -> str:
    return f"{listed(nodes)} {'carries' if len(nodes) == 1 else 'carry'}"


def _their(nodes: Sequence[str]) -> str:
    return "its" if len(nodes) == 1 else "their"


def _take_away(label: NodeLabel, nodes: Sequence[str]) -> str:
    return f"kubectl label node {nodes[0]} {label.key}-"


def _is_in(address: Address, ranges: Iterable[Network]) -> bool:
    return any(address in one for one in ranges)
