"""Somebody's own platform: a package beside leafrack that declares one, and nothing of leafrack changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from leafrack.errors import FabricError
from leafrack.fabric.load import load
from leafrack.platforms import Job, PlayedPlatform, Task, platform_of, platforms, plugins
from leafrack.platforms.frr.platform import FRR
from tests.fabric.fabric_files import changed

GOOD = "from tests.world.toy_switch import platform\nPLATFORM = platform()\n"
POINTS = "[leafrack.platforms]\ntoyos = leafrack_toyos:PLATFORM\nfrr = leafrack_toyos:PLATFORM\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package as pip leaves it: a module, and what it says of itself."""
    about = tmp_path / "leafrack_toyos-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: leafrack-toyos\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    module = tmp_path / "leafrack_toyos.py"
    module.write_text(GOOD)
    monkeypatch.syspath_prepend(str(tmp_path))
    for kept in (plugins.installed, plugins._loaded):
        kept.cache_clear()
    yield module
    for kept in (plugins.installed, plugins._loaded):
        kept.cache_clear()


def fabric_with(platform: str, folder: Path) -> None:
    file = folder / "dc1.yaml"
    file.write_text(changed(("platform: frr", f"platform: {platform}")))
    load(file)


@pytest.mark.usefixtures("package")
def test_a_platform_of_an_installed_package_is_one_like_leafracks_own(tmp_path: Path) -> None:
    assert {"toyos", "frr", "bird"} <= set(platforms())
    assert len(platforms()) == len(set(platforms()))
    found = platform_of("toyos")
    assert isinstance(found, PlayedPlatform)
    assert found.title == "Toy OS"
    assert found.text(Job(Task.SESSIONS, 65009, ())) == ""
    fabric_with("toyos", tmp_path)


@pytest.mark.usefixtures("package")
def test_leafracks_own_stays_where_a_package_has_one_of_the_same_name() -> None:
    assert platform_of("frr") is FRR


def test_a_step_loads_no_platform_and_a_gate_none_but_its_leaves() -> None:
    loaded = "print(*(name for name in sys.modules if name.startswith('leafrack.') and name.endswith('.platform')))"
    for first, found in (
        ("import leafrack.commands.step, leafrack.commands.gate", ""),
        ("from leafrack.platforms import platforms; 'eos' in platforms(), list(platforms())", ""),
        ("from leafrack.platforms import platform_of; platform_of('bird')", "leafrack.platforms.bird.platform"),
    ):
        command = [sys.executable, "-c", f"import sys; {first}; {loaded}"]
        said = subprocess.run(command, stdout=PIPE, text=True, check=True)
        assert said.stdout.strip() == found


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module\n", "cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ("PLATFORM = 7\n", "is no platform: leafrack_toyos:PLATFORM is a int"),
    ],
)
def test_a_package_that_is_broken_is_said_where_it_is_used_and_no_harm_elsewhere(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    package.write_text(code)
    monkeypatch.delitem(__import__("sys").modules, "leafrack_toyos", raising=False)
    fabric_with("bird", tmp_path)
    with pytest.raises(FabricError, match="leafrack-toyos") as caught:
        fabric_with("toyos", tmp_path)
    (line,) = str(caught.value).splitlines()
    assert line.endswith(f"platform toyos of package leafrack-toyos {said}")
    assert "dc1.yaml:" in line


def test_without_it_there_is_none_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(FabricError, match="unknown platform 'toyos'"):
        fabric_with("toyos", tmp_path)
