"""A Junos leaf played in memory: the fake, a conversation with it, and connections that end where a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lab.fakes.box import Login
from lab.fakes.junos import JunosFake, startup
from lab.fakes.model import Recorder
from lab.plan import Switch
from lab.uplinks import Port
from leafrack.errors import UnreadableError
from leafrack.platforms import Job, Way, played
from leafrack.platforms.junos.platform import JUNOS
from leafrack.world.conversation import Conversation, CutError, SaidError
from leafrack.world.model import Endpoint
from leafrack.world.player import Done, Player
from tests.lab.fakes.clock import TurnedClock

UPLINK = Port("up0", "spine", 65008, "down0", ("100.0.0.2/30",), ("100.0.0.1/30",))
SWITCH = Switch("leaf01", 65009, "2.2.2.2", "rr1", (), (UPLINK,), "junos")
STARTUP = startup(SWITCH)


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


@dataclass
class Wire:
    """The way to the leaf: where it ends, and what was sent on it."""

    at: int = 0
    """The command, counted from 1, in the place of which or after which the connection ends."""
    done: bool = False
    away: bool = False
    """Nobody gets to the box afterwards."""
    sent: list[str] = field(default_factory=list)


class _Talk(Conversation):
    def __init__(self, fake: JunosFake, wire: Wire) -> None:
        self._login, self._wire, self._dead = fake.login(), wire, False

    async def ask(
        self, command: str, stdin: str = "", *, shown: str = "", secrets: Iterable[str] = (), tolerated: str = ""
    ) -> str:
        self._wire.sent.append(command)
        now = len(self._wire.sent) == self._wire.at
        if self._dead or (now and not self._wire.done):
            self._end(shown or command)
        answer = self._login.enter(command)
        said = answer.text
        while answer.ask is not None:
            answer = answer.ask.then("yes")
            said += answer.text
        if now:
            self._end(shown or command)
        if found := played.complaint(JUNOS.dialogue, said, tolerated):
            raise SaidError(shown or command, played.hide(found, secrets))
        return said

    def _end(self, shown: str) -> None:
        self._dead = True
        self._login.gone()
        raise CutError(f"the connection ended in the middle of `{shown}`")

    def left(self) -> None:
        self._login.gone()


def play(fake: JunosFake, job: Job, way: Way = Way.FORWARD, wire: Wire | None = None) -> Done:
    """Play a job on the leaf; raises PlayError."""
    used = wire or Wire()

    @asynccontextmanager
    async def connect() -> AsyncIterator[_Talk]:
        if used.away and len(used.sent) >= used.at:
            raise UnreadableError("leaf01", "no answer from 127.0.0.1 port 22 within its time")
        talk = _Talk(fake, used)
        try:
            yield talk
        finally:
            talk.left()

    endpoint = Endpoint(name="leaf01", platform="junos", host="127.0.0.1", port=22, user="automation")
    connection: Any = connect
    return asyncio.run(Player(endpoint, JUNOS, job, way, connection).play({}))
