"""In which AS a neighbour starts on a platform that has each in one AS: nobody is asked where nobody is given one."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from leafrack.platforms import Feature, Job, PathList, SwitchState, Task, Way
from leafrack.platforms.plan import plan
from leafrack.platforms.starts import asked_for, starting
from leafrack.platforms.state import AnyAs
from tests.platforms.test_plan import EMPTY, NODE, OTHER, PATHS, UP, job, state, switch, with_paths
from tests.world import toy_switch

ONE, TWO = ip_address("172.20.0.11"), ip_address("172.20.0.12")
PINS = replace(toy_switch.platform(), cannot={Feature.ANY_AS: "it takes one AS a neighbour"})
BOTH = job(NODE, OTHER)
CASES: dict[str, tuple[Job, Way, SwitchState, set[str]]] = {
    "all is to come": (BOTH, Way.FORWARD, EMPTY, {"172.20.0.11", "172.20.0.12"}),
    "one joins": (BOTH, Way.FORWARD, switch(state(NODE, 64601)), {"172.20.0.12"}),
    "all stand, in an AS of the way each": (BOTH, Way.FORWARD, switch(state(NODE, 64601), state(OTHER)), set()),
    "an AS that is never right, without a session": (
        BOTH, Way.FORWARD, switch(state(NODE, 64999), state(OTHER)), {"172.20.0.11"},
    ),
    "an AS that is never right, with a session": (
        BOTH, Way.FORWARD, switch(state(NODE, 64999, state=UP), state(OTHER)), set(),
    ),
    "an AS of a group": (BOTH, Way.FORWARD, switch(state(NODE, None), state(OTHER)), {"172.20.0.11"}),
    "the AS of the end is given": (replace(BOTH, task=Task.AS_NUMBERS), Way.FORWARD, switch(state(NODE)), set()),
    "who is declared no more goes": (replace(BOTH, task=Task.RETIRED), Way.FORWARD, switch(state(NODE)), set()),
    "all goes": (BOTH, Way.BACK, switch(state(NODE)), set()),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "found", "who"), CASES.values(), ids=CASES)
def test_it_is_asked_for_neighbours_that_are_given_an_as(
    given: Job, way: Way, found: SwitchState, who: set[str]
) -> None:
    assert set(map(str, asked_for(given, way, found, PINS))) == who
    assert asked_for(given, way, found, toy_switch.platform()) == frozenset(), "any AS is right for every node"


def test_a_neighbour_starts_in_the_as_that_its_node_shows_and_who_stands_keeps_his() -> None:
    found = switch(state(NODE, 64601, description="x"))
    given = starting(BOTH, {TWO: 64700})
    assert {each.address: each.as_number for each in given.neighbours} == {ONE: 64512, TWO: 64700}
    written = plan(given, Way.FORWARD, found, PINS)
    assert {each.address: each.as_number for each in written.neighbours} == {ONE: 64601, TWO: 64700}
    assert written.kept_as == {ONE}


@pytest.mark.parametrize("stands", [switch(), switch(state(NODE, 64999))], ids=["it is new", "it was in another AS"])
def test_the_path_list_has_the_as_in_which_a_neighbour_starts(stands: SwitchState) -> None:
    made = replace(PINS, path_entries=lambda paths: frozenset(map(str, paths.as_numbers)))
    given = starting(with_paths(job(NODE)), {ONE: 64700})
    assert plan(given, Way.FORWARD, stands, made).paths == PathList(PATHS.name, (64512, 64601, 64700))
    of_the_end = replace(given, task=Task.AS_NUMBERS)
    there = switch(state(NODE, 64700, list_in=NODE.list_in), paths={PATHS.name: frozenset({"64512", "64601", "64700"})})
    assert plan(of_the_end, Way.FORWARD, there, made).paths == PATHS, "and not for longer than it is needed"


def test_a_node_that_joins_beside_any_as_is_given_what_it_shows() -> None:
    found = switch(state(NODE, AnyAs.EXTERNAL))
    written = plan(starting(BOTH, {TWO: 64601}), Way.FORWARD, found, PINS)
    assert [each.as_number for each in written.neighbours] == [64601]
