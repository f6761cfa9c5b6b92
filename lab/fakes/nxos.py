"""A Nexus, played: every line is in force at once, no candidate, no timer, ten checkpoints to roll back to.

From Cisco's Nexus 9000 Series NX-OS Command References of 9.3(x) (configuration and show commands, with the keys of
their JSON), the System Management Configuration Guide ("Configuring Rollback") and outputs that people have published.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_interface

from lab.fakes.box import Answer, Fake, Login
from lab.fakes.model import RefusedError, Understood
from lab.fakes.nxos_grammar import GRAMMAR, understood
from lab.fakes.nxos_show import as_json, headed, neighbours, part, piped, routes, summary
from lab.fakes.tree import Place
from lab.plan import Switch

VERSION = """\
Cisco Nexus Operating System (NX-OS) Software
TAC support: http://www.cisco.com/tac

Software
  BIOS: version 07.69
  NXOS: version 9.3(10)

Hardware
  cisco Nexus9000 C93180YC-FX Chassis
  Device name: {host}

Kernel uptime is 12 day(s), 3 hour(s), 4 minute(s), 5 second(s)
"""
_UNKNOWN = "{caret}^\n% Invalid command at '^' marker.\n"
_INCOMPLETE = "{caret}^\n% Incomplete command at '^' marker.\n"
_ROLLBACK = """\
Note: Applying config parallelly may fail Rollback verification
Collecting Running-Config
#Generating Rollback Patch
Executing Rollback Patch
Generating Running-config for verification
Generating Patch for verification
Verification is Successful.

Rollback completed successfully.

"""
_COPY = """\
[########################################] 100%
Copy complete, now saving to disk (please wait)...
Copy complete.
"""
_MOST = 10
"""Checkpoints of users (guide, guidelines and limitations)."""
_ORDER = ("version", "hostname", "feature", "ip", "route-map", "vrf", "interface", "line", "router")
_MAY_BE_GONE = ("no neighbor ", "no ip prefix-list ", "no ipv6 prefix-list ", "no ip as-path ")
_PROMPTS = {
    "": "config",
    "any": "config-any",
    "bgp": "config-router",
    "vrf": "config-router-vrf",
    "instance family": "config-router-af",
    "neighbour": "config-router-neighbor",
    "range": "config-router-prefix-neighbor",
    "family": "config-router-neighbor-af",
}


class NxosFake(Fake[Place]):
    """A Nexus 9000 of 9.3."""

    checkpoints: dict[str, Place]

    def read(self, text: str) -> Place:
        """Configuration of a text."""
        return GRAMMAR.parsed(text)

    def shown(self, configuration: Place) -> str:
        """Running configuration, in the order that the platform has."""
        kinds = {word: place for place, word in enumerate(_ORDER)}

        def rank(place: Place) -> int:
            return kinds.get(place.text.split()[0].removesuffix("v6"), len(kinds))

        ordered = Place(inside=dict(sorted(configuration.inside.items(), key=lambda item: rank(item[1]))))
        return "".join(f"{line}\n" for line in ordered.lines(2))

    def understood(self, configuration: Place) -> Understood:
        """What it means."""
        return understood(configuration)

    def login(self) -> Login:
        """Somebody logs in."""
        return NxosLogin(self)

    def commands(self, request: str) -> Sequence[str]:
        """Several commands of one line stand between ``;`` with spaces."""
        return [one.strip() for one in re.split(r" ; |\n", request)]

    def boot(self) -> None:
        """Play the saved configuration; checkpoints are gone with a restart."""
        self.checkpoints = {}
        super().boot()


class NxosLogin(Login):
    """One login."""

    more = "--More--"
    greeting = "Cisco Nexus Operating System (NX-OS) Software\n"

    def __init__(self, fake: NxosFake) -> None:
        self.fake = fake
        self.path: tuple[str, ...] | None = None
        """Where in the configuration it is; ``None`` outside."""

    @property
    def prompt(self) -> str:
        """Host and mode."""
        if self.path is None:
            return f"{self.fake.host}# "
        place = self.fake.running.at(self.path)
        return f"{self.fake.host}({_PROMPTS[place.mode if place else '']})# "

    def enter(self, line: str) -> Answer:
        """Commands of every mode first, as NX-OS takes them in configuration too; configuration after them."""
        bare, _, pipe = line.strip().partition(" | ")
        if not bare or bare.startswith("!"):
            return Answer()
        try:
            done = self._command(bare, pipe)
        except RefusedError as error:
            return Answer(f"ERROR: {error}\n", failed=True)
        if done is None and self.path is not None:
            done = self._configure(bare)
        return done or _invalid(self.prompt)

    def _command(self, line: str, pipe: str) -> Answer | None:  # noqa: C901, PLR0911 - a command each
        match line.split():
            case ["terminal", "length", lines]:
                self.page = int(lines)
                return Answer()
            case ["terminal", *_]:
                return Answer()
            case ["configure", "terminal"]:
                self.path = ()
                return Answer("Enter configuration commands, one per line. End with CNTL/Z.\n")
            case ["end"]:
                self.path = None
                return Answer()
            case ["exit"]:
                if self.path is None:
                    return Answer(closes=True)
                self.path = self.path[:-1] if self.path else None
                return Answer()
            case ["copy", "running-config", "startup-config"]:
                self.fake.save()
                return Answer(_COPY)
            case ["show", *words]:
                return self._show(words, pipe)
            case ["checkpoint", name]:
                return self._checkpoint(name)
            case ["no", "checkpoint", name]:
                gone = self.fake.checkpoints.pop(name, None)
                return Answer() if gone else Answer("ERROR: Checkpoint does not exist\n", failed=True)
            case ["rollback", "running-config", "checkpoint", name, *how] if how in ([], ["atomic"]):
                return self._roll_back(name)
        return None

    def _checkpoint(self, name: str) -> Answer:
        if len(self.fake.checkpoints) >= _MOST:
            return Answer("ERROR: Maximum number of checkpoints already exist\n", failed=True)
        if name in self.fake.checkpoints:
            return Answer("ERROR: Checkpoint name already exists\n", failed=True)
        self.fake.checkpoints[name] = copy.deepcopy(self.fake.running)
        return Answer("..........Done\n")

    def _roll_back(self, name: str) -> Answer:
        if name not in self.fake.checkpoints:
            return Answer("ERROR: Checkpoint does not exist\n", failed=True)
        try:
            self.fake.apply(copy.deepcopy(self.fake.checkpoints[name]))
        except RefusedError:
            return Answer("Verification failed\nRollback failed, running-config is as it was\n", failed=True)
        return Answer(_ROLLBACK)

    def _configure(self, line: str) -> Answer:
        path = self.path or ()
        # A neighbour's AS may stand in its first line, and is a line of its own inside.
        both = re.fullmatch(r"(neighbor [\da-fA-F.:/]+) (remote-as .+)", line)
        answer = Answer()
        for one in both.groups() if both else (line,):
            answer = self._entered(one, self.path or path)
            if answer.failed:
                break
        return answer

    def _entered(self, line: str, path: tuple[str, ...]) -> Answer:
        wanted = self.fake.candidate()
        refused = self._refused(line, wanted)
        if refused:
            return Answer(refused, failed=True)
        found = GRAMMAR.enter(wanted, path, _numbered(line, wanted))
        if found.error:
            return _incomplete(self.prompt) if found.error == "incomplete" else _invalid(self.prompt)
        if line.startswith(_MAY_BE_GONE) and wanted == self.fake.running:
            return Answer(f"ERROR: No corresponding {line.split()[1]} configured\n", failed=True)
        if line == "no feature bgp":
            wanted.inside.pop("router bgp", None)
        try:
            if self.fake.understood(wanted) == self.fake.understood(self.fake.running):
                self.fake.running = wanted
            else:
                self.fake.apply(wanted)
        except (RefusedError, ValueError) as error:
            return Answer(f"ERROR: {error}\n", failed=True)
        self.path = found.path
        return Answer()

    def _refused(self, line: str, wanted: Place) -> str:
        """What the box says to a line that has its place and is wrong there."""
        if line.startswith("router bgp"):
            runs = wanted.inside.get("router bgp")
            if "feature bgp" not in wanted.inside:
                return _invalid(self.prompt).text
            if runs and runs.text != line:
                return f"ERROR: BGP is already running with AS number {runs.text.split()[-1]}\n"
        if said := re.fullmatch(r"((?:ip(?:v6)? prefix-list|ip as-path access-list) \S+ seq \d+) .+", line):
            stands = wanted.inside.get(said[1])
            if stands and stands.text != line:
                return "% Duplicate sequence number\n"
        return ""

    def _show(self, words: Sequence[str], pipe: str) -> Answer | None:  # noqa: PLR0911 - a command each
        runs = self.fake.understood(self.fake.running)
        match words:
            case ["version"]:
                return Answer(VERSION.format(host=self.fake.host))
            case ["running-config", *parts]:
                return Answer(piped(headed(words, part(self.fake.shown(self.fake.running), parts)), pipe))
            case ["startup-config"]:
                return Answer(piped(self.fake.startup, pipe))
            case ["checkpoint", "summary"]:
                return Answer("".join(self._checkpoints()))
            case ["bgp", "vrf", "all", "all", "neighbors"] if runs.as_number and pipe:
                return Answer(as_json(neighbours(runs, self.fake.speaker.sessions()), pipe))
            case ["bgp", "vrf", "all", "all", "summary"] if runs.as_number and pipe:
                return Answer(as_json(summary(runs), pipe))
            case ["ip" | "ipv6" as family, "route"] if pipe:
                version = 4 if family == "ip" else 6
                return Answer(as_json(routes(version, self.fake.speaker.routes(version)), pipe))
        return None

    def _checkpoints(self) -> Iterator[str]:
        yield f"User Checkpoint Summary\n{'-' * 80}\n"
        for place, name in enumerate(self.fake.checkpoints, start=1):
            yield f"{place}) {name}:\nCreated by admin\nCreated at Sat, 03:04:05 28 Nov 2026\n"
            yield "Size is 5,824 bytes\nDescription: None\n\n"


def _numbered(line: str, top: Place) -> str:
    """An entry of a list without a number goes behind the last one."""
    said = re.fullmatch(r"((?:ip(?:v6)? prefix-list|ip as-path access-list) \S+) ((?:permit|deny) .+)", line)
    if said is None:
        return line
    taken = (int(key.split()[-1]) for key in top.inside if key.startswith(f"{said[1]} seq "))
    return f"{said[1]} seq {max(taken, default=0) + 5} {said[2]}"


def _invalid(prompt: str) -> Answer:
    return Answer(_UNKNOWN.format(caret=" " * len(prompt)), failed=True)


def _incomplete(prompt: str) -> Answer:
    return replace(_invalid(prompt), text=_INCOMPLETE.format(caret=" " * len(prompt)))


def startup(switch: Switch) -> str:
    """A leaf before leafrack comes: uplinks, connected routes, equal paths, nothing of the nodes."""
    lines = [f"hostname {switch.name}", "feature bgp", "route-map DIRECT permit 10", f"router bgp {switch.as_number}"]
    lines += [f"  router-id {switch.router_id}", "  bestpath as-path multipath-relax", "  log-neighbor-changes"]
    lines += [
        line
        for version in (4, 6)
        for line in (
            f"  address-family ipv{version} unicast",
            "    redistribute direct route-map DIRECT",
            "    maximum-paths 16",
        )
    ]
    for link in switch.links:
        for address in (ip_interface(each).ip for each in link.peer_addresses):
            lines += [f"  neighbor {address}", f"    remote-as {link.peer_as}", f"    description {link.peer}"]
            lines += [f"    address-family ipv{address.version} unicast"]
    return "\n".join([*lines, ""])
