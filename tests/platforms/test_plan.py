"""What a job changes on a switch that runs something: one table for every played platform."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from leafrack.platforms import Job, Neighbour, PathList, PrefixList, Task, Way, platform_of
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.differences import wanted
from leafrack.platforms.left import left
from leafrack.platforms.paths import expression
from leafrack.platforms.plan import GuardError, Plan, plan
from leafrack.platforms.seals import Seal, seals_of, shows_another_password
from leafrack.platforms.state import AnyAs, Effect, Line, NeighbourState, Password, SessionState, SwitchState

OWN = ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT", "LEAFRACK-dc1-IN6", "LEAFRACK-dc1-OUT6")
LISTS = tuple(PrefixList(name, (ip_network("10.233.64.0/18"),)) for name in OWN[:2])
ENTRY = "permit 10.233.64.0/18 le 32"
STANDS = dict.fromkeys(OWN[:2], frozenset({ENTRY}))
NODE = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", *OWN[:2], as_numbers=(64512, 64601))
OTHER = replace(NODE, address=ip_address("172.20.0.12"))
ANY = replace(NODE, as_number=None)


NAME = "LEAFRACK-dc1-AS"
PATHS = PathList(NAME, (64512, 64601))


def entry(*as_numbers: int) -> str:
    return f"permit {expression(as_numbers)}"


def with_paths(given: Job) -> Job:
    return replace(given, paths=PATHS, neighbours=tuple(replace(one, paths_in=NAME) for one in given.neighbours))


def job(*neighbours: Neighbour, task: Task = Task.SESSIONS, **change: Any) -> Job:
    return Job(**{**vars(Job(task, 65009, OWN, LISTS, neighbours, 64601)), **change})


def words() -> Dialect:
    """Any platform will do: the rules are the same."""
    found = platform_of("frr")
    assert isinstance(found, Dialect)
    return found


def state(neighbour: Neighbour, set_as: int | AnyAs | None = 64512, **change: Any) -> NeighbourState:
    """A neighbour as it was written, its session down."""
    given = {"address": neighbour.address, "remote_as": 0, "state": SessionState.IDLE, "set_as": set_as, **change}
    return NeighbourState(**{**vars(wanted(neighbour)), **given})


def switch(*neighbours: NeighbourState, **change: Any) -> SwitchState:
    return SwitchState(
        **{"as_number": 65009, "neighbours": {each.address: each for each in neighbours}, "lists": STANDS, **change}
    )


UP = SessionState.ESTABLISHED
EMPTY = SwitchState(65009)


def told(found: Plan) -> dict[str, Any]:
    """What is in a plan, by field."""
    said = {name: value for name, value in vars(found).items() if name not in ("as_number", "found") and value}
    for name, key in (("lists", "name"), ("neighbours", "address")):
        if name in said:
            said[name] = [str(getattr(each, key)) for each in said[name]]
    return said


ONE = ip_address("172.20.0.11")
LISTED = replace(NODE, paths_in=NAME)
CASES: dict[str, tuple[Job, Way, SwitchState, dict[str, Any]]] = {
    "all is to come": (
        job(NODE), Way.FORWARD, EMPTY, {"lists": list(OWN[:2]), "neighbours": ["172.20.0.11"]},
    ),
    "all stands": (job(NODE), Way.FORWARD, switch(state(NODE)), {}),
    "another node is added": (job(NODE, OTHER), Way.FORWARD, switch(state(NODE)), {"neighbours": ["172.20.0.12"]}),
    "one who is declared no more stays": (job(NODE), Way.FORWARD, switch(state(NODE), state(OTHER)), {}),
    "a list has an entry besides": (
        job(NODE), Way.FORWARD, switch(state(NODE), lists={**STANDS, OWN[1]: frozenset({ENTRY, "permit any"})}),
        {"lists": [OWN[1]], "stale": {OWN[1]: {"permit any"}}},
    ),
    "a setting differs, the AS stays": (
        job(NODE), Way.FORWARD, switch(state(NODE, description="x")),
        {"neighbours": ["172.20.0.11"], "kept_as": {ONE}},
    ),
    "an AS of the way stays": (job(NODE), Way.FORWARD, switch(state(NODE, 64601)), {}),
    "any AS stays": (job(NODE), Way.FORWARD, switch(state(NODE, AnyAs.EXTERNAL)), {}),
    "an AS that is never right stays as long as the session is up": (
        job(NODE), Way.FORWARD, switch(state(NODE, 64999, state=UP)), {},
    ),
    "an AS that is never right goes where no session is up": (
        job(NODE), Way.FORWARD, switch(state(NODE, 64999)), {"neighbours": ["172.20.0.11"]},
    ),
    "a neighbour whose group gives the AS gets one of its own": (
        job(NODE), Way.FORWARD, switch(state(NODE, None)), {"neighbours": ["172.20.0.11"]},
    ),
    "the rack gets its AS": (
        job(NODE, OTHER, task=Task.AS_NUMBERS), Way.FORWARD, switch(state(NODE), state(OTHER, 64601)),
        {"as_numbers": ((ONE, 64601),)},
    ),
    "the rack gets the first AS back": (
        job(ANY, task=Task.AS_NUMBERS), Way.BACK, switch(state(NODE, 64601)), {"as_numbers": ((ONE, None),)},
    ),
    "somebody else's neighbour keeps its AS": (
        job(NODE, task=Task.AS_NUMBERS), Way.FORWARD, switch(state(NODE, list_in="", list_out="theirs")), {},
    ),
    "who is retired goes, with lists that nobody needs": (
        job(NODE, task=Task.RETIRED), Way.FORWARD,
        switch(state(NODE), state(OTHER), lists={**STANDS, OWN[2]: frozenset()}),
        {"gone": (OTHER.address,), "old_lists": (OWN[2],)},
    ),
    "all that is ours goes, in whatever AS": (
        job(NODE), Way.BACK, switch(state(NODE), state(OTHER, list_in="a", list_out="b"), as_number=65010),
        {"gone": (ONE,), "old_lists": OWN[:2]},
    ),
    "a path list is to come to a leaf that had none": (
        with_paths(job(NODE)), Way.FORWARD, switch(state(NODE)),
        {"paths": PATHS, "neighbours": ["172.20.0.11"], "kept_as": {ONE}},
    ),
    "a path list stands": (
        with_paths(job(NODE)), Way.FORWARD, switch(state(LISTED), paths={NAME: {entry(64512, 64601)}}), {},
    ),
    "a path list is written anew, and the old entry goes": (
        with_paths(job(NODE)), Way.FORWARD, switch(state(LISTED), paths={NAME: {entry(64512)}}),
        {"paths": PATHS, "old_path_entries": {NAME: {entry(64512)}}},
    ),
    "a path list that stands keeps its order": (
        replace(with_paths(job(NODE)), paths=PathList(NAME, (64601, 64512))), Way.FORWARD,
        switch(state(LISTED), paths={NAME: {entry(64601, 64512)}}), {},
    ),
    "a path list keeps the AS that a neighbour keeps": (
        with_paths(job(NODE)), Way.FORWARD,
        switch(state(LISTED, 64999, state=UP), paths={NAME: {entry(64512, 64601)}}),
        {"paths": PathList(NAME, (64512, 64601, 64999)), "old_path_entries": {NAME: {entry(64512, 64601)}}},
    ),
    "a path list keeps the AS of a session whose neighbour may have any": (
        with_paths(job(ANY)), Way.FORWARD,
        switch(state(LISTED, AnyAs.EXTERNAL, state=UP, remote_as=64999), paths={NAME: {entry(64512, 64601, 64999)}}),
        {},
    ),
    "a path list does not wait for a node that has no session": (
        with_paths(job(ANY)), Way.FORWARD,
        switch(state(LISTED, AnyAs.EXTERNAL, remote_as=64999), paths={NAME: {entry(64512, 64601)}}), {},
    ),
    "who is retired leaves the path list as it is": (
        with_paths(job(NODE, task=Task.RETIRED)), Way.FORWARD,
        switch(state(LISTED), state(OTHER), paths={NAME: {entry(64512, 64601, 64999)}}), {"gone": (OTHER.address,)},
    ),
    "with the AS of the end the path list holds what the file says": (
        with_paths(job(NODE, task=Task.AS_NUMBERS)), Way.FORWARD,
        switch(state(LISTED, 64999, state=UP), paths={NAME: {entry(64512, 64601, 64999)}}),
        {"as_numbers": ((ONE, 64601),), "paths": PATHS, "old_path_entries": {NAME: {entry(64512, 64601, 64999)}}},
    ),
    "with the first AS back it stays": (
        with_paths(job(NODE, task=Task.AS_NUMBERS)), Way.BACK,
        switch(state(LISTED), paths={NAME: {entry(64512, 64601, 64999)}}), {},
    ),
    "the path list goes with all that is ours": (
        with_paths(job(NODE)), Way.BACK, switch(state(LISTED), paths={NAME: {entry(1)}, "THEIRS": {entry(2)}}),
        {"gone": (ONE,), "old_lists": OWN[:2], "old_paths": (NAME,)},
    ),
    "nothing is left to go": (job(NODE), Way.BACK, SwitchState(None), {}),
    "who is retired has no way back": (job(NODE, task=Task.RETIRED), Way.BACK, switch(state(OTHER)), {}),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "found", "said"), CASES.values(), ids=CASES)
def test_a_job_changes_only_what_differs(given: Job, way: Way, found: SwitchState, said: dict[str, Any]) -> None:
    planned = plan(given, way, found, words())
    assert told(planned) == said
    assert planned.empty is not bool(said)


@pytest.mark.parametrize(
    ("stands", "comes_with"),
    [
        ([], 64512),
        ([state(NODE)], 64512),
        ([state(NODE, 64601, list_in="", list_out="theirs")], 64512),
        ([state(NODE, 64601)], None),
        ([state(NODE, AnyAs.EXTERNAL)], None),
    ],
    ids=["the first one", "beside one in it", "beside one of somebody else", "beside one in another", "beside any"],
)
def test_a_neighbour_that_is_new_starts_with_any_as_where_its_rack_is_not_in_that_of_the_start(
    stands: list[NeighbourState], comes_with: int | None
) -> None:
    given = replace(job(NODE, OTHER), final_as=64512)
    written = plan(given, Way.FORWARD, switch(*stands), words()).neighbours
    assert {each.as_number for each in written if each.address == OTHER.address} == {comes_with}


def test_lines_are_entered_where_the_switch_runs_bgp() -> None:
    assert plan(job(NODE), Way.BACK, switch(state(NODE), as_number=65010), words()).as_number == 65010


def test_a_neighbour_that_keeps_its_as_is_written_with_it() -> None:
    (one,) = plan(job(NODE), Way.FORWARD, switch(state(NODE, 64601, description="x")), words()).neighbours
    assert one.as_number == 64601


IN_THE_WAY = (
    "this switch has `bgp listen range 172.20.0.0/24 peer-group nodes` for the neighbour 172.20.0.11, and refuses "
    "leafrack's lines beside it: take it out of its configuration first: nothing was changed"
)
RANGE = Line("bgp listen range 172.20.0.0/24 peer-group nodes", Effect.REFUSES)
REFUSED: dict[str, tuple[SwitchState, str]] = {
    "another AS": (
        SwitchState(65010),
        "this switch runs BGP as AS 65010, the fabric file says 65009: nothing was changed",
    ),
    "no BGP": (SwitchState(None), "this switch runs BGP as AS (none), the fabric file says 65009: nothing was changed"),
    "a listen range made the neighbour": (
        switch(state(NODE, lines=(RANGE,))),
        IN_THE_WAY,
    ),
}


@pytest.mark.parametrize(("found", "why"), REFUSED.values(), ids=REFUSED)
def test_what_must_be_true_first_is_said_and_nothing_changed(found: SwitchState, why: str) -> None:
    with pytest.raises(GuardError) as caught:
        plan(job(NODE), Way.FORWARD, found, words())
    assert str(caught.value) == why


SECRET = replace(NODE, password="s3cret")
SHOWN = Password("$c$3$abc", sealed=True)
KEPT = Seal.of(ONE, "s3cret", "$c$3$abc")
SEALS: dict[str, tuple[NeighbourState, Seal | None, bool]] = {
    "the last run gave it": (state(SECRET, password=SHOWN), KEPT, False),
    "it is another one now": (state(SECRET, password=SHOWN), Seal.of(ONE, "before", "$c$3$abc"), True),
    "it is another one now and the session is up": (
        state(SECRET, password=SHOWN, state=UP), Seal.of(ONE, "before", "$c$3$abc"), True,
    ),
    "somebody has changed it": (state(SECRET, password=replace(SHOWN, text="$c$3$xyz")), KEPT, True),
    "it is only shown otherwise": (state(SECRET, password=replace(SHOWN, text="$c$3$xyz"), state=UP), KEPT, False),
    "nothing is known and the session is up": (state(SECRET, password=SHOWN, state=UP), None, False),
    "nothing is known and no session is up": (state(SECRET, password=SHOWN), None, True),
    "there is none": (state(SECRET, password=None), KEPT, True),
}  # fmt: skip


@pytest.mark.parametrize(("has", "seal", "entered"), SEALS.values(), ids=SEALS)
def test_a_password_that_is_not_shown_is_entered_only_where_it_is_another(
    has: NeighbourState,
    seal: Seal | None,
    entered: bool,  # noqa: FBT001
) -> None:
    found = plan(job(SECRET), Way.FORWARD, switch(has), words(), {ONE: seal} if seal else {})
    assert bool(found.neighbours) is entered
    assert not found.kept_passwords
    assert entered or not shows_another_password(switch(has), ONE, seal), "what drift tells of, a job puts right"


def test_one_that_stays_is_not_entered_with_what_changes_beside_it() -> None:
    found = plan(job(SECRET), Way.FORWARD, switch(state(SECRET, password=SHOWN, description="x")), words(), {ONE: KEPT})
    assert (len(found.neighbours), found.kept_passwords) == (1, frozenset({ONE}))


def test_what_is_kept_of_passwords_shows_none_and_fits_the_next_run() -> None:
    has = switch(state(SECRET, password=SHOWN))
    kept = seals_of(job(SECRET), has)
    assert kept == {ONE: KEPT}
    assert "s3cret" not in repr(kept) + KEPT.given + KEPT.shown
    assert seals_of(job(SECRET), switch(state(SECRET))) == {}, "compared where it is shown"


LEFT: dict[str, tuple[Job, Way, SwitchState, tuple[str, ...]]] = {
    "nothing": (job(NODE), Way.FORWARD, switch(state(NODE)), ()),
    "a sealed password": (job(SECRET), Way.FORWARD, switch(state(SECRET, password=SHOWN)), ()),
    "a neighbour": (job(NODE), Way.FORWARD, switch(), ("neighbour 172.20.0.11 is missing",)),
    "a setting": (
        job(NODE), Way.FORWARD, switch(state(NODE, list_out="")),
        ("neighbour 172.20.0.11 lacks `prefix-list LEAFRACK-dc1-OUT out`",),
    ),
    "an AS": (
        job(NODE), Way.FORWARD, switch(state(NODE, 64999)),
        ("neighbour 172.20.0.11 has `remote-as 64999` instead of `remote-as 64512`",),
    ),
    "a list": (
        job(NODE), Way.FORWARD, switch(state(NODE), lists={OWN[0]: STANDS[OWN[0]]}), (f"{OWN[1]} lacks `{ENTRY}`",),
    ),
    "a path list": (
        with_paths(job(NODE)), Way.FORWARD, switch(state(LISTED), paths={NAME: frozenset({entry(64512)})}),
        (f"{NAME} lacks `{entry(64512, 64601)}`", f"{NAME} has `{entry(64512)}`"),
    ),
    "a path list that was to go": (
        with_paths(job(NODE)), Way.BACK, switch(lists={}, paths={NAME: frozenset({entry(64512)})}),
        (f"list {NAME} is still there",),
    ),
    "what was to go": (
        job(NODE), Way.BACK, switch(state(NODE), lists={OWN[0]: STANDS[OWN[0]]}),
        ("neighbour 172.20.0.11 is still there", f"list {OWN[0]} is still there"),
    ),
    "the AS of the end": (
        job(NODE, task=Task.AS_NUMBERS), Way.FORWARD, switch(state(NODE)),
        ("neighbour 172.20.0.11 has `remote-as 64512` instead of `remote-as 64601`",),
    ),
    "another AS": (job(NODE), Way.FORWARD, switch(state(NODE), as_number=1), (
        "this switch runs BGP as AS 1, the fabric file says 65009: nothing was changed",)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "after", "said"), LEFT.values(), ids=LEFT)
def test_what_is_not_as_it_was_to_become_is_said(
    given: Job, way: Way, after: SwitchState, said: tuple[str, ...]
) -> None:
    assert left(given, way, after, words()) == said
