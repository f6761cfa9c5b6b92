"""A Junos switch, played: `set` lines in a candidate, `commit check`, `commit confirmed`, answers as JSON.

Texts are those of Juniper's guides ("Commit the Configuration", "Using the configure exclusive Command", `show system
commit`, `show bgp neighbor`) and of outputs that people have published; what no source tells is marked so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface, ip_network

from lab.fakes import junos_shows as shows
from lab.fakes.box import Answer, Fake, Login, Question
from lab.fakes.junos_meaning import problems, understood
from lab.fakes.junos_statements import Configuration, StatementError, words
from lab.fakes.model import RefusedError, Understood
from lab.plan import Switch

USER = "automation"
_KEPT = 50


@dataclass
class Commit:
    """An entry of `show system commit`, and what stood after it."""

    by: str
    comment: str
    configuration: Configuration


class JunosFake(Fake[Configuration]):
    """One candidate for all, or one login's alone; the files follow what is confirmed."""

    def boot(self) -> None:
        """Start with what is saved."""
        super().boot()
        self.shared = self.candidate()
        self.locked: JunosLogin | None = None
        self.history = [Commit("root via other", "", self.candidate())]

    def read(self, text: str) -> Configuration:
        """Configuration of `set` lines."""
        found = Configuration()
        for line in text.splitlines():
            verb, *rest = words(line)
            found.enter(verb, tuple(rest))
        return found

    def shown(self, configuration: Configuration) -> str:
        """All of it as `set` lines."""
        return "".join(f"{line}\n" for line in configuration.lines())

    def understood(self, configuration: Configuration) -> Understood:
        """What it means."""
        return understood(configuration)

    def login(self) -> Login:
        """Somebody at the command line."""
        return JunosLogin(self)

    def commands(self, request: str) -> list[str]:
        """An exec request is what `cli -c` is given: commands between semicolons."""
        return [one.strip() for one in request.split(";")]

    def committed(self, by: str, comment: str, *, final: bool) -> None:
        """Note what runs now; files follow once it is confirmed (whether before that a restart would show it, [U])."""
        self.history = [Commit(by, comment, self.candidate()), *self.history][:_KEPT]
        self.shared = self.candidate()
        if final:
            self.save()

    def roll_back(self) -> None:
        """Nobody has confirmed it."""
        super().roll_back()
        self.committed("root via other", "", final=True)


class JunosLogin(Login):
    """A login: operational mode, or configuration mode with the candidate that it edits."""

    more = "---(more)---"
    greeting = "--- JUNOS 21.4R3.15 Kernel 64-bit  JNPR-12.1-20220806\n"

    def __init__(self, fake: JunosFake) -> None:
        self.fake = fake
        self.candidate: Configuration | None = None

    @property
    def prompt(self) -> str:
        """With the hierarchy above it in configuration mode."""
        who = f"{USER}@{self.fake.host}"
        return f"{who}> " if self.candidate is None else f"\n[edit]\n{who}# "

    def gone(self) -> None:
        """Changes of an exclusive login go with it."""
        if self.fake.locked is self:
            self.fake.locked = None
            self.fake.shared = self.fake.candidate()

    def enter(self, line: str) -> Answer:
        """A command; an error has an exit status of 0, as of `cli`."""
        try:
            said = words(line.strip())
            if not said:
                return Answer()
            return self._operational(line.strip(), said) if self.candidate is None else self._edits(said)
        except StatementError as error:
            return Answer(f"{'^':>{len(line) // 2 + 1}}\n{error}\n")

    # Operational mode.

    def _operational(self, line: str, said: tuple[str, ...]) -> Answer:
        match said:
            case ("set", "cli", "screen-length", number):
                self.page = int(number)
                return Answer(f"Screen length set to {number}\n")
            case ("set", "cli", *_):
                return Answer()
            case ("configure", *kind):
                return self._configure(kind)
            case ("exit" | "quit",):
                return Answer(closes=True)
            case ("show", *_):
                return self._show(line)
        raise StatementError("unknown command.")

    def _configure(self, kind: list[str]) -> Answer:
        fake = self.fake
        if fake.locked not in (None, self):
            who = f"  {USER} terminal p0 (pid 4681) on since 2026-11-27 09:31:02 UTC, idle 00:01:12\n"
            return Answer(f"error: configuration database locked by:\n{who}      exclusive [edit]\n")
        changed = fake.shared != fake.running
        match kind:
            case ["exclusive"] if changed:
                return Answer("error: configuration database modified\n")
            case ["private"] if changed:
                return Answer("error: shared configuration database modified\n")
            case ["exclusive"]:
                fake.locked, self.candidate = self, fake.shared
                return Answer("warning: uncommitted changes will be discarded on exit\nEntering configuration mode\n")
            case ["private"]:
                self.candidate = fake.candidate()
                return Answer("warning: uncommitted changes will be discarded on exit\nEntering configuration mode\n")
            case []:
                self.candidate = fake.shared
                more = "The configuration has been changed but not committed\n" if changed else ""
                return Answer(f"Entering configuration mode\n{more}")
        raise StatementError("syntax error.")

    def _show(self, line: str) -> Answer:
        command, *pipes = (part.strip() for part in line.split("|"))
        said = words(command)[1:]
        if said[:1] == ("configuration",) and pipes[:1] == ["display set"]:
            text = "".join(f"{one}\n" for one in self.fake.running.lines(*said[1:]))
        elif command in _SHOWN:
            text = _SHOWN[command](self.fake)
        elif (tables := re.fullmatch(r"show route table (inet6?)\.0 active-path", command)) is not None:
            text = shows.routes(self.fake, tables[1])
        else:
            raise StatementError("syntax error.")
        for pipe in pipes:
            if sought := re.fullmatch(r'match "?([^"]*)"?', pipe):
                text = "".join(f"{one}\n" for one in text.splitlines() if re.search(sought[1], one, re.IGNORECASE))
            elif pipe == "count":
                text = f"Count: {len(text.splitlines())} lines\n"
        return Answer(text)

    # Configuration mode.

    def _edits(self, said: tuple[str, ...]) -> Answer:
        assert self.candidate is not None  # noqa: S101 - the mode
        match said:
            case ("set" | "delete" | "deactivate" | "activate", *path):
                return Answer(self.candidate.enter(said[0], tuple(path)))
            case ("rollback", number) if number.isdigit() and int(number) < len(self.fake.history):
                stood = self.fake.history[int(number)].configuration
                self.candidate.said, self.candidate.off = dict(stood.said), dict(stood.off)
                return Answer("load complete\n")
            case ("commit", *options):
                return self._commit(options)
            case ("exit" | "quit",) | ("exit", "configuration-mode"):
                return self._leave()
            case ("run", *rest):
                return self._operational(" ".join(rest), tuple(rest))
        raise StatementError("unknown command.")

    def _leave(self) -> Answer:
        changed = self.candidate != self.fake.running
        if self.fake.locked is self and changed:
            text = "The configuration has been changed but not committed\n"
            text += "warning: Auto rollback on exiting 'configure exclusive'\n"
            return Answer(text, ask=Question("Discard uncommitted changes? [yes,no] (yes) ", self._left))
        if changed:
            text = "The configuration has been changed but not committed\n"
            return Answer(text, ask=Question("Exit with uncommitted changes? [yes,no] (yes) ", self._left))
        return self._left("yes")

    def _left(self, reply: str) -> Answer:
        if reply not in ("", "yes"):
            return Answer()
        self.gone()
        self.candidate = None
        return Answer("Exiting configuration mode\n")

    def _commit(self, options: list[str]) -> Answer:
        assert self.candidate is not None  # noqa: S101 - the mode
        fake = self.fake
        if found := list(problems(self.candidate)):
            return Answer(f"{''.join(found)}error: configuration check-out failed\n")
        if options == ["check"]:
            fake.confirm()
            return Answer("configuration check succeeds\n")
        minutes, comment = self._options(options)
        try:
            fake.commit(_copy(self.candidate), None if minutes is None else 60.0 * minutes, comment)
        except RefusedError as error:
            return Answer(f"error: {error}\nerror: configuration check-out failed\n")
        timed = "" if minutes is None else f" commit confirmed, rollback in {minutes}mins"
        fake.committed(f"{USER} via cli{timed}", comment, final=minutes is None)
        if fake.locked is self or minutes is None:
            self.candidate = fake.shared
        if minutes is None:
            return Answer("commit complete\n")
        text = f"commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed\n"
        return Answer(f"{text}commit complete\n\n# commit confirmed will be rolled back in {minutes} minutes\n")

    def _options(self, options: list[str]) -> tuple[int | None, str]:
        minutes: int | None = None
        if options[:1] == ["confirmed"]:
            minutes, options = 10, options[1:]
            if options[:1] and options[0].isdigit():
                minutes, options = int(options[0]), options[1:]
            if self.candidate is not self.fake.shared:
                raise StatementError("error: commit confirmed is not supported in private mode")
        if options[:1] == ["comment"] and len(options) == 2:
            return minutes, options[1]
        if options:
            raise StatementError("syntax error.")
        return minutes, ""


def _copy(configuration: Configuration) -> Configuration:
    return Configuration(dict(configuration.said), dict(configuration.off))


def _commits(fake: JunosFake) -> str:
    lines: list[str] = []
    for number, one in enumerate(fake.history):
        lines.append(f"{number:<4}2026-11-27 23:16:51 UTC by {one.by}")
        lines += [f"    {one.comment}"] if one.comment else []
        # It goes with the timer; the words in the line above stay.
        lines += ["    rollback pending"] if number == 0 and fake.pending is not None else []
    return "".join(f"{line}\n" for line in lines)


_SHOWN: Mapping[str, Callable[[JunosFake], str]] = {
    "show version": shows.version,
    "show system commit": _commits,
    "show bgp neighbor": shows.neighbours,
    "show bgp summary": shows.summary,
}


def startup(switch: Switch) -> str:
    """What an operator has committed: the AS, uplinks, connected routes to the spines, equal paths."""
    return "".join(f"set {line}\n" for line in _startup(switch))


def _startup(switch: Switch) -> Iterator[str]:
    yield f"system host-name {switch.name}"
    yield f"routing-options router-id {switch.router_id}"
    yield f"routing-options autonomous-system {switch.as_number}"
    yield "policy-options policy-statement TO-SPINES term own from protocol direct"
    yield "policy-options policy-statement TO-SPINES term own then accept"
    yield "protocols bgp multipath multiple-as"
    for link in switch.links:
        for address in map(ip_interface, link.peer_addresses):
            at = f"protocols bgp group SPINES neighbor {address.ip}"
            yield "protocols bgp group SPINES type external"
            yield "protocols bgp group SPINES export TO-SPINES"
            yield f"{at} description {link.peer}"
            yield f"{at} peer-as {link.peer_as}"
            yield f"{at} family {'inet' if ip_network(address.network).version == 4 else 'inet6'} unicast"
