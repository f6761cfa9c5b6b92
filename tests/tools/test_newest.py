"""The unit tests with the newest packages: which those are, and what is asked of the package index."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CLONE
from tools import newest
from tools.clone import Clone
from tools.store import Store


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Command lines that would have run."""
    found: list[list[str]] = []

    def ran(command: list[Any], **_: Any) -> subprocess.CompletedProcess[str]:
        found.append(list(map(str, command)))
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.setattr(newest, "run_logged", ran)
    monkeypatch.setattr(subprocess, "run", ran)
    return found


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    for name in ("pyproject.toml", "requirements-dev.txt"):
        (tmp_path / name).write_text((CLONE / name).read_text(encoding="utf-8"), encoding="utf-8")
    return Clone(tmp_path)


def test_the_index_is_asked_for_the_ranges_of_pyproject_and_for_no_pin_of_them(
    clone: Clone, tmp_path: Path, asked: list[list[str]]
) -> None:
    assert newest.test(clone, Store(tmp_path / "store")) == 5
    made, installed, tested = asked
    assert made[1:] == ["-m", "venv", str(clone.folder / "newest")]
    assert {"pulumi>=3.259,<4", "pulumi-kubernetes>=4.25,<5", "--upgrade", "eager"} <= set(installed)
    assert not [word for word in installed if word.startswith(("pulumi==", "pydantic==", "-c", "-r"))]
    assert [word for word in installed if word.startswith("pytest==")]
    assert tested[0] == str(clone.folder / "newest" / "bin" / "python")
    assert newest.CHOSEN in tested


def test_it_says_which_versions_those_are(
    clone: Clone, tmp_path: Path, asked: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    (clone.folder / "newest").mkdir(parents=True)
    (clone.folder / "newest" / "lib").symlink_to(Path(sys.prefix) / "lib")
    newest.test(clone, Store(tmp_path / "store"))
    assert f"pulumi-kubernetes {version('pulumi-kubernetes')}, pydantic 2." in capsys.readouterr().out


def test_what_is_there_already_is_brought_up_to_date_and_not_made_again(
    clone: Clone, tmp_path: Path, asked: list[list[str]]
) -> None:
    (clone.folder / "newest" / "bin").mkdir(parents=True)
    (clone.folder / "newest" / "bin" / "python").touch()
    newest.test(clone, Store(tmp_path / "store"))
    assert [command[2] for command in asked] == ["pip", "pytest"]
