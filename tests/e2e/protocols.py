"""BIRD's protocols on the nodes, asked through its control socket: which neighbours have two, and for how long."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.conftest import Lab

_PROTOCOL = re.compile(r"^(?:1002-| )(Mesh|Global|Node)_(\S+) +BGP ", re.MULTILINE)
"""confd's name for a protocol says what it is of: ``Mesh_172_20_0_12`` (bird.cfg.template)."""
_END = re.compile(r"^(0000|0013|[89]\d{3}) ", re.MULTILINE)
EVERY = 0.2
"""Seconds between two looks at a node."""


class Protocols:
    """BIRD of some nodes, IPv4."""

    def __init__(self, lab: Lab, nodes: Iterable[str]) -> None:
        pids = {host["name"]: host["pid"] for host in lab.state["hosts"]}
        self._controls = {node: f"/proc/{pids[node]}/root/run/calico/bird.ctl" for node in nodes}

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes."""
        return tuple(self._controls)

    def of(self, node: str) -> dict[str, set[str]]:
        """Kinds of the protocols of a node by the neighbour's address; of a BIRD that is away nothing."""
        found: dict[str, set[str]] = {}
        for kind, neighbour in _PROTOCOL.findall(self._ask(node, "show protocols")):
            found.setdefault(neighbour, set()).add(kind)
        return found

    def reset(self) -> None:
        """Reset every session of every node, as a link that fails does."""
        for node in self.nodes:
            self._ask(node, "restart all")

    def doubled(self) -> set[tuple[str, str]]:
        """Node and neighbour, where a node has two protocols for it."""
        return {
            (node, neighbour) for node in self.nodes for neighbour, kinds in self.of(node).items() if len(kinds) > 1
        }

    def _ask(self, node: str, words: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            said = ""
            try:
                connection.connect(self._controls[node])
                connection.sendall(f"{words}\n".encode())
                # The greeting has the code 0001, the last line of an answer one without a dash behind it.
                while not _END.search(said):
                    part = connection.recv(65536).decode()
                    if not part:
                        break
                    said += part
            except OSError:
                return ""
        return said


class Doubles:
    """Watches for neighbours with two protocols while something changes, and resets all sessions when any has."""

    def __init__(self, protocols: Protocols, *, resets: int) -> None:
        """``resets`` says how often at most, each time that sessions have moved from one kind to the other."""
        self._protocols, self._resets = protocols, resets
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.longest = 0.0
        """Seconds for which one neighbour had two protocols."""
        self.reset = 0
        """How often all sessions were reset."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        since: dict[tuple[str, str], float] = {}
        before = self._meshed()
        while not self._ends.wait(EVERY):
            now = time.monotonic()
            since = {pair: since.get(pair, now) for pair in self._protocols.doubled()}
            self.longest = max([self.longest, *(now - began for began in since.values())])
            meshed = self._meshed()
            if meshed != before and self.reset < self._resets:
                self._protocols.reset()
                self.reset += 1
            before = meshed

    def _meshed(self) -> int:
        """How many protocols of the mesh there are."""
        return sum("Mesh" in kinds for node in self._protocols.nodes for kinds in self._protocols.of(node).values())
