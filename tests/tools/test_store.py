from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.conftest import BUILT
from tools import catalog, getting
from tools.store import Store, default_root, locked

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("go")
def test_a_program_that_was_built_is_there_and_stamped(store: Store) -> None:
    assert not store.has(BUILT)
    getting._one(BUILT, store, set())
    assert store.has(BUILT)
    assert (store.folder(BUILT) / "frobber").read_text() == "built from source\n"


@pytest.mark.usefixtures("go")
@pytest.mark.parametrize("changed", ["go.mod", "go.sum", "main.go"])
def test_a_change_of_the_recipe_makes_the_program_again(store: Store, changed: str) -> None:
    getting._one(BUILT, store, set())
    (catalog.SOURCES / "go" / "frobber" / changed).write_text("module frobber\n\ngo 1.25\n")
    assert not store.has(BUILT)


@pytest.mark.usefixtures("go")
@pytest.mark.parametrize("damage", ["missing", "truncated", "no stamp"])
def test_a_damaged_program_is_made_again(store: Store, damage: str) -> None:
    getting._one(BUILT, store, set())
    program, stamp = store.folder(BUILT) / "frobber", store.folder(BUILT) / "stamp.json"
    if damage == "missing":
        program.unlink()
    elif damage == "truncated":
        os.truncate(program, 3)
    else:
        stamp.unlink()
    assert not store.has(BUILT)
    getting._one(BUILT, store, set())
    assert store.has(BUILT)


def is_gone(process: int) -> bool:
    """Whether a process that was killed has ended: on a busy machine its last parent takes a moment to notice."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_build_leaves_no_stamp_and_the_next_run_finishes(
    store: Store, go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    begun = tmp_path / "build has begun"
    script = (
        "import signal, sys; from pathlib import Path; from tools import catalog, gobuild, getting, cli\n"
        "from tools.store import Store; from tests.tools.conftest import BUILT\n"
        f"catalog.SOURCES = gobuild.SOURCES = Path({str(catalog.SOURCES)!r})\n"
        "signal.signal(signal.SIGTERM, cli._leave)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"getting._one(BUILT, Store(Path({str(store.root)!r})), set())\n"
    )
    env = {**os.environ, "FAKE_GO_HANGS": str(begun), "PATH": f"{go.parent}:/usr/bin:/bin"}
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=env, stderr=subprocess.DEVNULL) as run:
        while not (begun.exists() and begun.read_text()):
            assert run.poll() is None
            time.sleep(0.01)
        run.send_signal(number)
    assert not store.has(BUILT)
    compiler = int(begun.read_text())
    if number == signal.SIGKILL:
        os.kill(compiler, signal.SIGKILL)
    else:
        assert is_gone(compiler)
        assert list(store.root.glob(".unfinished-*")) == []
    getting._one(BUILT, store, set())
    store.sweep()
    assert store.has(BUILT)
    assert list(store.root.glob(".unfinished-*")) == []


def test_a_second_run_waits_and_says_for_which_process(store: Store, tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from tools.store import Store, locked\n"
        f"with locked(Store(Path({str(store.root)!r})).lock, 'tools folder'): print('second has it')\n"
    )
    with locked(store.lock, "tools folder"):
        second = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert second.stdout.readline() == f"tools folder: waiting for another run (process {os.getpid()}) to finish\n"
    assert second.communicate()[0] == "second has it\n"
    assert second.returncode == 0
    assert not store.lock.exists()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LEAFRACK_TOOLS": "/srv/leafrack tools"}, "/srv/leafrack tools"),
        ({"XDG_CACHE_HOME": "/var/cache/me"}, "/var/cache/me/leafrack/tools"),
        ({"HOME": "/home/me"}, "/home/me/.cache/leafrack/tools"),
    ],
)
def test_the_tools_folder_is_where_the_environment_says(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LEAFRACK_TOOLS", "XDG_CACHE_HOME", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_root() == Path(expected)
