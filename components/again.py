"""What makes a command run again although its inputs are the same: what it made has become different.

Pulumi runs a command again when an input of it changes. So one of them carries a mark, which is compared with the one
in the state only when something differs, and is another one each time: the same drift is seen a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex

import pulumi

from leafrack.errors import Problem, ProblemKind
from leafrack.preflight.drift import Differences, Drift

VARIABLE = "LEAFRACK_AGAIN"
"""Carries the mark in the environment of a local command; nothing reads it."""


@dataclass(frozen=True)
class Again:
    """The mark of a command; none, and the command does not run for it."""

    mark: str = ""

    @classmethod
    def where(cls, differs: bool) -> Again:  # noqa: FBT001 - read as "again where something differs"
        """A new mark where something differs."""
        return cls(token_hex(8) if differs else "")

    def ignored(self, *inputs: str) -> list[str]:
        """Inputs to leave as the state has them, for ``ignore_changes``."""
        return [] if self.mark else list(inputs)


NEVER = Again()


class Watch:
    """What differs of leafrack's own in some racks: marks for commands, and lines for the operator of a preview."""

    def __init__(self, drift: Drift, racks: Iterable[str], resource: pulumi.Resource) -> None:
        self.drift = drift
        self.drifted = False
        """Whether anything has differed so far: then the sessions are to be seen again."""
        self._resource = resource
        self._told: set[str] = set()
        # Before the first update everything differs, and is just to come.
        self._applied = drift.applied(racks)
        self._tells = pulumi.runtime.is_dry_run() and self._applied

    def again(self, differences: Differences) -> Again:
        """Mark of the command that puts the differences right."""
        self._tell(differences, ProblemKind.DRIFT)
        return Again.where(bool(differences))

    def again_on_object(self, differences: Differences) -> Again:
        """Mark that is written to the cluster: none before the first update, when all is just to come."""
        again = self.again(differences)
        return again if self._applied else NEVER

    def note(self, differences: Differences) -> None:
        """What somebody else has put on something of ours; each line says what removes it."""
        self._tell(differences, ProblemKind.FOREIGN)

    def _tell(self, differences: Sequence[str], kind: ProblemKind) -> None:
        self.drifted = self.drifted or bool(differences)
        if self._tells:
            for line in differences:
                if line not in self._told:
                    pulumi.log.warn(Problem(line, kind=kind).logged, self._resource)
                self._told.add(line)
