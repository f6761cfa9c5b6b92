"""The docs name only what there is: pages, commands and their options, files, settings, variables, make targets."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from config.settings import StackSettings
from lab.project import environment
from leafrack import __version__
from leafrack.commands import FOR_PEOPLE, FOR_PULUMI
from leafrack.fabric.load import load
from leafrack.platforms.frr import read as frr
from tests.conftest import CLONE, DEV_FABRIC
from tests.test_house import APART, FLOOR, FLOORS

README = Path("README.md")
FRONT = [README, *(Path(name) for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"))]
PAGES = [*FRONT, *sorted(Path("docs").rglob("*.md"))]
DEVELOP = Path("docs/develop")
ROOMS = "bench|ci|components|config|docs|lab|leafrack|tests|tools"
LINK = re.compile(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)")
ALL = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
OTHERS = {"pip", "venv"}
OPTION = re.compile(r"(?<=[ `])--[a-z][a-z-]+")
RUN = re.compile(r"python3?\s+-m\s+([\w.]+)([^`#\n]*)")
LEAFRACK = re.compile(r"(?:^ {4,}|`|python -m )leafrack\s([a-z][a-z-]*)([^`#\n]*)", re.MULTILINE)
PULUMI = re.compile(r"pulumi (preview|up|destroy|refresh|cancel|install|(?:stack|config|state) [a-z]+)([^`#\n]*)")
CODE = "\n".join(file.read_text(encoding="utf-8") for suffix in ("py", "sh", "yml")
                 for folder in ("ci", "components", "config", "leafrack", ".github/workflows")
                 for file in Path(folder).rglob(f"*.{suffix}")) + Path("Makefile").read_text("utf-8")  # fmt: skip


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
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [file for file, _ in links if not (page.parent / file).exists()] == []
    parts = [(page.parent / file if file else page, part) for file, part in links if part]
    assert [(str(there), part) for there, part in parts if part not in headings(there)] == []


def headings(page: Path) -> set[str]:
    """Names by which GitHub and GitLab link to the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, coming = set[Path](), {README.resolve()}
    while coming:
        page = coming.pop()
        reached.add(page)
        there = {(page.parent / file).resolve() for file, _ in LINK.findall(page.read_text(encoding="utf-8"))}
        coming |= {each for each in there if each.suffix == ".md" and each.exists()} - reached
    assert [str(page) for page in PAGES if page.resolve() not in reached] == []


def test_every_page_for_users_is_in_the_table_of_the_readme() -> None:
    readme = README.read_text(encoding="utf-8")
    assert [each.name for each in sorted(Path("docs").glob("*.md")) if f"](docs/{each.name})" not in readme] == []


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python3?\s+-m\s+([\w.]+)", ALL)) - OTHERS))
def test_every_module_that_is_run_in_the_docs_exists(module: str) -> None:
    assert find_spec(module)


@pytest.mark.parametrize("command", sorted({command for command, _ in LEAFRACK.findall(ALL)}))
def test_every_command_of_ours_in_the_docs_exists(command: str) -> None:
    assert command in (*FOR_PEOPLE, *FOR_PULUMI)


OPTIONS = [
    *((f"leafrack {command}", option) for command, option in options(LEAFRACK) if command in FOR_PEOPLE),
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


@pytest.mark.parametrize("file", sorted(set(re.findall(rf"(?<![\w./])(?:{ROOMS})/[\w./-]+\.\w+", ALL))))
def test_every_file_of_ours_that_the_docs_name_exists(file: str) -> None:
    assert (CLONE / file).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(rf"`((?:{ROOMS})(?:\.\w+)+)`", ALL)) - OTHERS))
def test_every_name_of_ours_that_the_docs_give_a_program_exists(name: str) -> None:
    # In the clone the components are a folder beside leafrack.
    assert resolve_name(name.replace("leafrack.components", "components"))


@pytest.mark.parametrize("folder", sorted(set(re.findall(rf"`((?:{ROOMS})/(?:[a-z][\w-]*/)*)`", ALL))))
def test_every_folder_of_ours_that_the_docs_name_exists(folder: str) -> None:
    assert (CLONE / folder).is_dir()


def test_the_picture_of_the_house_has_every_floor() -> None:
    picture = (DEVELOP / "ARCHITECTURE.md").read_text(encoding="utf-8").split("```")[1]
    lines = [
        {name for name in re.findall(r"[\w.]+", line) if name in FLOOR}
        for line in picture.replace(".py", "").split("\n")
    ]
    drawn = [names for names in lines if names]
    # The picture has the top first, and no program beside our own.
    assert list(reversed(drawn)) == [set(rooms) - {"leafrack.__main__"} for rooms in FLOORS]
    assert set(picture.rpartition(":")[2].split()) == APART


@pytest.mark.parametrize("command", FOR_PULUMI)
def test_what_the_state_holds_is_written_down(command: str) -> None:
    contract = (DEVELOP / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## What Pulumi's state holds")[2]
    assert re.search(rf"`(python -m leafrack|…) {command} forward\\\|back`", contract)


def test_every_decision_has_its_parts_and_is_listed() -> None:
    records = sorted((DEVELOP / "decisions").glob("0*.md"))
    listed = re.findall(
        r"^\| \[(\d+)\]\((\S+)\)", (DEVELOP / "decisions/README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [file for _, file in listed] == [record.name for record in records]
    assert [int(number) for number, _ in listed] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
        assert len(text.split()) < 400, f"{record.name}: a page at most"


def test_the_changelog_begins_with_the_version_that_is_built() -> None:
    project = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = re.findall(r"^## (\S+)", (CLONE / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found[0] == __version__
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (CLONE / "LICENSE").read_text(encoding="utf-8")


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
    assert setting in set(StackSettings.keys())
    assert f"leafrack:{setting}:" in Path("Pulumi.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", StackSettings.keys())
def test_every_setting_is_in_the_docs(setting: str) -> None:
    assert f"leafrack:{setting}" in ALL


def test_a_login_that_may_only_read_is_bound_to_what_is_read() -> None:
    page = Path("docs/by-hand.md").read_text(encoding="utf-8")
    assert f'command="vtysh {frr.commands(frr.DEFAULT)}"' in page
