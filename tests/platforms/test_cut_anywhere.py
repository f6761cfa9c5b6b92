"""A connection that ends at every step of a job, on every fake: the old or the new, and another run ends it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from lab.fakes import FAKES
from leafrack.platforms import Way
from leafrack.world import player
from leafrack.world.player import PlayError
from tests.platforms.jobs import PLAIN
from tests.platforms.wire import Leaf, Wire, platform

ENDS = {
    "before": Wire(),
    "after": Wire(done=True),
    "after, and nobody gets there again": Wire(done=True, away=True),
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)


@dataclass(frozen=True)
class Whole:
    """A job that nobody disturbs: what is sent, and how the switch is before and after."""

    sent: tuple[str, ...]
    old: str
    new: str


@cache
def whole(name: str, way: Way) -> Whole:
    leaf, wire = Leaf.new(name), Wire()
    if way is Way.BACK:
        leaf.play(PLAIN)
    old = leaf.running
    leaf.play(PLAIN, way, wire)
    return Whole(tuple(wire.sent), old, leaf.running)


def steps(name: str, way: Way) -> list[int]:
    """Numbers of the commands, but of those inside a row of the same verb only the first and the last."""
    sent = whole(name, way).sent
    verbs = ["", *(line.split()[0] for line in sent), ""]
    return [at for at in range(1, len(sent) + 1) if not verbs[at - 1] == verbs[at] == verbs[at + 1]]


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("name", FAKES)
def test_a_connection_that_ends_anywhere_leaves_the_old_or_the_new_and_another_run_ends_it(
    name: str, end: Wire, way: Way
) -> None:
    undisturbed, timer = whole(name, way), platform(name).transaction.timer
    old, new = undisturbed.old, undisturbed.new
    for at in steps(name, way):
        leaf, failed = Leaf.new(name), ""
        if way is Way.BACK:
            leaf.play(PLAIN)
        try:
            leaf.play(PLAIN, way, Wire(at, end.done, end.away))
        except PlayError as error:
            failed = str(error)
        told = (at, undisturbed.sent[at - 1], failed)
        assert "\n" not in failed, told
        if failed.endswith("nothing was changed"):
            assert leaf.saved == old, told
            assert leaf.running == old, told
        leaf.passes(timer)
        half = "in force" in failed and not timer
        assert half or leaf.running in (old, new), told
        assert leaf.saved in (old, new), told
        assert failed or leaf.running == leaf.saved == new, told
        leaf.play(PLAIN, way)
        assert leaf.running == leaf.saved == new, told
        assert leaf.waits() == [], told


@pytest.mark.parametrize("name", [name for name in FAKES if platform(name).transaction.timer])
def test_what_nobody_confirms_the_switch_takes_back_itself_and_a_restart_shows_the_old_state(name: str) -> None:
    made, undisturbed = platform(name), whole(name, Way.FORWARD)
    proved = len(undisturbed.sent) - 1 - undisturbed.sent[::-1].index(made.reads[0])
    leaf = Leaf.new(name)
    with pytest.raises(PlayError, match=f"takes it back by itself within {made.transaction.timer} s"):
        leaf.play(PLAIN, wire=Wire(proved + 1, away=True))
    assert str(PLAIN.neighbours[0].address) in leaf.speaker.runs.peers
    assert leaf.saved == leaf.begin
    leaf.passes(made.transaction.timer - 1)
    assert leaf.running != leaf.begin
    leaf.passes(1)
    assert leaf.running == leaf.saved == leaf.begin
    assert set(leaf.speaker.runs.peers) == {"100.0.0.1"}
    assert leaf.waits() == []
    leaf.fake.reboot()
    assert leaf.running == leaf.begin
    assert leaf.play(PLAIN).changed


@pytest.mark.parametrize("name", FAKES)
def test_a_restart_in_the_middle_of_a_job_shows_the_old_state_and_another_run_ends_it(name: str) -> None:
    undisturbed = whole(name, Way.FORWARD)
    for at in steps(name, Way.FORWARD):
        leaf = Leaf.new(name)
        try:
            leaf.play(PLAIN, wire=Wire(at, done=True, away=True))
        except PlayError:
            leaf.fake.reboot()
        told = (at, undisturbed.sent[at - 1])
        assert leaf.running == leaf.saved, told
        assert leaf.saved in (undisturbed.old, undisturbed.new), told
        leaf.play(PLAIN)
        assert leaf.running == leaf.saved == undisturbed.new, told
