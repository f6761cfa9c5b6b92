"""Lines that come one after the other reach a speaker together, before anybody sees what it runs."""

from __future__ import annotations

import pytest

from lab.fakes.model import Peer, Recorder, RefusedError, Understood
from lab.fakes.settling import SettlingSpeaker
from tests.lab.fakes.clock import TurnedClock

ONE, TWO = (Understood(as_number=65009, peers={who: Peer(as_number=64512)}) for who in ("172.20.0.11", "172.20.0.12"))


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


def test_lines_reach_it_together_after_a_pause(clock: TurnedClock) -> None:
    recorder = Recorder()
    speaker = SettlingSpeaker(recorder, clock)
    for wanted in (ONE, TWO):
        speaker.play(wanted)
        clock.passes(0.2)
    assert recorder.played == []
    clock.passes(0.2)
    assert recorder.played == [TWO]
    clock.passes(10)
    assert recorder.played == [TWO]


def test_what_is_asked_for_is_of_all_lines_so_far(clock: TurnedClock) -> None:
    recorder = Recorder()
    speaker = SettlingSpeaker(recorder, clock)
    speaker.play(ONE)
    assert set(speaker.sessions()) == {"172.20.0.11"}
    speaker.play(TWO)
    assert speaker.routes(4) == {}
    assert recorder.played == [ONE, TWO]


def test_a_box_that_stops_ends_its_sessions_at_once(clock: TurnedClock) -> None:
    recorder = Recorder()
    speaker = SettlingSpeaker(recorder, clock)
    for wanted in (ONE, Understood(), ONE):
        speaker.play(wanted)
    assert recorder.played == [Understood()]
    clock.passes(1)
    assert recorder.played == [Understood(), ONE]


def test_what_cannot_be_run_is_told_to_who_asks(clock: TurnedClock) -> None:
    recorder = Recorder()
    recorder.refuses = "no memory"
    speaker = SettlingSpeaker(recorder, clock)
    speaker.play(ONE)
    with pytest.raises(RefusedError, match="no memory"):
        speaker.sessions()
