"""Kill -9 of the engine, a plugin or the program of a ``pulumi`` run, and what is known of the sessions before it."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lab.project import Going
from tests.conftest import Lab
from tests.e2e.world import peers

ENGINE, PLUGIN, PROGRAM = "engine", "plugin", "program"
CREATE, UPDATE, DESTROY = "create", "update", "destroy"
SEED = 34
LIFE = (CREATE, UPDATE, UPDATE, UPDATE, DESTROY)
LONGEST = {CREATE: 85.0, UPDATE: 18.0, DESTROY: 40.0}
"""Seconds until the latest kill: nearly all of what such a run takes."""
PENDING = 30.0
"""Seconds after which confd and BIRD have certainly done what a node was told."""
AS_NUMBER = "projectcalico.org/ASNumber"
ADDRESS = "projectcalico.org/IPv4Address"
CLUSTER_ID = "projectcalico.org/RouteReflectorClusterID"
LEAVES = ("leaf01", "leaf02")


@dataclass(frozen=True)
class Kill:
    """A kill to be made."""

    number: int
    phase: str
    victim: str
    after: float
    """Seconds from the start of the run."""
    again: str
    """What is run next: ``up`` or ``destroy``."""

    def __str__(self) -> str:
        return f"{self.number}-{self.phase}-{self.victim}"


def planned(count: int) -> Iterator[Kill]:
    """Kills over as many lives of a fabric as it takes; the program is not there to be killed in a destroy."""
    chosen = random.Random(SEED)  # noqa: S311 - to be repeated, not to be guessed
    for number in range(count):
        life, at = divmod(number, len(LIFE))
        phase = LIFE[at]
        if at == 0:
            updates = chosen.sample((ENGINE, PLUGIN, PROGRAM), 3)
            victims = [chosen.choice((ENGINE, PLUGIN, PROGRAM)), *updates, chosen.choice((ENGINE, PLUGIN))]
        again = "destroy" if phase == DESTROY and life % 2 == 0 else "up"
        yield Kill(number + 1, phase, victims[at], chosen.uniform(0.5, LONGEST[phase]), again)


def members(session: int) -> dict[int, list[str]]:
    """Command lines by pid of every process of a session: those that outlive their engine too."""
    found: dict[int, list[str]] = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if os.getsid(int(folder.name)) == session and (said := (folder / "cmdline").read_bytes()):
                found[int(folder.name)] = said.decode().rstrip("\0").split("\0")
    return found


def kill(going: Going, victim: str, chosen: random.Random) -> str:
    """Kill one of a run's processes as soon as it is there; what it was called. Empty when the run ended before."""
    while going.is_running:
        those = {
            pid: Path(words[0]).name
            for pid, words in members(going.pid).items()
            if (victim == ENGINE and pid == going.pid)
            or (victim == PLUGIN and Path(words[0]).name.startswith("pulumi-resource-"))
            or (victim == PROGRAM and any("pulumi-language-python-exec" in word for word in words[1:3]))
        }
        if those:
            pid = chosen.choice(sorted(those))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return those[pid]
        time.sleep(0.02)
    return ""


def clear(session: int) -> int:
    """End what outlived the killed engine of a session; how many processes that were."""
    left = members(session)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(left)


@dataclass(frozen=True)
class Moment:
    """Sessions of the leaves as they stood, and what the nodes were told of their BGP until then."""

    since: Mapping[tuple[str, str], float]
    """When each was Established, in seconds of the epoch, by leaf and the node's address."""
    neighbours: frozenset[tuple[str, str]]
    """Everything that the leaves are configured to have sessions with."""
    told: Mapping[str, tuple[str | None, str | None]]
    """AS number and cluster ID that each node's address carries."""
    last_told: Mapping[str, float]
    """When a node's address was given one of them a moment ago, so that its sessions may yet be reset by it."""

    @classmethod
    def of(cls, lab: Lab) -> Moment:
        """What stands in the lab now."""
        found = {(leaf, address): peer for leaf in LEAVES for address, peer in peers(lab, leaf).items()}
        since = {
            key: float(peer["peerUptimeEstablishedEpoch"])
            for key, peer in found.items()
            if peer["state"] == "Established"
        }
        told: dict[str, tuple[str | None, str | None]] = {}
        last: dict[str, float] = {}
        for node in json.loads(lab.kubectl("get", "nodes", "-o", "json", "--show-managed-fields"))["items"]:
            carried = node["metadata"].get("annotations", {})
            address = carried[ADDRESS].partition("/")[0]
            told[address] = (carried.get(AS_NUMBER), carried.get(CLUSTER_ID))
            # The fabric's own AS on a node changes nothing.
            resetting = (":reflectors", *((":as-number",) if told[address][0] != "64512" else ()))
            last[address] = max(
                (
                    then
                    for each in node["metadata"].get("managedFields", [])
                    if each["manager"].endswith(resetting)
                    and (then := datetime.fromisoformat(each["time"]).timestamp()) > time.time() - PENDING
                ),
                default=0.0,
            )
        return cls(since, frozenset(found), told, last)

    def lost_until(self, now: Moment) -> list[str]:
        """A line for each session that was healthy at this moment and was reset after it, though nothing told it to."""
        lost = []
        for key, then in self.since.items():
            address = key[1]
            moved = self.told.get(address) != now.told.get(address) or then <= self.last_told.get(address, 0.0) + 1
            again = now.since.get(key)
            # FRR computes it anew each time, and may round.
            if key in now.neighbours and not moved and (again is None or abs(again - then) > 2):
                lost.append(f"{' ↔ '.join(key)}: Established since {then:.0f}, then {again}")
        return lost
