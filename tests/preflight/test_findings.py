"""What is said before anything changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.errors import UnreadableError
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from leafrack.fabric.switch import LeafTimers
from leafrack.platforms import SwitchState
from leafrack.preflight.findings import ClusterState, Observed, about, findings, notices, overlaps
from leafrack.world.calico import Group
from leafrack.world.calico_api import CalicoApi
from leafrack.world.cluster import PeerState, Pool
from leafrack.world.nodes import NodeState

FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))
NODES = {
    name: NodeState(name, tuple(addresses), annotations={"projectcalico.org/ASNumber": str(FABRIC.rack_as(rack))})
    for rack, declared in FABRIC.racks.items()
    for name, addresses in declared.nodes.items()
}
CLUSTER = ClusterState(
    nodes=NODES,
    pools=(Pool("default", ip_network("10.233.64.0/18")),),
    peers=(
        PeerState("rr1-to-leaf1-peer", {"peerIP": "172.20.0.254"}),
        PeerState("edge", {"node": "edge1", "peerIP": "192.0.2.1"}),
    ),
)
LEAVES = {"leaf01": SwitchState(65009), "leaf02": SwitchState(65010)}
FITS = Observed(CLUSTER, LEAVES)


STACK = "leafrack:leafrack/dev"
LABELLED = replace(
    NODES["node3"], labels={"rr-id": "rr1"}, managers={"rr-id": frozenset(["leafrack:leafrack/dev2:reflector"])}
)
LABELLED_BY_US = replace(LABELLED, managers={"rr-id": frozenset([f"{STACK}:reflector"])})


def cluster(**changed: Any) -> Observed:
    return replace(FITS, cluster=replace(CLUSTER, **changed))


def lines(problems: Iterable[object]) -> list[str]:
    return [str(problem) for problem in problems]


def test_a_world_that_fits_gives_no_finding_and_no_notice() -> None:
    assert lines(findings(FABRIC, FITS)) == []
    assert lines(notices(FABRIC, FITS)) == []


def test_a_world_that_cannot_be_read_gives_none_either() -> None:
    away = Observed(unreadable=(UnreadableError("cluster", "cannot reach the API server"),))
    assert lines(findings(FABRIC, away)) == []


def without(node: str) -> Mapping[str, NodeState]:
    return {name: state for name, state in NODES.items() if name != node}


FINDINGS = {
    "a node that the cluster does not have": (
        cluster(nodes=without("node6")),
        (
            "racks.rr2.members.node6: the cluster has no node node6: check its name with kubectl get nodes; if the "
            "node is gone, take it out of this file and run `pulumi up --refresh`"
        ),
    ),
    "a node with another address": (
        cluster(nodes={**NODES, "node3": NodeState("node3", (ip_address("172.20.0.99"),))}),
        (
            "racks.rr1.members.node3: Calico uses 172.20.0.99 for node3 in the cluster, this file says 172.20.0.13: if "
            "the node was replaced or renumbered, correct this file"
        ),
    ),
    "an encapsulated pool": (
        cluster(pools=(Pool("default", ip_network("10.233.64.0/18"), "IPIP Always"),)),
        (
            "podCIDRs: IPPool default (10.233.64.0/18) uses IPIP Always: leaves route pods only without encapsulation; "
            "set ipipMode and vxlanMode to Never first"
        ),
    ),
    "somebody else's peer towards a leaf": (
        cluster(
            peers=(PeerState("old", {"peerIP": "173.20.0.254", "asNumber": 65010, "nodeSelector": "rr-id == 'rr2'"}),)
        ),
        (
            "racks.rr2.leaves.leaf02: BGPPeer old makes node4 and node5 peer with leaf02 (173.20.0.254), as "
            "rr2-to-leaf2-peer will: Calico takes either of the two, by chance; name it as peerName of leaf02 to "
            "take it over, or kubectl delete bgppeers.crd.projectcalico.org old"
        ),
    ),
    "a peer that has left the file since Calico has moved": (
        cluster(
            calico=CalicoApi("projectcalico.org"),
            peers=tuple(
                PeerState(name, {"peerSelector": "a == 'b'"}, annotations={"pulumi.com/patchFieldManager": "leafrack"})
                for name in ("rr1-to-node-peer", "rr3-to-node-peer", "rr3-to-leaf03-peer")
            ),
        ),
        (
            "cluster: rr3-to-leaf03-peer and rr3-to-node-peer are no longer of this file, and Calico has moved to "
            "projectcalico.org/v3 since the last `pulumi up`: run it with the file as it was then first, or nobody "
            "deletes what was moved"
        ),
    ),
    "a cluster without Calico": (
        cluster(calico=CalicoApi("")),
        (
            "cluster: it has no BGPPeer of Calico (crd.projectcalico.org/v1 or projectcalico.org/v3): install Calico "
            "first, or choose another kubeContext"
        ),
    ),
    "passwords and no Secret for them": (
        cluster(password_secret=False, passwords={}),
        (
            "cluster: it has no Secret leafrack-bgp in namespace kube-system, where nodes read passwords: an "
            "administrator makes it with config/rbac.yaml"
        ),
    ),
    "a label that makes a member a reflector": (
        cluster(nodes={**NODES, "node3": replace(NODES["node3"], labels={"rr-id": "rr1"})}),
        (
            "racks.rr1.members.node3: node3 is no reflector of rr1 in this file, but its label rr-id=rr1 makes it one: "
            "kubectl label node node3 rr-id-"
        ),
    ),
    "such a label by another stack": (
        cluster(nodes={**NODES, "node3": LABELLED}),
        (
            "racks.rr1.members.node3: node3 is no reflector of rr1 in this file, but its label rr-id=rr1 makes it one: "
            "kubectl label node node3 rr-id-"
        ),
    ),
    "a node of nobody in a rack": (
        cluster(nodes={**NODES, "node9": NodeState("node9", (), labels={"rr-group": "rr2"})}),
        (
            "racks.rr2: node9 is no node of rr2 in this file, but its label rr-group=rr2 makes it one: "
            "kubectl label node node9 rr-group-"
        ),
    ),
    "a leaf with another AS": (
        replace(FITS, switches={**LEAVES, "leaf01": SwitchState(65019)}),
        "racks.rr1.leaves.leaf01.asNumber: leaf01 runs BGP as AS 65019, this file says 65009: correct one of them",
    ),
    "a leaf without BGP": (
        replace(FITS, switches={**LEAVES, "leaf01": SwitchState(None)}),
        (
            "racks.rr1.leaves.leaf01.asNumber: leaf01 runs no BGP in the default VRF: configure `router bgp 65009` on "
            "it first"
        ),
    ),
    "a leaf with BGP in other VRFs only": (
        replace(FITS, switches={**LEAVES, "leaf01": SwitchState(None, elsewhere=("red", "blue"))}),
        (
            "racks.rr1.leaves.leaf01.asNumber: leaf01 runs no BGP in the default VRF (only in red, blue): configure "
            "`router bgp 65009` on it first"
        ),
    ),
}


@pytest.mark.parametrize(("observed", "line"), FINDINGS.values(), ids=FINDINGS)
def test_applying_would_do_harm_with(observed: Observed, line: str) -> None:
    assert lines(findings(FABRIC, observed, STACK)) == [line]


OF_OTHERS = {
    "somebody else's peer towards a leaf",
    "a label that makes a member a reflector",
    "such a label by another stack",
    "a node of nobody in a rack",
}


@pytest.mark.parametrize("name", FINDINGS)
def test_what_somebody_else_put_in_the_place_of_ours_is_told_from_what_is_wrong_otherwise(name: str) -> None:
    observed, line = FINDINGS[name]
    assert lines(overlaps(FABRIC, observed, STACK)) == ([line] if name in OF_OTHERS else [])


def test_a_leaf_that_refuses_the_key_is_about_how_it_is_reached() -> None:
    refused = UnreadableError("leaf02", "refuses user root", refused=True)
    assert lines([about(FABRIC, refused)]) == ["racks.rr2.leaves.leaf02.ssh: refuses user root"]


RIGHT = {
    "labels that this stack set, of a node that was a reflector until now": {"node3": LABELLED_BY_US},
    "a reflector with the label of another rack, which is about to be overwritten": {
        "node4": replace(NODES["node4"], labels={"rr-id": "rr1", "rr-group": "rr1"})
    },
    "labels of racks that are not in the file": {
        "node3": replace(NODES["node3"], labels={"rr-id": "rr9"}),
        "node9": NodeState("node9", (), labels={"rr-group": "rr9"}),
    },
}


@pytest.mark.parametrize("nodes", RIGHT.values(), ids=RIGHT)
def test_nothing_is_said_of(nodes: Mapping[str, NodeState]) -> None:
    assert lines(findings(FABRIC, cluster(nodes={**NODES, **nodes}), STACK)) == []


LOCAL_AS = FABRIC.model_copy(
    update={
        "racks": {
            **FABRIC.racks,
            "rr2": FABRIC.racks["rr2"].model_copy(update={"as_number": None, "local_as_number": 64513}),
        }
    }
)


def test_a_calico_without_local_as_numbers_is_named_with_the_version_that_has_them() -> None:
    old = cluster(calico=CalicoApi(local_as_number=False))
    assert lines(findings(FABRIC, old)) == []
    assert lines(findings(LOCAL_AS, FITS)) == []
    needs = "BGPPeers of this cluster have no localASNumber: that needs Calico 3.31; give the rack an asNumber"
    assert lines(findings(LOCAL_AS, old)) == [f"racks.rr2.localASNumber: {needs}"]


def test_a_calico_without_ttl_security_is_named() -> None:
    old, told = cluster(calico=CalicoApi(ttl_security=False)), FABRIC.model_copy(update={"ttl_security": True})
    assert lines(findings(FABRIC, old)) == lines(findings(told, FITS)) == []
    needs = "BGPPeers of this cluster have no ttlSecurity: that needs a newer Calico; remove it here"
    assert lines(findings(told, old)) == [f"ttlSecurity: {needs}"]


@pytest.mark.parametrize("group", Group)
def test_both_groups_are_good_and_hints_name_the_one_that_is_there(group: Group) -> None:
    clash = PeerState("old", {"peerIP": "173.20.0.254", "asNumber": 65010, "nodeSelector": "rr-id == 'rr2'"})
    assert lines(findings(FABRIC, cluster(calico=CalicoApi(group)))) == []
    (line,) = lines(findings(FABRIC, cluster(calico=CalicoApi(group), peers=(clash,))))
    assert line.endswith(f"kubectl delete bgppeers.{group} old")


NOTICES = {
    "a group that may not be made sure of": (
        cluster(
            calico=CalicoApi(unknown="it may not be read what the DaemonSet says: taken for crd.projectcalico.org/v1")
        ),
        "cluster: it may not be read what the DaemonSet says: taken for crd.projectcalico.org/v1",
    ),
    "a Calico without filters": (
        cluster(calico=CalicoApi(filters=False)),
        (
            "cluster: BGPPeers of this cluster have no filters: that needs Calico 3.26; what nodes announce and accept "
            "is held to the ranges of this file by the leaves' prefix lists alone"
        ),
    ),
    "somebody else's filters on a peer that is taken over": (
        cluster(peers=(PeerState("rr1-to-leaf1-peer", {"filters": ["site", "rr1-leaf-filter", "more"]}),)),
        (
            "racks.rr1.leaves.leaf01: BGPPeer rr1-to-leaf1-peer has the filters site, more: leafrack's rr1-leaf-filter "
            "takes their place; what they let nodes accept besides pods and services belongs into acceptCIDRs"
        ),
    ),
    "a rack whose AS changes": (
        cluster(nodes={**NODES, **{name: replace(NODES[name], annotations={}) for name in FABRIC.racks["rr2"].nodes}}),
        (
            "racks.rr2.asNumber: its nodes change from AS 64512 to 64513: every session of the rack resets once, for "
            "some seconds (docs/order.md)"
        ),
    ),
    "a node that comes to the AS of its rack": (
        cluster(nodes={**NODES, "node6": replace(NODES["node6"], annotations={})}),
        (
            "racks.rr2.asNumber: node6 changes from AS 64512 to 64513: sessions with it reset once, for some seconds "
            "(docs/order.md)"
        ),
    ),
    "a pool that the leaves would not route": (
        cluster(pools=(Pool("inside", ip_network("10.233.64.0/24")), Pool("other", ip_network("10.240.0.0/16")))),
        (
            "podCIDRs: IPPool other (10.240.0.0/16) is not within these ranges: leaves take no route to its pods, so "
            "that they are reached within their own rack only; add it while any pod has an address of it"
        ),
    ),
    "somebody else's peer of our nodes": (
        cluster(peers=(PeerState("monitor", {"peerIP": "192.0.2.1", "asNumber": 65100}),)),
        (
            "racks: BGPPeer monitor selects node1, node2, node3 and 3 other nodes too; it stays as it is. If nobody "
            "needs it: kubectl delete bgppeers.crd.projectcalico.org monitor"
        ),
    ),
}


@pytest.mark.parametrize(("observed", "line"), NOTICES.values(), ids=NOTICES)
def test_an_operator_is_told_of(observed: Observed, line: str) -> None:
    assert lines(findings(FABRIC, observed)) == []
    assert lines(notices(FABRIC, observed)) == [line]


TIMED = FABRIC.racks["rr1"].leaves["leaf01"].model_copy(update={"timers": LeafTimers(keepalive=3, hold=9)})
WITH_TIMERS = FABRIC.model_copy(
    update={"racks": {**FABRIC.racks, "rr1": FABRIC.racks["rr1"].model_copy(update={"leaves": {"leaf01": TIMED}})}}
)
RESETS = (
    "racks.rr1.leaves.leaf01: the keepalive time of nodes changes from {} to {}: their sessions to leaf01 reset once"
)
TIMED_PEERS: dict[str, tuple[Fabric, dict[str, Any], bool, list[str]]] = {
    "another": (WITH_TIMERS, {"keepaliveTime": "9s"}, True, [RESETS.format("9s", "3s")]),
    "none any more": (FABRIC, {"keepaliveTime": "9s"}, True, [RESETS.format("9s", "none")]),
    "one that somebody took away": (WITH_TIMERS, {}, True, [RESETS.format("none", "3s")]),
    "the same": (WITH_TIMERS, {"keepaliveTime": "3s"}, True, []),
    "another of somebody else's, which stays": (WITH_TIMERS, {"keepaliveTime": "9s"}, False, []),
}


@pytest.mark.parametrize(("fabric", "spec", "ours", "told"), TIMED_PEERS.values(), ids=TIMED_PEERS)
def test_that_a_keepalive_time_resets_sessions_is_said_before(
    fabric: Fabric, spec: dict[str, Any], told: list[str], *, ours: bool
) -> None:
    peer = PeerState("rr1-to-leaf1-peer", spec, annotations={"leafrack/keepalive": "given"} if ours else {})
    newer = cluster(peers=(peer,), calico=CalicoApi(keepalive_time=True))
    assert lines(notices(fabric, newer)) == told
    assert lines(notices(fabric, cluster(peers=(peer,)))) == []


def test_everything_is_said_at_once() -> None:
    observed = replace(
        cluster(nodes=without("node6"), pools=(Pool("p", ip_network("10.233.64.0/18"), "VXLAN Always"),)),
        switches={"leaf01": SwitchState(65019), "leaf02": SwitchState(None)},
    )
    assert len(findings(FABRIC, observed)) == 4


@pytest.mark.parametrize(
    ("takes", "changes", "paths"),
    [
        (False, {"as_number": 4200000000}, ["asNumber"]),
        (True, {"as_number": 4200000000}, []),
        (False, {}, []),
    ],
)
def test_an_as_number_that_the_api_server_has_no_room_for_is_refused_before_it_is_written(
    changes: Mapping[str, int], paths: list[str], *, takes: bool
) -> None:
    rack = FABRIC.racks["rr2"].model_copy(update={"as_number": 4200000002})
    fabric = FABRIC.model_copy(update={**changes, "racks": {**FABRIC.racks, "rr2": rack}})
    found = findings(fabric, cluster(calico=CalicoApi(large_as_numbers=takes)))
    assert [one.path for one in found if "API server refuses AS" in one.text] == paths
