"""Leaves that listen for nodes that no file names: in which ranges, with what, and which ranges are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import Fabric, Interconnect, hand_over, leaf
from leafrack.fabric.load import load_fabric
from leafrack.platforms import ListenerState, SwitchState, Task, platform_of
from leafrack.platforms.reading import NO_LISTENERS
from tests import handed
from tests.fabric.fabric_files import changed
from tests.handed import LEAF, RACK
from tests.labelled import LABELS

Errors = Callable[[str], list[str]]
LABEL = ("members: {node3: 172.20.0.13}", "members: {label: rack=rr1}")
TOP = ("asNumber: 64512\n", "interconnect: top-of-rack\n")


def fabric(tmp_path: Path, *changes: tuple[str, str]) -> Fabric:
    path = tmp_path / "x.yaml"
    path.write_text(changed(TOP, LABEL, *changes), encoding="utf-8")
    return load_fabric(path)


def more(*lines: str) -> tuple[str, str]:
    """More keys of the rack."""
    return (LABEL[0], "\n    ".join((LABEL[1], *lines)))


def test_a_leaf_listens_on_the_subnets_of_a_labelled_rack_and_knows_its_reflectors_by_name(tmp_path: Path) -> None:
    one = fabric(tmp_path)
    (listener,) = leaf.listeners(one, "rr1", "leaf01")
    assert (str(listener.prefix), listener.group, listener.description) == (
        "172.20.0.0/24",
        "LEAFRACK-dc1-NODES",
        "leafrack rr1",
    )
    assert (listener.as_number, listener.as_override, listener.maximum_neighbours) == (64512, True, 100)
    job = leaf.with_password(leaf.job(one, "rr1", "leaf01", Task.SESSIONS), "s3cret")
    assert [each.password for each in (*job.neighbours, *job.listeners)] == ["s3cret"] * 3
    assert "s3cret" not in repr(job)
    assert leaf.listeners(one, "rr2", "leaf02") == ()


def test_a_leaf_of_a_rack_with_reflectors_or_with_names_listens_for_nobody(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for changes in ((LABEL,), (TOP,)):
        path.write_text(changed(*changes), encoding="utf-8")
        assert leaf.listeners(load_fabric(path), "rr1", "leaf01") == ()


def test_ranges_and_how_many_come_by_them_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    ranges = more("listenRanges: [172.20.0.0/26, 172.20.0.64/26]", "maximumNeighbours: 40")
    path.write_text(changed(TOP, ranges), encoding="utf-8")
    found = leaf.listeners(load_fabric(path), "rr1", "leaf01")
    assert [(each.prefix, each.maximum_neighbours) for each in found] == [
        (ip_network("172.20.0.0/26"), 40),
        (ip_network("172.20.0.64/26"), 40),
    ]


NO_USE = (
    "its leaves are given the name of every node that peers with them and listen for nobody: remove it, or know the "
    "members by a label, with interconnect top-of-rack or full-mesh"
)
REFUSED = {
    "the leaf itself": (
        "172.20.0.128/25",
        "172.20.0.128/25 holds 172.20.0.254, the address of leaf leaf01: give ranges with nodes of the rack alone",
    ),
    "more than the rack": (
        "172.20.0.0/16",
        "172.20.0.0/16 is not inside the rack's subnets (172.20.0.0/24), so that others would be in it: correct it",
    ),
    "another rack": ("173.20.0.0/25", "173.20.0.0/25 is not inside the rack's subnets (172.20.0.0/24)"),
}


@pytest.mark.parametrize(("ranges", "text"), REFUSED.values(), ids=REFUSED)
def test_a_range_that_holds_anybody_but_nodes_of_the_rack_is_refused(ranges: str, text: str, errors: Errors) -> None:
    found = errors(changed(TOP, more(f"listenRanges: [{ranges}]")))
    assert any("racks.rr1.listenRanges[0]: " in line and text in line for line in found), found


def test_a_range_inside_another_one_is_refused(errors: Errors) -> None:
    (line,) = errors(changed(TOP, more("listenRanges: [172.20.0.0/26, 172.20.0.0/27]")))
    assert line.endswith("172.20.0.0/27 overlaps 172.20.0.0/26, where the leaves listen already: remove one")


@pytest.mark.parametrize("key", ["listenRanges: [172.20.0.0/26]", "maximumNeighbours: 40"])
def test_what_only_a_leaf_that_listens_can_use_is_refused_elsewhere(key: str, errors: Errors) -> None:
    (line,) = errors(changed(more(key)))
    assert line.endswith(f"racks.rr1.{key.partition(':')[0]}: {NO_USE}")


def test_a_platform_without_ranges_is_named_with_what_to_do(errors: Errors, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not all of leafrack's own have them, and one of another package need not.
    monkeypatch.setattr(platform_of("frr"), "cannot", NO_LISTENERS)
    found = errors(changed(TOP, LABEL))
    assert any(
        "racks.rr1.members: platform frr of leaf01 has no range of addresses in which it takes neighbours: " in line
        and "name the rack's nodes, or let named route reflectors peer with the leaf" in line
        for line in found
    ), found


def test_a_leaf_by_hand_is_given_its_ranges_and_told_what_they_lack_and_what_takes_them_away() -> None:
    rack: dict[str, Any] = {
        "as_number": None,
        "interconnect": Interconnect.TOP_OF_RACK,
        "members": {},
        "label": LABELS[RACK],
    }
    one, frr = handed.fabric(rack=rack), platform_of("frr")
    given, job = hand_over.text_of(one, RACK, LEAF), hand_over.job(one, RACK, LEAF)
    assert " bgp listen range 173.20.0.0/24 peer-group LEAFRACK-dc1-NODES\n" in given
    missing = hand_over.difference(frr, job, SwitchState(65010))
    assert "range 173.20.0.0/24 is missing" in missing.said
    assert missing.plan.listeners == job.listeners
    stands = ListenerState(prefix=ip_network("173.20.0.0/24"), group="LEAFRACK-dc1-NODES", list_in="LEAFRACK-dc1-IN")
    left = hand_over.difference(frr, replace(job, listeners=()), SwitchState(65010, listeners={stands.prefix: stands}))
    assert "range 173.20.0.0/24 is of this fabric and declared no more" in left.said
    # Before what may come in their place.
    assert hand_over.change(frr, left.plan).splitlines()[1:3] == [
        " no bgp listen range 173.20.0.0/24 peer-group LEAFRACK-dc1-NODES",
        " no neighbor LEAFRACK-dc1-NODES",
    ]
    assert " no neighbor LEAFRACK-dc1-NODES\n" in frr.by_hand(hand_over.everything(frr, job))
