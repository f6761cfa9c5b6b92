"""Racks by label as resources: no node of theirs is in any of them, and selectors take whoever joins."""

from __future__ import annotations

import json
from ipaddress import ip_address

import pytest

from leafrack.fabric import Addresses, Interconnect
from tests.components.test_fabric import Registered, behind, register
from tests.labelled import by_label


def of_both(how: Interconnect | None = None, *, named: bool = True) -> Registered:
    return register({}, racks=dict(by_label("rr1", "rr2", how=how, named=named).racks))


@pytest.fixture(scope="module")
def registered() -> Registered:
    return of_both()


def selector(registered: Registered, peer: str) -> str:
    return str(registered[peer].inputs["spec"]["nodeSelector"])


def test_the_peer_inside_a_rack_selects_the_label_or_a_named_node(registered: Registered) -> None:
    assert selector(registered, "rr1-to-node-peer") == "rack == 'one' || rr-group == 'rr1'"
    assert selector(registered, "rr1-to-leaf1-peer") == "rr-id == 'rr1'"


@pytest.mark.parametrize("how", [Interconnect.TOP_OF_RACK, Interconnect.FULL_MESH])
def test_where_every_node_peers_with_the_leaf_the_label_selects_them(how: Interconnect) -> None:
    whole = "rack == 'two' || rr-group == 'rr2'"
    assert selector(of_both(how), "rr2-to-leaf2-peer") == whole


def test_only_named_nodes_have_a_patch_and_an_as(registered: Registered) -> None:
    labels = {name for name in registered if name.endswith("-labels") and not name.endswith("reflector-labels")}
    assert labels == {f"node{number}-labels" for number in (1, 2, 4, 5)}
    values = json.loads(registered["rr1-as-number"].inputs["stdin"])["values"]
    assert set(values) == {"node1", "node2"}


def test_a_rack_without_a_named_node_starts_nothing_for_their_as_and_takes_back_what_they_had() -> None:
    step = of_both(Interconnect.TOP_OF_RACK, named=False)["rr1-as-number"]
    assert "create" not in step.inputs
    assert step.inputs["update"]


def test_the_rack_shows_its_as_by_the_peers_to_its_leaves(registered: Registered) -> None:
    assert json.loads(registered["rr2-local-as-number"].inputs["stdin"])["values"] == {"rr2-to-leaf2-peer": 64513}


def test_gates_and_the_step_of_the_reflectors_wait_for_the_label(registered: Registered) -> None:
    linked = json.loads(registered["linked-gate"].inputs["stdin"])
    assert {each["label"] for each in linked["by_label"]} == {"rack=one", "rack=two"}
    (first, _) = json.loads(registered["rr1-reflectors"].inputs["stdin"])["turns"]
    assert [each["label"] for each in (*first["by_label"], *first["back_by_label"])] == ["rack=one", "rack=one"]
    by_name = register({})
    assert "by_label" not in by_name["linked-gate"].inputs["stdin"] + by_name["rr1-reflectors"].inputs["stdin"]


def of_a_pair(how: Interconnect | None) -> Registered:
    """Rack rr1 by label behind two leaves."""
    fabric = by_label("rr1", how=how)
    leaf01 = fabric.racks["rr1"].leaves["leaf01"]
    other = leaf01.model_copy(
        update={"address": Addresses((ip_address("172.20.0.253"),)), "as_number": 65011, "peer_name": None}
    )
    rr1 = fabric.racks["rr1"].model_copy(update={"leaves": {"leaf01": leaf01, "leaf01b": other}})
    return register({}, racks={**fabric.racks, "rr1": rr1})


@pytest.mark.parametrize("task", ["sessions", "retired"])
def test_leaves_of_a_pair_change_one_after_the_other_where_every_node_peers_with_them(task: str) -> None:
    one_by_one = of_a_pair(Interconnect.TOP_OF_RACK)
    assert f"leaf01-{task}" in behind(one_by_one, f"leaf01b-{task}")
    at_once = of_a_pair(None)
    assert f"leaf01-{task}" not in at_once[f"leaf01b-{task}"].waits_for
