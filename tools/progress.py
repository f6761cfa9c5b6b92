"""What a person sees while something long runs: a line at the end of each step, a sign of life meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

SIGN_OF_LIFE = 15.0
"""Seconds between two lines of a step that is still running."""

_TAIL_LINES = 15
_WORDS = 80


class ToolError(Exception):
    """Something that a person has to act on; ``str()`` is what they read, without a traceback."""


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def seconds(since: float) -> str:
    """How long ago ``since`` (of ``time.monotonic``) was, as a person says it: ``0.3 s``, ``203 s``."""
    took = time.monotonic() - since
    return f"{took:.1f} s" if took < 10 else f"{took:.0f} s"


def run_logged(
    command: Sequence[str | os.PathLike[str]],
    *,
    title: str,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    describe: Callable[[list[str]], str] = lambda _: "",
    advice: Callable[[str], str] = lambda _: "",
) -> None:
    """Run a command with its output in ``log``, saying every 15 seconds that it lives.

    ``describe`` turns the lines written so far into a few words for that line. Ending this process in any way
    but SIGKILL ends the command and its children too.
    Raises ``ToolError`` with the last lines of the output, the log and ``advice`` for that output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with log.open("wb") as output:
        process: subprocess.Popen[bytes] | None = None
        try:
            with held_back() as mask:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=cwd,
                    env=env,
                    start_new_session=True,
                    preexec_fn=partial(signal.pthread_sigmask, signal.SIG_SETMASK, mask),  # noqa: PLW1509 - one thread
                )
            while True:
                try:
                    status = process.wait(timeout=SIGN_OF_LIFE)
                    break
                except subprocess.TimeoutExpired:
                    words = describe(_lines(log))
                    say(f"{title} … {seconds(begun)} so far{', ' + words[:_WORDS] if words else ''}")
        finally:
            if process is not None:
                _end(process)
    if status:
        lines = _lines(log)
        raise ToolError(
            "\n".join(
                [
                    f"{title}: failed after {seconds(begun)}; the last lines of {log}:",
                    *("    " + line for line in lines[-_TAIL_LINES:]),
                    advice("\n".join(lines)) or f"Put right what the lines above name, then run it again ({log}).",
                ]
            )
        )


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


@contextmanager
def held_back() -> Iterator[set[signal.Signals]]:
    """Let signals wait while a process is begun: one that comes before its number is known would leave it running.

    Gives the mask that holds otherwise.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield {signal.Signals(number) for number in mask}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the session of a command that still runs; package managers get time for their transaction."""
    if process.poll() is not None:
        return
    for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=patience)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
