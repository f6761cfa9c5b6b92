"""A fake box without its SSH: configurations, the commit timer, what a login is answered. Pure but for the clock."""

from __future__ import annotations

import asyncio
import copy
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from lab.fakes.faults import Faults
from lab.fakes.model import Speaker, Understood

C = TypeVar("C")
"""How a platform's module keeps a configuration: anything that can be copied deeply."""


@dataclass(frozen=True)
class Question:
    """A dialogue: the text that waits, who takes the reply, and whether one key is all of that."""

    text: str
    then: Callable[[str], Answer]
    one_key: bool = False


@dataclass(frozen=True)
class Answer:
    """What a box says to a line."""

    text: str = ""
    """Whole lines, each with its end; printed as they are."""
    failed: bool = False
    """What a right exit status tells."""
    ask: Question | None = None
    closes: bool = False
    """The login ends."""


class Timer(Protocol):
    """Something that happens later, if nobody cancels it."""

    def cancel(self) -> None:
        """It does not happen."""
        ...


class Clock(Protocol):
    """Time, as far as a fake needs it: a test turns its own."""

    def now(self) -> float:
        """Seconds since some moment."""
        ...

    def later(self, seconds: float, what: Callable[[], None]) -> Timer:
        """Do something after so many seconds."""
        ...


class LoopClock:
    """The clock of the running event loop."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def later(self, seconds: float, what: Callable[[], None]) -> Timer:
        """Do something after so many seconds."""
        return asyncio.get_running_loop().call_later(seconds, what)


@dataclass
class Pending(Generic[C]):
    """A commit that waits to be confirmed."""

    name: str
    before: C
    until: float
    timer: Timer


class Fake(ABC, Generic[C]):
    """A box of one platform: its configurations, and what stands between them and its speaker.

    A platform's module fills in the abstract part; :meth:`commit`, :meth:`confirm`, :meth:`roll_back`, :meth:`save` and
    :meth:`reboot` are what its commands call.
    """

    stops_at_error = True
    """Whether an exec request of several lines ends at the first that fails."""

    def __init__(self, host: str, speaker: Speaker, startup: str, file: Path | None = None) -> None:
        """``startup`` is the saved configuration as text; ``file`` is where it is kept, if anywhere."""
        self.host, self.speaker, self.faults = host, speaker, Faults()
        self.clock: Clock = LoopClock()
        self.pending: Pending[C] | None = None
        self.booted = self.clock.now()
        self._startup, self._file = startup, file
        self.running = self.read(startup)
        self.cut: Callable[[], None] = lambda: None
        """Ends every connection; the server's."""

    # What a platform says of itself.

    @abstractmethod
    def read(self, text: str) -> C:
        """Configuration of a text as :meth:`shown` writes it."""

    @abstractmethod
    def shown(self, configuration: C) -> str:
        """Text of a configuration, as the platform saves and shows it."""

    @abstractmethod
    def understood(self, configuration: C) -> Understood:
        """What a configuration means."""

    @abstractmethod
    def login(self) -> Login:
        """Somebody logs in."""

    def commands(self, request: str) -> Sequence[str] | None:
        """Commands of an exec request; ``None`` where the platform takes none."""
        return request.split("\n")

    # What its commands do.

    def boot(self) -> None:
        """Play the saved configuration; raises RefusedError."""
        self.running = self.read(self._startup)
        self.booted = self.clock.now()
        self.speaker.play(self.understood(self.running))

    def candidate(self) -> C:
        """A copy of what runs, to be changed."""
        return copy.deepcopy(self.running)

    def apply(self, wanted: C) -> None:
        """Run a configuration from now on; raises RefusedError, and runs the one before then."""
        try:
            self.speaker.play(self.understood(wanted))
        except Exception:
            self.speaker.play(self.understood(self.running))
            raise
        self.running = wanted

    def commit(self, wanted: C, seconds: float | None = None, name: str = "") -> None:
        """Run a configuration; with ``seconds`` the one before comes back unless somebody confirms in time.

        A further commit with a time starts it anew, and what comes back stays what it was. Raises RefusedError.
        """
        before = self.running if self.pending is None else self.pending.before
        self.apply(wanted)
        self._settle()
        if seconds is not None:
            wait = seconds / self.faults.haste
            self.pending = Pending(name, before, self.clock.now() + wait, self.clock.later(wait, self.roll_back))

    def confirm(self) -> bool:
        """Keep what a commit with a time has changed; whether there was one."""
        return self._settle() is not None

    def roll_back(self) -> None:
        """The time is over: what was before comes back. What is saved is not touched."""
        if (pending := self._settle()) is not None:
            self.apply(pending.before)

    def _settle(self) -> Pending[C] | None:
        pending, self.pending = self.pending, None
        if pending is not None:
            pending.timer.cancel()
        return pending

    def save(self) -> None:
        """Keep what runs for the next start."""
        self._startup = self.shown(self.running)
        if self._file is not None:
            self._file.write_text(self._startup, encoding="utf-8")

    @property
    def startup(self) -> str:
        """What is saved."""
        return self._startup

    def reboot(self) -> None:
        """Connections and sessions end, and what is saved runs; a commit that waited is forgotten."""
        self._settle()
        self.cut()
        self.speaker.play(Understood())
        self.boot()


class Login(ABC):
    """One login: the mode that it is in, and what it has not committed."""

    more = "--More--"
    """What stands below a page."""
    page = 24
    """Lines of a page on a terminal; 0 after the platform's command that switches paging off."""
    greeting = ""
    """What a terminal shows first."""

    @property
    @abstractmethod
    def prompt(self) -> str:
        """What waits for a line; its last line has no end."""

    @abstractmethod
    def enter(self, line: str) -> Answer:
        """A line, without its end."""

    def gone(self) -> None:  # noqa: B027 - most platforms keep nothing
        """The connection has ended, by whomever."""
