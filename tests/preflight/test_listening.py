"""Ranges that leaves have already, and sessions that move between a name and a range, told before the first write."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from leafrack.fabric import Fabric, Interconnect, leaf
from leafrack.platforms import ListenerState, NeighbourState, SessionState, SwitchState
from leafrack.platforms.differences import wanted
from leafrack.platforms.seals import Seal, Seals
from leafrack.platforms.state import Password
from leafrack.preflight import listening
from leafrack.preflight.drift import Comparison
from leafrack.world.observed import Observed
from tests.labelled import by_label

TOP = by_label("rr1", how=Interconnect.TOP_OF_RACK)
PREFIX = ip_network("172.20.0.0/24")
OURS = ListenerState(prefix=PREFIX, group="LEAFRACK-dc1-NODES", list_in="LEAFRACK-dc1-IN")
THEIRS = ListenerState(prefix=ip_network("172.20.0.0/25"), group="SERVERS")


def neighbour(address: str, **more: object) -> NeighbourState:
    given: dict[str, object] = {"address": ip_address(address), "remote_as": 64512, "state": SessionState.ESTABLISHED}
    return NeighbourState(**given | more)  # type: ignore[arg-type]


def switch(*neighbours: NeighbourState, ranges: tuple[ListenerState, ...] = ()) -> dict[str, SwitchState]:
    return {
        "leaf01": SwitchState(
            65009, {each.address: each for each in neighbours}, listeners={each.prefix: each for each in ranges}
        )
    }


def test_a_range_of_somebody_else_that_overlaps_ours_is_in_the_way() -> None:
    (found,) = listening.overlaps(TOP, switch(ranges=(THEIRS,)))
    assert found.path == "racks.rr1.leaves.leaf01"
    assert found.text == (
        "leaf01 takes neighbours in 172.20.0.0/25 for its group SERVERS already, which overlaps 172.20.0.0/24, where "
        "it is to take those of rack rr1: take that range away on leaf01 first"
    )
    elsewhere = replace(THEIRS, prefix=ip_network("10.9.0.0/24"))
    assert list(listening.overlaps(TOP, switch(ranges=(OURS, elsewhere)))) == []


def test_a_node_that_gets_a_name_in_a_range_that_stays_is_refused_where_jobs_are_played() -> None:
    def found(platform: str, *there: NeighbourState) -> list[str]:
        rr1 = TOP.racks["rr1"]
        leaf01 = rr1.leaves["leaf01"].model_copy(update={"platform": platform})
        fabric = TOP.model_copy(update={"racks": {"rr1": rr1.model_copy(update={"leaves": {"leaf01": leaf01}})}})
        return [str(each) for each in listening.findings(fabric, switch(*there, ranges=(OURS,)))]

    came = neighbour("172.20.0.11", came_by=PREFIX)
    (line,) = found("bird", came)
    assert line == (
        "racks.rr1.reflectors: node1 has come to leaf01 by a range that stays, and platform bird gives no name to who "
        "has: write all members of rack rr1 by name, run pulumi up, then write the label for the others again"
    )
    assert found("frr", came) == []
    assert (
        found("bird", neighbour("172.20.0.11", list_in="LEAFRACK-dc1-IN"), neighbour("172.20.0.21", came_by=PREFIX))
        == []
    )


def test_a_node_that_loses_its_name_is_announced_with_what_that_costs_behind_one_leaf() -> None:
    named = neighbour("172.20.0.13", list_in="LEAFRACK-dc1-IN")
    stays = neighbour("172.20.0.14", came_by=PREFIX)
    (found,) = listening.notices(TOP, switch(named, stays, ranges=(OURS,)))
    assert found.text == (
        "nodes of rack rr1 come by a range from now on (172.20.0.13): each session to a leaf ends once, and the node "
        "connects again; they have no other leaf than leaf01, and reach no pod by it until then, some seconds"
    )
    assert list(listening.notices(TOP, switch(stays, ranges=(OURS,)))) == []


def test_a_range_that_is_gone_is_drift_and_one_that_stands_is_none() -> None:
    def differences(fabric: Fabric, *ranges: ListenerState) -> list[str]:
        found = Comparison(fabric, Observed(switches=switch(ranges=ranges))).of_leaf("rr1", "leaf01")
        return [line for line in found if "range" in line and "prefix list" not in line]

    assert differences(TOP) == ["leaf01: range 172.20.0.0/24 is missing"]
    (wanted,) = leaf.listeners(TOP, "rr1", "leaf01")
    right = replace(
        OURS,
        description=wanted.description,
        list_out=wanted.list_out,
        paths_in=wanted.paths_in,
        as_override=True,
        activated=True,
        set_as=64512,
        maximum_neighbours=100,
    )
    assert differences(TOP, right) == []
    assert differences(TOP, replace(right, as_override=False)) == ["leaf01: range 172.20.0.0/24 lacks `as-override`"]


SHOWN = Password("3 5f1a", sealed=True)
KEPT: Seals = {PREFIX: Seal.of(PREFIX, "s3cret", SHOWN.text)}
PASSWORDS: dict[str, tuple[str, Seals, tuple[NeighbourState, ...], bool]] = {
    "as after the last update": ("3 5f1a", KEPT, (), False),
    "something else": ("3 ffff", KEPT, (), True),
    "something else, and somebody has come by it": ("3 ffff", KEPT, (neighbour("172.20.0.11", came_by=PREFIX),), False),
    "something else, and nobody knows what it was": ("3 ffff", {}, (), False),
}


@pytest.mark.parametrize(("shown", "kept", "came", "said"), PASSWORDS.values(), ids=PASSWORDS)
def test_a_password_of_a_range_that_a_leaf_does_not_show_is_compared_with_what_it_showed_before(
    shown: str,
    kept: Seals,
    came: tuple[NeighbourState, ...],
    said: bool,  # noqa: FBT001
) -> None:
    (ours,) = leaf.listeners(TOP, "rr1", "leaf01")
    has = ListenerState(
        **{**vars(wanted(ours)), "password": replace(SHOWN, text=shown)}, prefix=ours.prefix, set_as=ours.as_number
    )
    found = Comparison(TOP, Observed(switches=switch(*came, ranges=(has,))))
    drift = replace(found, passwords={"rr1": "s3cret"}, seals={"leaf01": kept}).of_leaf("rr1", "leaf01")
    assert [line for line in drift if "range" in line] == [f"leaf01: range {PREFIX} has another password"] * said
    assert "s3cret" not in repr(drift)
