"""What a job changes of the ranges on a switch that runs something: one table for every played platform."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from leafrack.addresses import Address
from leafrack.platforms import Feature, Job, Listener, Neighbour, SwitchState, Task, Way
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.differences import wanted
from leafrack.platforms.left import left, went_down
from leafrack.platforms.limits import noted, told
from leafrack.platforms.plan import GuardError, Plan, plan
from leafrack.platforms.ranges import returning
from leafrack.platforms.seals import Seal, seals_of, shows_another_password
from leafrack.platforms.state import AnyAs, Effect, Line, ListenerState, Password, Raised
from tests.platforms.boxes import listener
from tests.platforms.test_plan import LISTS, NODE, UP, state, words
from tests.platforms.test_plan import job as job_of
from tests.platforms.test_plan import switch as switch_of

WHOLE, HALF, OTHER_HALF = listener("172.20.0.0/24"), listener("172.20.0.0/25"), listener("172.20.0.128/25")
SIX = listener("fd00:1::/64")
ANY = replace(WHOLE, as_number=None)
GROUP = "LEAFRACK-dc1-NODES"
WITH_PASSWORD = replace(WHOLE, password="s3cret")


def each_its_own() -> Dialect:
    """A platform that counts the neighbours of each range, and takes one AS."""
    return replace(words(), one_limit_for_all=False, cannot={Feature.ANY_AS: "it takes one"})


def job(*listeners: Listener, task: Task = Task.SESSIONS, **change: Any) -> Job:
    return job_of(*change.pop("neighbours", ()), task=task, listeners=listeners, **change)


def has(one: Listener, set_as: int | AnyAs | None = 64512, **change: Any) -> ListenerState:
    """A range as it was written."""
    given = {"prefix": one.prefix, "group": one.group, "set_as": set_as, "maximum_neighbours": 100, **change}
    return ListenerState(**{**vars(wanted(one)), **given})


def switch(*ranges: ListenerState, **change: Any) -> SwitchState:
    listeners = {each.prefix: each for each in ranges}
    return switch_of(*change.pop("neighbours", ()), **{"listeners": listeners, "listen_limit": 100, **change})


def came(one: Listener = WHOLE, address: Address = NODE.address, **change: Any) -> Any:
    """A node that came by a range and has a session."""
    refused = Line(f"bgp listen range {one.prefix} peer-group {one.group}", Effect.REFUSES)
    plain = Neighbour(address, None, "", "", "")
    return state(plain, None, state=UP, came_by=one.prefix, remote_as=64512, lines=(refused,), **change)


def said(found: Plan) -> dict[str, Any]:
    """What is in a plan, by field."""
    given = {name: value for name, value in vars(found).items() if name not in ("as_number", "found") and value}
    for name in ("neighbours", "listeners", "old_listeners"):
        if name in given:
            given[name] = [str(getattr(each, "prefix", getattr(each, "address", ""))) for each in given[name]]
    return given


ALL = {"listeners": ["172.20.0.0/24"]}
CASES: dict[str, tuple[Job, Way, SwitchState, dict[str, Any]]] = {
    "all is to come": (job(WHOLE), Way.FORWARD, switch(), ALL),
    "all stands": (job(WHOLE, SIX), Way.FORWARD, switch(has(WHOLE), has(SIX), listen_limit=200), {}),
    "all of a group is written where a range is missing": (
        job(HALF, OTHER_HALF, SIX), Way.FORWARD, switch(has(HALF), has(SIX), listen_limit=200),
        {"listeners": ["172.20.0.0/25", "172.20.0.128/25"], "kept_as": {HALF.prefix}},
    ),
    "a setting differs, the AS stays": (
        job(WHOLE), Way.FORWARD, switch(has(WHOLE, description="x")), {**ALL, "kept_as": {WHOLE.prefix}},
    ),
    "an AS of the way stays": (job(WHOLE), Way.FORWARD, switch(has(WHOLE, 64601)), {}),
    "any AS stays": (job(WHOLE), Way.FORWARD, switch(has(WHOLE, AnyAs.EXTERNAL)), {}),
    "an AS that is never right goes": (job(WHOLE), Way.FORWARD, switch(has(WHOLE, 64999)), ALL),
    "somebody else's range stays": (
        job(WHOLE), Way.BACK, switch(has(HALF, list_in="a", list_out="b"), lists={}), {},
    ),
    "one that is declared no more stays": (job(HALF), Way.FORWARD, switch(has(HALF), has(SIX)), {}),
    "but goes before one that overlaps it": (
        job(HALF), Way.FORWARD, switch(has(WHOLE)),
        {"listeners": ["172.20.0.0/25"], "old_listeners": [str(WHOLE.prefix)]},
    ),
    "and before a neighbour in it": (
        job(neighbours=(NODE,)), Way.FORWARD, switch(has(WHOLE), neighbours=(came(),)),
        {"neighbours": ["172.20.0.11"], "old_listeners": [str(WHOLE.prefix)]},
    ),
    "and afterwards otherwise": (
        job(HALF, task=Task.RETIRED), Way.FORWARD, switch(has(HALF), has(SIX)), {"old_listeners": ["fd00:1::/64"]},
    ),
    "names go after ranges have come": (
        job(WHOLE, task=Task.RETIRED), Way.FORWARD, switch(has(WHOLE), neighbours=(state(NODE),)),
        {"gone": (NODE.address,)},
    ),
    "who has come by a range is no name of ours": (
        job(WHOLE, task=Task.RETIRED), Way.FORWARD, switch(has(WHOLE), neighbours=(came(list_in=LISTS[0].name),)), {},
    ),
    "all that is ours goes": (
        job(WHOLE), Way.BACK, switch(has(WHOLE), lists={}), {"old_listeners": [str(WHOLE.prefix)]},
    ),
    "the rack gets its AS": (
        job(WHOLE, task=Task.AS_NUMBERS), Way.FORWARD, switch(has(WHOLE)), {"listener_as_numbers": ((WHOLE, 64601),)},
    ),
    "and the first one back": (
        job(ANY, task=Task.AS_NUMBERS), Way.BACK, switch(has(WHOLE, 64601)), {"listener_as_numbers": ((ANY, None),)},
    ),
    "where a range is missing nothing is pinned": (job(WHOLE, task=Task.AS_NUMBERS), Way.FORWARD, switch(), {}),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "found", "fields"), CASES.values(), ids=CASES)
def test_a_job_changes_only_what_differs(given: Job, way: Way, found: SwitchState, fields: dict[str, Any]) -> None:
    planned = plan(given, way, found, words())
    assert said(planned) == fields
    assert planned.empty is not bool(fields)


def written_as(found: SwitchState, given: Job, made: Dialect | None = None) -> list[int | None]:
    planned = plan(given, Way.FORWARD, found, made or words())
    return [*(each.as_number for each in planned.neighbours), *(each.as_number for each in planned.listeners)]


STARTS = {
    "nothing stands": (switch(), job(WHOLE), 64512),
    "a neighbour of ours has the AS of the end": (switch(neighbours=(state(NODE, 64601),)), job(WHOLE), 64601),
    "it is in any": (switch(neighbours=(state(NODE, AnyAs.EXTERNAL),)), job(WHOLE), None),
    "it is somebody else's": (switch(neighbours=(state(NODE, 64601, list_in="", list_out=""),)), job(WHOLE), 64512),
    "a range of ours has the AS of the end": (
        switch(has(WHOLE, 64601), neighbours=(came(),)), job(neighbours=(NODE,)), 64601,
    ),
    "the other ranges of a group": (switch(has(HALF, 64601)), job(OTHER_HALF, HALF), 64601),
}  # fmt: skip


@pytest.mark.parametrize(("found", "given", "number"), STARTS.values(), ids=STARTS)
def test_what_is_new_starts_in_the_as_that_its_nodes_have(found: SwitchState, given: Job, number: int | None) -> None:
    assert set(written_as(found, given)) == {number}
    if number is None:
        assert written_as(found, given, each_its_own()) == [64512], "where any AS is not to be had"


def test_a_node_that_somebody_elses_range_let_in_is_left_alone() -> None:
    theirs = has(WHOLE, list_in="", list_out="", group="nodes")
    with pytest.raises(GuardError, match="refuses leafrack's lines beside it"):
        plan(job(neighbours=(NODE,)), Way.FORWARD, switch(theirs, neighbours=(came(),)), words())


NOTE = Raised(300, 50)
MANY = replace(WHOLE, maximum_neighbours=300)
LIMITS: dict[str, tuple[Job, SwitchState, tuple[int | None, Raised | None]]] = {
    "no need": (job(WHOLE), switch(), (None, None)),
    "raised": (job(MANY), switch(), (300, Raised(300, 100))),
    "two groups": (job(MANY, SIX), switch(), (400, Raised(400, 100))),
    "somebody's is enough": (job(MANY), switch(listen_limit=400), (None, None)),
    "raised for us before": (job(MANY), switch(has(WHOLE, raised=Raised(200, 50)), listen_limit=200), (300, NOTE)),
    "changed by somebody since": (
        job(MANY), switch(has(WHOLE, raised=Raised(200, 50)), listen_limit=150), (300, Raised(300, 150)),
    ),
    "never lowered, and what it was stays known": (
        job(replace(WHOLE, description="x")), switch(has(WHOLE, raised=NOTE), listen_limit=300), (None, NOTE),
    ),
    "a switch that has no such number": (job(MANY), switch(listen_limit=None), (None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "found", "limit"), LIMITS.values(), ids=LIMITS)
def test_one_number_for_all_ranges_is_raised_to_what_is_needed(
    given: Job, found: SwitchState, limit: tuple[int | None, Raised | None]
) -> None:
    planned = plan(given, Way.FORWARD, found, words())
    assert (planned.listen_limit, planned.raised) == limit
    assert planned.listeners, "with the note behind each group"
    untouched = plan(given, Way.FORWARD, found, each_its_own())
    assert (untouched.listen_limit, untouched.raised) == (None, None)


BACK: dict[str, tuple[Job, Way, SwitchState, int | None]] = {
    "all goes": (job(WHOLE), Way.BACK, switch(has(WHOLE, raised=NOTE), listen_limit=300), 50),
    "no range is declared any more": (
        job(task=Task.RETIRED), Way.FORWARD, switch(has(WHOLE, raised=NOTE), listen_limit=300), 50,
    ),
    "another range stays": (
        job(SIX, task=Task.RETIRED), Way.FORWARD, switch(has(WHOLE, raised=NOTE), has(SIX), listen_limit=300), None,
    ),
    "somebody has changed it since": (
        job(WHOLE), Way.BACK, switch(has(WHOLE, raised=NOTE), listen_limit=400), None,
    ),
    "it never was raised": (job(WHOLE), Way.BACK, switch(has(WHOLE)), None),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "found", "limit"), BACK.values(), ids=BACK)
def test_the_number_is_put_back_with_the_last_range_and_only_if_it_is_still_ours(
    given: Job, way: Way, found: SwitchState, limit: int | None
) -> None:
    assert plan(given, way, found, words()).listen_limit == limit


@pytest.mark.parametrize(("raised", "longest"), [(None, None), (NOTE, None), (NOTE, 60), (None, 5)])
def test_a_note_behind_a_description_is_told_from_it(raised: Raised | None, longest: int | None) -> None:
    text = noted("leafrack rr1", raised, longest)
    assert len(text) <= (longest or 99)
    description, found = told(text)
    assert found == raised
    assert "leafrack rr1".startswith(description)


def test_a_range_counts_its_own_neighbours_where_the_platform_does() -> None:
    made, found = each_its_own(), switch(has(WHOLE, maximum_neighbours=5))
    assert made.listener_differences(job(WHOLE), found) == ("range 172.20.0.0/24 takes 5 neighbours instead of 100",)
    assert plan(job(WHOLE), Way.FORWARD, found, made).listeners


def test_groups_go_with_the_last_of_their_ranges() -> None:
    stands = switch(has(HALF), has(OTHER_HALF), has(SIX))
    assert plan(job(HALF, task=Task.RETIRED), Way.FORWARD, stands, words()).old_groups == (SIX.group,)
    assert plan(job(), Way.BACK, stands, words()).old_groups == (GROUP, SIX.group)
    assert plan(job(WHOLE), Way.FORWARD, stands, words()).old_groups == (), "it gets another range"


SHOWN = Password("$c$3$abc", sealed=True)
KEPT = Seal.of(WHOLE.prefix, "s3cret", SHOWN.text)


@pytest.mark.parametrize(
    ("shown", "seal", "somebody_is_up", "entered"),
    [
        (SHOWN, KEPT, False, False),
        (SHOWN, Seal.of(WHOLE.prefix, "before", SHOWN.text), True, True),
        (replace(SHOWN, text="$c$3$xyz"), KEPT, False, True),
        (replace(SHOWN, text="$c$3$xyz"), KEPT, True, False),
        (SHOWN, None, True, False),
        (SHOWN, None, False, True),
        (None, KEPT, True, True),
    ],
    ids=["as it was", "another one", "changed by somebody", "only shown otherwise", "works", "unknown", "none"],
)
def test_a_password_of_a_range_that_is_not_shown_is_entered_only_where_it_is_another(
    shown: Password | None,
    seal: Seal | None,
    somebody_is_up: bool,  # noqa: FBT001
    entered: bool,  # noqa: FBT001
) -> None:
    found = switch(has(WITH_PASSWORD, password=shown), neighbours=(came(),) if somebody_is_up else ())
    planned = plan(job(WITH_PASSWORD), Way.FORWARD, found, words(), {WHOLE.prefix: seal} if seal else {})
    assert bool(planned.listeners) is entered
    assert not planned.kept_passwords
    assert entered or not shows_another_password(found, WHOLE.prefix, seal)


def test_one_that_stays_is_not_entered_with_what_changes_beside_it() -> None:
    found = switch(has(WITH_PASSWORD, password=SHOWN, description="x"))
    assert plan(job(WITH_PASSWORD), Way.FORWARD, found, words(), {WHOLE.prefix: KEPT}).kept_passwords == {WHOLE.prefix}
    assert seals_of(job(WITH_PASSWORD), found) == {WHOLE.prefix: KEPT}
    assert job(WITH_PASSWORD).passwords == {"s3cret"}


LEFT: dict[str, tuple[Job, Way, SwitchState, tuple[str, ...]]] = {
    "nothing": (job(WHOLE), Way.FORWARD, switch(has(WHOLE)), ()),
    "a range": (job(WHOLE), Way.FORWARD, switch(), ("range 172.20.0.0/24 is missing",)),
    "a setting": (
        job(WHOLE), Way.FORWARD, switch(has(WHOLE, list_in="")),
        ("range 172.20.0.0/24 lacks `prefix-list LEAFRACK-dc1-IN in`",),
    ),
    "the number of neighbours": (
        job(MANY), Way.FORWARD, switch(has(WHOLE)), ("all ranges take 100 neighbours instead of 300",),
    ),
    "what was to go": (job(WHOLE), Way.BACK, switch(has(WHOLE), lists={}), ("range 172.20.0.0/24 is still there",)),
    "the AS of the end": (
        job(WHOLE, task=Task.AS_NUMBERS), Way.FORWARD, switch(has(WHOLE)),
        ("range 172.20.0.0/24 has `remote-as 64512` instead of `remote-as 64601`",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "after", "lines"), LEFT.values(), ids=LEFT)
def test_what_is_not_as_it_was_to_become_is_said(
    given: Job, way: Way, after: SwitchState, lines: tuple[str, ...]
) -> None:
    assert left(given, way, after, words()) == lines


ELSEWHERE = ip_address("192.0.2.1")
UP_BY_NAME = switch(has(WHOLE), neighbours=(state(NODE, state=UP),))
BY_RANGE = switch(has(WHOLE), neighbours=(came(), came(address=ip_address("172.20.0.200"))))
MOVES: dict[str, tuple[Job, Way, SwitchState, set[str]]] = {
    "a name gives way to a range": (job(WHOLE, task=Task.RETIRED), Way.FORWARD, UP_BY_NAME, {"172.20.0.11"}),
    "without a session": (
        job(WHOLE, task=Task.RETIRED), Way.FORWARD, switch(has(WHOLE), neighbours=(state(NODE),)), set(),
    ),
    "a node that leaves": (job(SIX, task=Task.RETIRED), Way.FORWARD, UP_BY_NAME, set()),
    "a range gives way to a name": (job(neighbours=(NODE,)), Way.FORWARD, BY_RANGE, {"172.20.0.11"}),
    "a range gives way to a smaller one": (job(HALF), Way.FORWARD, BY_RANGE, {"172.20.0.11"}),
    "all that is ours goes": (job(WHOLE), Way.BACK, BY_RANGE, set()),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "found", "who"), MOVES.values(), ids=MOVES)
def test_who_moves_between_a_name_and_a_range_is_waited_for(
    given: Job, way: Way, found: SwitchState, who: set[str]
) -> None:
    planned = plan(given, way, found, words())
    assert set(map(str, returning(given, way, found, planned.gone, planned.old_listeners))) == who


def test_a_session_by_a_range_that_a_plan_leaves_alone_must_stay_up() -> None:
    found = switch(has(WHOLE), has(SIX), neighbours=(came(), state(replace(NODE, address=ELSEWHERE), state=UP)))
    leaves_alone = plan(job(WHOLE, task=Task.RETIRED), Way.FORWARD, found, words())
    assert went_down(leaves_alone, switch(has(WHOLE))) == {NODE.address}
    assert went_down(leaves_alone, found) == set()
    changes = plan(job(replace(WHOLE, description="x")), Way.FORWARD, found, words())
    assert went_down(changes, switch(has(WHOLE))) == {ELSEWHERE}
