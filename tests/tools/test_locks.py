"""Only the lock of an engine that is certainly dead is removed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools import cli, environment, locks, stack
from tools.clone import Clone
from tools.progress import ToolError

NOW, LONG_AGO = timedelta(0), timedelta(days=2)


def lock(state: Path, pid: int, *, whose: str = "dev", host: str = "", ago: timedelta = NOW) -> Path:
    """A lock as Pulumi 3.259 writes it, nanoseconds included."""
    file = state / ".pulumi" / "locks" / "organization" / "leafrack" / whose / f"{pid}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    said = {
        "pid": pid,
        "username": "root",
        "hostname": host or socket.gethostname(),
        "timestamp": (datetime.now(UTC) - ago).isoformat().replace("+00:00", "789Z"),
    }
    file.write_text(json.dumps(said), encoding="utf-8")
    return file


@contextmanager
def process(name: str, folder: Path) -> Iterator[int]:
    """A process that is called so."""
    program = folder / name
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as running:
        try:
            yield running.pid
        finally:
            running.kill()


@pytest.fixture
def dead() -> int:
    """Number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    return ended.pid


def unlock(state: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv(locks.BACKEND_VARIABLE, f"file://{state}")
    return cli.main(["unlock"])


def test_the_lock_of_a_dead_engine_is_removed_and_named(
    dead: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lock(tmp_path, dead)
    assert unlock(tmp_path, monkeypatch) == 0
    assert not file.exists()
    said = capsys.readouterr().out
    assert f"stack organization/leafrack/dev: locked by process {dead} of {socket.gethostname()} since 20" in said
    assert "is dead" in said


@pytest.mark.parametrize(
    ("name", "ago", "stays"),
    [("pulumi", NOW, True), ("pulumi", LONG_AGO, True), ("engine", NOW, True), ("somebody", LONG_AGO, False)],
    ids=["an engine", "an engine and a clock that was set", "another name", "another process of that number"],
)
def test_the_lock_of_a_process_that_runs_stays_if_it_can_be_its_own(
    name: str, ago: timedelta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stays: bool
) -> None:
    with process(name, tmp_path) as pid:
        file = lock(tmp_path, pid, ago=ago)
        assert unlock(tmp_path, monkeypatch) == int(stays)
    assert file.exists() == stays


def test_an_engine_that_nobody_has_waited_for_is_dead(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as running:
        os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)
        lock(tmp_path, running.pid)
        dead, alive = locks.release_dead(tmp_path)
    assert (len(dead), alive) == (1, [])


@pytest.mark.parametrize("begin", [stack.forget_a_lost_lab, stack.destroy], ids=["make up", "make down"])
def test_the_lab_begins_and_ends_without_the_lock_of_a_dead_engine(
    begin: Callable[[Clone], object], dead: int, tmp_path: Path
) -> None:
    clone = Clone(tmp_path)
    file = lock(environment.state(clone), dead)
    begin(clone)
    assert not file.exists()


def test_the_lock_of_another_host_stays(
    dead: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lock(tmp_path, dead, host="another")
    assert unlock(tmp_path, monkeypatch) == 1
    assert file.exists()
    assert f"locked by process {dead} of another" in capsys.readouterr().out


def test_a_lock_beside_that_of_a_dead_engine_stays(dead: int, tmp_path: Path) -> None:
    gone, stays = lock(tmp_path, dead), lock(tmp_path, os.getpid(), whose="prod")
    locks.release_dead(tmp_path)
    assert (gone.exists(), stays.exists()) == (False, True)


def test_a_backend_without_locks_has_nothing_to_unlock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unlock(tmp_path, monkeypatch) == 0


def test_a_lock_that_cannot_be_read_is_named_and_stays(
    dead: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lock(tmp_path, dead)
    file.write_text("", encoding="utf-8")
    assert unlock(tmp_path, monkeypatch) == 1
    assert file.exists()
    assert f"{file}: not a lock that can be read" in capsys.readouterr().err


def test_a_backend_in_a_bucket_is_left_to_pulumi(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(locks.BACKEND_VARIABLE, "s3://fabric-state")
    assert cli.main(["unlock"]) == 1
    assert "`pulumi cancel`" in capsys.readouterr().err


def test_a_backend_below_the_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locks.backend({locks.BACKEND_VARIABLE: "file://~/state"}) == tmp_path / "state"


def test_who_is_not_logged_in_is_told_how(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"PULUMI_BACKEND_URL"):
        locks.backend({"PATH": str(tmp_path)})
