"""leafrack as a library: the program of docs/library.md, with leafrack from a wheel, on a fabric of one rack.

The project is not ours, and has packages of its own that are called as rooms of our clone are, or were.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lab.paths import CLONE
from lab.project import Project, environment
from lab.site import example
from tests import wheel as wheels
from tests.conftest import Lab
from tests.e2e.world import node_status

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

PROJECT = "name: somebody-elses\nruntime: {name: python, options: {virtualenv: .venv}}\n"
OF_ITS_OWN = ("config", "steps", "verify", "components")
"""Packages of the program, which it imports. They hold nothing: whoever takes one for ours finds nothing in it."""


@pytest.fixture(scope="module")
def one_rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The first rack of the example, alone."""
    folder = tmp_path_factory.mktemp("edge")
    declared = example()
    declared |= {"name": "edge", "racks": {"rr1": declared["racks"]["rr1"]}}
    (folder / "edge.yaml").write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    lab = Lab(folder / "lab", folder / "edge.yaml")
    lab.up()
    yield lab
    lab.down()


def program() -> str:
    """The code block of the page."""
    page = (CLONE / "docs" / "library.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return str(block)


def made(folder: Path, lab: Lab, wheel: Path) -> Project:
    """The project of the page with a state of its own, its stack selected and configured."""
    (folder / "state").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    imports = "".join(f"import {name}\n" for name in OF_ITS_OWN)
    (folder / "__main__.py").write_text(f"{imports}{program()}", encoding="utf-8")
    for name in OF_ITS_OWN:
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()
    wheels.installed(wheels.built(wheel), folder / ".venv")
    (folder / "edge.yaml").symlink_to(lab.fabric_file)
    own = {"PULUMI_BACKEND_URL": f"file://{folder}/state", "PULUMI_CONFIG_PASSPHRASE": "test"}
    inherited = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    project = Project(folder, {**inherited, **own}, {})
    project.check("stack", "select", "dev", "--create")
    chosen = {"kubeconfig": lab.dir / "kubeconfig", "context": "leafrack", "overlay": lab.dir / "overlay.yaml"}
    for key, value in chosen.items():
        project.check("config", "set", key, str(value))
    return project


def test_the_program_of_the_page_builds_a_fabric_and_takes_it_down(tmp_path: Path, one_rack: Lab) -> None:
    (tmp_path / "wheel").mkdir()
    project = made(tmp_path / "elsewhere", one_rack, tmp_path / "wheel")
    run = project.up("--skip-preview")
    assert run.code == 0, run.said
    assert node_status(one_rack, "node1") == dict.fromkeys(
        ["172.20.0.12", "172.20.0.13", "172.20.0.254"], "Established"
    )
    assert node_status(one_rack, "node3") == dict.fromkeys(["172.20.0.11", "172.20.0.12"], "Established")
    assert '"rr1"' in project.check("stack", "output", "--json").said
    managers = one_rack.kubectl("get", "node", "node1", "-o", "yaml", "--show-managed-fields")
    assert "manager: leafrack:somebody-elses/dev" in managers
    project.check("preview", "--expect-no-changes")
    destroyed = project.destroy()
    assert destroyed.code == 0, destroyed.said
    assert "rr-group" not in one_rack.kubectl("get", "node", "node1", "-o", "yaml")


def test_the_page_is_python_that_ruff_accepts(tmp_path: Path) -> None:
    done = subprocess.run(
        ["ruff", "check", "--isolated", "--line-length", "120", "--select", "E,F,I", "--stdin-filename", "x.py", "-"],
        input=program(),
        text=True,
        capture_output=True,
        env=environment(),
        # Where leafrack is nobody's own.
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stdout
