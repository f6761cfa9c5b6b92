"""Packets lost between pods while something changes: pings every 10 ms, and what came back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from config import Fabric
from lab.plan import plan_of

INTERVAL = 0.01
"""Seconds between two pings of one pair."""
CLONE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Loss:
    """Pings of one direction: how many went, how many did not come back."""

    pair: str
    sent: int
    lost: int

    def __str__(self) -> str:
        return f"{self.pair}: {self.lost} of {self.sent}"


class Pings:
    """Pings between the pods of nodes, both directions, for as long as the context lasts.

    A longest gap is ``lost * INTERVAL`` seconds where the lost pings follow each other.
    """

    def __init__(self, fabric: Fabric, pairs: Iterable[tuple[str, str]], env: Mapping[str, str]) -> None:
        plan = plan_of(fabric)
        self._pods = {node.name: [pod.partition("/")[0] for pod in node.pods] for node in plan.nodes}
        self._pairs = [pair for a, b in pairs for pair in ((a, b), (b, a))]
        self._env = dict(env)
        self._running: dict[str, subprocess.Popen[str]] = {}
        self.losses: tuple[Loss, ...] = ()

    def __enter__(self) -> Self:
        for source, target in self._pairs:
            for own, other in zip(self._pods[source], self._pods[target], strict=True):
                family = ["-6"] if ":" in other else []
                command = ["ping", *family, "-q", "-i", str(INTERVAL), "-W", "1", "-I", own, other]
                name = f"{source} → {target}" + (" (IPv6)" if family else "")
                self._running[name] = subprocess.Popen(
                    [sys.executable, "-m", "lab", "exec", source, "--", *command],
                    cwd=CLONE,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    start_new_session=True,
                )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for ping in self._running.values():
            os.killpg(ping.pid, signal.SIGINT)
        self.losses = tuple(_loss(name, ping.communicate(timeout=20)[0]) for name, ping in self._running.items())


def _loss(pair: str, said: str) -> Loss:
    counts = re.search(r"(\d+) packets transmitted, (\d+) received", said)
    assert counts, f"{pair}: ping did not run:\n{said}"
    sent, received = int(counts[1]), int(counts[2])
    # The last one may still be on its way when ping is told to stop.
    return Loss(pair, sent, max(0, sent - received - 1))
