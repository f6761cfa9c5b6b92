"""A Junos leaf played in memory: the fake, what is entered into it, and jobs."""

from __future__ import annotations

from lab.fakes.box import Login
from lab.fakes.junos import JunosFake
from lab.fakes.model import Recorder
from leafrack.platforms import Job, Way
from leafrack.world.player import Done
from tests.lab.fakes.clock import TurnedClock
from tests.platforms.wire import Wire, played_on, startup

STARTUP = startup("junos")


def leaf() -> JunosFake:
    """A leaf as an operator has left it, its time standing still."""
    fake = JunosFake("leaf01", Recorder(), STARTUP)
    fake.clock = TurnedClock()
    fake.boot()
    return fake


def recorder(fake: JunosFake) -> Recorder:
    """What the leaf has understood."""
    assert isinstance(fake.speaker, Recorder)
    return fake.speaker


def passes(fake: JunosFake, seconds: float) -> None:
    """So many seconds later."""
    assert isinstance(fake.clock, TurnedClock)
    fake.clock.passes(seconds)


def enter(login: Login, *lines: str) -> str:
    """What a login is told to some lines."""
    return "".join(login.enter(line).text for line in lines)


def play(fake: JunosFake, job: Job, way: Way = Way.FORWARD, wire: Wire | None = None) -> Done:
    """Play a job on the leaf; raises PlayError."""
    return played_on("junos", fake, job, way, wire)
