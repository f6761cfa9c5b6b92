"""What is wrong with a declaration, said so that a person can act on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COLOUR = "<{%"
"""Begins a colour in what Pulumi shows, also in values; at one that it does not know its engine panics
(pulumi: sdk/go/common/diag/colors).
"""
STOPS = "an update would stop here"
"""How a warning of the program ends that is an error of an update."""
TAKEN_BACK = "makes it as the file says"
"""How one ends that says what differs, after the command that takes it back."""
LONGEST_SHOWN = 253
"""Characters; as long as the longest name that Kubernetes allows."""
MOST_SAID = 100
"""Problems that are said at once: a hostile file of the largest size has hundreds of thousands."""


@dataclass(frozen=True)
class Problem:
    """One finding of a check, with the place that it comes from.

    ``place`` is ``file:line`` where there is a line, ``path`` the key in the file
    (``racks.rr2.leaves.leaf02``), ``text`` what is wrong and what to do.
    """

    text: str
    path: str = ""
    place: str = ""

    def __str__(self) -> str:
        return printable(": ".join(part for part in (self.place, self.path, self.text) if part))


class FabricError(ValueError):
    """All problems that keep a fabric from being built, at once; ``str()`` gives the lines of :func:`said`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(said(self.problems)))


def said(problems: Sequence[Problem]) -> list[str]:
    """A line for each problem, up to a hundred, and one for how many more there are."""
    more = len(problems) - MOST_SAID
    rest = [f"and {more} more: put these right first"] if more > 0 else []
    return [*map(str, problems[:MOST_SAID]), *rest]


def printable(text: str) -> str:
    """Text from a file, a switch or a cluster as it may go to a terminal, a log or a comment: one line, no controls."""
    if not text.isprintable():
        text = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
    return text.replace(COLOUR, "< {%")


def shown(text: str) -> str:
    """A name or value from a file as it may stand in an error: on one line, printable, not endless."""
    clean = printable(text)
    return clean if len(clean) <= LONGEST_SHOWN else f"{clean[:LONGEST_SHOWN]}…"


class UnreadableError(Exception):
    """A switch or the cluster gave no answer, or not one that can be used.

    ``refused`` tells a wrong input (key, host key, platform, permission), which no waiting cures, from something
    that is merely away; ``at_jump`` that it is the jump host on the way, and so the same for all behind it.
    """

    def __init__(self, who: str, why: str, *, refused: bool = False, at_jump: bool = False) -> None:
        self.who = who
        self.why = printable(why)
        self.refused = refused
        self.at_jump = at_jump
        super().__init__(f"{printable(who)}: {self.why}")
