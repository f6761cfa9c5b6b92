"""Waiting for sessions: it ends, and a session that comes and goes is no session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from verify import observe
from verify.model import Row


def rows(*held: bool) -> tuple[Row, ...]:
    return tuple(
        Row(rack="r", what=f"s{i}", expected="up", found="up" if ok else "down", ok=ok) for i, ok in enumerate(held)
    )


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(observe, "time", clock)
    return clock


def test_it_ends_at_the_first_look_at_which_all_hold(clock: Clock) -> None:
    looks = iter([rows(True, False), rows(True, True)])
    assert observe.until_all_hold(lambda: next(looks), wait=60) == rows(True, True)
    assert clock.now == observe.POLL


def test_it_ends_after_its_wait_with_what_it_saw_last(clock: Clock) -> None:
    told: list[Sequence[Row]] = []
    assert observe.until_all_hold(lambda: rows(True, False), wait=10, tell=told.append) == rows(True, False)
    assert 10 <= clock.now <= 10 + observe.POLL
    assert len(told) > 1


def test_a_session_that_flaps_is_waited_for_until_it_has_held_without_a_break(clock: Clock) -> None:
    def looks() -> Iterator[tuple[Row, ...]]:
        yield rows(True)
        yield rows(True)
        yield rows(False)
        while True:
            yield rows(True)

    seen = looks()
    assert observe.until_all_hold(lambda: next(seen), wait=60, hold=3) == rows(True)
    assert clock.now >= 2 + 3
