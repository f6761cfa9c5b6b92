"""What the lab derives from a fabric file, as operators would draw it."""

from __future__ import annotations

from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

import pytest

from lab.cluster import objects
from lab.errors import LabError
from lab.network import address_batches, link_batches, namespaces
from lab.plan import Plan, plan_of
from lab.switches import SOFTWARE
from lab.switches.frr import base_config
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from leafrack.platforms import platforms

DEV_FABRIC = Path(__file__).resolve().parents[2] / "config" / "fabrics" / "dev.yaml"


def _fabric(**changes: Any) -> Fabric:
    rack = {
        "leaves": {
            "leaf-a": {"address": "10.1.0.254", "asNumber": 65101},
            "leaf-b": {"address": "10.1.0.253", "asNumber": 65102},
        },
        "reflectors": {"n1": "10.1.0.11"},
        "members": {"n2": "10.1.0.12"},
    }
    values = {"name": "t", "podCIDRs": ["10.244.0.0/16"], "racks": {"r1": rack}}
    return Fabric.model_validate({**values, **changes})


def _dual(**rack: Any) -> Fabric:
    leaves = {"leaf-a": {"address": ["10.1.0.254", "fd00:1::fe"], "asNumber": 65101}}
    nodes = {"n1": ["10.1.0.11", "fd00:1::b"], "n2": ["10.1.0.12", "fd00:1::c"]}
    return _fabric(
        podCIDRs=["10.244.0.0/16", "fd00:244::/112"],
        racks={"r1": {"leaves": leaves, "members": nodes, **rack}},
    )


@pytest.fixture
def dev() -> Plan:
    """The example fabric's plan."""
    return plan_of(load_fabric(DEV_FABRIC))


@pytest.mark.parametrize(
    ("node", "address", "gateway", "block", "pod"),
    [
        ("node1", "172.20.0.11/24", "172.20.0.254", "10.233.64.0/26", "10.233.64.1/32"),
        ("node3", "172.20.0.13/24", "172.20.0.254", "10.233.64.128/26", "10.233.64.129/32"),
        ("node6", "173.20.0.13/24", "173.20.0.254", "10.233.65.64/26", "10.233.65.65/32"),
    ],
)
def test_a_node_has_its_rack_s_prefix_its_leaf_as_gateway_and_the_nth_block(
    dev: Plan, *, node: str, address: str, gateway: str, block: str, pod: str
) -> None:
    found = next(each for each in dev.nodes if each.name == node)
    assert (found.addresses, found.gateways, found.blocks, found.pods) == (
        (address,),
        (gateway,),
        (block,),
        (pod,),
    )


def test_the_example_keeps_its_declared_spine_router_ids_and_uplinks(dev: Plan) -> None:
    spine, leaf01, leaf02 = dev.switches
    assert [(each.name, each.as_number, each.router_id) for each in dev.switches] == [
        ("spine", 65008, "1.1.1.1"),
        ("leaf01", 65009, "2.2.2.2"),
        ("leaf02", 65010, "3.3.3.3"),
    ]
    assert [link.addresses for link in spine.links] == [("100.0.0.1/30",), ("100.0.0.5/30",)]
    assert leaf01.links[0].peer_addresses == ("100.0.0.1/30",)
    assert leaf02.addresses == ("173.20.0.254/24",)


def test_links_of_two_addresses_are_networks_of_their_own_as_in_the_other_example() -> None:
    plan = plan_of(load_fabric(DEV_FABRIC.with_name("prod.yaml")))
    ends = [ip_interface(address) for switch in plan.switches for link in switch.links for address in link.addresses]
    assert {end.network.prefixlen for end in ends} == {31}
    assert {sum(one.network == end.network for one in ends) for end in ends} == {2}
    assert len({end.ip for end in ends}) == len(ends)


def test_a_fabric_without_spines_gets_one_with_an_as_number_that_nobody_uses() -> None:
    plan = plan_of(_fabric(asNumber=65000))
    spine = plan.switches[0]
    assert (spine.kind, spine.name, spine.as_number) == ("spine", "spine", 64999)
    assert len({switch.router_id for switch in plan.switches}) == 3


def test_a_derived_spine_never_takes_the_name_of_a_host() -> None:
    rack = {"leaves": {"spine": {"address": "10.1.0.254", "asNumber": 65101}}, "members": {"n1": "10.1.0.11"}}
    plan = plan_of(_fabric(racks={"r1": rack}))
    assert [switch.name for switch in plan.switches] == ["spine-1", "spine"]


def test_derived_uplinks_stay_clear_of_every_network_of_the_file() -> None:
    plan = plan_of(_fabric(podCIDRs=["100.64.0.0/16"]))
    links = [ip_interface(address) for switch in plan.switches for link in switch.links for address in link.addresses]
    assert not [link for link in links if link.ip in ip_network("100.64.0.0/16")]
    assert len(set(links)) == 4


def test_two_leaves_share_the_segment_and_nodes_take_turns_with_whom_they_prefer() -> None:
    plan = plan_of(_fabric())
    assert [node.gateways for node in plan.nodes] == [
        ("10.1.0.254", "10.1.0.253"),
        ("10.1.0.253", "10.1.0.254"),
    ]
    assert "route add 0.0.0.0/0 via 10.1.0.253 metric 2" in address_batches(plan)["n1"]
    ports = [line for line in link_batches(plan)["_r1"] if "veth" in line]
    assert [line.split()[-1] for line in ports] == ["leaf-a", "leaf-b", "n1", "n2"]


@pytest.mark.parametrize(
    ("cidrs", "expected"),
    [
        ([], "10.1.0.11/24"),
        (["10.1.0.0/16"], "10.1.0.11/16"),
        (["10.9.0.0/16", "10.1.0.0/25"], "10.1.0.11/25"),
    ],
)
def test_the_prefix_length_is_that_of_the_node_network_or_24(cidrs: list[str], expected: str) -> None:
    leaves = {"leaf-a": {"address": "10.1.0.100", "asNumber": 65101}}
    rack = {"leaves": leaves, "members": {"n1": "10.1.0.11"}, "nodeCIDRs": cidrs}
    assert plan_of(_fabric(racks={"r1": rack})).nodes[0].addresses == (expected,)


def test_both_families_have_blocks_addresses_routes_and_uplinks() -> None:
    plan = plan_of(_dual())
    node = plan.nodes[1]
    assert node.addresses == ("10.1.0.12/24", "fd00:1::c/64")
    assert node.blocks == ("10.244.0.64/26", "fd00:244::40/122")
    assert node.pods == ("10.244.0.65/32", "fd00:244::41/128")
    lines = address_batches(plan)["n2"]
    assert "address add fd00:1::c/64 dev eth0 nodad" in lines
    assert "route add ::/0 via fd00:1::fe metric 1" in lines
    assert [ip_interface(address).version for address in plan.switches[0].links[0].addresses] == [4, 6]


def test_a_leaf_begins_with_its_uplinks_and_knows_nothing_of_nodes(dev: Plan) -> None:
    text = base_config(dev.switches[1])
    assert "router bgp 65009" in text
    assert "neighbor 100.0.0.1 remote-as 65008" in text
    assert "redistribute connected" in text
    assert "no bgp ebgp-requires-policy" in text
    assert "645" not in text
    assert "172.20.0" not in text


def test_ipv6_sessions_carry_ipv6_only() -> None:
    text = base_config(plan_of(_dual()).switches[1])
    ipv4, ipv6 = text.split("address-family ipv6 unicast")
    peer = next(line.split()[1] for line in text.splitlines() if "remote-as" in line and ":" in line)
    assert f"no neighbor {peer} activate" in ipv4
    assert f"  neighbor {peer} activate" in ipv6


def test_every_platform_has_its_software_in_the_lab() -> None:
    assert set(SOFTWARE) == set(platforms())


def test_a_bird_leaf_begins_with_its_uplinks_and_the_line_for_leafrack() -> None:
    values = _dual().model_dump(by_alias=True, mode="json")
    values["racks"]["r1"]["leaves"]["leaf-a"]["platform"] = "bird"
    spine, leaf = plan_of(Fabric.model_validate(values)).switches
    assert (spine.platform, leaf.platform) == ("frr", "bird")
    (text,) = SOFTWARE["bird"].files(leaf).values()
    assert text.splitlines()[-1] == 'include "/etc/bird/leafrack/*.conf";'
    assert [line for line in text.splitlines() if "import all" in line] == [
        f"    ipv{version} {{ import all; export all; }};" for version in (4, 6)
    ]
    assert "10.1.0" not in text


@pytest.mark.parametrize("edit", ["interconnect", "rack AS", "peer name", "role"])
def test_what_leafrack_changes_needs_no_new_lab(edit: str) -> None:
    before = load_fabric(DEV_FABRIC)
    values = before.model_dump(by_alias=True, mode="json")
    rack = values["racks"]["rr1"]
    match edit:
        case "interconnect":
            values["interconnect"] = "full-mesh"
        case "rack AS":
            rack["asNumber"] = 64999
        case "peer name":
            rack["leaves"]["leaf01"]["peerName"] = "other"
        case "role":
            rack["members"] = {"node2": rack["reflectors"].pop("node2"), **rack["members"]}
    assert plan_of(Fabric.model_validate(values)).digest == plan_of(before).digest


def test_another_node_is_another_plan() -> None:
    values = load_fabric(DEV_FABRIC).model_dump(by_alias=True, mode="json")
    values["racks"]["rr1"]["members"]["node9"] = "172.20.0.19"
    assert plan_of(Fabric.model_validate(values)).digest != plan_of(load_fabric(DEV_FABRIC)).digest


def test_names_of_63_characters_never_reach_an_interface() -> None:
    long = "n" * 63
    rack = {
        "leaves": {"l" * 63: {"address": "10.1.0.254", "asNumber": 65101}},
        "members": {long: "10.1.0.11"},
    }
    plan = plan_of(_fabric(racks={"r1": rack}))
    words = [line.split() for lines in link_batches(plan).values() for line in lines if "veth" in line]
    assert all(len(word[2]) <= 15 and len(word[word.index("name") + 1]) <= 15 for word in words)
    assert long in namespaces(plan)


def test_more_nodes_than_blocks_is_said_with_both_numbers() -> None:
    with pytest.raises(LabError, match=r"10\.244\.0\.0/26 has room for 1 blocks, 2 nodes need one"):
        plan_of(_fabric(podCIDRs=["10.244.0.0/26"]))


def test_the_cluster_begins_as_a_fresh_install_with_an_empty_default_bgp_configuration(dev: Plan) -> None:
    found = {(each["kind"], each["metadata"]["name"]): each for each in objects(dev)}
    assert found["BGPConfiguration", "default"]["spec"] == {}
    node = found["Node", "node4"]
    assert node["metadata"]["annotations"] == {"projectcalico.org/IPv4Address": "173.20.0.11/24"}
    assert node["metadata"]["labels"] == {"kubernetes.io/hostname": "node4"}
    assert found["IPPool", "default-ipv4-ippool"]["spec"]["ipipMode"] == "Never"
    affinity = found["BlockAffinity", "node4-10-233-64-192-26"]
    assert affinity["spec"] == {
        "cidr": "10.233.64.192/26", "node": "node4", "state": "confirmed", "deleted": "false", "type": "host",
    }  # fmt: skip
    assert affinity["metadata"]["labels"]["projectcalico.org/ip-version"] == "4"
