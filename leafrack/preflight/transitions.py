"""Changes of a running fabric that one update cannot make, and AS numbers that a first update cannot start from."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from leafrack.errors import Problem
from leafrack.fabric import Fabric, names
from leafrack.preflight.drift import is_applied
from leafrack.world.observed import ClusterState


def findings(fabric: Fabric, cluster: ClusterState, with_passwords: Collection[str] | None = None) -> Iterator[Problem]:
    """What would end at a gate that cannot open; ``with_passwords`` are racks whose sessions get one, if known."""
    yield from _first_as(fabric, cluster)
    yield from _two_changes(fabric, cluster, with_passwords)


def _first_as(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Racks that start in another AS than the fabric's: their leaves may accept no other, or all their nodes move.

    BGPConfiguration has one AS for all nodes without a number of their own: once it is the fabric's, they change to it
    together, whatever number their rack has or gets.
    """
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
        yield Problem(f"nodes of rack {rack} are in AS {numbers} now, {text}", path="asNumber")


def _two_changes(fabric: Fabric, cluster: ClusterState, with_passwords: Collection[str] | None) -> Iterator[Problem]:
    """A rack that moves from one interconnect to another, and what its sessions to the leaves cannot change with that.

    Two BGPPeers to its leaf stand until the new one is seen working, and BIRD takes what one of them says for both. The
    leaf has what the new one says, and hears nothing of the other. ``localASNumber`` comes to the new one in the last
    phase, and the leaf would refuse it until then.
    """
    labels = {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: fabric.name}
    ours = [peer for peer in cluster.peers if labels.items() <= peer.labels.items()]
    for rack, declared in fabric.racks.items():
        leaves = {
            (str(address), names.leaf_peer(fabric, rack, name, address.version))
            for name, leaf in declared.leaves.items()
            for address in leaf.address
        }
        old = [peer for peer in ours if any(peer.spec.get("peerIP") == at and peer.name != new for at, new in leaves)]
        if old and (declared.local_as_number is not None or any("localASNumber" in peer.spec for peer in old)):
            text = (
                "a rack moves to another interconnect without localASNumber only: take it out (asOverride of the "
                "leaves is another way to share an AS), run pulumi up, move, and put it in again"
            )
            yield Problem(text, path=f"racks.{rack}")
        changed = {
            "ttlSecurity": any(bool(peer.spec.get("ttlSecurity")) != fabric.ttl_security for peer in old),
            f"leafrack:bgpPasswords.{rack}": with_passwords is not None
            and any(bool(peer.spec.get("password")) != (rack in with_passwords) for peer in old),
        }
        for key in (key for key, differs in changed.items() if differs):
            text = (
                f"a rack moves to another interconnect with {key} as it was only, or no session to its leaf comes up: "
                "run pulumi up with one of the two changes, then with the other"
            )
            yield Problem(text, path=f"racks.{rack}")
