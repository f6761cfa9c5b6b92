"""A box that nobody sells, with a platform of its own: candidate or not, timer or not, and what goes wrong by order.

It keeps lines. ``neighbor A WORD …`` takes the place of the line with the same first three words, ``list NAME ENTRY``
stands beside others, ``no`` takes away all that begins like it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import Any

import asyncssh
import pytest

from leafrack import platforms
from leafrack.addresses import Address
from leafrack.errors import UnreadableError
from leafrack.platforms import (
    Behaviour,
    Listener,
    ListenerState,
    Neighbour,
    PrefixList,
    Setting,
    Settings,
    SwitchState,
    played,
)
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Answer, Channel, Dialogue, Look, Pending, PlayedPlatform, Transaction, Typed
from leafrack.platforms.state import AnyAs, NeighbourState, Password, SessionState
from leafrack.world.conversation import Conversation, CutError, SaidError

NAME = "toyos"
READS = ("show running", "show sessions")
TIMER = 120


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"`bgp {as_number}`"

    def remove_neighbour(self, address: Address) -> str:
        return f"`no neighbor {address}`"

    def pass_without_policy(self) -> str:
        return "`pass`"


def parse(output: str) -> SwitchState:
    running, sessions = played.answers(output, READS, "this does not answer as Toy OS")
    said = re.match(r"bgp (\d+|none)\n?", running)
    if said is None:
        msg = f"this does not answer as Toy OS: {running[:40]!r}"
        raise ValueError(msg)
    up = set(sessions.split())
    found: dict[Address, dict[str, Any]] = {}
    ranges: dict[str, dict[str, Any]] = {}
    lists: dict[str, frozenset[str]] = {}
    for line in running.splitlines()[1:]:
        kind, name, rest = line.split(" ", 2)
        if kind == "list":
            lists[name] = lists.get(name, frozenset()) | {rest}
            continue
        word, _, value = rest.partition(" ")
        if kind == "range":
            ranges.setdefault(name, {}).update(_setting(word, value))
            continue
        found.setdefault(ip_address(name), {}).update(_setting(word, value))
    neighbours = {
        address: NeighbourState(
            address=address,
            remote_as=0,
            state=SessionState.ESTABLISHED if str(address) in up else SessionState.IDLE,
            activated=True,
            **given,
        )
        for address, given in found.items()
    }
    listeners = [ListenerState(prefix=ip_network(name), activated=True, **given) for name, given in ranges.items()]
    for address in map(ip_address, up):
        for one in listeners:
            if address not in found and address in one.prefix:
                neighbours[address] = NeighbourState(
                    address=address, remote_as=64512, state=SessionState.ESTABLISHED, came_by=one.prefix
                )
    number = None if said[1] == "none" else int(said[1])
    return SwitchState(number, neighbours, lists=lists, listeners={each.prefix: each for each in listeners})


def _setting(word: str, value: str) -> Mapping[str, Any]:
    match word:
        case "as":
            return {"set_as": AnyAs.EXTERNAL if value == "any" else int(value)}
        case "most":
            return {"maximum_neighbours": int(value)}
        case "password":
            sealed = value.startswith("$")
            return {"password": Password(value, sealed=sealed)}
        case _:
            return {{"in": "list_in", "out": "list_out"}.get(word, word): value}


def _entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    return {each.name: frozenset(f"permit {prefix}" for prefix in each.prefixes) for each in lists}


def lines(plan: Plan) -> tuple[Typed, ...]:
    return tuple(_lines(plan))


def _lines(plan: Plan) -> Iterator[Typed]:
    for name, entries in _entries(plan.lists).items():
        yield from (Typed(f"list {name} {entry}") for entry in sorted(entries))
    yield from (Typed(f"no range {has.prefix}") for has in plan.old_listeners)
    written: tuple[Neighbour | Listener, ...] = (*plan.listeners, *plan.neighbours)
    for each in written:
        who = f"{'range' if isinstance(each, Listener) else 'neighbor'} {each.who}"
        if each.who not in plan.kept_as:
            yield Typed(f"{who} as {each.as_number or 'any'}")
        yield Typed(f"{who} description {each.description}")
        if isinstance(each, Listener):
            yield Typed(f"{who} most {each.maximum_neighbours}")
        if each.password and each.who not in plan.kept_passwords:
            yield Typed(f"{who} password {each.password}", (each.password,))
        yield from (Typed(f"{who} in {each.list_in}"), Typed(f"{who} out {each.list_out}"))
    yield from (Typed(f"neighbor {address} as {number or 'any'}") for address, number in plan.as_numbers)
    yield from (Typed(f"no neighbor {address}") for address in plan.gone)
    yield from (Typed(f"no list {name}", tolerated="% Absent") for name in plan.old_lists)
    for name, entries in plan.stale.items():
        yield from (Typed(f"no list {name} {entry}", tolerated="% Absent") for entry in sorted(entries))


def _words(setting: Setting, of: Settings) -> str:
    return str(getattr(of, setting.value) or "")


DIALOGUE = Dialogue(
    channel=Channel.SHELL,
    identity=Look("show version", r"^Toy OS \d"),
    prompt=r"[\w.-]+(\([\w-]+\))?# ?",
    unpaged=("no paging",),
    errors=(r"^% ",),
    harmless=(r"^% Note.*$",),
    answers=(Answer(r"--more--$", " "), Answer(r"Sure\? \[y/n\]$", "y\n")),
    slow=2.0,
)
_PENDING = Pending(
    Look("show commits", r"^pending (\S+)"),
    r"a commit of \1 that is not confirmed: let them confirm it or roll it back",
    own=f"pending {played.SESSION}$",
    undo=(r"rollback \1",),
)
_LOCK = Pending(Look("show lock", r"^locked by (\w+)$"), r"a configuration lock of \1's: ask them to end it")

TIMED = Transaction(
    pending=(_PENDING, _LOCK),
    begin=("configure {session}",),
    check=("verify",),
    apply=("commit {session} timer {seconds}",),
    undo=("abort",),
    confirm=("confirm {session}",),
    rollback=("rollback {session}",),
    save=("save",),
    timer=TIMER,
)
"""A candidate and a timer."""
PLAIN = Transaction(
    pending=(_LOCK,),
    begin=("checkpoint {session}", "configure"),
    rollback=("rollback {session}",),
    save=("save",),
    finish=("no checkpoint {session}",),
    candidate=False,
)
"""Each line is in force at once, and only a checkpoint helps."""
DELAYED = replace(
    PLAIN,
    pending=(_PENDING, _LOCK),
    begin=("checkpoint {session} timer {seconds}", "configure"),
    confirm=("confirm {session}",),
    timer=TIMER,
)
"""Each line is in force at once, and all of them are taken back when nobody confirms."""


def platform(transaction: Transaction = TIMED, **change: Any) -> PlayedPlatform:
    """The platform of the box."""
    return PlayedPlatform(
        title="Toy OS",
        reads=READS,
        lines=lines,
        dialogue=replace(DIALOGUE, **change),
        transaction=transaction,
        behaviour=Behaviour(),
        remedies=_Remedies(),
        text=lambda _: "",
        parse=parse,
        words=_words,
        as_words=lambda number: f"as {number}",
        entries=_entries,
    )


def register(monkeypatch: pytest.MonkeyPatch, made: PlayedPlatform) -> PlayedPlatform:
    """A platform that is known for the rest of the test."""
    monkeypatch.setitem(platforms.BUILT_IN, NAME, made)
    return made


@dataclass
class Toy:
    """The box; what happens to it is in ``log``."""

    running: list[str] = field(default_factory=list)
    bgp: str = "65009"
    up: set[str] = field(default_factory=set)
    lock: str = ""
    theirs: str = ""
    """Somebody else's commit that is not confirmed."""
    refuses: str = ""
    """Pattern of commands that it answers with an error that repeats them."""
    loses: str = ""
    """Pattern of lines that it takes and does not keep."""
    breaks: str = ""
    """Address of a session that does not stand any change."""
    comes_back: int = 0
    """Looks at its sessions after which that one is up again, by the range that it is in; never where it is 0."""
    seals: bool = False
    version: str = "Toy OS 7"
    log: list[str] = field(default_factory=list)
    startup: list[str] = field(default_factory=list)
    pending: str = ""
    direct: bool = False
    _before: list[str] = field(default_factory=list)
    _candidate: list[str] | None = None

    def __post_init__(self) -> None:
        self.startup = list(self.running)

    def answer(self, command: str) -> str:
        """What it says to a command."""
        self.log.append(command)
        if self.refuses and re.search(self.refuses, command):
            return f"% Refused: {command}\n"
        word, _, rest = command.partition(" ")
        if word == "show":
            return self._show(rest)
        if word in ("verify", "no", "neighbor", "range", "list"):
            return self._line(command)
        return self._transact(word, rest)

    def _transact(self, word: str, rest: str) -> str:
        match word:
            case "configure":
                self._candidate = list(self.running)
            case "abort":
                self._candidate = None
            case "checkpoint":
                self._before, self.direct = list(self.running), True
                self.pending = rest.partition(" ")[0] if "timer" in rest else ""
            case "commit":
                assert self._candidate is not None
                self._before, self.running, self._candidate = self.running, self._candidate, None
                self.pending = rest.partition(" ")[0]
                self.up.discard(self.breaks)
            case "confirm" if rest != self.pending:
                return "% Nothing to confirm\n"
            case "confirm":
                self.pending = ""
            case "rollback":
                self.running, self.pending = list(self._before), ""
            case "save":
                self.startup = list(self.running)
            case _:
                return "% Unknown\n"
        return ""

    def _show(self, what: str) -> str:
        match what:
            case "version":
                return f"{self.version}\n"
            case "running":
                return "\n".join([f"bgp {self.bgp}", *map(self._shown, self.running), ""])
            case "sessions":
                if self.breaks and self.breaks not in self.up and self.comes_back:
                    self.comes_back -= 1
                    self.up |= set() if self.comes_back else {self.breaks}
                return " ".join(sorted(self.up)) + "\n"
            case "commits":
                waits = self.pending or self.theirs
                return f"pending {waits}\n" if waits else "none\n"
            case _:
                return f"locked by {self.lock}\n" if self.lock else "free\n"

    def _shown(self, line: str) -> str:
        """A password in clear, or as something that nobody can compute."""
        kind, is_one, secret = line.partition(" password ")
        return f"{kind} password $c${sum(map(ord, secret))}" if is_one and self.seals else line

    def _line(self, command: str) -> str:
        if self._candidate is None:
            return "% Not in configuration mode\n"
        target = self.running if self.direct else self._candidate
        if command.startswith("no ") and "paging" not in command:
            kept = [line for line in target if not f"{line} ".startswith(f"{command[3:]} ")]
            absent = len(kept) == len(target)
            target[:] = kept
            return "% Absent\n" if absent else ""
        if command.startswith(("neighbor ", "range ")):
            key = " ".join(command.split()[:3]) + " "
            target[:] = [line for line in target if not line.startswith(key)]
        if command != "verify" and command not in target and not (self.loses and re.search(self.loses, command)):
            target.append(command)
        return ""

    def left(self) -> None:
        """A connection ended: what nobody has committed is gone."""
        self._candidate = None

    def expire(self) -> None:
        """The time to confirm is over."""
        if self.pending:
            self.running, self.pending = list(self._before), ""


@dataclass
class Cut:
    """Where connections end: at the ``at``-th command of a job, before it is done or after."""

    at: int
    done: bool = False
    away: bool = False
    """Nobody gets to the box afterwards."""
    seen: int = 0

    def now(self) -> bool:
        """Whether it is the one."""
        self.seen += 1
        return self.seen == self.at


class Talk(Conversation):
    """A conversation with the box in memory."""

    def __init__(self, toy: Toy, cut: Cut, made: PlayedPlatform) -> None:
        self._toy, self._cut, self._made, self._dead = toy, cut, made, False

    async def ask(
        self, command: str, stdin: str = "", *, shown: str = "", secrets: Iterable[str] = (), tolerated: str = ""
    ) -> str:
        """What it answers."""
        cut = self._cut.now()
        if self._dead or (cut and not self._cut.done):
            self._end(shown or command)
        said = self._toy.answer(command)
        if cut:
            self._end(shown or command)
        if found := played.complaint(self._made.dialogue, said, tolerated):
            raise SaidError(shown or command, played.hide(found, secrets))
        return said

    def _end(self, shown: str) -> None:
        self._dead = True
        self._toy.left()
        raise CutError(f"the connection ended in the middle of `{shown}`")


def connects(toy: Toy, made: PlayedPlatform, cut: Cut) -> Any:
    """What makes connections to the box."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Talk]:
        if cut.away and cut.seen >= cut.at:
            raise UnreadableError("leaf01", "no answer from 127.0.0.1 port 22 within its time")
        try:
            yield Talk(toy, cut, made)
        finally:
            toy.left()

    return connect


@dataclass
class Front:
    """The box over SSH: a terminal with echo, prompts, pages and a question, or commands with an exit status."""

    toy: Toy
    prompt: str = "leaf01"
    mute: str = ""
    """Pattern of commands that are never answered."""
    cuts: str = ""
    """Pattern of commands in the middle of whose answer the connection ends."""
    status: int | None = 0
    """Exit status, whatever is said; none where there is none."""
    page: int = 3
    asks: str = "^save"
    """Pattern of commands that are asked about first."""
    logins: int = 0

    async def __call__(self, process: asyncssh.SSHServerProcess[str]) -> None:
        """Serve one channel."""
        with suppress(asyncssh.Error, OSError, EOFError):
            if process.command is None:
                await self._terminal(process)
            else:
                await self._command(process, process.command)
            process.close()

    async def _command(self, process: asyncssh.SSHServerProcess[str], command: str) -> None:
        await self._fails(process, command)
        process.stdout.write(self.toy.answer(command))
        if self.status is not None:
            process.exit(self.status)

    async def _terminal(self, process: asyncssh.SSHServerProcess[str]) -> None:
        self.logins += 1
        page, mode = self.page, ""
        self._write(process, f"\x1b[2J\nWelcome to {self.prompt}, # is yours\n\n")
        while True:
            self._write(process, f"\x1b[1m{self.prompt}{mode}# \x1b[0m")
            line = await process.stdin.readline()
            command = line.strip()
            self._write(process, f"{command}\n")
            if not line:
                break
            await self._fails(process, command)
            if re.search(self.asks, command):
                self._write(process, "Sure? [y/n]")
                assert (await process.stdin.readline()).strip() == "y"
                self._write(process, "y\n")
            said = self.toy.answer(command).splitlines(keepends=True)
            page = 10_000 if command == "no paging" else page
            while said:
                self._write(process, "".join(said[:page]))
                del said[:page]
                if said:
                    self._write(process, "--more--")
                    assert await process.stdin.read(1) == " "
                    self._write(process, "\r        \r")
            mode = "(config)" if command.startswith("configure") else "" if command.startswith("commit") else mode
        self.toy.left()

    async def _fails(self, process: asyncssh.SSHServerProcess[str], command: str) -> None:
        if self.mute and re.search(self.mute, command):
            await asyncio.sleep(60)
        if self.cuts and re.search(self.cuts, command):
            self.cuts = ""
            self._write(process, "half of wh")
            self.toy.left()
            process.get_extra_info("connection").abort()

    @staticmethod
    def _write(process: asyncssh.SSHServerProcess[str], text: str) -> None:
        process.stdout.write(text.replace("\n", "\r\n"))
