"""A platform behind a POSIX shell that has no commit timer: its job is one program for that shell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leafrack.platforms import posix
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.job import Job
from leafrack.platforms.plan import Plan


@dataclass(kw_only=True)
class ShellPlatform(Dialect):
    """What a platform behind a shell is made of; see :class:`~leafrack.platforms.base.ShelledPlatform`."""

    scripts: tuple[str, ...]
    """The stages of a job, ``PACKAGE/FILE`` each; what a later one says takes the place of an earlier one's."""
    by_hand: Callable[[Plan], str]
    """What a plan changes, as an operator would enter it."""
    read: str
    """Shell command whose output :attr:`parse` takes."""
    read_without_routes: str = ""
    """The same without the tables, which are most of an answer; empty where there is no such command."""

    def program(self, job: Job) -> str:
        """Program of a job."""
        return posix.program(job, self.text(job), *self.scripts)
