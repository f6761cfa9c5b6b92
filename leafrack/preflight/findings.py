"""Facts before acts: the cluster and the switches, read and held against the fabric file before anything changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from leafrack.addresses import Network
from leafrack.errors import Problem, UnreadableError
from leafrack.fabric import Fabric, names
from leafrack.fabric.leaf import keepalive_time
from leafrack.fabric.source import at
from leafrack.fabric.values import LARGEST_INT32, within
from leafrack.preflight import announced, by_label, installed, labels, leaves, listening
from leafrack.preflight import transitions as moves
from leafrack.preflight.foreign import Foreign, declared_peers, listed
from leafrack.world import migration
from leafrack.world.calico import Group
from leafrack.world.labelled import with_nodes
from leafrack.world.observed import ClusterState, Observed, observe

__all__ = ["ClusterState", "Observed", "about", "findings", "notices", "observe", "overlaps", "unreadable"]


def findings(
    fabric: Fabric,
    observed: Observed,
    manager: str = names.MANAGER,
    passwords: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    """What is wrong in the world, so that an update would do harm.

    ``manager`` is the field manager of the stack that asks: labels that it set itself are about to go. By default it
    is the manager of any stack. ``passwords`` are those of the racks' sessions, if known.
    """
    of_cluster: tuple[Problem, ...] = ()
    if observed.cluster is not None:
        of_cluster = (
            *_of_cluster(fabric, observed.cluster, manager),
            *by_label.moves(fabric, observed.cluster, manager),
            *moves.findings(with_nodes(fabric, observed.cluster.nodes), observed.cluster, passwords),
        )
    switches = observed.switches
    of_ranges = (*listening.overlaps(fabric, switches), *listening.findings(fabric, switches))
    return (*of_cluster, *leaves.findings(fabric, switches), *of_ranges)


def overlaps(fabric: Fabric, observed: Observed, manager: str = names.MANAGER) -> tuple[Problem, ...]:
    """The findings caused by other people's objects in the place of ours.

    In a fabric that has been applied they came later, so a drift check shows them.
    """
    of_cluster = () if observed.cluster is None else _of_others(fabric, observed.cluster, manager)
    switches = observed.switches
    return (*of_cluster, *leaves.overlaps(fabric, switches), *listening.overlaps(fabric, switches))


def notices(fabric: Fabric, observed: Observed, passwords: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """What an operator should know before saying yes: sessions that reset, leaves that stay silent, other peers.

    ``passwords`` are those of the racks' sessions, if known.
    """
    cluster, switches = observed.cluster, observed.switches
    of_switches = (*leaves.notices(fabric, switches), *listening.notices(fabric, switches))
    if cluster is None:
        return of_switches
    unknown = [Problem(cluster.calico.unknown, path="cluster")] if cluster.calico.unknown else []
    of_cluster = (
        *unknown,
        *_renumbered(fabric, cluster),
        *moves.notices(fabric, cluster, passwords),
        *_outside(fabric, cluster),
        *_filters(fabric, cluster),
        *_keepalives(fabric, observed),
        *announced.notices(fabric, cluster),
        *installed.notices(fabric, cluster),
        *by_label.notices(fabric, cluster),
        *Foreign(fabric, cluster).notices(),
    )
    return (*of_cluster, *of_switches)


def _of_cluster(fabric: Fabric, cluster: ClusterState, manager: str) -> Iterator[Problem]:
    yield from _calico(fabric, cluster)
    yield from _left_behind(fabric, cluster, manager)
    yield from _passwords(cluster)
    yield from installed.findings(fabric, cluster)
    yield from _nodes(fabric, cluster)
    yield from _pools(fabric, cluster)
    yield from _of_others(fabric, cluster, manager)


def _of_others(fabric: Fabric, cluster: ClusterState, manager: str) -> Iterator[Problem]:
    yield from Foreign(fabric, cluster).findings()
    yield from labels.findings(fabric, cluster, manager)
    yield from by_label.findings(fabric, cluster)
    yield from announced.findings(fabric, cluster, manager)


def _calico(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    if not cluster.calico.group:
        kinds = " or ".join(group.api_version for group in Group)
        text = f"it has no BGPPeer of Calico ({kinds}): install Calico first, or choose another kubeContext"
        yield Problem(text, path="cluster")
    else:
        yield from _fields(fabric, cluster)


def _left_behind(fabric: Fabric, cluster: ClusterState, manager: str) -> Iterator[Problem]:
    """What the state would delete in the group that Calico has left, so that its copy stayed for ever."""
    gone = set(migration.copied(cluster.peers, cluster.calico.stored, manager)) - declared_peers(fabric)
    if gone:
        text = (
            f"{listed(sorted(gone))} {'is' if len(gone) == 1 else 'are'} no longer of this file, and Calico has moved "
            f"to {cluster.calico.stored.api_version} since the last `pulumi up`: run it with the file as it was then "
            "first, or nobody deletes what was moved"
        )
        yield Problem(text, path="cluster")


def _fields(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    peers = f"BGPPeers of this cluster{cluster.installed.named}"
    for rack, declared in fabric.racks.items():
        if declared.local_as_number is not None and not cluster.calico.local_as_number:
            text = f"{peers} have no localASNumber: that needs Calico 3.31; give the rack an asNumber"
            yield Problem(text, path=f"racks.{rack}.localASNumber")
    if fabric.ttl_security and not cluster.calico.ttl_security:
        text = f"{peers} have no ttlSecurity: that needs a newer Calico; remove it here"
        yield Problem(text, path="ttlSecurity")
    for key, number in fabric.as_numbers_of_objects().items():
        if number > LARGEST_INT32 and not cluster.calico.large_as_numbers:
            text = (
                f"this cluster's API server refuses AS {number}, as Calico's CRDs hold up to {LARGEST_INT32} "
                "(format: int32): use a smaller one here (racks and spines may have larger ones)"
            )
            yield Problem(text, path=at(*key))


def _passwords(cluster: ClusterState) -> Iterator[Problem]:
    if not cluster.password_secret:
        secret = f"Secret {names.PASSWORD_SECRET} in namespace {cluster.namespace}"
        text = f"it has no {secret}, where nodes read passwords: an administrator makes it with config/rbac.yaml"
        yield Problem(text, path="cluster")


def _nodes(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    for rack, declared in fabric.racks.items():
        for group, members in (("reflectors", declared.reflectors), ("members", declared.members)):
            for name, addresses in members.items():
                path = f"racks.{rack}.{group}.{name}"
                if name not in cluster.nodes:
                    text = (
                        f"the cluster has no node {name}: check its name with kubectl get nodes; if the node is gone, "
                        "take it out of this file and run `pulumi up --refresh`"
                    )
                    yield Problem(text, path=path)
                    continue
                has = cluster.nodes[name].addresses
                for address in addresses:
                    if has and address not in has:
                        found = ", ".join(map(str, has))
                        text = (
                            f"Calico uses {found} for {name} in the cluster, this file says {address}: if the node was "
                            "replaced or renumbered, correct this file"
                        )
                        yield Problem(text, path=path)


def _pools(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    for cidr in fabric.pod_cidrs:
        for pool in cluster.pools:
            same = pool.cidr.version == cidr.version and pool.cidr.overlaps(cidr)
            # Between reflectors that are linked, tunnels are how pods reach each other past the leaves.
            if same and pool.encapsulation and not fabric.reflector_mesh:
                text = (
                    f"IPPool {pool.name} ({pool.cidr}) uses {pool.encapsulation}: leaves route pods only without "
                    f"encapsulation; {installed.remedy(cluster, pool.cidr)} first"
                )
                yield Problem(text, path="podCIDRs")


def _renumbered(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    for rack, declared in fabric.racks.items():
        wanted, nodes = fabric.rack_as(rack), [node for node in declared.nodes if node in cluster.nodes]
        now = {node: found for node in nodes if (found := cluster.as_of(node)) != wanted}
        if now:
            every = len(now) == len(nodes)
            who = "its nodes change" if every else f"{listed(now)} {'changes' if len(now) == 1 else 'change'}"
            whose = (
                "every session of the rack resets"
                if every
                else "sessions with it reset"
                if len(now) == 1
                else "sessions with them reset"
            )
            text = f"{who} from AS {', '.join(sorted({str(each) for each in now.values()}))} to {wanted}"
            yield Problem(f"{text}: {whose} once, for some seconds (docs/order.md)", path=_as_path(fabric, rack))


def _as_path(fabric: Fabric, rack: str) -> str:
    """Key of the AS number that a rack's nodes have."""
    return "asNumber" if fabric.racks[rack].as_number is None else f"racks.{rack}.asNumber"


def _outside(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Pools whose pods no leaf would route: ``podCIDRs`` became smaller, or the cluster got another pool."""
    ranges: tuple[Network, ...] = (
        *collapse_addresses(cidr for cidr in fabric.pod_cidrs if isinstance(cidr, IPv4Network)),
        *collapse_addresses(cidr for cidr in fabric.pod_cidrs if isinstance(cidr, IPv6Network)),
    )
    for pool in cluster.pools:
        # Where reflectors are linked, pods of other racks are not reached by the leaves.
        if fabric.pod_cidrs and not fabric.reflector_mesh and not any(within(pool.cidr, cidr) for cidr in ranges):
            text = (
                f"IPPool {pool.name} ({pool.cidr}) is not within these ranges: leaves take no route to its pods, so "
                "that they are reached within their own rack only; add it while any pod has an address of it"
            )
            yield Problem(text, path="podCIDRs")


def unreadable(fabric: Fabric, observed: Observed, *, refused: bool) -> tuple[Problem, ...]:
    """What refuses to be read, or is merely away; a jump host once, however many leaves are behind it."""
    return tuple(dict.fromkeys(about(fabric, error) for error in observed.unreadable if error.refused is refused))


def _filters(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Filters of BGPPeers that are taken over, and a Calico that has none."""
    if not cluster.calico.filters:
        text = (
            f"BGPPeers of this cluster{cluster.installed.named} have no filters: that needs Calico 3.26; what nodes "
            "announce and accept is held to the ranges of this file by the leaves' prefix lists alone"
        )
        yield Problem(text, path="cluster")
        return
    peers = {peer.name: peer for peer in cluster.peers}
    for rack, name, leaf in ((rack, name, leaf) for rack, r in fabric.racks.items() for name, leaf in r.leaves.items()):
        ours = names.leaf_filter(rack)
        for peer_name in (names.leaf_peer(fabric, rack, name, address.version) for address in leaf.address):
            given = peers[peer_name].spec.get("filters") or () if peer_name in peers else ()
            others = ", ".join(one for one in given if one != ours)
            if others:
                text = (
                    f"BGPPeer {peer_name} has the filters {others}: leafrack's {ours} takes their place; what they let "
                    "nodes accept besides pods and services belongs into acceptCIDRs"
                )
                yield Problem(text, path=f"racks.{rack}.leaves.{name}")


def _keepalives(fabric: Fabric, observed: Observed) -> Iterator[Problem]:
    """BGPPeers whose keepalive time changes: BIRD restarts their sessions."""
    if not observed.calico.keepalive_time or observed.cluster is None:
        return
    peers = {peer.name: peer for peer in observed.cluster.peers if names.KEEPALIVE_ANNOTATION in peer.annotations}
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            found = [names.leaf_peer(fabric, rack, name, address.version) for address in leaf.address]
            now = {peers[peer].spec.get("keepaliveTime") for peer in found if peer in peers}
            if others := now - {wanted := keepalive_time(leaf)}:
                was, will = (one or "none" for one in (next(iter(others)), wanted))
                text = f"the keepalive time of nodes changes from {was} to {will}: their sessions to {name} reset once"
                yield Problem(text, path=f"racks.{rack}.leaves.{name}")


def about(fabric: Fabric, error: UnreadableError) -> Problem:
    """What could not be read, with the key of the file that says how to reach it (a leaf's ``ssh``, a ``jump``)."""
    for rack, declared in fabric.racks.items():
        if leaf := declared.leaves.get(error.who):
            ssh = f"racks.{rack}.leaves.{error.who}.ssh"
            jump = f"{ssh}.jump" if leaf.ssh.jump else "jump"
            return Problem(error.why, path=jump if error.at_jump else ssh)
    return Problem(error.why, path=error.who)
