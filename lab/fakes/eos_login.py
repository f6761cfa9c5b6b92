"""The command line of a played EOS: its modes, configuration sessions, what each ``show`` command is answered by.

Sources are those of :mod:`lab.fakes.eos`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING

from lab.fakes import eos_shows
from lab.fakes.box import Answer, Login, Question
from lab.fakes.eos_grammar import GRAMMAR
from lab.fakes.model import RefusedError
from lab.fakes.tree import Place

if TYPE_CHECKING:
    from lab.fakes.eos import EosFake

_PENDING = 5
"""Sessions that may be open at once."""
_SUFFIX = {
    "bgp": "router-bgp",
    "family": "router-bgp-af",
    "vrf": "router-bgp-vrf",
    "list": "ip-pfx",
    "any": "if",
    "map": "route-map",
}
_INVALID = "% Invalid input\n"
_INCOMPLETE = "% Incomplete command\n"
_PRIVILEGED = "% Invalid input (privileged mode required)\n"


@dataclass
class Session:
    """A configuration session of the box."""

    name: str
    configuration: Place
    completed: bool = False


class EosLogin(Login):
    """Somebody at the command line, without privileges at first: the mode, the session, the place in it."""

    more = " --More-- "

    def __init__(self, fake: EosFake) -> None:
        self._fake = fake
        self._privileged = False
        self._session: Session | None = None
        self._path: tuple[str, ...] | None = None
        """Place in the configuration; ``None`` outside of it."""

    @property
    def prompt(self) -> str:
        """With the mode, and the session if there is one."""
        if self._path is None:
            return f"{self._fake.host}{'#' if self._privileged else '>'}"
        top = self._session.configuration if self._session else self._fake.running
        place = top.at(self._path)
        inside = _SUFFIX.get(place.mode, "") if place and self._path else ""
        # A prompt has the first six characters of a session's name.
        names = ("config", f"s-{self._session.name[:6]}" if self._session else "", inside)
        return f"{self._fake.host}({'-'.join(filter(None, names))})#"

    def enter(self, line: str) -> Answer:
        """A command, or a line of a configuration."""
        words = line.split()
        if not words or words[0].startswith("!"):
            return Answer()
        if self._path is not None:
            return self._configured(" ".join(words))
        return self._command(words)

    def _command(self, words: list[str]) -> Answer:  # noqa: PLR0911, PLR0912, C901 - a command each
        match words:
            case ["enable"]:
                self._privileged = True
            case ["disable"]:
                self._privileged = False
            case ["exit" | "logout" | "quit"]:
                return Answer(closes=True)
            case ["terminal", "length", length] if length.isdecimal():
                self.page = int(length)
            case ["terminal", "width", width] if width.isdecimal():
                pass
            case ["show", *what]:
                return self._show(what)
            case _ if not self._privileged:
                return Answer(_PRIVILEGED, failed=True)
            case ["configure"] | ["configure", "terminal"]:
                self._path = ()
            case ["configure", "session", name, *then]:
                return self._enter_session(name, then)
            case ["no", "configure", "session", name]:
                self._fake.sessions.pop(name, None)
            case ["write"] | ["write", "memory"] | ["copy", "running-config", "startup-config"]:
                self._fake.save()
                return Answer("Copy completed successfully.\n")
            case ["reload"]:
                return Answer(ask=Question("Proceed with reload? [confirm]", self._reload, one_key=True))
            case ["reload", "now"]:
                return self._reload("y")
            case _:
                return Answer(_INVALID, failed=True)
        return Answer()

    def _reload(self, key: str) -> Answer:
        if key not in "yY\r\n":
            return Answer("\n")
        self._fake.reboot()
        return Answer(closes=True)

    def _show(self, what: list[str]) -> Answer:  # noqa: PLR0911 - a command each
        fake = self._fake
        match what:
            case ["version"]:
                return Answer(eos_shows.version(fake.host, fake.model, fake.version, fake.clock.now() - fake.booted))
            case ["running-config" | "startup-config", *_] if not self._privileged:
                return Answer(_PRIVILEGED, failed=True)
            case ["running-config"]:
                return Answer(fake.shown(fake.running))
            case ["running-config", "section", *patterns] | ["running-config", "|", "section", *patterns]:
                pattern = re.compile(" ".join(patterns))
                return Answer("".join(f"{one}\n" for one in fake.lines(fake.running, lambda text: _has(pattern, text))))
            case ["startup-config"]:
                return Answer(fake.startup)
            case ["configuration", "sessions", *_]:
                return Answer(eos_shows.sessions(self._states(), json="json" in what, left=self._left()))
            case ["session-config", "named", name, "diffs"] if name in fake.sessions:
                return Answer(self._diffs(fake.sessions[name]))
            case ["bgp", "neighbors", "vrf", "all", "|", "json"]:
                return Answer(eos_shows.neighbours(fake.understood(fake.running), fake.speaker.sessions()))
            case ["ip" | "ipv6" as kind, "route", "|", "json"]:
                return Answer(eos_shows.routes(fake.speaker.routes(6 if kind == "ipv6" else 4)))
        return Answer(_INVALID, failed=True)

    def _states(self) -> Mapping[str, str]:
        waits = self._fake.pending.name if self._fake.pending else None
        return {
            name: "pendingCommitTimer" if name == waits else "completed" if one.completed else "pending"
            for name, one in self._fake.sessions.items()
        }

    def _left(self) -> float:
        return self._fake.pending.until - self._fake.clock.now() if self._fake.pending else 0.0

    def _diffs(self, session: Session) -> str:
        before, after = (self._fake.shown(one).splitlines() for one in (self._fake.running, session.configuration))
        names = "system:/running-config", f"session:/{session.name}-session-config"
        return "".join(f"{line}\n" for line in unified_diff(before, after, *names, lineterm=""))

    def _enter_session(self, name: str, then: list[str]) -> Answer:
        session = self._fake.sessions.get(name)
        waits = self._fake.pending is not None and self._fake.pending.name == name
        if then == ["commit"] and waits:
            self._fake.confirm()
            return Answer()
        if then == ["abort"] and session is not None:
            if waits:
                self._fake.roll_back()
            self._fake.sessions.pop(name, None)
            return Answer()
        if then or (session is not None and session.completed):
            return Answer(f"% Cannot enter session {name} (session already completed)\n", failed=True)
        if session is None:
            if list(self._states().values()).count("pending") >= _PENDING:
                return Answer(
                    "% Maximum number of pending sessions has been reached. Please commit or abort previous sessions "
                    "before creating a new one.\n",
                    failed=True,
                )
            session = self._fake.sessions[name] = Session(name, self._fake.candidate())
        self._session, self._path = session, ()
        return Answer()

    def _configured(self, line: str) -> Answer:
        match line.split():
            case ["end"]:
                self._leave()
            case ["exit"] if self._path:
                self._path = self._path[:-1]
            case ["exit"]:
                self._leave()
            case ["abort"] if self._session is not None:
                self._fake.sessions.pop(self._session.name, None)
                self._leave()
            case ["commit", *timer] if self._session is not None:
                return self._commit(self._session, timer)
            case ["show", "session-config", "diffs"] if self._session is not None:
                return Answer(self._diffs(self._session))
            case ["show", *what]:
                return self._show(what)
            case _:
                return self._line(line)
        return Answer()

    def _leave(self) -> None:
        """A session that is left waits for somebody to come back."""
        self._session = self._path = None

    def _commit(self, session: Session, timer: list[str]) -> Answer:
        seconds = None
        if timer:
            said = re.fullmatch(r"timer (\d\d):(\d\d):(\d\d)", " ".join(timer))
            if said is None:
                return Answer(_INVALID, failed=True)
            seconds = 3600 * int(said[1]) + 60 * int(said[2]) + int(said[3])
        if self._fake.pending is not None and self._fake.pending.name != session.name:
            why = f"session {self._fake.pending.name} has a pending commit timer"
            return Answer(f"% Cannot commit session {session.name}: {why}\n", failed=True)
        try:
            self._fake.commit(session.configuration, seconds, session.name)
        except RefusedError as error:
            return Answer(f"% Cannot commit session {session.name}: {error}\n", failed=True)
        # One that is completed is remembered, the last.
        for name in [name for name, one in self._fake.sessions.items() if one.completed]:
            del self._fake.sessions[name]
        session.completed = True
        self._leave()
        return Answer()

    def _line(self, line: str) -> Answer:
        assert self._path is not None  # noqa: S101 - only asked inside a configuration
        top = self._session.configuration if self._session else self._fake.candidate()
        path = self._path
        if one := re.fullmatch(r"(no )?((?:ip|ipv6) prefix-list \S+) ((?:seq|permit|deny) .+)", line):
            # The older way: an entry with its list in one line.
            entered = GRAMMAR.enter(top, (), one[2])
            refused = self._refused(top, entered.path, f"{one[1] or ''}{one[3]}")
        else:
            refused = self._refused(top, path, line)
            path = self._path
        if refused:
            return Answer(refused, failed=True)
        self._path = path
        if self._session is None:
            try:
                self._fake.apply(top)
            except RefusedError as error:
                return Answer(f"% Error: {error}\n", failed=True)
        return Answer()

    def _refused(self, top: Place, path: tuple[str, ...], line: str) -> str:
        """Carry a line out; what is wrong with it where it cannot be."""
        if (asked := re.fullmatch(r"router bgp (\S+)", line)) and (there := top.inside.get("router bgp")):
            runs = there.text.split()[-1]
            if asked[1] != runs:
                return f"% BGP is already running with AS number {runs}\n"
        place = top.at(path)
        if place is not None and place.mode == "list":
            numbers = [int(key.split()[1]) for key in place.inside]
            if re.match("permit|deny", line):
                line = f"seq {max(numbers, default=0) + 10} {line}"
            known = place.inside.get(" ".join(line.split()[:2]))
            if known is not None and known.text != line and not line.startswith("no"):
                return "% Duplicate sequence number\n"
        try:
            entered = GRAMMAR.enter(top, path, line)
        except ValueError as error:
            return f"{error}\n"
        if entered.error:
            return _INCOMPLETE if entered.error == "incomplete" else _INVALID
        self._path = entered.path
        return ""


def _has(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.search(text) is not None
