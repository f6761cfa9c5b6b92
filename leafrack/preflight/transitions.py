"""Changes of a running fabric that one update cannot make, and AS numbers that a first update cannot start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leafrack.errors import Problem
from leafrack.fabric import Fabric, Interconnect, Leaf, names
from leafrack.platforms import Feature, PlayedPlatform, platform_of
from leafrack.preflight.drift import is_applied
from leafrack.preflight.foreign import listed
from leafrack.world.cluster import PeerState
from leafrack.world.observed import ClusterState

ONE_THEN_THE_OTHER = "run pulumi up with one of the two changes, then with the other"


def findings(fabric: Fabric, cluster: ClusterState, passwords: Mapping[str, str] | None = None) -> Iterator[Problem]:
    """What would end at a gate that cannot open; ``passwords`` are those of the racks' sessions, if known."""
    yield from _first_as(fabric, cluster)
    yield from _from_ranges(fabric, cluster)
    yield from _names_and_ranges(fabric, cluster, passwords)
    yield from _two_changes(fabric, cluster, passwords)


def _first_as(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Racks that start in another AS than the fabric's: their leaves may accept no other, or all their nodes move.

    BGPConfiguration has one AS for all nodes without a number of their own: once it is the fabric's, they change to it
    together, whatever number their rack has or gets. The first rack speaks for all that are like it.
    """
    like: dict[str, list[str]] = {}
    for rack in fabric.racks:
        nodes = [node for node in fabric.racks[rack].nodes if node in cluster.nodes]
        if any(names.RACK_LABEL in cluster.nodes[node].labels for node in nodes) or is_applied(fabric, cluster, [rack]):
            continue
        border = [node for node in fabric.border(rack) if node in nodes]
        keeps = fabric.leaf_side_as(rack) == fabric.as_number
        follow = [node for node in nodes if names.AS_NUMBER_ANNOTATION not in cluster.nodes[node].annotations]
        now = {found for node in (border if keeps else follow) if (found := cluster.as_of(node)) is not None}
        if not (now := now - {fabric.as_number}):
            continue
        numbers = ", ".join(map(str, sorted(now)))
        remedy = "let asNumber of the fabric be the AS that the nodes have"
        if keeps:
            text = (
                f"and the rack is to be in the fabric's AS {fabric.as_number}: {remedy}, and give the rack an asNumber "
            )
            text += "of its own"
        else:
            text = f"and have no number of their own: all would change to the fabric's AS {fabric.as_number} at once, "
            text += f"before the rack has its own; {remedy}"
        like.setdefault(f"are in AS {numbers} now, {text}", []).append(rack)
    for text, racks in like.items():
        more = f" ({len(racks)} racks are like this)" if len(racks) > 1 else ""
        yield Problem(f"nodes of rack {racks[0]} {text}{more}", path="asNumber")


def notices(fabric: Fabric, cluster: ClusterState, passwords: Mapping[str, str] | None = None) -> Iterator[Problem]:
    """Racks whose sessions to their leaves reset because both ends get or lose something."""
    for rack in fabric.racks:
        yield from _one_as_at_a_time(fabric, cluster, rack)
        peers = _at_leaves(fabric, cluster, rack)
        for key in _changed(fabric, cluster, rack, peers, passwords):
            text = (
                f"{key} changes: each session between rack {rack} and its leaves ends once, on all of them at the same "
                "time, and the nodes connect again; what takes a leaf is lost meanwhile, some seconds"
            )
            yield Problem(text, path=f"racks.{rack}")


def _one_as_at_a_time(fabric: Fabric, cluster: ClusterState, rack: str) -> Iterator[Problem]:
    """What it costs that a leaf takes no neighbours of any AS and its nodes get another; of leaves by hand, see there.

    The leaf is told the new AS first, and its sessions end there. They come back once the nodes have it.
    """
    declared, final = fabric.racks[rack], fabric.leaf_side_as(rack)
    lacking = {name: leaf.platform for name, leaf in declared.leaves.items() if _has_one_as(leaf)}
    shown = shown_as(fabric, cluster, rack)
    now = {node: number for node, number in shown.items() if number != final}
    if lacking and now:
        whose = f"rack {rack}" if len(now) == len(shown) else listed(now)
        number = "localASNumber" if declared.local_as_number is not None else "asNumber" if declared.as_number else ""
        text = (
            f"platform {', '.join(sorted(set(lacking.values())))} of {listed(lacking)} has no {Feature.ANY_AS}: the "
            f"sessions of {whose} to its leaves end when these are given AS {final} in the place of "
            f"{', '.join(sorted(set(map(str, now.values()))))}, on all leaves of the rack at the same time, and come "
            "back once the nodes have it too; what takes a leaf is lost meanwhile, some seconds"
        )
        yield Problem(text, path=".".join(filter(None, ("racks", rack, number))))


def _has_one_as(leaf: Leaf) -> bool:
    platform = platform_of(leaf.platform)
    return not leaf.by_hand and isinstance(platform, PlayedPlatform) and Feature.ANY_AS in platform.cannot


def shown_as(fabric: Fabric, cluster: ClusterState, rack: str) -> Mapping[str, int]:
    """AS that each node of a rack shows its leaves now, of those with sessions to them that the cluster has."""
    leaves = fabric.racks[rack].leaves
    ours = {names.leaf_peer(fabric, rack, name, at.version) for name, leaf in leaves.items() for at in leaf.address}
    local = [
        int(peer.spec["localASNumber"]) for peer in cluster.peers if peer.name in ours and "localASNumber" in peer.spec
    ]
    found = {node: local[0] if local else cluster.as_of(node) for node in fabric.border(rack) if node in cluster.nodes}
    return {node: number for node, number in found.items() if number is not None}


def _ours(fabric: Fabric, cluster: ClusterState) -> list[PeerState]:
    labels = {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric.name}.items()
    return [peer for peer in cluster.peers if labels <= peer.labels.items()]


def _at_leaves(fabric: Fabric, cluster: ClusterState, rack: str) -> list[PeerState]:
    """BGPPeers of this fabric to the leaves of a rack."""
    leaves = {str(address) for leaf in fabric.racks[rack].leaves.values() for address in leaf.address}
    return [peer for peer in _ours(fabric, cluster) if peer.spec.get("peerIP") in leaves]


def _listen(rack: str, peers: Sequence[PeerState]) -> bool:
    """Whether the leaves of a rack listen for its nodes now: then all that carry its label peer with them."""
    whole = f" || {names.RACK_LABEL} == '{rack}'"
    return any(str(peer.spec.get("nodeSelector")).endswith(whole) for peer in peers)


def _from_ranges(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Racks whose leaves listen for their nodes now, and are to know route reflectors.

    A leaf forgets a range before it knows a name in it, and what it does not know has no session. With names all nodes
    of the rack keep their sessions to the leaf until the reflectors have theirs.
    """
    for rack in fabric.racks:
        reflects = fabric.rack_interconnect(rack) is Interconnect.ROUTE_REFLECTORS
        if reflects and _listen(rack, _at_leaves(fabric, cluster, rack)):
            text = (
                f"the leaves of rack {rack} listen for its nodes now, and would forget them before they know its route "
                "reflectors, with no session meanwhile: leave the interconnect as it was and write the members by "
                "name, run pulumi up, then move the rack to route-reflectors, by name or by a label"
            )
            yield Problem(text, path=f"racks.{rack}")


def _names_and_ranges(fabric: Fabric, cluster: ClusterState, passwords: Mapping[str, str] | None) -> Iterator[Problem]:
    """Nodes that move between names and ranges, a rack or a few of it, and what their sessions cannot change with that.

    A leaf waits for who has moved before the other leaf of a pair has its turn, and until then nodes or leaf have the
    old one. A name that goes stands on the leaf until its node is seen working, with what it was given before.
    """
    for rack in fabric.racks:
        peers = _at_leaves(fabric, cluster, rack)
        every = fabric.rack_interconnect(rack) is not Interconnect.ROUTE_REFLECTORS
        if not (every and peers):
            continue
        if _listen(rack, peers) != fabric.listens(rack):
            who = "the nodes of a rack move between names and ranges with {} as it was only, or none of them comes"
        elif moved := _renamed(fabric, cluster, rack):
            who = (
                f"{listed(moved)} {'moves' if len(moved) == 1 else 'move'} between a name and a range with {{}} as it "
            )
            who += f"was only, or {'it never comes' if len(moved) == 1 else 'they never come'}"
        else:
            continue
        for key in _changed(fabric, cluster, rack, peers, passwords):
            yield Problem(f"{who.format(key)} back to its leaf in time: {ONE_THEN_THE_OTHER}", path=f"racks.{rack}")


def _renamed(fabric: Fabric, cluster: ClusterState, rack: str) -> list[str]:
    """Nodes of a rack whose leaves listen that get a name there, or lose theirs: what is named has leafrack's label."""
    if not fabric.listens(rack):
        return []
    named, label = set(fabric.racks[rack].reflectors), fabric.by_label(rack)
    return [
        name
        for name, node in cluster.nodes.items()
        if label is not None
        and (node.labels.get(names.RACK_LABEL) == rack) != (name in named)
        and node.calico_labels.get(label.key) == label.value
    ]


def _changed(
    fabric: Fabric,
    cluster: ClusterState,
    rack: str,
    peers: Sequence[PeerState],
    passwords: Mapping[str, str] | None,
) -> list[str]:
    """Keys of what both ends of a session must have, where the BGPPeers that stand have something else."""
    security = any(bool(peer.spec.get("ttlSecurity")) != fabric.ttl_security for peer in peers)
    another = passwords is not None and any(bool(peer.spec.get("password")) != (rack in passwords) for peer in peers)
    kept, wanted = (known and known.get(rack) for known in (cluster.passwords, passwords))
    another |= bool(peers and kept and wanted and kept != wanted)
    changed = {"ttlSecurity": security, f"leafrack:bgpPasswords.{rack}": another}
    return [key for key, differs in changed.items() if differs]


def _two_changes(fabric: Fabric, cluster: ClusterState, passwords: Mapping[str, str] | None) -> Iterator[Problem]:
    """A rack that moves from one interconnect to another, and what its sessions to the leaves cannot change with that.

    Two BGPPeers to its leaf stand until the new one is seen working, and BIRD takes what one of them says for both. The
    leaf has what the new one says, and hears nothing of the other. ``localASNumber`` comes to the new one in the last
    phase, and the leaf would refuse it until then.
    """
    for rack, declared in fabric.racks.items():
        leaves = {
            (str(address), names.leaf_peer(fabric, rack, name, address.version))
            for name, leaf in declared.leaves.items()
            for address in leaf.address
        }
        standing = _at_leaves(fabric, cluster, rack)
        old = [
            peer for peer in standing if any(peer.spec.get("peerIP") == at and peer.name != new for at, new in leaves)
        ]
        if old and (declared.local_as_number is not None or any("localASNumber" in peer.spec for peer in old)):
            text = (
                "a rack moves to another interconnect without localASNumber only: take it out (asOverride of the "
                "leaves is another way to share an AS), run pulumi up, move, and put it in again"
            )
            yield Problem(text, path=f"racks.{rack}")
        for key in _changed(fabric, cluster, rack, old, passwords):
            text = (
                f"a rack moves to another interconnect with {key} as it was only, or no session to its leaf comes up: "
                f"{ONE_THEN_THE_OTHER}"
            )
            yield Problem(text, path=f"racks.{rack}")
