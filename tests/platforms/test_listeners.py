"""Leaves that listen on a range: the same for every platform that has ranges, on real software."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from leafrack.fabric import hand_over
from leafrack.platforms import Feature, Job, Listener, PlayedPlatform, Task, Way, platforms
from leafrack.platforms.state import AnyAs
from tests.platforms.boxes import ANNOUNCED as BLOCKS
from tests.platforms.boxes import NODE_AS, Box, eventually, listener, neighbour
from tests.platforms.boxes import OTHER as UNWANTED
from tests.platforms.test_conformance import (
    CHANGES,
    EVERYTHING,
    FEATURES,
    NODE,
    RACK_AS,
    as_far_as,
    job,
    lacking,
    leaf,
    of,
    started,
)

__all__ = ["leaf"]

pytestmark = [pytest.mark.lab, pytest.mark.nightly(twin="tests/platforms/frr/test_listening.py")]
LISTENING = [name for name, one in sorted(platforms().items()) if Feature.LISTENERS not in one.cannot]

box = pytest.fixture(scope="module", params=LISTENING, name="box")(started)

WHOLE, FIRST = listener("172.20.0.0/24"), listener("172.20.0.8/30")
"""Ranges: of both nodes, and of the first one alone."""
SECOND = listener("172.20.0.12/30")
WITH_PASSWORD = replace(WHOLE, password="s3cret")
PASSWORD, ANOTHER = 'password "s3cret";', 'password "an0ther";'
"""What nodes have."""
RANGES_OF_NODES = {
    "one range": (WHOLE,),
    "two ranges, and both families": (FIRST, listener("172.20.0.12/30"), listener("fd00:1::/64")),
    "any AS": (replace(WHOLE, as_number=None),),
    "all that may be wanted": (replace(WHOLE, **EVERYTHING), replace(listener("fd00:1::/64"), **EVERYTHING)),
}


@pytest.mark.parametrize("listeners", RANGES_OF_NODES.values(), ids=RANGES_OF_NODES)
def test_ranges_that_were_applied_are_read_back_without_a_difference(
    leaf: Box, listeners: tuple[Listener, ...]
) -> None:
    listeners = tuple(as_far_as(leaf, each) for each in listeners)
    lacking(leaf, Feature.ANY_AS, asked=any(each.as_number is None for each in listeners))
    given = job(listeners=listeners)
    assert leaf.differences(given)
    leaf.applied(given)
    assert leaf.differences(given) == []
    assert set(leaf.state().listeners) == {each.prefix for each in listeners}
    saved = leaf.saved()
    leaf.applied(given)
    leaf.applied(of(Task.RETIRED, given))
    assert (leaf.differences(given), leaf.saved()) == ([], saved)
    fewer = job(listeners=listeners[:1])
    leaf.applied(of(Task.RETIRED, fewer))
    assert (leaf.differences(fewer), set(leaf.state().listeners)) == ([], {listeners[0].prefix})


def test_a_node_in_the_range_peers_at_once_and_one_outside_it_does_not(leaf: Box) -> None:
    leaf.applied(job(listeners=(FIRST, listener("fd00:1::/64"))))
    up = leaf.comes_up(0), leaf.comes_up(0, 6), leaf.comes_up(1, 6)
    state = leaf.state()
    assert {str(one.address): one.came_by for one in state.neighbours.values() if one.established} == {
        "172.20.0.11": FIRST.prefix,
        "fd00:1::11": ip_network("fd00:1::/64"),
        "fd00:1::12": ip_network("fd00:1::/64"),
    }
    assert not eventually(lambda: leaf.since(1) > 0, 3)
    leaf.applied(job(listeners=(FIRST, listener("172.20.0.12/30"), listener("fd00:1::/64"))))
    leaf.comes_up(1)
    assert (leaf.since(0), leaf.since(0, 6), leaf.since(1, 6)) == up


def test_only_what_the_lists_permit_passes_from_nodes_that_come_by_a_range(leaf: Box) -> None:
    leaf.applied(job(listeners=(WHOLE,)))
    leaf.comes_up()
    block, unwanted = ip_network(BLOCKS[4][0]), ip_network(UNWANTED[4])
    assert eventually(lambda: block in leaf.state().routes)
    state = leaf.state()
    assert (state.neighbours[NODE.address].prefixes_received, unwanted in state.routes) == (1, False)
    assert "172.20.0.0/24" not in leaf.table()


def test_a_node_with_another_as_does_not_come_in_by_a_range(leaf: Box) -> None:
    leaf.nodes_are(RACK_AS)
    leaf.applied(job(listeners=(WHOLE,)))
    assert not eventually(lambda: leaf.since() > 0, 3)
    leaf.nodes_are()
    leaf.comes_up()


def test_a_node_with_another_password_does_not_come_in_by_a_range(leaf: Box) -> None:
    lacking(leaf, Feature.PASSWORD)
    leaf.applied(job(listeners=(WITH_PASSWORD,)))
    assert not eventually(lambda: leaf.since() > 0, 3), "no password"
    leaf.nodes_are(extra=ANOTHER)
    assert not eventually(lambda: leaf.since() > 0, 3), "another password"
    leaf.nodes_are(extra=PASSWORD)
    leaf.comes_up()


OTHER_PASSWORD, NO_PASSWORD = job(listeners=(replace(WITH_PASSWORD, password="an0ther"),)), job(listeners=(WHOLE,))
PARTINGS = {
    "another password, the nodes first": (OTHER_PASSWORD, ANOTHER, True),
    "another password, the leaf first": (OTHER_PASSWORD, ANOTHER, False),
    "no password any more, the nodes first": (NO_PASSWORD, "", True),
    "no password any more, the leaf first": (NO_PASSWORD, "", False),
    "a name without a password": (job(NODE), "", True),
}


@pytest.mark.parametrize(("wanted", "extra", "nodes_first"), PARTINGS.values(), ids=PARTINGS)
def test_a_node_that_had_a_session_with_a_password_has_one_with_what_comes_after_it(
    leaf: Box, wanted: Job, extra: str, *, nodes_first: bool
) -> None:
    lacking(leaf, Feature.PASSWORD)
    leaf.applied(job(listeners=(WITH_PASSWORD,)))
    leaf.nodes_are(extra=PASSWORD)
    leaf.comes_up()
    if nodes_first:
        leaf.nodes_are(extra=extra)
        assert eventually(lambda: leaf.since() == 0), "their session ends, and the leaf knows them no more"
    said, has = leaf.differences(wanted), leaf.state().listeners[WHOLE.prefix].password
    assert said or (has is not None and has.sealed)
    assert "an0ther" not in "".join(said)
    leaf.applied(wanted)
    leaf.nodes_are(extra=extra)
    leaf.comes_up()
    assert leaf.differences(wanted) == []


def test_more_nodes_than_the_limit_do_not_come_in(leaf: Box) -> None:
    lacking(leaf, Feature.MAXIMUM_NEIGHBOURS)
    leaf.takes_at_most(1)
    before = leaf.saved()
    try:
        few, more = job(listeners=(replace(WHOLE, maximum_neighbours=1),)), job(listeners=(WHOLE,))
        leaf.applied(few)
        assert eventually(lambda: leaf.since(0) + leaf.since(1) > 0)
        assert not eventually(lambda: min(leaf.since(0), leaf.since(1)) > 0, 4)
        assert leaf.differences(few) == []
        assert len(leaf.differences(more)) == 1
        leaf.applied(more)
        assert leaf.differences(more) == []
        leaf.comes_up(0), leaf.comes_up(1)
        leaf.applied(few)
        assert leaf.state().listeners[WHOLE.prefix].maximum_neighbours in (1, 100)
        leaf.applied(more, Way.BACK)
        assert leaf.saved() == before, "the limit is what it was before leafrack raised it"
    finally:
        leaf.takes_at_most(None)


@pytest.mark.parametrize(("change", "stays"), CHANGES.values(), ids=CHANGES)
def test_a_field_of_a_range_that_changes_is_put_right_there_and_back(
    leaf: Box, change: dict[str, Any], *, stays: bool
) -> None:
    for field in FEATURES.keys() & change:
        lacking(leaf, FEATURES[field])
    one, other = job(listeners=(WHOLE,)), job(listeners=(replace(WHOLE, **change),))
    leaf.applied(one)
    if "graceful_restart" in change and leaf.differences(other) == []:
        pytest.skip(
            f"{leaf.name} has it off for all, or has no word for it in a group, and its FRR would not hand it on"
        )
    up = leaf.comes_up()
    for given, before in ((other, one), (one, other)):
        assert leaf.differences(given), "the change is seen"
        leaf.applied(given)
        assert leaf.differences(given) == []
        assert leaf.differences(before)
    assert not stays or leaf.since() == up
    leaf.comes_up()


def test_who_moves_between_a_name_and_a_range_keeps_the_as_of_the_end(leaf: Box) -> None:
    lacking(leaf, Feature.ANY_AS)
    leaf.nodes_are(RACK_AS)
    by_range, named = replace(WHOLE, as_number=None), replace(NODE, as_number=None)
    leaf.applied(job(named))
    leaf.applied(of(Task.AS_NUMBERS, job(named)))
    leaf.comes_up()
    for given in (job(listeners=(by_range,)), job(named)):
        leaf.applied(given)
        leaf.applied(of(Task.RETIRED, given))
        up = leaf.comes_up()
        leaf.applied(of(Task.AS_NUMBERS, given))
        assert (leaf.since(), leaf.differences(given)) == (up, [])


def test_nodes_that_had_names_are_known_by_their_range_and_get_names_again(leaf: Box) -> None:
    named, by_range = job(NODE, neighbour(1)), job(listeners=(WHOLE,))
    leaf.applied(named)
    up = leaf.comes_up(0), leaf.comes_up(1)
    leaf.applied(by_range)
    assert (leaf.since(0), leaf.since(1)) == up, "who has a name and a session keeps both"
    leaf.applied(of(Task.RETIRED, by_range))
    assert leaf.differences(by_range) == []
    leaf.comes_up(0), leaf.comes_up(1)
    assert leaf.state().neighbours[NODE.address].came_by == WHOLE.prefix
    leaf.applied(named)
    leaf.applied(of(Task.RETIRED, named))
    assert (leaf.differences(named), dict(leaf.state().listeners)) == ([], {})
    leaf.comes_up(0), leaf.comes_up(1)


@pytest.mark.parametrize("password", [None, "s3cret"], ids=["no password", "a password"])
def test_a_node_in_a_range_that_stays_gets_a_name_and_loses_it_again(leaf: Box, password: str | None) -> None:
    if isinstance(leaf.platform, PlayedPlatform):
        pytest.skip("a preview refuses it: tests/preflight/test_listening.py")
    both = tuple(replace(each, password=password) for each in (WHOLE, listener("fd00:1::/64")))
    names = tuple(replace(each, password=password) for each in (NODE, neighbour(0, 6)))
    leaf.nodes_are(extra=PASSWORD if password else "")
    ranges, named = job(listeners=both), job(*names, listeners=both)
    leaf.applied(ranges)
    leaf.comes_up(0), leaf.comes_up(0, 6)
    other = leaf.comes_up(1), leaf.comes_up(1, 6)
    for given, came_by in ((named, [None, None]), (ranges, [each.prefix for each in both])):
        leaf.applied(given)
        leaf.applied(of(Task.RETIRED, given))
        assert leaf.differences(given) == []
        leaf.comes_up(0), leaf.comes_up(0, 6)
        found = leaf.state().neighbours
        assert [found[each.address].came_by for each in names] == came_by
    assert (leaf.since(1), leaf.since(1, 6)) == other, "the others of the ranges do not notice"


def test_ranges_give_way_to_others_that_overlap_them(leaf: Box) -> None:
    one, two = job(listeners=(WHOLE,)), job(listeners=(FIRST, SECOND))
    leaf.applied(one)
    leaf.comes_up(0), leaf.comes_up(1)
    for given in (two, one):
        leaf.applied(given)
        leaf.applied(of(Task.RETIRED, given))
        assert leaf.differences(given) == []
        assert set(leaf.state().listeners) == {each.prefix for each in given.listeners}
        leaf.comes_up(0), leaf.comes_up(1)


def test_a_range_gets_the_racks_own_as_and_the_first_one_back(leaf: Box) -> None:
    lacking(leaf, Feature.ANY_AS)
    sessions = job(listeners=(replace(WHOLE, as_number=None),))
    pinned = of(Task.AS_NUMBERS, sessions)
    leaf.applied(sessions)
    leaf.comes_up()
    leaf.applied(pinned)
    assert leaf.state().listeners[WHOLE.prefix].set_as == RACK_AS
    leaf.nodes_are(RACK_AS)
    assert eventually(lambda: RACK_AS in {one.remote_as for one in leaf.state().neighbours.values()})
    leaf.comes_up()
    leaf.applied(sessions)
    assert leaf.state().listeners[WHOLE.prefix].set_as == RACK_AS
    leaf.applied(pinned, Way.BACK)
    assert leaf.state().listeners[WHOLE.prefix].set_as is AnyAs.EXTERNAL


def test_a_range_keeps_the_racks_own_as_until_its_nodes_give_it_up(leaf: Box) -> None:
    lacking(leaf, Feature.ANY_AS)
    sessions = job(listeners=(replace(WHOLE, as_number=None),))
    leaf.applied(sessions)
    leaf.comes_up()
    leaf.applied(of(Task.AS_NUMBERS, sessions))
    leaf.nodes_are(RACK_AS)
    assert eventually(lambda: RACK_AS in {one.remote_as for one in leaf.state().neighbours.values()})
    stood = leaf.comes_up()
    given_up = replace(
        sessions, listeners=(replace(WHOLE, as_number=NODE_AS, as_numbers=(NODE_AS,)),), final_as=NODE_AS
    )
    leaf.applied(given_up)
    assert (leaf.state().listeners[WHOLE.prefix].set_as, leaf.since()) == (RACK_AS, stood)
    leaf.applied(of(Task.AS_NUMBERS, given_up))
    leaf.nodes_are(NODE_AS)
    leaf.comes_up()
    assert leaf.state().listeners[WHOLE.prefix].set_as == NODE_AS


def test_two_fabrics_that_listen_on_one_leaf_leave_each_other_alone(leaf: Box) -> None:
    ours, theirs = job(listeners=(FIRST,)), job(listeners=(listener("172.20.0.12/30", "dc2"),), fabric="dc2")
    leaf.applied(ours)
    leaf.applied(theirs)
    second = leaf.comes_up(1)
    for task in (Task.SESSIONS, Task.RETIRED, Task.AS_NUMBERS):
        leaf.applied(of(task, replace(ours, final_as=NODE_AS)))
    leaf.applied(ours, Way.BACK)
    assert (leaf.differences(theirs), leaf.since(1)) == ([], second)
    assert FIRST.prefix not in leaf.state().listeners


def test_a_leaf_by_hand_takes_the_text_that_it_is_given_and_what_takes_it_away(leaf: Box) -> None:
    given = job(listeners=(WHOLE, listener("fd00:1::/64")))
    leaf.entered(leaf.platform.text(given))
    assert leaf.differences(given) == []
    leaf.comes_up(0), leaf.comes_up(1, 6)
    leaf.entered(leaf.platform.by_hand(hand_over.everything(leaf.platform, given)))
    assert dict(leaf.state().listeners) == {}
    # Nobody but them knows what it was before.
    leaf.takes_at_most(None)
