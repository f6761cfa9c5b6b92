"""What tests count with: a ping that did not come back, a table that had a hole, a session that was reset, kills."""

from __future__ import annotations

import socket

import pytest

from lab.pinger import Way
from tests.e2e.killed import DESTROY, ENGINE, PLUGIN, PROGRAM, Moment, planned
from tests.e2e.tables import changes_of, holes


@pytest.mark.parametrize(
    ("answered", "lost", "gap", "before", "after"),
    [
        ({0, 1, 2, 3, 4}, 0, 0.0, 0, 0),
        ({0, 1, 3, 4}, 1, 0.02, 0, 0),
        ({0, 4}, 3, 0.04, 0, 0),
        ({0, 2, 4}, 2, 0.02, 0, 0),
        ({2, 3, 4}, 2, 0.0, 2, 0),
        ({0, 1, 2}, 2, 0.0, 0, 2),
        (set(), 5, 0.0, 5, 5),
    ],
)
def test_a_ping_without_an_answer_is_lost_and_an_interruption_lasts_from_answer_to_answer(
    answered: set[int], lost: int, gap: float, before: int, after: int
) -> None:
    with socket.socket() as unused:
        way = Way("10.0.0.1", "10.0.0.2", 7007, unused, [n / 100 for n in range(5)], answered)
        told = way.summary()
    assert (told["sent"], len(told["lost"])) == (5, lost)  # type: ignore[arg-type]
    assert told["gap"] == pytest.approx(gap)
    assert (told["before"], told["after"]) == (before, after)


HOLE = """\
[2026-11-24T06:24:19.000000] Deleted 10.0.0.0/26 via 172.20.0.18 dev eth0 proto bird
[2026-11-24T06:24:19.000050] 10.0.0.0/26 via 172.20.0.18 dev eth0 proto bird
[2026-11-24T06:24:20.000000] Deleted 10.0.0.0/26 via 172.20.0.18 dev eth0 proto bird
[2026-11-24T06:24:20.000100] 10.0.0.0/26 via 172.20.0.254 dev eth0 proto bird
[2026-11-24T06:24:21.500000] 10.0.0.0/26 via 172.20.0.18 dev eth0 proto bird
[2026-11-24T06:24:22.000000] unreachable 10.0.0.64/26 proto bird metric 1024
[2026-11-24T06:24:23.000000] Deleted unreachable 10.0.0.64/26 proto bird metric 1024
"""


def test_a_hole_in_a_table_is_from_the_end_of_the_direct_route_to_its_return() -> None:
    (hole,) = holes("n1", changes_of(HOLE), {"10.0.0.0/26": "172.20.0.18"})
    assert str(hole) == "n1 without a direct route to 10.0.0.0/26 for 1.50 s"


def test_a_block_that_became_unreachable_is_told_once() -> None:
    told = [change.block for change in changes_of(HOLE) if change.unreachable]
    assert told == ["10.0.0.64/26"]


NODE, LEAF = "172.20.0.11", "leaf01"
KEY = (LEAF, NODE)


def moment(
    since: float | None,
    told: tuple[str | None, str | None] = ("64512", NODE),
    last: float = 50.0,
    *,
    there: bool = True,
) -> Moment:
    stands = {} if since is None else {KEY: since}
    return Moment(stands, frozenset([KEY] if there else []), {NODE: told}, {NODE: last})


@pytest.mark.parametrize(
    ("stood", "now", "lost"),
    [
        (moment(100), moment(100), 0),
        (moment(100), moment(101), 0),
        (moment(100), moment(130), 1),
        (moment(100), moment(None), 1),
        (moment(None), moment(130), 0),
        (moment(100), moment(None, there=False), 0),
        (moment(100, ("64512", None), 0), moment(130), 0),
        (moment(100, last=100), moment(130, last=100), 0),
    ],
    ids=[
        "the same",
        "rounded",
        "reset",
        "down",
        "up only now",
        "its neighbour removed",
        "its node made a reflector after",
        "its node made a reflector just before",
    ],
)
def test_a_session_is_lost_if_it_was_reset_and_nothing_told_it_to(stood: Moment, now: Moment, lost: int) -> None:
    assert len(stood.lost_until(now)) == lost


@pytest.mark.parametrize("count", [5, 50])
def test_kills_are_the_same_each_time_and_strike_everything_that_can_be_struck(count: int) -> None:
    kills = list(planned(count))
    assert kills == list(planned(count))
    assert len(kills) == count
    assert {kill.victim for kill in kills} == {ENGINE, PLUGIN, PROGRAM}
    assert PROGRAM not in {kill.victim for kill in kills if kill.phase == DESTROY}
