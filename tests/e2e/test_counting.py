"""What the loss tests count with: a ping that did not come back, how long it was so, a table that had a hole."""

from __future__ import annotations

import socket

import pytest

from tests.e2e.pinger import Way
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
        way = Way("10.0.0.1", "10.0.0.2", unused, 0, [n / 100 for n in range(5)], answered)
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
