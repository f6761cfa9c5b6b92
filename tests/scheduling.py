"""Which module runs when, and which beside which: pytest-xdist's scheduler, told what a lab is.

Most of a test on a lab is waiting, so there are more workers than processors. A module whose pings count packets
(``loss``) has at most one other lab beside it. docs/develop/tests.md has the whole.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Collection, Generator, Iterable, Mapping
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tools.beside import available_memory

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

KNOWN = Path(__file__).with_name("durations.json")
"""Seconds that each module took, written by ``--store-durations``."""
WORKERS = 5
GIB = 3.0
"""Memory for each worker: a lab of six nodes takes 1.3 GiB, Pulumi with its plugins and program another."""
FEWEST = 2
BESIDE_LOSS = 1
"""Labs that may run beside one whose packets are counted."""
POLITE = 5
"""Niceness of tests without a lab: they fill what is left between the labs, and still come to their end."""


class Kind(IntEnum):
    """What a module takes of the machine, least first."""

    QUICK = 0
    LAB = 1
    LOSS = 2


def kind_of(marks: Collection[str]) -> Kind:
    """What tests with these marks take."""
    if "loss" in marks:
        return Kind.LOSS
    return Kind.LAB if "lab" in marks else Kind.QUICK


@cache
def marks_in(file: Path) -> frozenset[str]:
    """Names of all marks in a module, without importing it: only the workers do."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return frozenset(
        node.attr for node in attributes if isinstance(node.value, ast.Attribute) and node.value.attr == "mark"
    )


def unit_of(nodeid: str, known: Collection[str]) -> str:
    """What stays on one worker: a module, or what a module does for one parameter where that is known by itself."""
    file, _, test = nodeid.partition("::")
    part = f"{file}[{test.partition('[')[2]}" if "[" in test else file
    return part if part in known else file


def file_of(unit: str) -> str:
    """The module of a unit."""
    return unit.partition("[")[0]


def may_begin(kind: Kind, others: Iterable[Kind], waiting: Collection[Kind]) -> bool:
    """Whether a unit may begin beside what other workers have; until no ``LOSS`` waits, all keep it its room."""
    labs = [each for each in others if each is not Kind.QUICK]
    if kind is Kind.QUICK or Kind.LOSS not in (kind, *labs, *waiting):
        return True
    return len(labs) <= BESIDE_LOSS


def in_order(kinds: Mapping[str, Kind], known: Mapping[str, float]) -> list[str]:
    """Units in the order in which they are wanted: loss first, as only two fit; the longest first, to end together.

    One of which nothing is known comes before the others of its kind.
    """
    return sorted(kinds, key=lambda unit: (-kinds[unit], -known.get(unit, float("inf")), unit))


class LabScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist does not say that it is typed
    """Hands a worker its next unit when it begins the last test of the one before, and never earlier.

    A worker runs a test only when it knows the next one, whose fixtures tell it which to end: so a worker that has
    to wait keeps one test back, and runs it when more comes.
    """

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self.collection: list[str] | None = None
        self.known = load(KNOWN)
        self.took: dict[str, float] = {}

    def kind(self, unit: str) -> Kind:
        """What a unit takes."""
        return kind_of(marks_in(self.config.rootpath / file_of(unit)))

    def schedule(self) -> None:
        """Give every worker its first unit."""
        if self.collection is None and self._check_nodes_have_same_collection():
            collected: list[str] = list(next(iter(self.registered_collections.values())))
            self.collection = collected
            units: dict[str, dict[str, bool]] = {}
            for nodeid in collected:
                units.setdefault(self._split_scope(nodeid), {})[nodeid] = False
            for unit in in_order({unit: self.kind(unit) for unit in units}, self.known):
                self.workqueue[unit] = units[unit]
        self._feed()

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Note that a test is over, its fixtures too, and give every worker what it may have by now."""
        unit = self._split_scope(self.registered_collections[node][item_index])
        self.took[unit] = self.took.get(unit, 0) + duration
        super().mark_test_complete(node, item_index, duration)
        self._feed()

    def remove_node(self, node: WorkerController) -> str | None:
        """Give to others what a worker that has died leaves."""
        crashed: str | None = super().remove_node(node)
        self._feed()
        return crashed

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid, self.known)

    def _reschedule(self, node: WorkerController) -> None:
        """Leave it to ``_feed``: what ends on one worker may be what another has waited for."""

    def _feed(self) -> None:
        for node in self.nodes:
            if not node.shutting_down and self._pending_of(self.assigned_work[node]) <= 1:
                self._give(node)
        if not self.workqueue:
            for node in self.nodes:
                if not node.shutting_down:
                    node.shutdown()

    def _give(self, node: WorkerController) -> None:
        others = [self._claim(other) for other in self.nodes if other is not node]
        waiting = {self.kind(unit) for unit in self.workqueue}
        fits = (unit for unit in self.workqueue if may_begin(self.kind(unit), others, waiting))
        if (unit := next(fits, None)) is not None:
            self.workqueue.move_to_end(unit, last=False)
            self._assign_work_unit(node)
            # With a single test it would be kept back.
            if self._pending_of(self.assigned_work[node]) <= 1:
                self._give(node)

    def _claim(self, node: WorkerController) -> Kind:
        """What a worker takes until it is over with all that it was given."""
        unfinished = (unit for unit, tests in self.assigned_work[node].items() if not all(tests.values()))
        return max(map(self.kind, unfinished), default=Kind.QUICK)


def load(file: Path) -> dict[str, float]:
    """Seconds by unit."""
    return dict(json.loads(file.read_text(encoding="utf-8")))


def store(file: Path, took: Mapping[str, float]) -> None:
    """Put what units took into the place of what was known of them; of a module that is gone nothing is kept."""
    found = {unit: seconds for unit, seconds in load(file).items() if (file.parents[1] / file_of(unit)).exists()}
    found |= {unit: float(round(seconds)) for unit, seconds in took.items() if round(seconds)}
    file.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--store-durations``."""
    text = f"write what each module took to {KNOWN.name}, by which the longest begin first"
    parser.addoption("--store-durations", action="store_true", help=text)


def pytest_xdist_auto_num_workers() -> int:
    """``--numprocesses auto``: as many as there is memory for."""
    return max(FEWEST, min(WORKERS, int(available_memory() / GIB)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LabScheduling | None:
    """``--dist loadfile``: that is done here; any other way is xdist's."""
    if config.getvalue("dist") != "loadfile":
        return None
    made = LabScheduling(config, log)
    config.stash[_MADE] = made
    return made


_MADE = pytest.StashKey[LabScheduling]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the durations where that is asked for."""
    made = session.config.stash.get(_MADE, None)
    if made is not None and session.config.getoption("store_durations"):
        store(KNOWN, made.took)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let labs go before tests that have none, where some of both run."""
    if "PYTEST_XDIST_WORKER" in os.environ and os.geteuid() == 0:  # others cannot take it back
        quick = kind_of({mark.name for mark in item.iter_markers()}) is Kind.QUICK
        os.setpriority(os.PRIO_PROCESS, 0, POLITE if quick else 0)
    return (yield)
