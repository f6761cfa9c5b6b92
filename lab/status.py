"""The table of hosts and their daemons."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from lab.control import running_lab
from lab.health import CLUSTER, dead_daemons
from lab.paths import Folder
from lab.state import State


def show(folder: Folder) -> int:
    """Print the table; 1 if a daemon is dead. Raises LabError if the lab is not up."""
    running = running_lab(folder)
    dead = dead_daemons(running)
    table = Table("host", "rack", "daemons", "127.0.0.1", box=None)
    table.add_row(CLUSTER, "", _words(running.cluster_daemons, dead[CLUSTER]), _cluster_ports(running))
    for host in running.hosts:
        port = f"{host.ssh} (SSH)" if host.ssh else ""
        table.add_row(host.name, host.rack or "", _words(host.daemons, dead[host.name]), port)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"fabric {running.fabric}, holder {running.holder.pid}")
    console.print(table)
    return 1 if any(dead.values()) else 0


def _cluster_ports(running: State) -> str:
    return f"{running.api} (HTTPS)" + (f", {running.front} (front, HTTPS)" if running.front else "")


def _words(daemons: tuple[str, ...], dead: tuple[str, ...]) -> str:
    return " ".join(f"[bold red]{name} (dead)[/]" if name in dead else name for name in daemons)
