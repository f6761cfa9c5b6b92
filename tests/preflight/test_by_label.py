"""Labels of racks held against the nodes that carry them: what stops an update, and what it says to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from leafrack.fabric import Fabric, Interconnect, names
from leafrack.preflight import by_label as preflight
from leafrack.preflight.drift import Comparison, is_applied
from leafrack.preflight.findings import Observed, findings, notices, overlaps
from leafrack.world.cluster import PeerState
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState
from tests.labelled import EXAMPLE, LABELS, by_label, node, nodes

MANAGER = "leafrack:leafrack/dev"
PATH = "racks.rr1.members.label"
OURS = {names.MANAGED_BY_LABEL: names.MANAGER, names.FABRIC_LABEL: EXAMPLE.name}
A = node("a", "172.20.0.21", "rr1")


def cluster(*found: NodeState, **more: Any) -> ClusterState:
    return ClusterState(nodes(*found), **more)


def lines(fabric: Fabric, state: ClusterState) -> list[str]:
    return [str(each) for each in preflight.findings(fabric, state)]


def test_a_node_in_the_racks_subnet_is_fine_and_needs_no_word() -> None:
    assert lines(by_label("rr1"), cluster(A)) == []
    assert list(preflight.notices(by_label("rr1"), cluster(A))) == []


WRONG = {
    "outside of the subnets": (
        by_label("rr1"),
        [A, node("x", "10.0.0.1", "rr1"), node("y", "10.0.0.2", "rr1")],
        (
            f"{PATH}: x and y carry rack=one with an address outside of the rack's subnets (172.20.0.0/24), so that no "
            "leaf takes a session: kubectl label node x rack-, or correct nodeCIDRs"
        ),
    ),
    "outside of where leaves listen": (
        by_label("rr1", how=Interconnect.TOP_OF_RACK),
        [node("x", "10.0.0.1", "rr1")],
        (
            f"{PATH}: x carries rack=one with an address outside of the ranges in which its leaves listen "
            "(172.20.0.0/24), so that no leaf takes a session: kubectl label node x rack-, or correct listenRanges"
        ),
    ),
    "named in another rack": (
        by_label("rr1"),
        [A, node("node5", "173.20.0.12", "rr1")],
        f"{PATH}: node5 carries rack=one, and rack rr2 of this file names it: kubectl label node node5 rack-",
    ),
    "in an AS of its own": (
        by_label("rr1"),
        [node("a", "172.20.0.21", "rr1", annotations={names.AS_NUMBER_ANNOTATION: "64999"})],
        (
            f"{PATH}: a carries rack=one, in AS 64999 by annotation, and a rack by label is in AS 64512: kubectl "
            f"annotate node a {names.AS_NUMBER_ANNOTATION}-"
        ),
    ),
    "in an AS that leafrack gave it": (
        by_label("rr1"),
        [
            node(
                "a",
                "172.20.0.21",
                "rr1",
                annotations={names.AS_NUMBER_ANNOTATION: "64999"},
                managers={names.RACK_LABEL: frozenset([MANAGER])},
            )
        ],
        (
            f"{PATH}: a carries rack=one, in AS 64999 by annotation, and a rack by label is in AS 64512: move the rack "
            "from asNumber to localASNumber: 64999 first, with its nodes by name as they are"
        ),
    ),
}


@pytest.mark.parametrize(("fabric", "found", "line"), WRONG.values(), ids=WRONG)
def test_a_node_that_the_label_should_not_reach_is_named_with_what_to_do(
    fabric: Fabric, found: list[NodeState], line: str
) -> None:
    assert lines(fabric, cluster(*found)) == [line]
    observed = Observed(cluster(*found))
    assert line in [str(each) for each in findings(fabric, observed)]
    assert line in [str(each) for each in overlaps(fabric, observed)]


def test_a_node_with_the_labels_of_two_racks_is_named() -> None:
    fabric = by_label("rr1", "rr2")
    rr2 = fabric.racks["rr2"].model_copy(update={"label": type(LABELS["rr2"])("zone", "b")})
    fabric = fabric.model_copy(update={"racks": {**fabric.racks, "rr2": rr2}})
    both = node("a", "172.20.0.21", labels={"rack": "one", "zone": "b"})
    assert (
        "racks.rr2.members.label: a carries zone=b and the label of rack rr1, rack=one: a node is in one rack, kubectl "
        "label node a zone-"
    ) in lines(fabric, cluster(both))


def test_a_label_that_every_node_carries_is_said_once() -> None:
    everybody: Mapping[str, NodeState] = {
        name: node(name, str(state.addresses[0]), "rr1") for name, state in nodes().items()
    }
    assert lines(by_label("rr1"), ClusterState(everybody)) == [
        f"{PATH}: every node of the cluster carries rack=one: choose a label that only the nodes of this rack carry"
    ]


def test_a_label_that_nobody_carries_and_nodes_that_hold_nothing_are_notices() -> None:
    nobody = [str(each) for each in notices(by_label("rr1"), Observed(cluster()))]
    assert f"{PATH}: no node carries rack=one: check it with kubectl get nodes -l rack=one" in "\n".join(nobody)
    away = [str(each) for each in preflight.notices(by_label("rr1"), cluster(node("a", "", "rr1", ready=False)))]
    assert away == [f"{PATH}: these nodes hold nothing: a (not Ready)"]


def peer(selector: str) -> PeerState:
    return PeerState("rr1-to-node-peer", {"nodeSelector": selector}, labels=OURS)


NODE3 = NodeState(
    "node3",
    nodes()["node3"].addresses,
    labels={names.RACK_LABEL: "rr1"},
    managers={names.RACK_LABEL: frozenset([MANAGER])},
)
BY_NAME, BY_LABEL = "rr-group == 'rr1'", "rack == 'one' || rr-group == 'rr1'"
MOVES = {
    "from names, without the label": (by_label("rr1"), NODE3, BY_NAME, "node3 would lose its sessions when the rack"),
    "from names, with the label": (
        by_label("rr1"),
        NodeState("node3", NODE3.addresses, labels={**NODE3.labels, "rack": "one"}, managers=NODE3.managers),
        BY_NAME,
        "",
    ),
    "from a label, named": (EXAMPLE, node("node3", "172.20.0.13", "rr1"), BY_LABEL, ""),
    "from a label, not named": (
        EXAMPLE,
        A,
        BY_LABEL,
        "a would lose its sessions when the rack knows its nodes by name",
    ),
    "a named node that leaves a rack by name": (by_label(), NODE3, BY_NAME, ""),
    "nothing moves": (by_label("rr1"), NODE3, BY_LABEL, ""),
}


@pytest.mark.parametrize(("fabric", "there", "selector", "line"), MOVES.values(), ids=MOVES)
def test_a_move_that_would_lose_a_node_is_refused_before_it_begins(
    fabric: Fabric, there: NodeState, selector: str, line: str
) -> None:
    state = cluster(there, peers=(peer(selector),))
    found = "\n".join(str(each) for each in preflight.moves(fabric, state, MANAGER))
    assert (line in found) if line else not found, found


def test_a_rack_that_names_nobody_is_applied_once_its_bgp_peer_is_there() -> None:
    fabric = by_label("rr1", how=Interconnect.TOP_OF_RACK, named=False)
    name = names.leaf_peer(fabric, "rr1", "leaf01", 4)
    assert not is_applied(fabric, cluster(A), ["rr1"])
    assert is_applied(fabric, cluster(A, peers=(PeerState(name, {}, labels=OURS),)), ["rr1"])


def test_somebody_elses_bgp_peer_is_held_against_labelled_nodes_too() -> None:
    old = PeerState("old", {"nodeSelector": "rack == 'one'", "peerSelector": "rr-id == 'rr1'"})
    reflector = NodeState("node1", nodes()["node1"].addresses, labels={names.REFLECTOR_LABEL: "rr1"})
    found = [str(each) for each in findings(by_label("rr1"), Observed(cluster(A, reflector, peers=(old,))))]
    assert any("BGPPeer old makes" in line and "as rr1-to-node-peer will" in line for line in found), found


def test_a_labelled_node_that_somebody_made_a_reflector_is_told_with_what_takes_it_back() -> None:
    key = names.CLUSTER_ID_ANNOTATION
    made = node("a", "172.20.0.21", "rr1", annotations={key: "172.20.0.21"})
    found = Comparison(by_label("rr1"), Observed(cluster(made))).of_others("rr1")
    assert found == (f"node a is no reflector in this file and has {key}=172.20.0.21: kubectl annotate node a {key}-",)
