"""``leafrack`` of the clone's virtualenv: the clone's own, from whatever folder it is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leafrack import __version__
from tests.conftest import CLONE
from tools import virtualenv


@pytest.fixture(params=["clone", "it's a clone"])
def clone(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A clone with a virtualenv that has this one's packages."""
    folder = tmp_path / str(request.param)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "leafrack").symlink_to(CLONE / "leafrack")
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    virtualenv.write_launcher(folder)
    return folder


def called(clone: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(clone / ".venv" / "bin"), os.environ["PATH"]])
    env = {**os.environ, "PATH": path}
    return subprocess.run(["leafrack", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_it_is_the_clones_own_in_a_folder_that_has_another_leafrack(clone: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "leafrack").mkdir(parents=True)
    (elsewhere / "leafrack" / "__init__.py").write_text("raise SystemExit('not this one')\n", encoding="utf-8")
    done = called(clone, elsewhere, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"leafrack {__version__}\n", "")


def test_words_and_exit_code_arrive_as_they_are(clone: Path, tmp_path: Path) -> None:
    done = called(clone, tmp_path, "check", "no such.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "no such.yaml: no such file\n")


def test_a_virtualenv_without_it_is_not_ready(clone: Path) -> None:
    for name in virtualenv.PINS:
        (clone / name).write_text("", encoding="utf-8")
    (clone / ".venv" / virtualenv._STAMP).write_text(virtualenv._digest(clone), encoding="utf-8")
    assert virtualenv.ready(clone)
    (clone / ".venv" / "bin" / "leafrack").unlink()
    assert not virtualenv.ready(clone)
