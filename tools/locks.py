"""Locks of stacks in Pulumi's file backend: one that a killed engine left behind is told by its process, and removed.

``pulumi cancel`` removes any lock, also that of an engine at work, and then two write at once.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.progress import ToolError

BACKEND_VARIABLE = "PULUMI_BACKEND_URL"


@dataclass(frozen=True)
class Lock:
    """A lock, and who holds it: a process of a host."""

    file: Path
    stack: str
    pid: int
    host: str
    since: datetime

    @classmethod
    def read(cls, file: Path, stack: str) -> Lock | None:
        """What a lock file says; None when its holder has just released it.

        Raises :class:`ToolError` for a file that is no lock, as a full disk leaves it.
        """
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
            return cls(file, stack, int(said["pid"]), said["hostname"], datetime.fromisoformat(said["timestamp"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise ToolError(f"{file}: not a lock that can be read: look who works on {stack}, then delete it") from None

    @property
    def is_left_behind(self) -> bool:
        """Whether its engine is certainly dead: of this host, and its process is gone or is another one by now."""
        return self.host == socket.gethostname() and not _runs(self.pid, self.since)

    def __str__(self) -> str:
        return (
            f"stack {self.stack}: locked by process {self.pid} of {self.host} since {self.since:%Y-%m-%d %H:%M:%S %Z}"
        )


def release_dead(state: Path) -> tuple[list[Lock], list[Lock]]:
    """Remove the locks of dead engines in the folder of a file backend; those removed, and those that stay.

    Raises :class:`ToolError` for a lock that cannot be read.
    """
    folder = state / ".pulumi" / "locks"
    found = [Lock.read(file, str(file.parent.relative_to(folder))) for file in sorted(folder.rglob("*.json"))]
    dead = [lock for lock in found if lock is not None and lock.is_left_behind]
    for lock in dead:
        lock.file.unlink(missing_ok=True)
    return dead, [lock for lock in found if lock is not None and lock not in dead]


def backend(environment: Mapping[str, str]) -> Path:
    """Folder of the file backend that ``pulumi`` uses in an environment.

    Raises :class:`ToolError` for a backend of another kind: whose process holds a lock there is not for this host to
    tell.
    """
    url = environment.get(BACKEND_VARIABLE) or _logged_in(environment)
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ToolError(
            f"backend {url}: only locks of a file backend can be told dead from here: see that no pipeline or person "
            "works on the stack, then `pulumi cancel`"
        )
    return Path(unquote(parts.netloc + parts.path)).expanduser()


def _logged_in(environment: Mapping[str, str]) -> str:
    try:
        said = subprocess.run(
            ["pulumi", "whoami", "--json"], env=environment, capture_output=True, text=True, check=True
        ).stdout
        return str(json.loads(said)["url"])
    except FileNotFoundError:
        raise ToolError(f"pulumi is not on PATH: set {BACKEND_VARIABLE}, or source .lab/env") from None
    except (subprocess.CalledProcessError, ValueError, KeyError):
        raise ToolError(f"pulumi is not logged in: set {BACKEND_VARIABLE}, or `pulumi login`") from None


def _runs(pid: int, since: datetime) -> bool:
    """Whether the process that took a lock then still runs; in doubt it does."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").partition("(")[2].rpartition(")")
        fields = rest.split()
        uptime = float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError):
        return True
    if fields[0] in "ZX":
        return False
    begun = datetime.now(UTC).timestamp() - uptime + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    # Both, because a clock that was set meanwhile moves `begun`, and an engine may have another name.
    return "pulumi" in name or begun < since.timestamp() + 2
