"""A fake of any platform in memory, the way to it, and where that ends: jobs without SSH and without FRR."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.fakes import FAKES
from lab.fakes.box import Answer, Fake, Login
from lab.fakes.model import Recorder
from lab.fakes.serving import Served
from lab.plan import Switch
from lab.uplinks import Port
from leafrack.errors import UnreadableError
from leafrack.platforms import Job, PlayedPlatform, Way, platform_of, played
from leafrack.platforms.seals import Seals
from leafrack.world.conversation import Conversation, CutError, SaidError
from leafrack.world.model import Endpoint
from leafrack.world.player import Done, Player, PlayError
from tests.lab.fakes.clock import TurnedClock

_UPLINK = Port("up0", "spine", 65008, "down0", ("100.0.0.2/30",), ("100.0.0.1/30",))


def startup(name: str) -> str:
    """What an operator has saved on a leaf of a platform."""
    return FAKES[name].startup(Switch("leaf01", 65009, "2.2.2.2", "rr1", (), (_UPLINK,), name))


def platform(name: str) -> PlayedPlatform:
    """A platform whose jobs are played."""
    found = platform_of(name)
    assert isinstance(found, PlayedPlatform)
    return found


def served_as(name: str, box: Served) -> Endpoint:
    """A box on a port of this machine, as a leaf of a platform."""
    return Endpoint(name="leaf01", platform=name, host="127.0.0.1", port=box.port, user="admin", host_key=box.host_key)


def refusal(play: Callable[[], object]) -> str:
    """Why a job is refused: one line, without its password."""
    with pytest.raises(PlayError) as caught:
        play()
    said = str(caught.value)
    assert "\n" not in said
    assert "s3cret" not in said
    return said


@dataclass
class Wire:
    """The way to the leaf: where it ends, and what was sent on it."""

    at: int = 0
    """The command, counted from 1, in the place of which or after which the connection ends."""
    done: bool = False
    away: bool = False
    """Nobody gets to the box afterwards."""
    sent: list[str] = field(default_factory=list)


@dataclass
class Leaf:
    """A leaf as an operator has left it, its time standing still."""

    name: str
    fake: Fake[Any]
    begin: str
    """What it ran, and had saved, when it was new."""

    @classmethod
    def new(cls, name: str) -> Leaf:
        """One of a platform, with a spine above it."""
        kind, text = FAKES[name], startup(name)
        fake = kind.box("leaf01", Recorder(), text)
        # As the box itself writes it.
        fake = kind.box("leaf01", Recorder(), fake.shown(fake.read(text)))
        fake.clock = TurnedClock()
        fake.boot()
        return cls(name, fake, fake.startup)

    @property
    def running(self) -> str:
        """What it runs."""
        return self.fake.shown(self.fake.running)

    @property
    def saved(self) -> str:
        """What it would start with."""
        return self.fake.startup

    @property
    def speaker(self) -> Recorder:
        """What it has understood."""
        assert isinstance(self.fake.speaker, Recorder)
        return self.fake.speaker

    def passes(self, seconds: float) -> None:
        """So many seconds later."""
        assert isinstance(self.fake.clock, TurnedClock)
        self.fake.clock.passes(seconds)

    def waits(self) -> list[str]:
        """What a job would find of commits that are not confirmed, and of locks."""
        made = platform(self.name)
        looks = [pending.look for pending in made.transaction.pending]
        talk = Talk(self.fake, made, Wire())
        answers = {look: asyncio.run(talk.ask(look.command)) for look in looks}
        return [found[0] for look, said in answers.items() for found in re.finditer(look.pattern, said, re.MULTILINE)]

    def somebody(self, *lines: str) -> Login:
        """Somebody else logs in and enters some lines; the login stays."""
        login = self.fake.login()
        for line in lines:
            answer = login.enter(line)
            assert not answer.failed, (line, answer.text)
        return login

    def play(
        self,
        job: Job,
        way: Way = Way.FORWARD,
        wire: Wire | None = None,
        *,
        seals: Seals | None = None,
    ) -> Done:
        """Play a job; raises PlayError."""
        return played_on(self.name, self.fake, job, way, wire, seals=seals)


def played_on(
    name: str,
    fake: Fake[Any],
    job: Job,
    way: Way = Way.FORWARD,
    wire: Wire | None = None,
    *,
    seals: Seals | None = None,
) -> Done:
    """Play a job on the fake of a platform; raises PlayError."""
    used, made = wire or Wire(), platform(name)

    @asynccontextmanager
    async def connect() -> AsyncIterator[Talk]:
        if used.away and len(used.sent) >= used.at:
            raise UnreadableError("leaf01", "no answer from 127.0.0.1 port 22 within its time")
        talk = Talk(fake, made, used)
        try:
            yield talk
        finally:
            talk.left()

    endpoint = Endpoint(name="leaf01", platform=name, host="127.0.0.1", port=22, user="automation")
    return asyncio.run(Player(endpoint, made, job, way, connect).play(seals or {}))


class Talk(Conversation):
    """A login of the fake, its pages off, its questions answered as the platform's dialogue answers them."""

    def __init__(self, fake: Fake[Any], made: PlayedPlatform, wire: Wire) -> None:
        self._fake, self._made, self._wire, self._dead = fake, made, wire, False
        self._login = fake.login()
        for command in made.dialogue.unpaged:
            self._login.enter(command)

    async def ask(
        self, command: str, stdin: str = "", *, shown: str = "", secrets: Iterable[str] = (), tolerated: str = ""
    ) -> str:
        """What it says; faults of the fake that need no terminal are played too."""
        self._wire.sent.append(command)
        now = len(self._wire.sent) == self._wire.at
        if self._dead or (now and not self._wire.done):
            self._end(shown or command)
        said = "".join(self._said(line) for line in command.split("\n"))
        if now:
            self._end(shown or command)
        if found := played.complaint(self._made.dialogue, said, tolerated):
            raise SaidError(shown or command, played.hide(found, secrets))
        return said

    def _said(self, line: str) -> str:
        instead = self._fake.faults.instead(line)
        answer = self._login.enter(line) if instead is None else Answer(instead)
        return "".join(self._whole(answer))

    def _whole(self, answer: Answer) -> Iterator[str]:
        yield answer.text
        while answer.ask is not None:
            question = answer.ask.text
            reply = next(one.reply for one in self._made.dialogue.answers if re.search(one.question, question))
            answer = answer.ask.then(reply.rstrip("\n"))
            yield answer.text

    def _end(self, shown: str) -> None:
        self._dead = True
        self._login.gone()
        raise CutError(f"the connection ended in the middle of `{shown}`")

    def left(self) -> None:
        """The connection ends as it should."""
        self._login.gone()
