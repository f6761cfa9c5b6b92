"""The wheel: one import name, everything of it, and a `leafrack` that runs without the clone."""

from __future__ import annotations

import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from leafrack import __version__
from tests import wheel as wheels
from tests.conftest import CLONE, DEV_FABRIC

OF_A_USER = ("config", "steps", "verify", "components", "tests", "lab", "tools")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheels.built(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheels.installed(wheel, tmp_path_factory.mktemp("user") / ".venv")


def runs(python: Path, folder: Path, *words: str) -> str:
    done = subprocess.run([python, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_leafrack_is_all_that_it_installs(wheel: Path) -> None:
    top = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert top == {"leafrack", f"leafrack-{__version__}.dist-info"}


def test_every_file_of_the_rooms_is_in_it(wheel: Path) -> None:
    here = {
        f"{inside}/{path.relative_to(CLONE / room).as_posix()}"
        for room, inside in (("leafrack", "leafrack"), ("components", "leafrack/components"))
        for path in (CLONE / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "leafrack/py.typed" in here
    assert here - set(ZipFile(wheel).namelist()) == set()


def test_the_command_runs_from_any_folder(python: Path, tmp_path: Path) -> None:
    (tmp_path / "dc1.yaml").write_text(DEV_FABRIC.read_text(encoding="utf-8"), encoding="utf-8")
    assert "fabric dc1 is fine" in runs(python.parent / "leafrack", tmp_path, "check", "dc1.yaml")
    assert "router bgp 65009" in runs(python.parent / "leafrack", tmp_path, "render", "leaf01", "dc1.yaml")


def test_packages_of_the_user_with_names_of_our_clone_do_not_matter(python: Path, tmp_path: Path) -> None:
    for name in OF_A_USER:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True\n", encoding="utf-8")
    imports = "\n".join(f"import {name}; assert {name}.MINE" for name in OF_A_USER)
    program = f"{imports}\nfrom leafrack.components import Fabric\nprint(Fabric.__module__)"
    assert runs(python, tmp_path, "-c", program).strip() == "leafrack.components.fabric"
    gate = subprocess.run([python, "-m", "leafrack", "gate"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (gate.returncode, gate.stderr.partition(" ")[0]) == (2, "usage:")
