"""A job as a POSIX shell program: the runner for switches that have a shell behind SSH.

The command that runs it is the same for every job and platform. It stands in Pulumi's state and in the switch's list of
processes, so all that differs, passwords among it, is on standard input. A program that arrives in part does nothing:
its last line starts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from leafrack.platforms.job import Job, Listener, Neighbour, Way

BOUND = 60
"""Seconds for everything that one program does on a switch, where the switch has ``timeout`` (coreutils, BusyBox)."""

_END = "END-OF-DATA"


def command(way: Way) -> str:
    """Shell command that runs a program on its standard input, and fails with what the program says."""
    return (
        " ".join(_resource("leafrack.platforms/run.sh").split("\n")[:-1])
        .replace("@WAY@", way)
        .replace("@BOUND@", str(BOUND))
    )


def program(job: Job, given: str, *scripts: str) -> str:
    """Program of a job: its data, the stages of a platform (``PACKAGE/FILE`` each), and the line that starts it.

    ``given`` is the configuration in the platform's own words.
    """
    data: dict[str, Iterable[str]] = {
        "task": [job.task],
        "as_number": [str(job.as_number)],
        "own_lists": job.own_lists,
        "own_paths": [] if job.paths is None else [job.paths.name],
        "neighbours": [
            *(_as_numbers(job, each, str(each.address)) for each in job.neighbours),
            *dict.fromkeys(_as_numbers(job, each, each.group) for each in job.listeners),
        ],
        "listeners": [f"{each.prefix} {each.group}" for each in job.listeners],
        "given": given.splitlines(),
    }
    return "\n".join(
        [
            "set -u; work=$1 way=$2",
            *(line for name, lines in data.items() for line in _file(name, lines)),
            *map(shortened, (*scripts, "leafrack.platforms/stages.sh")),
            "main",
            "",
        ]
    )


def _file(name: str, lines: Iterable[str]) -> Iterable[str]:
    yield f"cat >\"$work/{name}\" <<'{_END}' || exit 1"
    yield from lines
    yield _END


def _as_numbers(job: Job, each: Neighbour | Listener, who: str) -> str:
    return " ".join((who, _as_number(each.as_number), _as_number(job.final_as), *map(str, each.as_numbers)))


def _as_number(number: int | None) -> str:
    return "any" if number is None else str(number)


@cache
def shortened(script: str) -> str:
    """A script (``PACKAGE/FILE``) as it goes to a switch: without comments and indentation.

    A stack has a program for each leaf and phase. The engine checks, logs and keeps all of them, and much of its time
    for hundreds of leaves went there.
    """
    lines = (line.lstrip() for line in _resource(script).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


@cache
def _resource(script: str) -> str:
    package, _, name = script.partition("/")
    return files(package).joinpath(name).read_text(encoding="utf-8")
