"""Daemons that the holder starts itself: their logs, their process ids, and what to say when one ends."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lab.errors import LabError

_TAIL_LINES = 12
_NOTE_PID = 'read -r pid rest </run/hostproc/self/stat; echo "$pid" >"$0"; exec "$@"'
"""Leaves a process id as the host sees it, then becomes the daemon (see scripts/supervise.sh)."""
_PAUSE = 1.0
"""Seconds before an ended daemon is started again, as in scripts/supervise.sh."""


@dataclass(frozen=True)
class _Daemon:
    process: subprocess.Popen[bytes]
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path


@dataclass(frozen=True)
class Daemons:
    """What the holder has started; process ids are left in ``folder``."""

    folder: Path
    _running: dict[str, _Daemon] = field(default_factory=dict)

    def start(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a daemon with its output in ``log``."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        words = ("bash", "-c", _NOTE_PID, str(self.folder / f"{name}.pid"), *command)
        values = {**os.environ, **(environment or {})}
        self._running[name] = _Daemon(_begun(words, values, log), words, values, log)

    def again(self, pid: int) -> None:
        """Start the daemon again that had this process and has ended, as its supervisor would; none had, do nothing."""
        for name, daemon in self._running.items():
            if daemon.process.pid == pid:
                time.sleep(_PAUSE)
                self._running[name] = replace(daemon, process=_begun(daemon.command, daemon.environment, daemon.log))
                return

    def child(self, name: str) -> int:
        """The only child of a daemon, as the holder sees it: the first process behind ``unshare --fork``."""
        pid = self._running[name].process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8"))

    def check(self) -> None:
        """Raise LabError if a daemon has ended."""
        for name, daemon in self._running.items():
            if (code := daemon.process.poll()) is not None:
                raise LabError(report(f"{name} ended with {code}", daemon.log))


def _begun(command: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def report(what: str, log: Path) -> str:
    """What happened to a daemon, with the end of its log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
    except OSError:
        lines = []
    return "\n".join([f"{what}; the end of {log}:", *(f"    {line}" for line in lines or ["(empty)"])])
