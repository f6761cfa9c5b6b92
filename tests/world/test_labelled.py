"""Nodes by label: which have to be seen, and which are named and hold nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leafrack.fabric import names
from leafrack.world.labelled import carriers, labelled, of_fabric, with_nodes
from leafrack.world.nodes import Node, NodeState, node_state
from tests.labelled import LABELS, by_label, node, nodes


def test_a_named_node_is_nobodys_by_its_label() -> None:
    found = nodes(node("a", "172.20.0.21", "rr1"), node("node6", "173.20.0.13", "rr1"))
    assert list(of_fabric(by_label("rr1"), found)["rr1"].nodes) == ["a"]
    assert list(with_nodes(by_label("rr1"), found).racks["rr1"].nodes) == ["node1", "node2", "a"]


def test_a_fabric_of_names_stays_as_it_is() -> None:
    named = by_label()
    assert with_nodes(named, nodes(node("a", "172.20.0.21", "rr1"))) is named


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (node("a", "172.20.0.21", "rr1", ready=False), "not Ready"),
        (node("a", "", "rr1"), "joining, Calico has given it no address yet"),
        (node("a", "172.20.0.21", "rr1", leaving=True), "leaving"),
    ],
)
def test_who_joins_leaves_or_is_not_ready_is_named_and_holds_nothing(state: NodeState, why: str) -> None:
    found = labelled(LABELS["rr1"], {"a": state})
    assert (found.nodes, found.of_aside()) == ({}, f"a ({why})")


def test_of_many_that_hold_nothing_a_few_are_named() -> None:
    away = {f"n{number}": node(f"n{number}", "", "rr1") for number in range(40)}
    assert labelled(LABELS["rr1"], away).of_aside().endswith(" and 37 more")


def test_a_label_that_calicoctl_gave_counts_as_for_calico() -> None:
    given = node("a", "172.20.0.21", annotations={names.LABELS_ANNOTATION: json.dumps({"rack": "one"})})
    assert list(carriers([LABELS["rr1"]], {"a": given})[LABELS["rr1"]]) == ["a"]


def a_node(*conditions: tuple[str, str], taint: str = "") -> Any:
    taints = [{"effect": "NoSchedule", "key": taint}] if taint else []
    status = {"conditions": [{"type": kind, "status": says} for kind, says in conditions]}
    return Node.from_dict({"metadata": {"name": "a"}, "spec": {"taints": taints}, "status": status})


@pytest.mark.parametrize(
    ("seen", "ready"),
    [
        (a_node(("Ready", "True")), True),
        (a_node(("Ready", "True"), ("NetworkUnavailable", "False")), True),
        (a_node(("Ready", "True"), ("NetworkUnavailable", "True")), False),
        (a_node(("Ready", "Unknown")), False),
        (a_node(), False),
    ],
)
def test_ready_is_what_the_kubelet_says_unless_calico_says_that_there_is_no_network(seen: Any, ready: bool) -> None:  # noqa: FBT001 - a case of the table
    assert node_state(seen).ready is ready


def test_a_node_that_an_autoscaler_takes_away_is_leaving() -> None:
    assert node_state(a_node(("Ready", "True"), taint="ToBeDeletedByClusterAutoscaler")).leaving
    assert not node_state(a_node(("Ready", "True"), taint="dedicated")).leaving
