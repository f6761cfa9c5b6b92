"""What stands behind a platform: what a real system has run, and what only somebody's rules have judged.

The table of docs/platforms.md is made of this (``leafrack schema --write``), so it says no more than the code does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from leafrack.platforms.reading import Feature


class Strength(StrEnum):
    """How something was found to be right, the strongest first."""

    RUN = "run"
    """The platform's own routing software ran it, there and back."""
    SCHEMA = "schema"
    """The vendor's schema accepts each line."""
    PARSERS = "parsers"
    """Parsers that others have written for the platform accept each line."""
    SIMULATED = "simulated"
    """leafrack's own imitation of the box ran it: it shows that leafrack does what it means to."""


class Basic(StrEnum):
    """What every platform does, whatever a fabric asks for besides."""

    LINES = "neighbours and prefix lists"
    READING = "reading, for drift and `status`"
    JOBS = "checking, applying, saving, taking back"


Subject = Basic | Feature
EVERYTHING: frozenset[Subject] = frozenset((*Basic, *Feature))


@dataclass(frozen=True)
class Evidence:
    """One thing that was done, and of what it says something."""

    kind: Strength
    by: str
    """What judged or ran it, with its version, and how to have it done again."""
    of: frozenset[Subject] = EVERYTHING


class Judged(Protocol):
    """A platform, as far as the table is concerned."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind it."""
        ...

    @property
    def cannot(self) -> Mapping[Feature, str]:
        """What it lacks."""
        ...


REFUSED = "–"
NONE = "none"


def cell(platform: Judged, subject: Subject) -> str:
    """Kinds of evidence for a subject, the strongest first; what a platform lacks needs none."""
    if subject in platform.cannot:
        return REFUSED
    kinds = {one.kind for one in platform.evidence if subject in one.of}
    return ", ".join(kind for kind in Strength if kind in kinds) or NONE


def table(platforms: Mapping[str, Judged]) -> str:
    """Markdown: a row for each subject, a column for each platform, and what each word of a column stands for."""
    rows = [
        _row("", [f"`{name}`" for name in platforms]),
        _row("---", ["---"] * len(platforms)),
        *(
            _row(subject, [cell(platform, subject) for platform in platforms.values()])
            for subject in (*Basic, *Feature)
        ),
    ]
    return "\n".join([*rows, "", *(line for name, one in platforms.items() for line in _told(name, one)), ""])


def _row(first: str, others: Iterable[str]) -> str:
    return f"| {' | '.join((first, *others))} |"


def _told(name: str, platform: Judged) -> Iterator[str]:
    for kind in Strength:
        yield from (f"* `{name}`, {kind}: {one.by}{_but(one)}" for one in platform.evidence if one.kind is kind)


def _but(one: Evidence) -> str:
    lacking = [str(subject) for subject in (*Basic, *Feature) if subject not in one.of]
    return f" Not: {', '.join(lacking)}." if lacking else ""
