"""Changes of a running fabric that one update cannot make, and AS numbers that a first update cannot start from."""

from __future__ import annotations

from collections.abc import Iterator

from config import Fabric, Problem, names
from verify.cluster import Peer
from verify.observed import ClusterState


def findings(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """What would end at a gate that cannot open."""
    yield from _first_as(fabric, cluster)
    yield from _two_changes(fabric, cluster)


def _first_as(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """A rack that keeps the fabric's AS starts in it: its leaves accept no other."""
    for rack in fabric.racks:
        border = [node for node in fabric.border(rack) if node in cluster.nodes]
        started = any(names.RACK_LABEL in cluster.nodes[node].labels for node in border)
        now = {found for node in border if (found := cluster.as_of(node)) is not None} - {fabric.as_number}
        if fabric.leaf_side_as(rack) == fabric.as_number and now and not started:
            numbers = ", ".join(map(str, sorted(now)))
            text = (
                f"nodes of rack {rack} are in AS {numbers} now, and the rack is to be in the fabric's AS "
                f"{fabric.as_number}: let asNumber of the fabric be the AS that the nodes have, and give the rack an "
                "asNumber of its own"
            )
            yield Problem(text, path="asNumber")


def _two_changes(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Two BGPPeers to a leaf that differ, while a rack moves from one interconnect to another.

    Both stand until the new one is seen working, and Calico takes either of the two, by chance.
    """
    labels = {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric.name}
    ours = [peer for peer in cluster.peers if labels.items() <= peer.labels.items()]
    for rack, declared in fabric.racks.items():
        wanted = declared.local_as_number
        for name, leaf in declared.leaves.items():
            for address in leaf.address:
                new = names.leaf_peer(fabric, rack, name, address.version)
                old = [peer for peer in ours if peer.name != new and peer.spec.get("peerIP") == str(address)]
                if any(_local_as(peer) != wanted for peer in old):
                    text = (
                        "the rack changes its interconnect and its localASNumber at once: change one, run pulumi up, "
                        "then the other"
                    )
                    yield Problem(text, path=f"racks.{rack}")


def _local_as(peer: Peer) -> int | None:
    found: int | None = peer.spec.get("localASNumber")
    return found
