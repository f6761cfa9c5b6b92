"""Invented nodes of racks that know theirs by a label: free names and addresses, in every family that a leaf has."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import islice

from lab.plan import plan_of
from leafrack.fabric import Interconnect
from leafrack.fabric.stand_ins import newcomers, with_stand_ins
from leafrack.proof import prove
from tests.labelled import EXAMPLE, by_label


def test_only_racks_by_label_get_some_at_addresses_that_nobody_has() -> None:
    found = with_stand_ins(by_label("rr1"), 2)
    assert {name: str(own) for name, own in found.racks["rr1"].members.items()} == {
        "rr1-node-1": "172.20.0.101",
        "rr1-node-2": "172.20.0.102",
    }
    assert found.racks["rr2"] == EXAMPLE.racks["rr2"]


def test_where_leaves_listen_the_addresses_are_of_their_ranges() -> None:
    fabric = by_label("rr1", how=Interconnect.TOP_OF_RACK, named=False)
    rr1 = fabric.racks["rr1"].model_copy(update={"listen_ranges": (ip_network("172.20.0.128/26"),)})
    fabric = fabric.model_copy(update={"racks": {"rr1": rr1}})
    assert str(next(newcomers(fabric, "rr1"))[1]) == "172.20.0.129"


def test_ranges_of_a_few_addresses_are_used_to_the_last_one() -> None:
    fabric = by_label("rr1", how=Interconnect.TOP_OF_RACK)
    ranges = tuple(map(ip_network, ("172.20.0.11/32", "172.20.0.21/32", "172.20.0.30/31")))
    rr1 = fabric.racks["rr1"].model_copy(update={"listen_ranges": ranges})
    fabric = fabric.model_copy(update={"racks": {"rr1": rr1}})
    found = [str(addresses) for _, addresses in newcomers(fabric, "rr1")]
    assert found == ["172.20.0.21", "172.20.0.30", "172.20.0.31"], "node1 has the first one"


def test_names_that_are_taken_are_left_out_and_addresses_end_with_the_subnet() -> None:
    rr1 = EXAMPLE.racks["rr1"]
    taken = rr1.model_copy(update={"members": {"rr1-node-1": rr1.members["node3"]}})
    fabric = EXAMPLE.model_copy(update={"racks": {"rr1": taken}})
    assert [name for name, _ in islice(newcomers(fabric, "rr1"), 2)] == ["rr1-node-2", "rr1-node-3"]
    assert len(list(newcomers(fabric, "rr1"))) == 254 - 4


def test_a_proof_walks_the_routes_of_a_class_of_nodes_that_nobody_names() -> None:
    assert prove(by_label("rr1", "rr2")).unreachable == ()
    top_of_rack = by_label("rr1", "rr2", how=Interconnect.TOP_OF_RACK, named=False)
    found = prove(top_of_rack)
    assert found.unreachable == ()
    assert any("rr2-node-1" in {prefix.node for prefix in table} for table in found.tables.values())


def test_the_lab_gives_a_rack_by_label_nodes_that_carry_it() -> None:
    nodes = {node.name: node.labels for node in plan_of(by_label("rr1")).nodes}
    assert nodes["rr1-node-1"] == nodes["rr1-node-2"] == (("rack", "one"),)
    assert nodes["node1"] == nodes["node6"] == ()
