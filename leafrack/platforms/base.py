"""The shape of a platform: how our part of its configuration is written, taken back, read and compared.

Two kinds of them are played in two ways, and nobody but the runner needs to know which:

* a :class:`ShelledPlatform` has a POSIX shell behind SSH and no commit timer. Its job is one program
  (``leafrack.platforms.posix``), which Pulumi's ``command.remote.Command`` runs;
* a :class:`~leafrack.platforms.played.PlayedPlatform` is everything else. Its job is planned from what the switch is
  read to run (``leafrack.platforms.plan``) and played step by step over SSH (``leafrack.world.player``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from leafrack.platforms.evidence import Evidence
from leafrack.platforms.job import Job, Neighbour, PathList, PrefixList
from leafrack.platforms.plan import Plan
from leafrack.platforms.reading import Reading
from leafrack.platforms.state import ListenerState, NeighbourState, SwitchState


class Platform(Reading, Protocol):
    """One platform, as everybody sees it: a folder of data and pure functions."""

    evidence: tuple[Evidence, ...]
    """What stands behind it."""
    one_limit_for_all: bool
    """Whether one number limits the neighbours of all ranges, those of others too: it is raised and never lowered."""

    def text(self, job: Job) -> str:
        """Configuration of everything that a job declares, as an operator would write it."""
        ...

    def by_hand(self, plan: Plan) -> str:
        """What a plan changes, as an operator would enter it: what is new first, so that no list is ever empty."""
        ...

    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        """What a neighbour lacks and has besides, its AS aside; passwords are not shown. Empty where it is right."""
        ...

    def listener_differences(self, job: Job, found: SwitchState) -> tuple[str, ...]:
        """What the ranges of a job lack and have besides; passwords are not shown. Empty where they are right."""
        ...

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        """Entries that prefix lists lack and have besides; empty where they are right."""
        ...

    def entries(self, lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
        """Entries of prefix lists by list, in the platform's words, as :meth:`parse` reads them."""
        ...

    @property
    def takes_paths(self) -> bool:
        """Whether leafrack gives neighbours a path list."""
        ...

    def path_differences(self, paths: PathList | None, found: SwitchState) -> tuple[str, ...]:
        """Entries that a path list lacks and has besides; empty where it is right."""
        ...

    def right_paths(self, paths: PathList | None) -> Mapping[str, frozenset[str]]:
        """Entries of a path list by its name, in the platform's words; empty where there is none."""
        ...

    def as_difference(self, as_number: int, found: NeighbourState | ListenerState) -> tuple[str, ...]:
        """How a neighbour's AS differs from the one that it is pinned to in the end; empty where it is right."""
        ...


class ShelledPlatform(Platform, Protocol):
    """A platform whose jobs are programs for the POSIX shell behind its SSH."""

    read: str
    """Shell command whose output :meth:`parse` takes."""
    read_without_routes: str
    """The same without the tables, which are most of an answer; empty where there is no such command."""

    def program(self, job: Job) -> str:
        """Program of a job for a POSIX shell (leafrack.platforms.posix)."""
        ...
