"""What reaches a switch cut off, finds its disk full or gets no answer is applied whole or not at all, and says so."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from leafrack.platforms import Job, PrefixList, Task, Way, posix
from leafrack.platforms.frr.platform import FRR
from tests.platforms.frr.test_platform import OTHERS, Switch, sessions
from tests.platforms.jobs import NODE

GIVEN = sessions(NODE, lists=(PrefixList("LEAFRACK-dc1-IN", (ip_network("10.8.0.0/16"),)),))
JOBS = {
    "sessions": (GIVEN, Way.FORWARD),
    "all that is ours": (GIVEN, Way.BACK),
    "who is retired": (replace(GIVEN, task=Task.RETIRED), Way.FORWARD),
    "another AS": (replace(GIVEN, task=Task.AS_NUMBERS, final_as=64513), Way.FORWARD),
}


def applied(switch: Switch) -> str | None:
    """What has reached ``vtysh -f``, if anything."""
    return (switch.applied.read_text() or None) if switch.applied.exists() else None


def sent(switch: Switch, program: str, way: Way, before: str = "") -> subprocess.CompletedProcess[str]:
    """The outcome of a program, or of the part of it that arrived."""
    command, env = ["sh", "-c", before + posix.command(way)], switch.env
    return subprocess.run(command, input=program, env=env, text=True, capture_output=True, check=False)


@pytest.mark.parametrize(("job", "way"), JOBS.values(), ids=JOBS)
def test_a_program_that_arrives_in_part_applies_nothing_or_all(tmp_path: Path, job: Job, way: Way) -> None:
    switch, program = Switch(tmp_path, OTHERS), FRR.program(job)
    assert switch.play(job, way).returncode == 0
    wanted = applied(switch)
    assert wanted
    # Everywhere in the line that starts it, here and there in what prepares it.
    last = program.rindex("main")
    found = set[str | None]()
    for cut in [*range(0, last, 173), *range(last, len(program) + 1)]:
        switch.applied.unlink(missing_ok=True)
        sent(switch, program[:cut], way)
        found.add(applied(switch))
    assert found == {None, wanted}


@pytest.mark.parametrize(
    ("blocks", "running", "says"),
    [
        (1, OTHERS, "cat: "),
        (60, OTHERS + "! somebody else's\n" * 2000, "is its disk full? Nothing was changed"),
    ],
    ids=["the program does not fit", "what the switch says does not fit"],
)
def test_a_full_disk_is_said_and_applies_nothing(tmp_path: Path, blocks: int, running: str, says: str) -> None:
    switch = Switch(tmp_path, running)
    done = sent(switch, FRR.program(GIVEN), Way.FORWARD, f"trap '' XFSZ; ulimit -f {blocks}; ")
    assert done.returncode != 0
    assert says in done.stderr
    assert applied(switch) is None


@pytest.mark.parametrize(("job", "way"), JOBS.values(), ids=JOBS)
def test_a_switch_that_does_not_answer_is_left_and_named(tmp_path: Path, job: Job, way: Way) -> None:
    switch = Switch(tmp_path, OTHERS)
    vtysh = tmp_path / "vtysh"
    vtysh.write_text("#!/bin/sh\nsleep 20\n", encoding="utf-8")
    begun = time.monotonic()
    soon = ["sh", "-c", posix.command(way).replace(f"$bound {posix.BOUND}", "$bound 1")]
    done = subprocess.run(soon, input=FRR.program(job), env=switch.env, text=True, capture_output=True, check=False)
    assert time.monotonic() - begun < 10
    assert done.returncode != 0
    assert "the switch has not answered within" in done.stderr


@pytest.mark.parametrize("signal", ["HUP", "INT", "TERM", "PIPE"])
def test_a_login_that_ends_in_the_middle_leaves_no_folder_with_passwords(tmp_path: Path, signal: str) -> None:
    switch, temporary = Switch(tmp_path, OTHERS), tmp_path / "tmp"
    temporary.mkdir()
    vtysh = tmp_path / "vtysh"
    # Its parent's parent is the shell of the login.
    vtysh.write_text("#!/bin/sh\nkill -" + signal + ' "$LOGIN"\n', encoding="utf-8")
    command = f"export LOGIN=$$; {posix.command(Way.FORWARD)}"
    env = {**switch.env, "TMPDIR": str(temporary)}
    done = subprocess.run(["dash", "-c", command], input=FRR.program(GIVEN), env=env, text=True, check=False)
    assert done.returncode == 143
    assert list(temporary.iterdir()) == []
