"""Programs for a shell on a switch: each task has what it needs of data and stages, and nothing of the others."""

from __future__ import annotations

import re
import subprocess

import pytest

from leafrack.fabric import leaf
from leafrack.fabric.load import load_fabric
from leafrack.platforms import Task, platform_of
from leafrack.platforms.shell import ShellPlatform

FABRIC = load_fabric("config/fabrics/prod.yaml")
RACK = next(iter(FABRIC.racks))
LEAF = next(iter(FABRIC.racks[RACK].leaves))
SHELLED = ("frr", "sonic")
_DEFINED = re.compile(r"^([a-z_]+)\(\) ", re.MULTILINE)


def program(platform: str, task: Task) -> str:
    found = platform_of(platform)
    assert isinstance(found, ShellPlatform)
    job = leaf.with_password(leaf.job(FABRIC, RACK, LEAF, task), "s3cret" if task is Task.SESSIONS else None)
    return found.program(job)


@pytest.mark.parametrize("platform", SHELLED)
@pytest.mark.parametrize("task", [Task.RETIRED, Task.AS_NUMBERS])
def test_only_the_task_of_sessions_is_given_neighbours(platform: str, task: Task) -> None:
    text = program(platform, task)
    assert "neighbor" in program(platform, Task.SESSIONS).partition("END-OF-DATA\n:")[0]
    given = re.search(r"^cat >\"\$work/given\".*?^END-OF-DATA$", text, re.MULTILINE | re.DOTALL)
    assert given is not None
    assert "neighbor" not in given[0]
    assert "prefix-list" in given[0]
    # What the job asks for stays: which neighbours it is about, and their AS numbers.
    names = re.search(r"^cat >\"\$work/neighbours\".*?^END-OF-DATA$", text, re.MULTILINE | re.DOTALL)
    assert names is not None
    assert len(names[0].splitlines()) > 2


@pytest.mark.parametrize("platform", SHELLED)
@pytest.mark.parametrize("task", list(Task))
def test_a_program_defines_each_stage_that_it_runs_and_is_one_for_a_posix_shell(platform: str, task: Task) -> None:
    text = program(platform, task)
    assert {"guard", "stage", "check", "apply", "save", "full", "main"} <= {*_DEFINED.findall(text)}
    every = {name for each in Task for name in _DEFINED.findall(program(platform, each))}
    lacking = every - {*_DEFINED.findall(text)}
    called = {name for name in lacking if re.search(rf"^\s*(?:in_instance |! )?{name}(?:\s|$)", text, re.MULTILINE)}
    assert not called, f"{task} runs what it does not define"
    checked = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("platform", SHELLED)
def test_programs_of_the_later_phases_are_a_fraction_of_the_first_ones(platform: str) -> None:
    sizes = {task: len(program(platform, task)) for task in Task}
    assert max(sizes[Task.RETIRED], sizes[Task.AS_NUMBERS]) < 0.6 * sizes[Task.SESSIONS], sizes
