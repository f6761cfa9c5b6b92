"""What is wrong with a declaration, said so that a person can act on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

COLOUR = "<{%"
"""Begins a colour in what Pulumi shows, also in values; at one that it does not know its engine panics
(pulumi: sdk/go/common/diag/colors).
"""
LONGEST_SHOWN = 253
"""Characters; as long as the longest name that Kubernetes allows."""
MOST_SAID = 100
"""Problems that are said at once: a hostile file of the largest size has hundreds of thousands."""


class ProblemKind(StrEnum):
    """What a problem means for an update."""

    ERROR = "error"
    """Nothing is built or applied."""
    NOTICE = "notice"
    """To be known before one says yes."""
    DRIFT = "drift"
    """Something of leafrack's is not as the file says: an update makes it so."""
    FOREIGN = "foreign"
    """Somebody else's, on something of leafrack's: it stays, and the text says what removes it."""
    IN_THE_WAY = "in-the-way"
    """Somebody else's, in the place of something of leafrack's: an update stops."""
    BY_HAND = "by-hand"
    """Something of leafrack's on a leaf that somebody configures by hand: an update leaves it as it is."""
    UNREACHABLE = "unreachable"
    """A cluster or switch that does not answer: an update stops."""


PREFIXES = {
    ProblemKind.DRIFT: "[drift, up repairs it] ",
    ProblemKind.FOREIGN: "[foreign, left alone] ",
    ProblemKind.IN_THE_WAY: "[in the way, up stops here] ",
    ProblemKind.BY_HAND: "[by hand, up leaves it] ",
    ProblemKind.UNREACHABLE: "[unreachable, up stops here] ",
}
"""How a line in Pulumi's log begins that is of a kind; of the others the severity says enough."""


@dataclass(frozen=True)
class Problem:
    """One finding of a check, with the place that it comes from.

    ``place`` is ``file:line`` where there is a line, ``path`` the key in the file
    (``racks.rr2.leaves.leaf02``), ``text`` what is wrong and what to do.
    """

    text: str
    path: str = ""
    place: str = ""
    kind: ProblemKind = ProblemKind.ERROR

    @property
    def logged(self) -> str:
        """The line for Pulumi's log, its kind in front: :func:`kind_of` reads it back."""
        return f"{PREFIXES.get(self.kind, '')}{self}"

    def __str__(self) -> str:
        return printable(": ".join(part for part in (self.place, self.path, self.text) if part))


def kind_of(line: str) -> tuple[ProblemKind | None, str]:
    """The kind that a line of Pulumi's log carries, if it does, and the line without it."""
    for kind, prefix in PREFIXES.items():
        if line.startswith(prefix):
            return kind, line.removeprefix(prefix)
    return None, line


class FabricError(ValueError):
    """All problems that keep a fabric from being built, at once; ``str()`` gives the lines of :func:`said`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(said(self.problems)))


class FileError(FabricError):
    """A file is not there or cannot be read, so nothing is known of the fabric in it."""


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
