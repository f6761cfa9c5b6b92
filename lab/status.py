"""The table of hosts and their daemons."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from lab.control import running_lab
from lab.identity import Process
from lab.paths import RUN, Folder, home_of
from lab.state import CLUSTER_DAEMONS, Host, State


def show(folder: Folder) -> int:
    """Print the table; 1 if a daemon is dead. Raises LabError if the lab is not up."""
    running = running_lab(folder)
    table = Table("host", "rack", "daemons", "127.0.0.1", box=None)
    dead = _dead(running, RUN / "cluster", running.holder, CLUSTER_DAEMONS)
    table.add_row("(cluster)", "", _words(CLUSTER_DAEMONS, dead), f"{running.api} (HTTPS)")
    found = bool(dead)
    for host in running.hosts:
        dead = _dead_of(running, host)
        found = found or bool(dead)
        table.add_row(host.name, host.rack or "", _words(host.daemons, dead), f"{host.ssh} (SSH)" if host.ssh else "")
    console = Console()
    console.print(f"fabric {running.fabric}, holder {running.holder.pid}", highlight=False)
    console.print(table)
    return 1 if found else 0


def _dead_of(running: State, host: Host) -> list[str]:
    first = Process.of(host.pid)
    return list(host.daemons) if first is None else _dead(running, home_of(host.name), first, host.daemons)


def _dead(running: State, folder: Path, first: Process, daemons: tuple[str, ...]) -> list[str]:
    """Daemons of ``first``'s pid namespace that do not run."""
    # The holder's private /run, as the rest of the machine can see it.
    inside = Path(f"/proc/{running.holder.pid}/root") / folder.relative_to("/")
    return [name for name in daemons if not _runs(inside / f"{name}.pid", first)]


def _runs(file: Path, first: Process) -> bool:
    try:
        pid = int(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return Process.of(pid) is not None and first.shares_pid_namespace(pid)


def _words(daemons: tuple[str, ...], dead: list[str]) -> str:
    return " ".join(f"[bold red]{name} (dead)[/]" if name in dead else name for name in daemons)
