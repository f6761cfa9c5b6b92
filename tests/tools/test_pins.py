from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import catalog, virtualenv

ROOT = Path(__file__).parents[2]


def pins(*names: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-c")):
                package, _, version = line.partition("==")
                found[canonicalize_name(package)] = version
    return found


@pytest.mark.parametrize("name", virtualenv.PINS)
def test_every_line_is_an_exact_version(name: str) -> None:
    assert all(re.fullmatch(r"[\w.]+", version) for version in pins(name).values())


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("pulumi", catalog.PULUMI),
        ("pulumi-kubernetes", catalog.PULUMI_KUBERNETES),
        ("pulumi-command", catalog.PULUMI_COMMAND),
    ],
)
def test_sdk_and_program_have_the_same_version(package: str, version: str) -> None:
    assert pins("requirements.txt")[package] == version


def test_what_is_tested_lies_in_the_ranges_that_pyproject_promises() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    requirements = {canonicalize_name(item.name): item.specifier for item in map(Requirement, declared)}
    pinned = pins("requirements.txt")
    assert requirements.keys() == pinned.keys()
    assert [name for name, allowed in requirements.items() if pinned[name] not in allowed] == []


def test_nothing_is_pinned_twice() -> None:
    direct = pins("requirements.txt", "requirements-dev.txt")
    assert direct.keys() & pins("constraints.txt").keys() == set()
