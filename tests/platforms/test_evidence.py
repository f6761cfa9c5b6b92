"""What stands behind each platform is said, and nothing more than that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from leafrack.platforms import BUILT_IN, Feature
from leafrack.platforms.evidence import EVERYTHING, NONE, Basic, Evidence, Strength, Subject, cell, table


@dataclass(frozen=True)
class Said:
    evidence: tuple[Evidence, ...] = ()
    cannot: Mapping[Feature, str] = field(default_factory=dict)


PAGE = Path(__file__).parents[2] / "docs" / "platforms.md"


def test_the_page_names_the_platforms_that_are_given_a_path_list() -> None:
    (told,) = re.findall(r"^\*\*Path lists\*\*[^:]*: ([^.]*)\.", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    given = sorted(name for name, platform in BUILT_IN.items() if platform.takes_paths)
    assert re.findall("`([a-z]+)`", told) == given


LINES = Evidence(Strength.SCHEMA, "The vendor's schema 5.9.", frozenset((Basic.LINES, Feature.TIMERS)))
PLAYED = Evidence(Strength.SIMULATED, "A box of our own.", EVERYTHING - {Feature.IPV6})


@pytest.mark.parametrize("name", BUILT_IN)
def test_there_is_evidence_for_all_that_a_platform_does(name: str) -> None:
    assert [subject for subject in EVERYTHING if cell(BUILT_IN[name], subject) == NONE] == []


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        (Basic.LINES, "schema, simulated"),
        (Feature.TIMERS, "schema, simulated"),
        (Basic.JOBS, "simulated"),
        (Feature.PASSWORD, "–"),
        (Feature.IPV6, "none"),
    ],
)
def test_a_cell_names_each_kind_once_and_the_strongest_first(subject: Subject, told: str) -> None:
    platform = Said((PLAYED, LINES, LINES), {Feature.PASSWORD: "it has no ports"})
    assert cell(platform, subject) == told


def test_what_was_done_is_told_below_with_what_it_leaves_out() -> None:
    told = table({"toyos": Said((PLAYED, LINES))}).splitlines()
    assert told[0] == "|  | `toyos` |"
    assert "| timers for a neighbour | schema, simulated |" in told
    left = ", ".join(str(one) for one in (*Basic, *Feature) if one not in LINES.of)
    assert told[-2:] == [
        f"* `toyos`, schema: The vendor's schema 5.9. Not: {left}.",
        "* `toyos`, simulated: A box of our own. Not: IPv6 neighbours.",
    ]
