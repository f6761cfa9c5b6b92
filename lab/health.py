"""Which daemons of a running lab are dead."""

from __future__ import annotations

from pathlib import Path

from lab.identity import Process
from lab.paths import RUN, home_of
from lab.state import State

CLUSTER = "(cluster)"
"""Stands for the control plane where others are called by their host's name."""


def dead_daemons(running: State) -> dict[str, tuple[str, ...]]:
    """For the cluster and each host, what should run there and does not."""
    found = {CLUSTER: _dead(running, RUN / "cluster", running.holder, running.cluster_daemons)}
    for host in running.hosts:
        first = Process.of(host.pid)
        found[host.name] = _dead(running, home_of(host.name), first, host.daemons) if first else host.daemons
    return found


def _dead(running: State, folder: Path, first: Process, daemons: tuple[str, ...]) -> tuple[str, ...]:
    inside = seen_from_outside(running, folder)
    return tuple(name for name in daemons if not _runs(inside / f"{name}.pid", first))


def seen_from_outside(running: State, path: Path) -> Path:
    """A path of the holder's private /run, as the rest of the machine can see it."""
    return Path(f"/proc/{running.holder.pid}/root") / path.relative_to("/")


def _runs(file: Path, first: Process) -> bool:
    try:
        pid = int(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return Process.of(pid) is not None and first.shares_pid_namespace(pid)
