"""Racks whose members are known by a label: what the file says becomes a selector, and what it cannot be is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leafrack.commands.check import summary
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from leafrack.fabric.underlay import underlay
from tests.fabric.fabric_files import changed

Errors = Callable[[str], list[str]]
NAMED = "members: {node3: 172.20.0.13}"
KEY = "racks.rr1.members.label"


def fabric(tmp_path: Path, *changes: tuple[str, str], label: str = "rack=rr1") -> Fabric:
    path = tmp_path / "x.yaml"
    path.write_text(changed((NAMED, f"members: {{label: {label}}}"), *changes), encoding="utf-8")
    return load_fabric(path)


@pytest.mark.parametrize(
    ("label", "selector"),
    [
        ("rack=rr1", "rack == 'rr1'"),
        ("topology.kubernetes.io/rack=R-1.a_b", "topology.kubernetes.io/rack == 'R-1.a_b'"),
        ("node-role.kubernetes.io/rr1=", "node-role.kubernetes.io/rr1 == ''"),
    ],
)
def test_a_label_is_what_calico_selects_by(label: str, selector: str, tmp_path: Path) -> None:
    found = fabric(tmp_path, label=label).by_label("rr1")
    assert found is not None
    assert (str(found), found.selector) == (label, selector)


def test_a_labelled_rack_names_its_reflectors_and_nobody_else(tmp_path: Path) -> None:
    one = fabric(tmp_path)
    assert list(one.racks["rr1"].nodes) == list(one.border("rr1")) == ["node1", "node2"]
    assert one.by_label("rr2") is None
    assert summary(one).endswith("5 nodes, 4 route reflectors, 1 rack with members by label")


def test_what_is_written_out_again_is_the_same(tmp_path: Path) -> None:
    one = fabric(tmp_path)
    values = one.model_dump(by_alias=True, mode="json")
    assert values["racks"]["rr1"]["members"] == {"label": "rack=rr1"}
    assert Fabric.model_validate(values, by_alias=True, by_name=False) == one


def test_leaves_listen_where_labelled_nodes_peer_with_them(tmp_path: Path) -> None:
    assert not fabric(tmp_path).listens("rr1")
    top_of_rack = fabric(tmp_path, ("asNumber: 64512\n", "interconnect: top-of-rack\n"))
    assert (top_of_rack.listens("rr1"), top_of_rack.listens("rr2")) == (True, False)


def test_a_top_of_rack_rack_needs_no_node_by_name(errors: Errors) -> None:
    bare = ("    reflectors: {node1: 172.20.0.11, node2: 172.20.0.12}\n", "")
    by_label = (NAMED, "members: {label: rack=rr1}")
    assert errors(changed(("asNumber: 64512\n", "interconnect: top-of-rack\n"), bare, by_label)) == []


def test_the_underlay_carries_the_families_of_a_labelled_racks_subnets(tmp_path: Path) -> None:
    one = fabric(tmp_path, ("address: 172.20.0.254", "address: [172.20.0.254, 'fd00::fe']"))
    assert [ends.version for ends in underlay(one).links[0].ends] == [4, 6]


LIKE = "write it like node-restriction.kubernetes.io/rack=rr1"


@pytest.mark.parametrize(
    ("members", "key", "text"),
    [
        ("{label: 172.20.0.13}", KEY, f"'172.20.0.13' is no label, and no node of members may be called label: {LIKE}"),
        ("{label: }", KEY, f"needs a label, got nothing: {LIKE}"),
        ("{label: [rack]}", KEY, f"needs a label, got a list: {LIKE}"),
        ("{label: Rack.Net/x=1}", KEY, "'Rack.Net/x' is no key of a label: up to 63 letters, digits"),
        (f"{{label: {'k' * 64}=1}}", KEY, "is no key of a label: up to 63 letters, digits"),
        ("{label: =rr1}", KEY, "'' is no key of a label: up to 63 letters, digits"),
        ("{label: rack=rr1=2}", KEY, "'rr1=2' is no value of a label: up to 63 letters, digits"),
        ('{label: "rack=x\' || all()"}', KEY, "'x' || all()' is no value of a label: up to 63 letters, digits"),
        ("{label: rr-group=rr1}", KEY, "leafrack itself gives and takes the label rr-group: use another key"),
        (
            "{label: rack=rr1, node3: 172.20.0.13}",
            "racks.rr1.members",
            "node3 and a label: the members of a rack are named or known by a label, keep one of the two",
        ),
    ],
)
def test_what_is_no_label_of_a_rack_is_said_at_its_key(members: str, key: str, text: str, errors: Errors) -> None:
    (line,) = errors(changed((NAMED, f"members: {members}")))
    assert line.startswith(f"x.yaml:18: {key}: ")
    assert text in line


def test_a_label_directly_on_a_rack_is_an_unknown_key(errors: Errors) -> None:
    (line,) = errors(changed((f"    {NAMED}", "    label: rack=rr1")))
    assert line.startswith("x.yaml:18: racks.rr1.label: unknown key: known here are asNumber, localASNumber")


def test_an_as_of_its_own_is_refused_with_what_to_write(errors: Errors) -> None:
    (line,) = errors(changed(("members: {node6: 173.20.0.13}", "members: {label: rack=rr2}")))
    assert line == (
        "x.yaml:20: racks.rr2.asNumber: a node that joins is in the fabric's AS, 64512, and nobody gives it 64513: "
        "write localASNumber: 64513 in its place, which the rack shows to its leaves"
    )


def test_a_label_beside_linked_reflectors_is_refused_with_the_reason(errors: Errors) -> None:
    (line,) = errors(changed((NAMED, "members: {label: a=b}"), ("name: dc1", "name: dc1\nreflectorMesh: true")))
    assert f"{KEY}: no nodes by label beside reflectorMesh: reflectors of other racks peer with" in line


def test_one_label_for_two_racks_is_refused(errors: Errors) -> None:
    both = ((NAMED, "members: {label: a=b}"), ("members: {node6: 173.20.0.13}", "members: {label: a=b}"))
    (line,) = errors(changed(*both, ("asNumber: 64513", "localASNumber: 64513")))
    assert line.endswith(
        "racks.rr2.members.label: a=b is the label of rack rr1 too: a node is in one rack, give each its own"
    )
