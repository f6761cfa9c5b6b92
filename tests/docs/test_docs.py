"""The docs name only what there is: pages, commands and their options, files, settings, variables, make targets."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from leafrack.commands import FOR_PEOPLE
from leafrack.fabric.load import load
from tests.conftest import CLONE, DEV_FABRIC
from tests.e2e.project import environment

PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
ALL = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
OTHERS = {"pip", "venv"}
OPTION = re.compile(r"(?<=[ `])--[a-z][a-z-]+")
RUN = re.compile(r"python3? -m ([\w.]+)([^`#\n]*)")
LEAFRACK = re.compile(r"(?:^ {4,}|`|python -m )leafrack\s([a-z-]+)([^`#\n]*)", re.MULTILINE)
PULUMI = re.compile(r"pulumi (preview|up|destroy|refresh|cancel|install|(?:stack|config) [a-z]+)([^`#\n]*)")
CODE = "\n".join(file.read_text(encoding="utf-8") for suffix in ("py", "sh", "yml")
                 for folder in ("ci", "components", "config", "leafrack", ".github/workflows")
                 for file in Path(folder).rglob(f"*.{suffix}"))  # fmt: skip


def options(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Each command that the docs show with an option, and the option."""
    return sorted({(command, option) for command, rest in pattern.findall(ALL) for option in OPTION.findall(rest)})


def said(*words: str) -> str:
    """What a command says of how it is used."""
    done = subprocess.run(words, cwd=CLONE, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_file_of_ours_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in readme] == []


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python3? -m ([\w.]+)", ALL)) - OTHERS))
def test_every_module_that_is_run_in_the_docs_exists(module: str) -> None:
    assert find_spec(module)


@pytest.mark.parametrize("command", sorted({command for command, _ in LEAFRACK.findall(ALL)}))
def test_every_command_of_ours_in_the_docs_exists(command: str) -> None:
    assert command in FOR_PEOPLE


OPTIONS = [
    *((f"leafrack {command}", option) for command, option in options(LEAFRACK)),
    *((module, option) for module, option in options(RUN) if module not in {*OTHERS, "leafrack"}),
]


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_of_our_commands_in_the_docs_exists(command: str, option: str) -> None:
    assert re.search(rf"{option}\b", said(sys.executable, "-m", *command.split(), "--help"))


@pytest.mark.parametrize("command", FOR_PEOPLE)
def test_every_command_of_ours_is_in_the_docs(command: str) -> None:
    assert command in {named for named, _ in LEAFRACK.findall(ALL)}


@pytest.mark.toolchain
@pytest.mark.parametrize(("command", "option"), options(PULUMI))
def test_every_option_of_pulumi_in_the_docs_exists(command: str, option: str) -> None:
    assert re.search(rf"{option}\b", said("pulumi", *command.split(), "--help"))


@pytest.mark.parametrize("file", sorted(set(re.findall(r"\b(?:bench|ci|config|tests|tools)/[\w./-]+\.\w+", ALL))))
def test_every_file_of_ours_that_the_docs_name_exists(file: str) -> None:
    assert (CLONE / file).exists()


def block(page: str, language: str) -> str:
    """The first example of a page in a language."""
    text = (CLONE / "docs" / page).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return found[0]


def test_the_fabric_that_is_shown_is_one(tmp_path: Path) -> None:
    (tmp_path / "dc1.yaml").write_text(block("fabric-file.md", "yaml"), encoding="utf-8")
    loaded = load(tmp_path / "dc1.yaml")
    assert list(loaded.fabric.racks) == ["rr1"]
    # As the page says, each leaf's host key is to be pinned.
    assert [warning.path for warning in loaded.warnings] == ["racks.rr1.leaves.leaf01.ssh.hostKey"]


def test_the_program_that_asks_the_proof_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dc1.yaml").write_text(DEV_FABRIC.read_text(encoding="utf-8"), encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(block("proof.md", "python"), "proof.md", "exec"), names)  # noqa: S102 - our own page
    assert names["proof"].unreachable == ()
    assert "leaf02" in names["proof"].of("rr1", "rr2", 4).breaks


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"\bLEAFRACK_[A-Z_]+", ALL))))
def test_every_variable_of_the_docs_is_read_by_something(variable: str) -> None:
    assert re.search(rf"\b{variable}\b", CODE)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^ +|`)make ([a-z]+)", ALL, re.MULTILINE))))
def test_every_make_target_of_the_docs_exists(target: str) -> None:
    assert f"\n{target}:" in Path("Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", sorted(set(re.findall(r"leafrack:([a-z]\w+)(?!:)\b", ALL))))
def test_every_setting_of_the_docs_exists(setting: str) -> None:
    assert setting in set(Settings.keys())
    assert f"leafrack:{setting}:" in Path("Pulumi.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", Settings.keys())
def test_every_setting_is_in_the_docs(setting: str) -> None:
    assert f"leafrack:{setting}" in ALL
