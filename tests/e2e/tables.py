"""Routing tables of hosts: as they stand, and every change of them while something else changes.

The default gateway hides a missing route: a packet that has none goes by the leaf and arrives all the same.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.handle import Lab
from lab.plan import Node, Plan, plan_of
from lab.tables import inside, kernel
from leafrack.fabric import Fabric, Interconnect

SHORTEST = 0.01
"""Seconds: BIRD replaces a route by removing it and adding it again, some microseconds later."""
_EVENT = re.compile(r"^\[(\S+)\] (Deleted )?(?:(unreachable|blackhole) )?(\S+?/\d+|\S+)(?: via (\S+))?", re.MULTILINE)


def gateways(route: Mapping[str, Any]) -> set[str]:
    """Gateways of a route of the kernel, one or several."""
    return {str(hop["gateway"]) for hop in route.get("nexthops", [route]) if "gateway" in hop}


def missing(lab: Lab, fabric: Fabric) -> list[str]:
    """A line for each pod block that a node of its rack, or a leaf, has no right BGP route to.

    Within a rack the route is direct, to the node that has the block; top of rack it may also go by a leaf, which is
    where it was learned. Leaves have the blocks of all racks declared.
    """
    plan = plan_of(lab.fabric)
    nodes = {node.name: node for node in plan.nodes}
    declared = [name for rack in fabric.racks.values() for name in rack.nodes]
    lines = []
    for rack_name, rack in fabric.racks.items():
        top_of_rack = fabric.rack_interconnect(rack_name) is Interconnect.TOP_OF_RACK
        by_leaf = {str(address) for leaf in rack.leaves.values() for address in leaf.address if top_of_rack}
        for name in rack.nodes:
            routes = {route["dst"]: route for route in kernel(lab, name) if route.get("protocol") == "bird"}
            lines += [
                f"{name}: {block} of {other} by {sorted(hops) or 'nothing'}, not by {hop}"
                for other in rack.nodes
                if other != name
                for block, hop in _direct(nodes[other])
                if not (hops := gateways(routes.get(block, {}))) or not hops <= {hop, *by_leaf}
            ]
        for leaf in rack.leaves:
            have = {route["dst"] for route in kernel(lab, leaf) if route.get("protocol") == "bgp"}
            lines += [
                f"{leaf}: {block} of {name} missing"
                for name in declared
                for block in nodes[name].blocks
                if block not in have
            ]
    return lines


def _direct(node: Node) -> list[tuple[str, str]]:
    """Each block of a node, and its own address of that family."""
    own = [address.partition("/")[0] for address in node.addresses]
    return [(block, next(each for each in own if (":" in each) == (":" in block))) for block in node.blocks]


@dataclass(frozen=True)
class Absent:
    """How long a node had no route at all to a block of any rack, in one piece."""

    node: str
    block: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.node} without any route to {self.block} for {self.seconds:.2f} s"


@dataclass(frozen=True)
class Without:
    """How long a node of a rack was without a direct route to a block of its rack, in one piece."""

    node: str
    block: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.node} without a direct route to {self.block} for {self.seconds:.2f} s"


class Watch:
    """Every change of the pod routes in the kernels of some nodes, for as long as the context lasts."""

    def __init__(self, lab: Lab, nodes: Iterable[str], folder: Path) -> None:
        self._lab = lab
        self._plan: Plan = plan_of(lab.fabric)
        self._nodes = [node for node in self._plan.nodes if node.name in set(nodes)]
        self._folder = folder
        self._running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
        self.unreachable: tuple[str, ...] = ()
        """Blocks that BIRD said to be unreachable, which hides the default gateway: a line for each."""
        self.without: tuple[Without, ...] = ()
        self.absent: tuple[Absent, ...] = ()

    def __enter__(self) -> Self:
        for node in self._nodes:
            said = self._folder / f"{node.name}-{time.monotonic_ns()}.routes"
            with said.open("wb") as output:
                process = subprocess.Popen(
                    inside(self._lab, node.name, "ip", "-ts", "-o", "monitor", "route"),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            self._running[node.name] = process, said
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process, _ in self._running.values():
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
        told = {name: changes_of(said.read_text(encoding="utf-8")) for name, (_, said) in self._running.items()}
        direct = {block: hop for node in self._nodes for block, hop in _direct(node)}
        self.unreachable = tuple(
            f"{node}: {change.block} unreachable"
            for node, changes in told.items()
            for change in changes
            if change.unreachable and change.block in direct
        )
        self.without = tuple(hole for node, changes in told.items() for hole in holes(node, changes, direct))
        blocks = {block for node in self._plan.nodes for block in node.blocks}
        self.absent = tuple(gap for node, changes in told.items() for gap in absences(node, changes, blocks))


@dataclass(frozen=True)
class Change:
    """A line of ``ip monitor route``: a route that came, or one that went."""

    at: datetime
    came: bool
    block: str
    hop: str
    unreachable: bool


def changes_of(said: str) -> list[Change]:
    """What ``ip -ts -o monitor route`` said."""
    return [
        Change(datetime.fromisoformat(at), not went, block, hop, kind == "unreachable" and not went)
        for at, went, kind, block, hop in _EVENT.findall(said)
    ]


def holes(node: str, changes: Iterable[Change], direct: Mapping[str, str]) -> Iterator[Without]:
    """Times between a direct route's end and its return; a route that never changed tells nothing."""
    ended: dict[str, datetime] = {}
    for change in changes:
        if change.hop == direct.get(change.block):
            if not change.came:
                ended[change.block] = change.at
            elif change.block in ended:
                seconds = (change.at - ended.pop(change.block)).total_seconds()
                if seconds > SHORTEST:
                    yield Without(node, change.block, seconds)
        elif change.came and change.block in direct:
            ended.setdefault(change.block, change.at)


def absences(node: str, changes: Iterable[Change], blocks: Container[str]) -> Iterator[Absent]:
    """Times between the end of the route to a block and the next one; one that never comes back lasts for ever."""
    ended: dict[str, datetime] = {}
    for change in changes:
        if change.block in blocks and (not change.came or change.unreachable):
            ended.setdefault(change.block, change.at)
        elif change.block in ended:
            seconds = (change.at - ended.pop(change.block)).total_seconds()
            if seconds > SHORTEST:
                yield Absent(node, change.block, seconds)
    yield from (Absent(node, block, float("inf")) for block in ended)


@contextmanager
def without_default_routes(lab: Lab, nodes: Iterable[str]) -> Iterator[None]:
    """For the body's time, what a node has no route to is unreachable: nothing goes by the leaf for want of better."""
    chosen = list(nodes)

    def all_of_them(verb: str) -> None:
        for node in chosen:
            for family in ("-4", "-6"):
                # Before the lab's own default routes, which have metrics from 1 on.
                route = ("unreachable", "default", "metric", "0" if family == "-4" else "1")
                subprocess.run(inside(lab, node, "ip", family, "route", verb, *route), check=True, timeout=20)

    all_of_them("add")
    try:
        yield
    finally:
        all_of_them("del")
