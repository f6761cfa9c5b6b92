"""From what is there to the fabric file: the article's fabric, and what can be different about one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from leafrack.adopt.describe import describe
from leafrack.adopt.facts import Facts
from leafrack.adopt.write import text_of
from leafrack.fabric import Fabric, names
from leafrack.fabric.announced import of_bgp_configuration
from leafrack.fabric.load import load_fabric
from leafrack.platforms import SessionState, SwitchState
from leafrack.platforms.state import Limit, PrivateAs, Timers
from leafrack.world.calico import Group
from leafrack.world.calico_api import CalicoApi
from leafrack.world.cluster import PeerState, Pool
from leafrack.world.nodes import NodeState
from tests.adopt.article import CONFIGURATION, LEAVES, NODES, PEERS, facts, leaf, neighbour, node, peer

DEV_FABRIC = Path(__file__).resolve().parents[2] / "config" / "fabrics" / "dev.yaml"


def rack_of(found: Facts, rack: str = "rr1") -> dict[str, Any]:
    values: dict[str, Any] = describe("dc1", found).values["racks"][rack]
    return values


def remarks(found: Facts) -> list[str]:
    return list(map(str, describe("dc1", found).remarks))


def without_ssh(fabric: Fabric) -> dict[str, Any]:
    found = fabric.model_dump(mode="json")
    for rack in found["racks"].values():
        for each in rack["leaves"].values():
            del each["ssh"]
    return found


def annotated(name: str, **changed: str | None) -> tuple[NodeState, ...]:
    """All nodes, one of them with other annotations; ``None`` takes one away."""
    keys = {"as_number": names.AS_NUMBER_ANNOTATION, "cluster_id": names.CLUSTER_ID_ANNOTATION}
    new = {keys[key]: value for key, value in changed.items()}
    return tuple(
        replace(one, annotations={key: value for key, value in {**one.annotations, **new}.items() if value is not None})
        if one.name == name
        else one
        for one in NODES
    )


def test_the_articles_fabric_is_the_example_and_leaves_nothing_to_say(tmp_path: Path) -> None:
    found = describe("dc1", facts())
    file = tmp_path / "dc1.yaml"
    file.write_text(text_of(found))
    assert without_ssh(load_fabric(file)) == without_ssh(load_fabric(DEV_FABRIC))
    assert found.remarks == ()


def test_the_same_facts_in_another_order_give_the_same_text() -> None:
    shuffled = facts(nodes=NODES[::-1], peers=dict(reversed(PEERS.items())), leaves=LEAVES[::-1])
    # Spines are called after the first leaf of the first rack, not after the order of the command line.
    assert text_of(describe("dc1", shuffled)) == text_of(describe("dc1", facts()))


@pytest.mark.parametrize("hostile", ["a\nname: evil", "# no comment", "{", "*alias", "null", "1e3", "'"])
def test_no_name_from_the_cluster_becomes_something_else_in_the_file(hostile: str) -> None:
    pools = (Pool(hostile, ip_network("10.233.64.0/18")),)
    leaves = (replace(LEAVES[0], name=hostile), LEAVES[1])
    found = describe(hostile, facts(pools=pools, leaves=leaves))
    loaded = yaml.safe_load(text_of(found))
    assert loaded == found.values
    assert list(loaded["racks"]["rr1"]["leaves"]) == [hostile]


def without(one: NodeState, annotation: str) -> NodeState:
    return replace(one, annotations={key: value for key, value in one.annotations.items() if key != annotation})


def dotted(number: str) -> tuple[NodeState, ...]:
    """All nodes, those of the first rack in another AS."""
    other = {names.AS_NUMBER_ANNOTATION: number}
    return tuple(
        replace(one, annotations={**one.annotations, **other}) if one.labels["rr-group"] == "rr1" else one
        for one in NODES
    )


EXPRESSED: Mapping[str, tuple[Facts, str, Any]] = {
    "the name of a BGPPeer that is leafrack's own is left out": (
        facts(peers={"rr1-to-leaf01-peer": PEERS["rr1-to-leaf1-peer"], **dict(list(PEERS.items())[1:])}),
        "leaves.leaf01.peerName",
        None,
    ),
    "nodes without an AS number of their own have none in the file": (
        facts(nodes=tuple(without(one, names.AS_NUMBER_ANNOTATION) for one in NODES)),
        "asNumber",
        None,
    ),
    "an AS number that nodes have with a dot is the number that it is": (
        facts(nodes=dotted("1.11")),
        "asNumber",
        65547,
    ),
    "a local AS towards the leaf": (
        facts(peers=peer("rr1-to-leaf1-peer", localASNumber=64777)),
        "localASNumber",
        64777,
    ),
    "a rack of another prefix length": (
        facts(nodes=(node("node1", "172.20.0.11/22", 64512, "rr1", reflects=True), *NODES[1:])),
        "nodeCIDRs",
        ["172.20.0.0/22", "172.20.0.0/24"],
    ),
    "a leaf that nobody named is called after its BGPPeer": (facts(leaves=()), "leaves.leaf1.address", "172.20.0.254"),
    "a rack is named by what its BGPPeers select by where it has no label of ours": (
        facts(
            nodes=tuple(replace(one, labels={"zone": one.labels["rr-group"], "rr-id": one.labels.get("rr-id", "")})
                        for one in NODES),
            peers={**PEERS, "rr1-to-node-peer": {"nodeSelector": "zone == 'rr1'", "peerSelector": "rr-id == 'rr1'"},
                   "rr2-to-node-peer": {"nodeSelector": "zone == 'rr2'", "peerSelector": "rr-id == 'rr2'"}},
        ),
        "members.node3",
        "172.20.0.13",
    ),
    "a node that no BGPPeer is for is in the rack of its subnet": (
        facts(nodes=(*NODES, node("node7", "172.20.0.17/24", None, ""))),
        "members.node7",
        "172.20.0.17",
    ),
    "as-override on all of a leaf's neighbours": (
        facts(leaves=(leaf("leaf01", 65009, "2.2.2.2",
                           neighbour("172.20.0.11", 64512, "172.20.0.254", as_override=True),
                           neighbour("172.20.0.12", 64512, "172.20.0.254", as_override=True)), LEAVES[1])),
        "leaves.leaf01.asOverride",
        True,
    ),
    "timers of all of a leaf's neighbours": (
        facts(leaves=(leaf("leaf01", 65009, "2.2.2.2",
                           neighbour("172.20.0.11", 64512, "172.20.0.254", timers=Timers(3, 9)),
                           neighbour("172.20.0.12", 64512, "172.20.0.254", timers=Timers(3, 9))), LEAVES[1])),
        "leaves.leaf01.timers",
        {"keepalive": 3, "hold": 9},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "path", "value"), EXPRESSED.values(), ids=EXPRESSED)
def test_what_a_file_can_say_it_says(found: Facts, path: str, value: Any) -> None:
    values: Any = rack_of(found)
    for key in path.split("."):
        values = values.get(key)
    assert values == value


TO_LEAF = {"peerIP": "172.20.0.254", "asNumber": 65009}
WHOLE = {name: {**spec, "nodeSelector": f"rr-group == '{name[:3]}'"} for name, spec in PEERS.items() if "leaf" in name}
NO_IDS = tuple(without(one, names.CLUSTER_ID_ANNOTATION) for one in NODES)
INTERCONNECTS: Mapping[str, tuple[Facts, str]] = {
    "reflectors": (facts(), "route-reflectors"),
    "every node to its leaf and no mesh": (facts(peers=WHOLE, nodes=NO_IDS), "top-of-rack"),
    "the node-to-node mesh": (
        facts(peers=WHOLE, nodes=NO_IDS, configuration={**CONFIGURATION, "nodeToNodeMeshEnabled": True}),
        "full-mesh",
    ),
    "a mesh of BGPPeers in each rack": (
        facts(
            nodes=NO_IDS,
            peers={
                **WHOLE,
                "a": {"nodeSelector": "rr-group == 'rr1'", "peerSelector": "rr-group == 'rr1'"},
                "b": {"nodeSelector": "rr-group == 'rr2'", "peerSelector": "rr-group == 'rr2'"},
            },
        ),
        "full-mesh",
    ),
}


@pytest.mark.parametrize(("found", "interconnect"), INTERCONNECTS.values(), ids=INTERCONNECTS)
def test_the_interconnect_is_what_links_the_nodes(found: Facts, interconnect: str) -> None:
    assert describe("dc1", found).values["interconnect"] == interconnect


def test_a_rack_of_another_interconnect_says_so_itself() -> None:
    third = node("node7", "174.20.0.11/24", 64514, "rr3")
    to_leaf = {"nodeSelector": "rr-group == 'rr3'", "peerIP": "174.20.0.254", "asNumber": 65011}
    found = facts(nodes=(*NODES, third), peers={**PEERS, "rr3-nodes-to-leaf3-peer": to_leaf}, leaves=())
    assert rack_of(found, "rr3")["interconnect"] == "top-of-rack"
    assert "peerName" not in rack_of(found, "rr3")["leaves"]["leaf3"]
    assert "interconnect" not in rack_of(found)


def test_reflectors_of_different_racks_that_peer_are_a_reflector_mesh() -> None:
    between = {
        "rr1-to-reflectors-peer": {"nodeSelector": "rr-id == 'rr1'", "peerSelector": "rr-id == 'rr2'"},
        "rr2-to-reflectors-peer": {"nodeSelector": "rr-id == 'rr2'", "peerSelector": "rr-id == 'rr1'"},
    }
    values = describe("dc1", facts(peers={**PEERS, **between})).values
    assert values["reflectorMesh"] is True
    assert list(values["racks"]) == ["rr1", "rr2"]


@pytest.mark.parametrize("group", Group)
def test_a_peer_that_goes_later_is_named_with_the_group_that_the_cluster_has(group: Group) -> None:
    others = {name: spec for name, spec in PEERS.items() if name != "rr1-to-node-peer"}
    found = facts(peers={**others, "within": PEERS["rr1-to-node-peer"]})
    native = replace(found, cluster=replace(found.cluster, calico=CalicoApi(group)))
    said = [str(remark) for remark in describe("dc1", native).remarks if "kubectl delete" in str(remark)]
    assert len(said) == 1
    assert f"kubectl delete bgppeers.{group} within once that is there" in said[0]


def test_a_switch_with_an_address_of_each_family_is_one_leaf() -> None:
    nodes = tuple(
        replace(
            one,
            addresses=(*one.addresses, ip_address(f"fd00:{one.labels['rr-group'][2]}::{one.name[4]}")),
            annotations={
                **one.annotations,
                names.IPV6_ANNOTATION: f"fd00:{one.labels['rr-group'][2]}::{one.name[4]}/64",
            },
        )
        for one in NODES
    )
    first = leaf(
        "leaf01",
        65009,
        "2.2.2.2",
        neighbour("172.20.0.11", 64512, "172.20.0.254"),
        replace(neighbour("fd00:1::1", 64512, "fd00:1::254"), router_id="172.20.0.11"),
    )
    v6 = {**PEERS["rr1-to-leaf1-peer"], "peerIP": "fd00:1::254"}
    pools = (Pool("six", ip_network("fd00:64::/48")), Pool("four", ip_network("10.233.64.0/18")))
    found = facts(nodes=nodes, pools=pools, leaves=(first,), peers={**PEERS, "rr1-to-leaf1-peer-v6": v6})
    rack = rack_of(found)
    assert rack["leaves"]["leaf01"]["address"] == ["172.20.0.254", "fd00:1::254"]
    assert rack["leaves"]["leaf01"]["peerName"] == "rr1-to-leaf1-peer"
    assert rack["reflectors"]["node1"] == ["172.20.0.11", "fd00:1::1"]
    assert describe("dc1", found).values["podCIDRs"] == ["10.233.64.0/18", "fd00:64::/48"]


def first_leaf(**more: Any) -> Facts:
    """The article's fabric with more about the first neighbour of the first leaf."""
    assert LEAVES[0].state
    changed = replace(neighbour("172.20.0.11", 64512, "172.20.0.254"), **more)
    state = replace(LEAVES[0].state, neighbours={**LEAVES[0].state.neighbours, changed.address: changed})
    return facts(leaves=(replace(LEAVES[0], state=state), LEAVES[1]))


def all_neighbours(**more: Any) -> Facts:
    """The article's fabric with more about every neighbour that is a node."""
    found = []
    for known in LEAVES:
        assert known.state
        nodes = {at: replace(one, **more) for at, one in known.state.neighbours.items() if one.remote_as != 65008}
        found.append(replace(known, state=replace(known.state, neighbours={**known.state.neighbours, **nodes})))
    return facts(leaves=tuple(found))


def test_what_all_sessions_to_leaves_have_is_the_fabrics() -> None:
    limited = all_neighbours(limit=Limit(100, 60), ttl_security=1)
    to_leaves = {name: {**spec, "ttlSecurity": 1} if "peerIP" in spec else spec for name, spec in PEERS.items()}
    state = replace(limited.cluster, peers=tuple(PeerState(name, spec) for name, spec in to_leaves.items()))
    found = describe("dc1", replace(limited, cluster=state))
    assert (found.values["maximumPrefix"], found.values["ttlSecurity"]) == (100, True)
    assert [each for each in map(str, found.remarks) if "maximum" in each or "ttl" in each] == []
    assert not {"maximumPrefix", "ttlSecurity"} & set(describe("dc1", facts()).values)


VRF_ONLY = SwitchState(
    None, {one.address: one for one in (neighbour("172.20.0.11", 64512, "172.20.0.254"),)}, elsewhere=("red",)
)
NOT_EXPRESSED: Mapping[str, tuple[Facts, str]] = {
    "an encapsulated pool": (
        facts(pools=(Pool("default", ip_network("10.233.64.0/18"), "IPIP Always"),)),
        "IPPool default (10.233.64.0/18): it uses IPIP Always",
    ),
    "a BGPPeer of somebody else between racks": (
        facts(peers={**PEERS, "all": {"nodeSelector": "all()", "peerSelector": "has(rr-id)"}}),
        "BGPPeer all: it links nodes of several racks",
    ),
    "a BGPPeer for no node": (
        facts(peers=peer("storage", nodeSelector="team == 'storage'", peerIP="172.20.0.99", asNumber=65099)),
        "BGPPeer storage: it is for no node of the cluster",
    ),
    "a selector that Calico does not take": (
        facts(peers=peer("odd", nodeSelector="rr-id = 'rr1'", peerIP="172.20.0.99")),
        "BGPPeer odd: 'rr-id = 'rr1'' is no selector",
    ),
    "a second BGPPeer to the same leaf": (
        facts(peers=peer("second", nodeSelector="rr-id == 'rr1'", **TO_LEAF)),
        "BGPPeer second: it leads to leaf leaf01 beside rr1-to-leaf1-peer",
    ),
    "a BGPPeer between nodes of another name": (
        facts(peers={("inner" if name == "rr1-to-node-peer" else name): spec for name, spec in PEERS.items()}),
        "BGPPeer inner: it links the nodes of rack rr1 like leafrack's rr1-to-node-peer",
    ),
    "a password": (
        facts(peers=peer("rr1-to-leaf1-peer", password={"secretKeyRef": {"name": "bgp", "key": "leaf1"}})),
        "BGPPeer rr1-to-leaf1-peer: its sessions have a password: set it before the first `up`, or they reset",
    ),
    "a filter": (
        facts(peers=peer("rr1-to-leaf1-peer", filters=["f1", "rr1-leaf-filter"])),
        "BGPPeer rr1-to-leaf1-peer: filters f1 have no key in the file: rr1-leaf-filter takes their place",
    ),
    "a field that has no key": (
        facts(peers=peer("rr1-to-leaf1-peer", maxRestartTime="30s")),
        "BGPPeer rr1-to-leaf1-peer: maxRestartTime has no key in the file",
    ),
    "another port": (
        facts(peers=peer("rr1-to-leaf1-peer", peerIP="172.20.0.254:1790")),
        "BGPPeer rr1-to-leaf1-peer: peerIP 172.20.0.254:1790 names a port",
    ),
    "a cluster ID that is not the node's address": (
        facts(nodes=annotated("node1", cluster_id="244.0.0.1")),
        "node node1: its cluster ID is 244.0.0.1, and leafrack gives each reflector its own address: `up`",
    ),
    "a reflector without cluster ID": (
        facts(nodes=annotated("node1", cluster_id=None)),
        "node node1: it is reflected to without a cluster ID: `up` gives it 172.20.0.11",
    ),
    "a cluster ID on a member": (
        facts(nodes=annotated("node3", cluster_id="172.20.0.13")),
        "node node3: it has the cluster ID 172.20.0.13 but no BGPPeer of rack rr1 reflects by it",
    ),
    "a node of another AS than its rack": (
        facts(nodes=annotated("node3", as_number="64599")),
        "node node3: its AS is 64599, that of rack rr1 64512",
    ),
    "a node of no rack": (
        facts(nodes=(*NODES, node("node7", "192.0.2.7/24", None, ""))),
        "node node7: no BGPPeer leads from it",
    ),
    "the mesh on beside reflectors": (
        facts(configuration={**CONFIGURATION, "nodeToNodeMeshEnabled": True}),
        "BGPConfiguration default: the node-to-node mesh is on beside the racks' own sessions",
    ),
    "another log level": (
        facts(configuration={**CONFIGURATION, "logSeverityScreen": "Debug"}),
        "BGPConfiguration default: logSeverityScreen is Debug",
    ),
    "a leaf that nobody named": (facts(leaves=()), "leaf leaf1: no switch that was named has 172.20.0.254"),
    "a leaf that no BGPPeer leads to": (
        facts(leaves=(*LEAVES, leaf("leaf03", 65011, "4.4.4.4"))),
        "leaf leaf03: no BGPPeer leads to it",
    ),
    "a leaf of another AS": (
        facts(peers=peer("rr1-to-leaf1-peer", asNumber=65019)),
        "leaf leaf01: it runs as AS 65009, its BGPPeers say 65019",
    ),
    "a prefix list": (
        first_leaf(list_in="PODS"),
        "neighbours 172.20.0.11 of leaf01: `prefix-list PODS in` gives way to leafrack's own list",
    ),
    "TTL security of one": (
        first_leaf(ttl_security=1),
        "neighbours 172.20.0.11 of leaf01: `ttl-security hops 1` goes, which resets the session: say ttlSecurity: true",
    ),
    "a limit of one": (
        first_leaf(limit=Limit(100, more="70")),
        "neighbours 172.20.0.11 of leaf01: `maximum-prefix 100 70` goes, as not all neighbours have the same",
    ),
    "another limit than leafrack's": (
        all_neighbours(limit=Limit(100)),
        "neighbours 172.20.0.11, 172.20.0.12 of leaf01: `maximum-prefix 100` becomes `maximum-prefix 100 restart 1`",
    ),
    "timers of one": (
        first_leaf(timers=Timers(3, 9)),
        "neighbours 172.20.0.11 of leaf01: `timers 3 9` goes, as not all neighbours have the same",
    ),
    "a shutdown": (
        first_leaf(shutdown="message x", state=SessionState.IDLE),
        "neighbours 172.20.0.11 of leaf01: `shutdown message x` keeps the session down",
    ),
    "no graceful restart behind one leaf": (
        first_leaf(graceful_restart=False),
        "neighbours 172.20.0.11 of leaf01: `graceful-restart-disable` goes, as the rack has one leaf",
    ),
    "private AS numbers replaced without a localASNumber": (
        first_leaf(private_as=PrivateAs()),
        "neighbours 172.20.0.11 of leaf01: `remove-private-AS all replace-AS` goes, as the rack has no localASNumber",
    ),
    "what leafrack has no word for": (
        first_leaf(rest=("route-map RM in",)),
        "neighbours 172.20.0.11 of leaf01: `route-map RM in` has no key in the file: it stays on the switch",
    ),
    "a leaf that runs BGP in other VRFs only": (
        facts(leaves=(replace(LEAVES[0], state=VRF_ONLY), LEAVES[1])),
        "leaf leaf01: it runs no BGP in the default VRF, its BGPPeers lead to AS 65009",
    ),
    "as-override for some": (
        first_leaf(as_override=True),
        "leaf leaf01: only some of its neighbours have as-override",
    ),
    "a neighbour that is no node": (
        facts(
            leaves=(
                leaf("leaf01", 65009, "2.2.2.2", neighbour("172.20.0.11", 64512, "172.20.0.254"),
                     neighbour("172.20.0.12", 64512, "172.20.0.254"), neighbour("172.20.0.99", 65099, "172.20.0.254")),
                LEAVES[1],
            )
        ),
        "neighbour 172.20.0.99 (AS 65099) of leaf01: it is among the nodes but no node of the cluster",
    ),
    "a member that the leaf has a neighbour for": (
        facts(
            leaves=(
                leaf("leaf01", 65009, "2.2.2.2", *(
                    neighbour(f"172.20.0.1{number}", 64512, "172.20.0.254") for number in (1, 2, 3))),
                LEAVES[1],
            )
        ),
        "neighbour 172.20.0.13 (node3) of leaf01: node3 peers with no leaf in the file",
    ),
    "a reflector that the leaf has no neighbour for": (
        facts(leaves=(leaf("leaf01", 65009, "2.2.2.2", neighbour("172.20.0.11", 64512, "172.20.0.254")), LEAVES[1])),
        "leaf leaf01: it has no neighbour for node2: `up` adds it",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "line"), NOT_EXPRESSED.values(), ids=NOT_EXPRESSED)
def test_what_a_file_cannot_say_is_a_remark_of_one_line(found: Facts, line: str) -> None:
    said = remarks(found)
    assert [one for one in said if one.startswith(line)], said
    assert all("\n" not in one for one in said)


def test_a_remark_says_what_to_do_and_nothing_else_is_remarked_on() -> None:
    secret = {"secretKeyRef": {"name": "bgp", "key": "leaf1"}}
    (remark,) = remarks(facts(peers=peer("rr1-to-leaf1-peer", password=secret)))
    assert remark.endswith(
        "(key leaf1 of Secret bgp has it): pulumi config set --secret --path leafrack:bgpPasswords.rr1"
    )


def test_every_announced_range_and_its_communities_become_the_file(tmp_path: Path) -> None:
    announced = {
        "serviceLoadBalancerIPs": [{"cidr": "192.0.2.0/24"}],
        "serviceExternalIPs": [{"cidr": "198.51.100.0/24"}],
        "communities": [{"name": "blue", "value": "65001:100"}],
        "prefixAdvertisements": [{"cidr": "192.0.2.0/24", "communities": ["blue"]}],
    }
    found = describe("dc1", facts(configuration={**CONFIGURATION, **announced}))
    assert found.remarks == ()
    file = tmp_path / "dc1.yaml"
    file.write_text(text_of(found))
    assert of_bgp_configuration(load_fabric(file)) == announced | {"serviceClusterIPs": [{"cidr": "10.233.0.0/18"}]}
