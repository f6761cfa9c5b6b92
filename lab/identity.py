"""Telling a process from a stranger that has got its number: by start time and boot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process of this machine: its id, its start in clock ticks since boot, and the boot."""

    pid: int
    start: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process with an id, None if there is none or it has ended."""
        try:
            return cls._read(pid)
        except (FileNotFoundError, ProcessLookupError):
            return None

    @classmethod
    def own(cls) -> Process:
        """This process, by the numbers of the /proc that is mounted."""
        found = cls._read("self")
        if found is None:
            raise ProcessLookupError
        return found

    @classmethod
    def _read(cls, pid: int | str) -> Process | None:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        # The name in parentheses may hold anything; what follows the last one does not (proc(5)).
        head, _, tail = stat.rpartition(")")
        fields = tail.split()
        if fields[0] in {"Z", "X"}:
            return None
        return cls(int(head.split(" ", 1)[0]), int(fields[19]), boot)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def shares_pid_namespace(self, other: int) -> bool:
        """Whether ``other`` lives in the pid namespace of this process."""
        try:
            return Path(f"/proc/{self.pid}/ns/pid").readlink() == Path(f"/proc/{other}/ns/pid").readlink()
        except OSError:
            return False
