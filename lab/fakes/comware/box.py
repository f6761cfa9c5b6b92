"""A Comware 7 box: its views, ``configuration commit delay``, and what a login is answered.

Prompts are of the references (``[Sysname-bgp-default-ipv4]``), the timer of the S6800's fundamentals configuration
guide: lines count at once, and what stood when the timer was started first comes back unless somebody commits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.fakes.box import Answer, Fake, Login, Question
from lab.fakes.comware import configuration, display
from lab.fakes.comware.configuration import Configuration
from lab.fakes.comware.errors import INCOMPLETE, TOO_MANY, UNRECOGNIZED, WRONG, WrongError
from lab.fakes.comware.understanding import understood
from lab.fakes.model import RefusedError, Understood
from lab.plan import Switch

_MINUTE = 60
_RESETS = "Warning:This operation might reset the peer session. Continue? [Y/N]:"
"""annet, pull request 622: what an S9850 asks."""
_AT_POSITION = frozenset((UNRECOGNIZED, INCOMPLETE, WRONG, TOO_MANY))


class ComwareFake(Fake[Configuration]):
    """The box."""

    def read(self, text: str) -> Configuration:
        """Configuration of what :meth:`shown` writes; raises ``ValueError`` for a line that has no place."""
        found = Configuration()
        path: tuple[str, ...] = ()
        for line in text.splitlines():
            bare = line.strip()
            if not bare or bare in ("#", "return"):
                continue
            depth = len(line) - len(line.lstrip())
            try:
                # A line of system view may stand behind a blank.
                path = _entered(found, path[:depth], bare)
            except WrongError as error:
                msg = f"a startup configuration has a line with no place: {bare!r} ({error})"
                raise ValueError(msg) from None
        return found

    def shown(self, configuration: Configuration) -> str:
        """Text of a configuration, as it is saved."""
        return _text(configuration)

    def understood(self, configuration: Configuration) -> Understood:
        """What a configuration means."""
        return understood(configuration)

    def login(self) -> ComwareLogin:
        """Somebody logs in."""
        return ComwareLogin(self)

    def commands(self, request: str) -> None:
        """None: whether exec works depends on the firmware, and here it does not."""


_text = configuration.text


def _entered(found: Configuration, path: tuple[str, ...], line: str) -> tuple[str, ...]:
    """Carry out a line of a configuration in a view; the path of the view that it leads to."""
    if not path:
        return configuration.enter_system(found, line)
    if found.bgp is None:
        raise WrongError(UNRECOGNIZED)
    if len(path) == 1:
        return configuration.enter_bgp(found.bgp, line)
    return configuration.enter_family(found.bgp, path[1], line)


class ComwareLogin(Login):
    """A login: user view, or a view of the configuration."""

    more = "---- More ----"
    greeting = (
        "******************************************************************************\n"
        "* Copyright (c) 2004-2024 New H3C Technologies Co., Ltd. All rights reserved.*\n"
        "* Without the owner's prior written consent,                                 *\n"
        "* no decompiling or reverse-engineering shall be allowed.                    *\n"
        "******************************************************************************\n\n"
    )

    def __init__(self, fake: ComwareFake) -> None:
        """In user view."""
        self._fake = fake
        self._path: tuple[str, ...] | None = None

    @property
    def prompt(self) -> str:
        """``<NAME>`` in user view, ``[NAME-VIEW]`` elsewhere."""
        name = self._fake.running.sysname
        if self._path is None:
            return f"<{name}>"
        views = {0: "", 1: "-bgp-default"}
        view = views.get(len(self._path)) if len(self._path) < 2 else f"-bgp-default-{self._path[1].split()[0]}"
        return f"[{name}{view}]"

    def enter(self, line: str) -> Answer:
        """A line, without its end."""
        words = " ".join(line.split())
        try:
            return self._any_view(words) or (
                self._user_view(words) if self._path is None else self._configured(words, self._path)
            )
        except WrongError as error:
            return _error(str(error), self.prompt, line)
        except RefusedError as error:
            return Answer(f"{error}\n", failed=True)

    def _any_view(self, words: str) -> Answer | None:
        if not words:
            return Answer()
        if words in ("quit", "return"):
            return self._leave(words)
        if words == "screen-length disable" and self._path is None:
            self.page = 0
            return Answer()
        if words == "save force":
            self._fake.save()
            return Answer(
                "Validating file. Please wait...\nSaved the current configuration to mainboard device successfully.\n"
            )
        command, _, pattern = words.partition(" | include ")
        if command.startswith("display "):
            lines = [*self._display(command)]
            return Answer("".join(f"{one}\n" for one in lines if not pattern or re.search(pattern, one)))
        return None

    def _leave(self, words: str) -> Answer:
        if self._path is None:
            return Answer(closes=words == "quit")
        self._path = None if words == "return" or not self._path else self._path[:-1]
        return Answer()

    def _user_view(self, words: str) -> Answer:
        if words != "system-view":
            raise WrongError(UNRECOGNIZED)
        self._path = ()
        return Answer("System View: return to User View with Ctrl+Z.\n")

    def _configured(self, words: str, path: tuple[str, ...]) -> Answer:
        if not path and words.startswith("configuration commit"):
            return self._commit(words)
        wanted = self._fake.candidate()
        there = _entered(wanted, path, words)
        if len(path) == 2 and re.fullmatch(r"(undo )?peer \S+(?: \d+)? enable", words) and wanted != self._fake.running:
            return Answer(ask=Question(_RESETS, lambda reply: self._replied(reply, wanted, there)))
        self._take(wanted, there)
        return Answer()

    def _replied(self, reply: str, wanted: Configuration, there: tuple[str, ...]) -> Answer:
        if reply.strip().upper() in ("Y", "YES"):
            self._take(wanted, there)
        return Answer()

    def _take(self, wanted: Configuration, there: tuple[str, ...]) -> None:
        if wanted != self._fake.running:
            self._fake.apply(wanted)
        self._path = there

    def _commit(self, words: str) -> Answer:
        if said := re.fullmatch(r"configuration commit delay ([1-9]\d{0,4})", words):
            # Started again it runs anew, and what comes back stays what it was (the guide).
            self._fake.commit(self._fake.running, int(said[1]) * _MINUTE)
        elif words == "configuration commit":
            self._fake.confirm()
        else:
            raise WrongError(WRONG)
        return Answer()

    def _display(self, command: str) -> Iterator[str]:
        running = self._fake.running
        bgp = running.bgp
        if command == "display version":
            minutes = int(self._fake.clock.now() - self._fake.booted) // _MINUTE
            yield from display.version(running.sysname, minutes).splitlines()
        elif command == "display current-configuration configuration bgp":
            yield "#"
            if bgp is not None:
                yield from (*configuration.bgp_lines(bgp), "#")
            yield "return"
        elif command == "display current-configuration":
            yield from configuration.text(running).splitlines()
        elif command == "display saved-configuration":
            yield from self._fake.startup.splitlines()
        elif said := re.fullmatch(r"display bgp peer ipv([46])(?: unicast)?( verbose)?", command):
            yield from self._peers(int(said[1]), verbose=bool(said[2]))
        elif said := re.fullmatch(r"display bgp peer ipv([46]) (?:unicast )?([\da-fA-F.:]+) log-info", command):
            yield from self._log(int(said[1]), said[2])
        elif command == "display ip routing-table":
            yield from display.routes4(self._fake.speaker.routes(4))
        elif command == "display ipv6 routing-table":
            yield from display.routes6(self._fake.speaker.routes(6))
        else:
            raise WrongError(UNRECOGNIZED)

    def _log(self, version: int, who: str) -> Iterator[str]:
        bgp = self._fake.running.bgp
        sessions = display.of_version(self._fake.speaker.sessions(), bgp, version) if bgp else {}
        if configuration.canonical(who) not in sessions:
            # Open: the words.
            raise WrongError(WRONG)
        yield from display.log_info(who, sessions[configuration.canonical(who)])

    def _peers(self, version: int, *, verbose: bool) -> Iterator[str]:
        bgp = self._fake.running.bgp
        if bgp is None:
            # Open: the words.
            yield "BGP is not configured."
            return
        router_id = bgp.view.own.get("router-id", "router-id 0.0.0.0").removeprefix("router-id ")
        sessions = display.of_version(self._fake.speaker.sessions(), bgp, version)
        down = {who for who, lines in bgp.view.peers.items() if "ignore" in lines}
        if verbose:
            yield from display.verbose(bgp, router_id, sessions)
        else:
            yield from display.summary(bgp, router_id, sessions, down)


def _error(what: str, prompt: str, line: str) -> Answer:
    if what not in _AT_POSITION:
        return Answer(f"{what}\n", failed=True)
    position = len(prompt) + (len(line) if what == INCOMPLETE else 0)
    return Answer(f"{' ' * position}^\n % {what} found at '^' position.\n", failed=True)


def startup(switch: Switch) -> str:
    """What an operator has saved before leafrack comes: uplinks, connected routes, equal paths, in both families."""
    found = Configuration(sysname=switch.name, bgp=configuration.Bgp(str(switch.as_number)))
    lines = [f"router-id {switch.router_id}"] if switch.router_id else []
    families: dict[int, list[str]] = {4: [], 6: []}
    for link in switch.links:
        for text in link.peer_addresses:
            address, _, _ = text.partition("/")
            version = 6 if ":" in address else 4
            lines += [f"peer {address} as-number {link.peer_as}", f"peer {address} description {link.peer}"]
            families[version].append(f"peer {address} enable")
    for line in lines:
        _entered(found, ("bgp",), line)
    for version, enabled in families.items():
        path = _entered(found, ("bgp",), f"address-family ipv{version} unicast")
        for line in ("balance as-path-neglect", "balance 16", "import-route direct", *enabled):
            _entered(found, path, line)
    return configuration.text(found)
