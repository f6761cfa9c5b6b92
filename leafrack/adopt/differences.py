"""What a fabric file cannot say of what is there, or what an update will change: one line each, with what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address

from leafrack.adopt.facts import Facts, FoundRack, Remark, listed
from leafrack.adopt.leaves import FoundLeaf
from leafrack.fabric import Interconnect, names
from leafrack.fabric.switch import Addresses
from leafrack.platforms import DEFAULT, Setting, Settings, platform_of
from leafrack.platforms.as_numbers import number_or_none
from leafrack.world.cluster import PeerState, Pool

_EXPRESSED = {"node", "nodeSelector", "peerSelector", "peerIP", "asNumber", "localASNumber"}
"""Fields of a BGPPeer that become the file, or that leafrack writes."""
_OURS = {
    "logSeverityScreen",
    "nodeToNodeMeshEnabled",
    "asNumber",
    "serviceClusterIPs",
    "serviceExternalIPs",
    "serviceLoadBalancerIPs",
    "communities",
    "prefixAdvertisements",
}
_CALICOS_DEFAULTS = {"serviceLoadBalancerAggregation": "Enabled", "bindMode": "None", "listenPort": 179}


def of_pools(pools: Iterable[Pool]) -> Iterator[Remark]:
    """Pools whose pods a leaf cannot route."""
    for pool in pools:
        if pool.encapsulation:
            text = (
                f"it uses {pool.encapsulation}, and a preview refuses that: leaves route pods only without "
                "encapsulation; set ipipMode and vxlanMode to Never once the leaves carry its routes"
            )
            yield Remark(f"IPPool {pool.name} ({pool.cidr})", text)


def of_cluster(facts: Facts, hows: Sequence[Interconnect]) -> Iterator[Remark]:
    """Fields of BGPConfiguration ``default``."""
    spec, who = facts.cluster.bgp_configuration, "BGPConfiguration default"
    only_mesh = bool(hows) and set(hows) == {Interconnect.FULL_MESH}
    if facts.mesh and hows and not only_mesh:
        text = "the node-to-node mesh is on beside the racks' own sessions: `up` turns it off once those are seen"
        yield Remark(who, text)
    if only_mesh and not facts.mesh:
        text = "the node-to-node mesh is off although every rack is a full mesh of BGPPeers: `up` turns it on"
        yield Remark(who, f"{text}; give racks another interconnect to avoid that")
    level = spec.get("logSeverityScreen")
    if level not in (None, "Info"):
        yield Remark(who, f"logSeverityScreen is {level}: `up` makes it Info")
    for key in sorted(set(spec) - _OURS):
        if spec[key] and _CALICOS_DEFAULTS.get(key) != spec[key]:
            yield Remark(who, f"{key} has no key in the file: it stays as it is, neither set nor watched")


def of_leaf(leaf: FoundLeaf) -> Iterator[Remark]:
    """A leaf that did not answer, or runs another AS than the cluster expects of it."""
    state = leaf.known.state if leaf.known else None
    where = listed(leaf.addresses)
    if leaf.known is None:
        text = f"no switch that was named has {where}: name it (--leaf NAME=USER@HOST:PORT) or add its ssh by hand"
        yield Remark(f"leaf {leaf.name}", text)
    numbers = {peer.spec.get("asNumber") for peers in leaf.addresses.values() for peer, _ in peers}
    if len(numbers) > 1:
        text = f"its BGPPeers give it different AS numbers ({listed(sorted(map(str, numbers)))}): correct them first"
        yield Remark(f"leaf {leaf.name}", text)
    given = listed(sorted(map(str, numbers)))
    if state is not None and state.as_number is None:
        text = f"it runs no BGP in the default VRF, its BGPPeers lead to AS {given}: see whether it is this switch"
        yield Remark(f"leaf {leaf.name}", text)
    elif state is not None and numbers != {state.as_number}:
        text = f"it runs as AS {state.as_number}, its BGPPeers say {given}: correct one of them first"
        yield Remark(f"leaf {leaf.name}", text)
    if leaf.override and len(set(leaf.override)) > 1:
        what = _as_override(leaf)
        text = f"only some of its neighbours have {what}, and the file has it for a leaf: `up` takes it away"
        yield Remark(f"leaf {leaf.name}", f"{text}; set asOverride: true if the racks share an AS")


def _as_override(leaf: FoundLeaf) -> str:
    platform = platform_of(leaf.known.platform if leaf.known else DEFAULT)
    return platform.words(Setting.AS_OVERRIDE, Settings(as_override=True))


def of_nodes(facts: Facts, rack: str, nodes: Iterable[str], reflectors: Sequence[str]) -> Iterator[Remark]:
    """Cluster IDs and labels that an update will change."""
    for node in nodes:
        state = facts.cluster.nodes[node]
        given, who = state.annotations.get(names.CLUSTER_ID_ANNOTATION), f"node {node}"
        if node in reflectors and state.addresses:
            wanted = names.cluster_id(Addresses(state.addresses))
            if given is None:
                yield Remark(who, f"it is reflected to without a cluster ID: `up` gives it {wanted}")
            elif given != wanted:
                text = f"its cluster ID is {given}, and leafrack gives each reflector its own address: `up` makes it"
                yield Remark(who, f"{text} {wanted}, which resets the node's sessions once")
        elif given is not None:
            text = f"it has the cluster ID {given} but no BGPPeer of rack {rack} reflects by it: leafrack leaves it"
            yield Remark(who, f"{text}; take it away with kubectl annotate node {node} {names.CLUSTER_ID_ANNOTATION}-")
        label = state.labels.get(names.RACK_LABEL)
        if label not in (None, rack):
            text = f"its label {names.RACK_LABEL} is {label}: `up` makes it {rack}; see that nothing else selects by it"
            yield Remark(who, text)


def of_as_numbers(
    rack: FoundRack, numbers: Mapping[str, str | None], chosen: int, local: Sequence[int]
) -> Iterator[Remark]:
    """AS numbers that a rack cannot have side by side."""
    for node, text in numbers.items():
        if text is not None and number_or_none(text) != chosen and not local:
            yield Remark(
                f"node {node}", f"its AS is {text}, that of rack {rack.name} {chosen}: `up` changes it, which resets it"
            )
    if len(local) > 1:
        text = f"its BGPPeers to the leaves have several localASNumbers ({listed(local)}): the file has one for a rack"
        yield Remark(f"rack {rack.name}", text)


def of_names(found: Iterable[str], wanted: str, what: str, kind: str) -> Iterator[Remark]:
    """BGPPeers that leafrack will make again under a name of its own; ``kind`` is what kubectl calls them."""
    for name in found:
        if name != wanted:
            text = (
                f"it {what} like leafrack's {wanted}, which `up` adds beside it: kubectl delete "
                f"{kind} {name} once that is there"
            )
            yield Remark(f"BGPPeer {name}", text)


def of_node_peers(rack: FoundRack, how: Interconnect, kind: str, *, all_mesh: bool) -> Iterator[Remark]:
    """BGPPeers inside a rack."""
    wanted = names.node_peer(rack.name) if how is Interconnect.ROUTE_REFLECTORS else names.mesh_peer(rack.name)
    found = [peer for peer, *_ in rack.node_peers]
    if not (all_mesh or how is Interconnect.TOP_OF_RACK):
        yield from of_names((peer.name for peer in found), wanted, f"links the nodes of rack {rack.name}", kind)
    for peer in found:
        yield from _fields(peer, rack.name, to_leaf=False)


def of_leaf_peers(
    rack: str,
    leaf: FoundLeaf,
    ours: str,
    peers: Iterable[tuple[PeerState, frozenset[str]]],
    *,
    border: set[str],
    kind: str,
) -> Iterator[Remark]:
    """BGPPeers towards a leaf: ``ours`` is the one that leafrack takes over."""
    found: Counter[str] = Counter()
    for peer, nodes in peers:
        who = f"BGPPeer {peer.name}"
        found.update(nodes)
        if peer.name != ours:
            text = f"it leads to leaf {leaf.name} beside {ours}, and a leaf has one: `up` makes {ours} for all nodes"
            yield Remark(who, f"{text}; kubectl delete {kind} {peer.name} once that is there")
        yield from _fields(peer, rack, to_leaf=True)
    if more := sorted(set(found) - border):
        text = f"nodes {listed(more)} have sessions to it although they are no route reflectors: `up` ends these"
        yield Remark(f"leaf {leaf.name}", text)
    if fewer := sorted(border - set(found)):
        yield Remark(f"leaf {leaf.name}", f"nodes {listed(fewer)} have no session to it: `up` adds them")


def _fields(peer: PeerState, rack: str, *, to_leaf: bool) -> Iterator[Remark]:
    who = f"BGPPeer {peer.name}"
    for key in sorted(set(peer.spec) - _EXPRESSED):
        value = peer.spec[key]
        if key == "password" and to_leaf:
            secret = (value or {}).get("secretKeyRef") or {}
            where = f"key {secret.get('key')} of Secret {secret.get('name')}"
            text = f"its sessions have a password: set it before the first `up`, or they reset ({where} has it)"
            yield Remark(who, f"{text}: pulumi config set --secret --path leafrack:bgpPasswords.{rack}")
        elif key == "nextHopMode" and to_leaf and value not in ("Keep", "Auto"):
            yield Remark(who, f"nextHopMode is {value}: `up` makes it Keep, which resets its sessions once")
        elif key == "filters":
            if others := [one for one in value or () if not (to_leaf and one == names.leaf_filter(rack))]:
                goes = f"{names.leaf_filter(rack)} takes their place; what nodes are to accept belongs into acceptCIDRs"
                then = goes if to_leaf else "they stay, and the proof does not see them"
                yield Remark(who, f"filters {listed(others)} have no key in the file: {then}")
        elif key == "ttlSecurity" and to_leaf and value == 1:
            continue
        elif key == "reversePeering" and to_leaf:
            continue  # of a leaf, which is no node, it says nothing
        elif key != "nextHopMode" and value:
            yield Remark(who, f"{key} has no key in the file: it stays as it is, neither set nor watched")
    with_port = str(peer.spec.get("peerIP") or "")
    if to_leaf and not _plain(with_port):
        yield Remark(who, f"peerIP {with_port} names a port: `up` makes it 179; do not run it if the leaf has another")


def _plain(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
