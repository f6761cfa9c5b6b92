"""What makes a command run again although its inputs are the same: what it made has drifted.

Pulumi runs a command again when an input of it changes. One input holds a token. It is ignored unless drift is found;
then a new token forces a rerun, also where the same drift is seen a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex

import pulumi

from leafrack.commands.seen import RERUN_VARIABLE
from leafrack.errors import Problem, ProblemKind
from leafrack.preflight.drift import Comparison, Differences

VARIABLE = RERUN_VARIABLE
"""Carries the token in the environment of a local command; gates that remember read it."""


@dataclass(frozen=True)
class Rerun:
    """Whether a command runs again: with a token it does."""

    token: str = ""

    @classmethod
    def where(cls, differs: bool) -> Rerun:  # noqa: FBT001 - read as "rerun where something differs"
        """A new token where something differs."""
        return cls(token_hex(8) if differs else "")

    def ignored(self, *inputs: str) -> list[str]:
        """Inputs to leave as the state has them, for ``ignore_changes``."""
        return [] if self.token else list(inputs)


NO_RERUN = Rerun()


class Watch:
    """What has drifted of some racks: a rerun for each command, and lines for the operator of a preview."""

    def __init__(self, comparison: Comparison, racks: Iterable[str], resource: pulumi.Resource) -> None:
        self.comparison = comparison
        self.drifted = False
        """Whether anything has drifted so far: then the sessions are to be seen again."""
        self._resource = resource
        self._told: set[str] = set()
        # Before the first update everything differs, and is just to come.
        self._applied = comparison.applied(racks)
        self._tells = pulumi.runtime.is_dry_run() and self._applied

    def rerun(self, differences: Differences) -> Rerun:
        """Rerun of the command that puts the differences right."""
        self._tell(differences, ProblemKind.DRIFT)
        return Rerun.where(bool(differences))

    def rerun_on_object(self, differences: Differences) -> Rerun:
        """The same for a token that is written to the cluster: none before the first update, when all is to come."""
        rerun = self.rerun(differences)
        return rerun if self._applied else NO_RERUN

    def by_hand(self, differences: Differences) -> None:
        """What somebody else is to put right: nothing runs for it but the gates of what stands before it."""
        self._tell(differences, ProblemKind.BY_HAND)

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
