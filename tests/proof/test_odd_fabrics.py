"""Fabrics as people number and cable them, on which a proof once was green and wrong, or red and wrong."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from lab.fabrics import Values, rack, values
from leafrack.proof import prove
from leafrack.proof.topology import topology
from tests.proof.fabrics import changed, fabric

PAIR = values({"rr1": rack(1, leaves=2, spines=1), "rr2": rack(2, spines=1)}, spines=1)
APART = changed(
    PAIR,
    racks__rr1__nodeCIDRs=["172.20.0.0/25", "172.20.0.128/25"],
    racks__rr1__leaves__leaf1__address="172.20.0.1",
    racks__rr1__leaves__leaf1b__address="172.20.0.129",
)
NO_SUBNET = "n1a (172.20.0.11) and leaf leaf1b (172.20.0.129) share no subnet: no session between them comes up"

UNSAID: list[tuple[str, Values, str, str]] = [
    ("a pair of leaves in two subnets", APART, "racks.rr1.leaves.leaf1b.address", NO_SUBNET),
    (
        "a pair of leaves in two subnets and one AS",
        changed(APART, racks__rr1__leaves__leaf1b__asNumber=65101),
        "racks.rr1.leaves.leaf1b.address",
        NO_SUBNET,
    ),
    (
        "one leaf of a pair without an uplink",
        changed(PAIR, racks__rr1__leaves__leaf1b__uplinks={}),
        "racks.rr1.leaves.leaf1b",
        "leaf leaf1b has no uplink: declare its link to a spine",
    ),
    (
        "one uplink of two whose ends are in different networks",
        changed(PAIR, racks__rr1__leaves__leaf1b__uplinks__spine1={"address": "10.9.0.1", "peerAddress": "10.8.0.1"}),
        "racks.rr1.leaves.leaf1b.uplinks.spine1",
        "leaf1b (10.9.0.1) and spine1 (10.8.0.1) share no network, not even a /24: correct one",
    ),
    (
        "the only uplink, whose ends are in different networks",
        changed(PAIR, racks__rr2__leaves__leaf2__uplinks__spine1={"address": "10.9.0.1", "peerAddress": "192.168.0.1"}),
        "racks.rr2.leaves.leaf2.uplinks.spine1",
        "pods of rr2 never arrive in rr1, nor the other way round: leaf2 (10.9.0.1) and spine1 (192.168.0.1) share",
    ),
]


@pytest.mark.parametrize(("given", "path", "text"), [case[1:] for case in UNSAID], ids=[case[0] for case in UNSAID])
def test_what_is_declared_and_cannot_come_up_is_a_finding_though_routes_come_by_other_ways(
    given: Values, path: str, text: str
) -> None:
    found = prove(fabric(given)).unreachable
    assert [(one.path, text in one.text) for one in found if text in one.text] == [(path, True)]
    assert not any("another asNumber" in one.text or "its own asNumber" in one.text for one in found)


def test_a_rack_that_has_a_second_leaf_is_not_told_to_get_one() -> None:
    warnings = [one.text for one in prove(fabric(APART)).warnings if one.path == "racks.rr1.leaves.leaf1"]
    assert len(warnings) == 1
    assert warnings[0].endswith(
        "leaf1b does not take its place: it needs sessions with the same nodes, and uplinks to the same spines"
    )


def test_a_spine_that_no_leaf_is_linked_to_is_not_on_the_way() -> None:
    proof = prove(fabric(changed(PAIR, spines__spine2={"asNumber": 65202})))
    assert proof.unreachable == ()
    assert "spine2" not in proof.tables


@pytest.mark.parametrize("first", [0, 1])
def test_links_of_a_pair_of_addresses_are_networks_of_their_own(first: int) -> None:
    links = {
        f"racks__rr{number}__leaves__leaf{number}__uplinks__spine1": {
            "address": f"10.254.0.{2 * number + first}",
            "peerAddress": f"10.254.0.{2 * number + 1 - first}",
        }
        for number in (1, 2)
    }
    made = topology(fabric(changed(values(2, spines=1), **links)))
    assert [str(one) for one in made.speakers["spine1"].subnets] == ["10.254.0.2/31", "10.254.0.4/31"]
    assert prove(fabric(changed(values(2, spines=1), **links))).unreachable == ()


IPV6 = changed(
    values(2, versions=(6,)),
    reflectorMesh=True,
    racks__rr2__asNumber=64512,
    racks__rr1__leaves__leaf1__asOverride=True,
    racks__rr2__leaves__leaf2__asOverride=True,
    racks__rr1__members={"n13": "fd00:1::14", "n5": "fd00:1::13"},
    racks__rr2__reflectors={"n3": "fd00:2::21", "n4": "fd00:2::22"},
    racks__rr2__members={"n6": "fd00:2::13"},
)


def test_nodes_without_ipv4_have_router_ids_of_their_names_and_not_of_their_addresses() -> None:
    speakers = topology(fabric(IPV6)).speakers
    # The first four bytes of sha256("n5"), and of sha256("n13") with 244 for 212.
    found = [str(IPv4Address(speakers[name].router_id)) for name in ("n5", "n13")]
    assert found == ["74.132.86.241", "212.245.13.237"]
    path = prove(fabric(IPV6)).of("rr1", "rr2", 6).path
    assert path is not None
    assert (path.speakers[0], path.speakers[-1], path.as_path) == ("n6", "n5", ())
    assert path.speakers[1] in {"n3", "n4"}
    assert path.speakers[2] in {"n1a", "n1b"}
    assert len(path.speakers) == 4


def test_hosts_of_a_rack_whose_last_32_bits_are_alike_reach_each_other() -> None:
    nodes = {"reflectors": {"n1": "fd00:1::1:0:11", "n2": "fd00:1::2:0:12"}}
    members = {"n3": "fd00:1::1:0:13", "n4": "fd00:1::2:0:13"}
    given = changed(values(1, versions=(6,)), racks__rr1__reflectors=nodes["reflectors"], racks__rr1__members=members)
    assert prove(fabric(given)).unreachable == ()
