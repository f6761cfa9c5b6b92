"""The docs name only what there is: pages, commands, settings, make targets."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from config.settings import Settings

PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
ALL = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
OTHERS = {"pip", "venv"}


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
