"""Other people's BGPPeers: what they do to the nodes of a fabric, as Calico would have it."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import Fabric, Interconnect
from leafrack.fabric.load import load_fabric
from leafrack.preflight.foreign import Foreign
from leafrack.world.cluster import PeerState
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState

FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))
MESHED = FABRIC.model_copy(update={"reflector_mesh": True})
MIXED = FABRIC.model_copy(
    update={
        "racks": {
            **FABRIC.racks,
            "rr2": FABRIC.racks["rr2"].model_copy(update={"interconnect": Interconnect.FULL_MESH}),
        }
    }
)
# A fresh install: no labels of leafrack's yet, nodes of others beside.
NODES = {
    name: NodeState(name, tuple(addresses), labels={"kubernetes.io/hostname": name, "zone": rack})
    for rack, declared in FABRIC.racks.items()
    for name, addresses in declared.nodes.items()
}
EDGE = NodeState(
    "edge1",
    (ip_address("192.0.2.99"),),
    labels={"edge": ""},
    annotations={"projectcalico.org/labels": '{"site": "a"}'},
)
ELSEWHERE = {"peerIP": "192.0.2.1", "asNumber": 65100}
TO_LEAF = {"peerIP": "172.20.0.254", "asNumber": 65009}


def said(spec: dict[str, Any], fabric: Fabric = FABRIC, **peer: Any) -> tuple[list[str], list[str]]:
    """Findings and notices of a peer called ``old``."""
    cluster = ClusterState({**NODES, "edge1": EDGE}, peers=(PeerState("old", spec, **peer),))
    foreign = Foreign(fabric, cluster)
    return [str(each) for each in foreign.findings()], [str(each) for each in foreign.notices()]


CLASHES = {
    "a global peer to a leaf": (
        FABRIC,
        TO_LEAF,
        "node1 and node2 peer with leaf01 (172.20.0.254), as rr1-to-leaf1-peer",
    ),
    "one that names the node": (
        FABRIC,
        {**TO_LEAF, "node": "node2"},
        "node2 peer with leaf01 (172.20.0.254), as rr1-to-leaf1-peer",
    ),
    "one with a port": (
        FABRIC,
        {**TO_LEAF, "peerIP": "172.20.0.254:1179", "nodeSelector": "zone == 'rr1'"},
        "node1 and node2 peer with leaf01 (172.20.0.254), as rr1-to-leaf1-peer",
    ),
    "one whose label leafrack will give": (
        FABRIC,
        {**TO_LEAF, "nodeSelector": "rr-id in {'rr1'}"},
        "node1 and node2 peer with leaf01 (172.20.0.254), as rr1-to-leaf1-peer",
    ),
    "a mesh by hand": (
        FABRIC,
        {"nodeSelector": "all()", "peerSelector": "zone starts with 'rr1'"},
        "node1 peer with node2 (172.20.0.12), and 2 more likewise, as rr1-to-node-peer",
    ),
    "the address of a node": (
        FABRIC,
        {"peerIP": "172.20.0.11", "asNumber": 64512, "nodeSelector": "kubernetes.io/hostname == 'node3'"},
        "node3 peer with node1 (172.20.0.11), and 1 more likewise, as rr1-to-node-peer",
    ),
    "reflectors of two racks": (
        MESHED,
        {"node": "node1", "peerIP": "173.20.0.11", "asNumber": 64512, "reversePeering": "Manual"},
        "node1 peer with node4 (173.20.0.11), as rr1-to-reflectors-peer",
    ),
    "a rack in full mesh": (
        MIXED,
        {"node": "node4", "peerIP": "173.20.0.13", "asNumber": 64512, "reversePeering": "Manual"},
        "node4 peer with node6 (173.20.0.13), as rr2-mesh-peer",
    ),
}


@pytest.mark.parametrize(("fabric", "spec", "line"), CLASHES.values(), ids=CLASHES)
def test_a_peer_for_a_session_of_ours_is_named_with_what_to_do(fabric: Fabric, spec: dict[str, Any], line: str) -> None:
    findings, notices = said(spec, fabric)
    assert f"BGPPeer old makes {line} will: Calico takes either of the two, by chance; " in findings[0]
    assert findings[0].endswith("kubectl delete bgppeers.crd.projectcalico.org old")
    assert ("name it as peerName of leaf01 to take it over, or" in findings[0]) is ("leaf01" in line)
    assert notices == []


def test_a_peer_without_as_number_stops_every_change_of_the_nodes_that_it_selects() -> None:
    spec = {"peerIP": "192.0.2.1", "nodeSelector": "zone == 'rr2'"}
    freezes = (
        "racks.rr2: BGPPeer old has a peerIP but no asNumber and selects node4, node5 and node6: BIRD refuses the "
        "whole configuration of these nodes, so that no change arrives there any more; give it an asNumber, or "
        "kubectl delete bgppeers.crd.projectcalico.org old"
    )
    assert said(spec) == ([freezes], [])
    assert said({**spec, "asNumber": 0}) == ([freezes], [])


LET_BE = {
    "a peer of one rack": ({**ELSEWHERE, "nodeSelector": "zone == 'rr1'"}, "racks.rr1: ", "node1, node2 and node3"),
    "a peer whose other end is ours": (
        {"nodeSelector": "has(edge)", "peerIP": "172.20.0.13", "asNumber": 64512},
        "racks.rr1: ",
        "node3",
    ),
    "a peer of workloads": (
        {"localWorkloadSelector": "has(bgp)", "asNumber": 65100, "nodeSelector": "zone == 'rr2'"},
        "racks.rr2: ",
        "node4, node5 and node6",
    ),
    "a leaf's address for others than its reflectors": ({**TO_LEAF, "node": "node3"}, "racks.rr1: ", "node3"),
}


@pytest.mark.parametrize(("spec", "place", "nodes"), LET_BE.values(), ids=LET_BE)
def test_a_peer_that_selects_our_nodes_otherwise_is_worth_a_line(spec: dict[str, Any], place: str, nodes: str) -> None:
    findings, (notice,) = said(spec)
    assert findings == []
    assert notice.startswith(f"{place}BGPPeer old selects {nodes} too; it stays as it is. If nobody needs it: kubectl ")


SILENT = {
    "nodes of others": {**ELSEWHERE, "nodeSelector": "has(edge) && site == 'a'"},
    "a node that is not there": {**ELSEWHERE, "node": "gone"},
    "a leaf from nodes of others": {**TO_LEAF, "nodeSelector": "has(edge)"},
    "a node of ours in an AS that it does not have": {"node": "edge1", "peerIP": "172.20.0.13", "asNumber": 65100},
    "a node with itself": {"node": "node1", "peerIP": "172.20.0.11", "asNumber": 64512},
    "no node, because the selector is none": {**TO_LEAF, "nodeSelector": "rr-id = 'rr1'"},
    "no session, because the address is none": {"peerIP": "172.20.0.999"},
    "no session, because there is no other end": {"nodeSelector": "all()", "peerSelector": "has(nothing)"},
}


@pytest.mark.parametrize("spec", SILENT.values(), ids=SILENT)
def test_nothing_is_said_of_a_peer_that_makes_no_session_on_our_nodes(spec: dict[str, Any]) -> None:
    assert said(spec) == ([], [])


def test_what_an_earlier_version_of_this_fabric_made_is_ours() -> None:
    labels = {"app.kubernetes.io/managed-by": "leafrack", "leafrack/fabric": FABRIC.name}
    assert said(TO_LEAF, labels=labels) == ([], [])
    assert said(TO_LEAF, labels={**labels, "leafrack/fabric": "other"})[0] != []
