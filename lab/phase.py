"""Become a command whose monotonic clock is ahead by a part of a second: ``phase.py NANOSECONDS COMMAND ...``.

BIRD counts its timers in whole seconds of that clock. Machines are not switched on in the same moment, so no two of
them count alike. The nodes of a lab have one kernel: without a clock of its own each connects in the same moment as its
neighbours, and they close each other's connections (RFC 4271 §6.8), again and again. Where the kernel has no time
namespaces (time_namespaces(7), Linux 5.6) they do that.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWTIME = 0x80
"""sched.h. Who asks for it stays outside: what it becomes or starts is inside."""


def main(nanoseconds: int, command: list[str]) -> None:
    """Become the command."""
    if ctypes.CDLL(None).unshare(CLONE_NEWTIME) == 0:
        Path("/proc/self/timens_offsets").write_text(f"monotonic 0 {nanoseconds}\n", encoding="ascii")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
