"""Routing tables of a lab's hosts, read in their namespaces."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping
from typing import Any

from lab.handle import Lab
from lab.plan import plan_of


def inside(lab: Lab, host: str, *command: str) -> list[str]:
    """A command in the network namespace of a host: no new Python for it, as ``python -m lab exec`` starts."""
    pid = next(str(each["pid"]) for each in lab.state["hosts"] if each["name"] == host)
    return ["nsenter", "-t", pid, "-n", *command]


def kernel(lab: Lab, host: str) -> list[dict[str, Any]]:
    """Routes of both families in a host's kernel, as iproute2 writes them."""
    found: list[dict[str, Any]] = []
    for family in ("-4", "-6"):
        done = subprocess.run(
            inside(lab, host, "ip", family, "-j", "route"), capture_output=True, text=True, check=True, timeout=20
        )
        found += json.loads(done.stdout or "[]")
    return found


def without_a_route(lab: Lab, names: Iterable[str]) -> list[str]:
    """A line for each pod block of some nodes that another of them has no BGP route to at all."""
    nodes = [node for node in plan_of(lab.fabric).nodes if node.name in set(names)]
    lines = []
    for node in nodes:
        have = {route["dst"] for route in kernel(lab, node.name) if route.get("protocol") == "bird" and _leads(route)}
        others = [block for other in nodes if other is not node for block in other.blocks]
        lines += [f"{node.name}: {block} missing" for block in others if block not in have]
    return lines


def _leads(route: Mapping[str, Any]) -> bool:
    return "gateway" in route or "nexthops" in route or "via" in route


def wait_for_routes(lab: Lab, seconds: float = 60) -> None:
    """Wait until every node has a route to the blocks of all others, or the time is over."""
    names, until = [node.name for node in plan_of(lab.fabric).nodes], time.monotonic() + seconds
    while without_a_route(lab, names) and time.monotonic() < until:
        time.sleep(0.5)
