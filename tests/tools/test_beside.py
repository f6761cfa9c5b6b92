from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.conftest import BUILT, RELEASED
from tools import catalog, getting
from tools.beside import available_memory, side_by_side
from tools.progress import ToolError

CLONE = Path(__file__).resolve().parents[2]


def noted(folder: Path, name: str, seconds: float = 0.3) -> Callable[[], None]:
    """A part that leaves when it began and ended."""

    def part() -> None:
        begun = time.monotonic()
        time.sleep(seconds)
        (folder / name).write_text(f"{begun} {time.monotonic()}")

    return part


@pytest.mark.parametrize("at_once", [1, 2])
def test_so_many_parts_run_at_a_time_and_all_are_done(at_once: int, tmp_path: Path) -> None:
    side_by_side([noted(tmp_path, name) for name in "abcd"], at_once=at_once)
    times = [tuple(map(float, (tmp_path / name).read_text().split())) for name in "abcd"]
    most = max(sum(begun <= at < ended for begun, ended in times) for at, _ in times)
    assert most == at_once


def test_the_first_that_fails_is_told_and_ends_the_others(tmp_path: Path) -> None:
    def fails() -> None:
        time.sleep(0.2)
        raise ToolError("frobber: failed\nthe disk is full")

    begun = time.monotonic()
    with pytest.raises(ToolError, match=r"^frobber: failed\nthe disk is full$"):
        side_by_side([noted(tmp_path, "slow", 30), fails, noted(tmp_path, "never")], at_once=2)
    assert time.monotonic() - begun < 10
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_foresaw_is_told_with_its_place() -> None:
    def breaks() -> None:
        raise ValueError("broken")

    with pytest.raises(ToolError, match=r"in breaks[\s\S]*ValueError: broken"):
        side_by_side([breaks], at_once=2)


def test_a_part_that_was_killed_is_a_failure() -> None:
    with pytest.raises(ToolError, match="run it again"):
        side_by_side([lambda: os.kill(os.getpid(), signal.SIGKILL)], at_once=2)


RUN = """
import signal, sys
from pathlib import Path
from tools.beside import side_by_side
from tools.progress import run_logged
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
def part(name):
    run_logged(["sh", "-c", f"echo $$ >{name}; exec sleep 60"], title=name, log=Path(f"{name}.log"))
side_by_side([lambda: part("one"), lambda: part("two")], at_once=2)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_the_run_ends_what_its_parts_have_begun(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CLONE)}, stderr=subprocess.PIPE
    ) as run:
        files = [tmp_path / name for name in ("one", "two")]
        until = time.monotonic() + 20
        while not all(file.exists() and file.read_text() for file in files):
            assert time.monotonic() < until
            time.sleep(0.05)
        run.send_signal(number)
        run.communicate(timeout=30)
    assert run.returncode != 0
    assert [file.name for file in files if Path(f"/proc/{file.read_text().strip()}").exists()] == []


def test_what_is_built_of_the_same_modules_is_built_one_after_the_other_and_the_longest_begins() -> None:
    found = [[program.name for program in chain] for chain in getting.chains(list(catalog.PROGRAMS))]
    assert found[0] == ["pulumi-resource-kubernetes"]
    assert ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] in found
    assert ["calicoctl", "calico-confd", "calico-files"] in found
    assert sorted(name for chain in found for name in chain) == sorted(program.name for program in catalog.PROGRAMS)
    assert getting.chains([BUILT, RELEASED])


def test_memory_is_told_in_gibibytes() -> None:
    assert 0 < available_memory() < 100_000
