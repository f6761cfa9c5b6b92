"""Parts of the work side by side, each in a process of its own, and how many of them this machine bears."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.progress import ToolError, held_back

Part = Callable[[], object]

ROOMY = 8.0
"""GiB of free memory with which two builds may run at a time, and the compiler may collect its garbage less often."""


def is_roomy() -> bool:
    """Whether this machine has memory to spare."""
    return available_memory() >= ROOMY


def available_memory() -> float:
    """GiB that programs can have without swapping; 0 where Linux does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 2**20 for line in lines if line.startswith("MemAvailable:")), 0)


def side_by_side(parts: Sequence[Part], *, at_once: int) -> None:
    """Run parts, so many at a time, in their order.

    Raises ``ToolError`` with the words of the first that fails; the others have ended by then, as they have when this
    process is ended in any way but SIGKILL.
    """
    waiting = list(parts)
    running: dict[int, int] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                _begin(waiting.pop(0), running)
            pid, status = os.wait()
            if (said := running.pop(pid, None)) is not None:
                words = _read(said)
                if status:
                    raise ToolError(words or f"a part of the work was ended (wait status {status}): run it again")
    finally:
        for pid, said in running.items():
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
            os.close(said)


def _begin(part: Part, running: dict[int, int]) -> None:
    said, say = os.pipe()
    sys.stdout.flush()
    # A signal that came before the number of the process is known would leave it running.
    with held_back() as mask:
        pid = os.fork()
        if pid == 0:
            os._exit(_run(part, say, mask))
        running[pid] = said
    os.close(say)


def _run(part: Part, say: int, mask: set[signal.Signals]) -> int:
    """In the process of a part: its exit code; what a person has to read goes to ``say``."""
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        part()
    except ToolError as error:
        os.write(say, str(error).encode())
    except (KeyboardInterrupt, SystemExit):
        return 130
    except OSError as error:
        os.write(say, f"{error.filename or 'tools'}: {error.strerror or error}: put that right, run it again".encode())
    except Exception:  # noqa: BLE001 - the process ends here, so nobody else would see it
        os.write(say, traceback.format_exc().encode())
    else:
        return 0
    return 1


def _read(said: int) -> str:
    with os.fdopen(said, encoding="utf-8", errors="replace") as words:
        return words.read()
