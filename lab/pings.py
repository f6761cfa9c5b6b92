"""Packets lost between pods while something changes: pings every 10 ms, and which of them came back."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.handle import Lab
from lab.plan import plan_of
from lab.tables import inside

PINGER = Path(__file__).with_name("pinger.py")
FIRST_PORT = 7007
"""UDP port of the first pair of nodes; each has one of its own, the same at both ends."""
AFTERWARDS = 3.0
"""Seconds of pinging after the change has ended: confd and BIRD act on its last write within two."""


@dataclass(frozen=True)
class Loss:
    """Pings of one direction: how many went, how many of them did not come back."""

    source: str
    target: str
    version: int
    sent: int
    lost: int
    gap: float
    """Seconds of the longest interruption, from answer to answer."""
    before: int
    """Pings before the first answer: the way did not work yet."""
    after: int
    """Pings after the last answer: it works no more."""
    first: float
    """When the first that was lost went, in seconds of the epoch."""

    def __str__(self) -> str:
        pair = f"{self.source} → {self.target}" + (" (IPv6)" if self.version == 6 else "")
        if not self.lost:
            return f"{pair}: 0 of {self.sent}"
        at = time.strftime("%H:%M:%S", time.gmtime(self.first))
        ends = (f", {self.before} before any" if self.before else "") + (
            f", {self.after} at the end" if self.after else ""
        )
        return f"{pair}: {self.lost} of {self.sent}, up to {self.gap:.2f} s at once{ends}, the first at {at}"


class Pings:
    """Pings between the pods of nodes, both directions and all families, for as long as the context lasts."""

    def __init__(self, lab: Lab, pairs: Iterable[tuple[str, str]]) -> None:
        plan = plan_of(lab.fabric)
        self._pods = {node.name: [pod.partition("/")[0] for pod in node.pods] for node in plan.nodes}
        self._owners = {pod: name for name, pods in self._pods.items() for pod in pods}
        self._ways: dict[str, list[str]] = {}
        for port, (a, b) in enumerate(pairs, FIRST_PORT):
            for source, target in ((a, b), (b, a)):
                ways = zip(self._pods[source], self._pods[target], strict=True)
                self._ways.setdefault(source, []).extend(f"{own},{other},{port}" for own, other in ways)
        self._lab = lab
        self._running: list[subprocess.Popen[str]] = []
        self.losses: tuple[Loss, ...] = ()

    def __enter__(self) -> Self:
        for source, ways in self._ways.items():
            command = inside(self._lab, source, sys.executable, str(PINGER), *ways)
            self._running.append(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
                )
            )
        assert {self._heard(process) for process in self._running} == {"ready\n"}
        self._say("go")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        time.sleep(0 if error else AFTERWARDS)
        self._say("stop")
        # Each answers the others until the last of them has told what it saw.
        told = [json.loads(self._heard(process)) for process in self._running]
        for process in self._running:
            process.communicate(timeout=20)
        self.losses = tuple(self._loss(way) for ways in told for way in ways)

    def _say(self, command: str) -> None:
        for process in self._running:
            assert process.stdin
            process.stdin.write(f"{command}\n")
            process.stdin.flush()

    @staticmethod
    def _heard(process: subprocess.Popen[str]) -> str:
        assert process.stdout
        return process.stdout.readline()

    def between(self, pairs: Iterable[tuple[str, str]]) -> list[Loss]:
        """What was seen between some of the pairs, both directions."""
        wanted = {frozenset(pair) for pair in pairs}
        return [loss for loss in self.losses if frozenset((loss.source, loss.target)) in wanted]

    def _loss(self, way: dict[str, Any]) -> Loss:
        return Loss(
            source=self._owners[way["own"]],
            target=self._owners[way["other"]],
            version=6 if ":" in way["own"] else 4,
            sent=way["sent"],
            lost=len(way["lost"]),
            gap=way["gap"],
            before=way["before"],
            after=way["after"],
            first=min(way["lost"], default=0.0),
        )


def lines(losses: Iterable[Loss]) -> list[str]:
    """A line for each direction in which something was lost."""
    return [str(each) for each in losses if each.lost]
