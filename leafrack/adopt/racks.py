"""Which nodes are a rack: those that a leaf's BGPPeers select, and those that peer with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from leafrack.adopt.facts import Facts, FoundRack, Remark, in_order, interfaces, listed, naturally, peer_address
from leafrack.adopt.selectors import selected, values_of
from leafrack.fabric import names
from leafrack.world.cluster import PeerState


@dataclass
class Racks:
    """All racks of a cluster, and what belongs to none."""

    racks: list[FoundRack] = field(default_factory=list)
    between_racks: list[PeerState] = field(default_factory=list)
    """BGPPeers from the reflectors of a rack to the reflectors of others."""
    remarks: list[Remark] = field(default_factory=list)


def racks_of(facts: Facts) -> Racks:
    """Racks in the order of their names."""
    found = Racks()
    labels = {name: node.calico_labels for name, node in facts.cluster.nodes.items()}
    to_leaves, to_nodes = _sorted_out(facts, labels, found)
    groups = _Groups()
    for peer, nodes in to_leaves:
        # One leaf may have several BGPPeers, one for each node.
        groups.join([peer_address(peer), *nodes])
    attached = {node for _, nodes in to_leaves for node in nodes}
    inside = []
    for peer, near, far in to_nodes:
        if len({groups.of(node) for node in (near | far) & attached}) > 1:
            _between(facts, peer, near | far, found)
        else:
            groups.join([*near, *far])
            inside.append((peer, near, far))
    _by_subnet(facts, groups, attached)
    roots: dict[str, FoundRack] = {}
    for node in in_order(labels):
        root = groups.of(node)
        if any(groups.of(one) == root for one in attached):
            roots.setdefault(root, FoundRack("", "", [])).nodes.append(node)
        else:
            text = (
                "no BGPPeer leads from it or a node that it peers with to a leaf, and it is in no leaf's subnet: it is "
                "in no rack of the file, and has no sessions once the mesh is off; add it where it belongs"
            )
            found.remarks.append(Remark(f"node {node}", text))
    for root, rack in roots.items():
        rack.leaf_peers = [(peer, nodes) for peer, nodes in to_leaves if groups.of(peer_address(peer)) == root]
        rack.node_peers = [
            (peer, near, far) for peer, near, far in inside if any(groups.of(node) == root for node in near | far)
        ]
        rack.name, rack.named_by = _name(rack, labels)
    _distinct(roots)
    found.racks = sorted(roots.values(), key=lambda rack: naturally(rack.name))
    return found


def _sorted_out(
    facts: Facts, labels: Mapping[str, Mapping[str, str]], found: Racks
) -> tuple[list[tuple[PeerState, frozenset[str]]], list[tuple[PeerState, frozenset[str], frozenset[str]]]]:
    """BGPPeers towards switches and between nodes; other kinds, and BGPPeers for no node, become remarks."""
    to_leaves, to_nodes = [], []
    for peer in sorted(facts.cluster.peers, key=lambda peer: naturally(peer.name)):
        try:
            near = _near(peer, labels)
            far = selected(peer.spec["peerSelector"], labels) if peer.spec.get("peerSelector") else frozenset()
            address = ip_address(peer_address(peer)) if peer.spec.get("peerIP") else None
        except ValueError as error:
            found.remarks.append(Remark(f"BGPPeer {peer.name}", f"{error}: correct it, or kubectl delete it"))
            continue
        if address is not None and near and address not in facts.owners:
            to_leaves.append((peer, near))
        elif far and near:
            to_nodes.append((peer, near, far))
        elif not near or (address is None and peer.spec.get("peerSelector")):
            text = "it is for no node of the cluster: leafrack leaves it alone; kubectl delete it if it is a leftover"
            found.remarks.append(Remark(f"BGPPeer {peer.name}", text))
        else:
            text = "it names nodes by address, which a fabric file does not: it stays as it is, beside leafrack's own"
            found.remarks.append(Remark(f"BGPPeer {peer.name}", text))
    return to_leaves, to_nodes


def _near(peer: PeerState, labels: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    if peer.spec.get("node"):
        return frozenset(labels) & {str(peer.spec["node"])}
    return selected(str(peer.spec.get("nodeSelector") or ""), labels)


def _between(facts: Facts, peer: PeerState, nodes: frozenset[str], found: Racks) -> None:
    reflect = {name for name in nodes if names.CLUSTER_ID_ANNOTATION in facts.cluster.nodes[name].annotations}
    if reflect == nodes:
        found.between_racks.append(peer)
        return
    text = (
        "it links nodes of several racks that are not all route reflectors, which a fabric file cannot say: it stays "
        "as it is; kubectl delete it once leafrack's own sessions are up, or the racks get each other's routes twice"
    )
    found.remarks.append(Remark(f"BGPPeer {peer.name}", text))


def _by_subnet(facts: Facts, groups: _Groups, attached: set[str]) -> None:
    """Put nodes without a BGPPeer into the rack whose subnet they are in."""
    rest = [name for name in in_order(facts.cluster.nodes) if groups.of(name) == name and name not in attached]
    subnets = {
        interface.network: name for name in in_order(attached) for interface in interfaces(facts.cluster.nodes[name])
    }
    for name in rest:
        for interface in interfaces(facts.cluster.nodes[name]):
            if interface.network in subnets:
                groups.join([subnets[interface.network], name])
                break


class _Groups:
    """Things that belong together, directly or over others (disjoint sets)."""

    def __init__(self) -> None:
        self._towards: dict[str, str] = {}

    def of(self, thing: str) -> str:
        while (other := self._towards.get(thing, thing)) != thing:
            thing = other
        return thing

    def join(self, things: list[str]) -> None:
        for thing in things[1:]:
            self._towards[self.of(thing)] = self.of(things[0])


def _name(rack: FoundRack, labels: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """The rack's own label if its nodes have it, else what its BGPPeers select by, else the first node's name."""
    given = {labels[node].get(names.RACK_LABEL) for node in rack.nodes}
    if len(given) == 1 and (name := given.pop()):
        return name, f"label {names.RACK_LABEL} of its nodes"
    peers = [*(peer for peer, *_ in rack.node_peers), *(peer for peer, _ in rack.leaf_peers)]
    for peer in peers:
        for key, value in values_of(str(peer.spec.get("nodeSelector") or "")).items():
            if value:
                return value.lower(), f"label {key} in the nodeSelector of BGPPeer {peer.name}"
    return f"rack-{rack.nodes[0]}", "its first node, for lack of a label that its BGPPeers select by"


def _distinct(racks: Mapping[str, FoundRack]) -> None:
    for rack, name in _doubles(racks):
        rack.name, rack.named_by = f"{name}-{rack.nodes[0]}", f"{rack.named_by}, and its first node"


def _doubles(racks: Mapping[str, FoundRack]) -> Iterator[tuple[FoundRack, str]]:
    taken: set[str] = set()
    for rack in racks.values():
        if rack.name in taken:
            yield rack, rack.name
        taken.add(rack.name)


def nodes_without_address(facts: Facts) -> list[Remark]:
    """Nodes that calico-node has not told its address of."""
    silent = in_order(name for name, node in facts.cluster.nodes.items() if not node.addresses)
    text = f"no {names.IPV4_ANNOTATION} annotation: calico-node does not run there, so it is in no rack of the file"
    return [Remark(f"node {listed([name])}", text) for name in silent]
