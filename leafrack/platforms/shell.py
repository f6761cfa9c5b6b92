"""A platform behind a POSIX shell that has no commit timer: its job is one program for that shell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from leafrack.platforms import posix
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.job import Job, Task
from leafrack.platforms.plan import Plan


@dataclass(kw_only=True)
class ShellPlatform(Dialect):
    """What a platform behind a shell is made of; see :class:`~leafrack.platforms.base.ShelledPlatform`."""

    scripts: Mapping[Task, tuple[str, ...]]
    """The stages of each task, ``PACKAGE/FILE`` each; what a later one says takes the place of an earlier one's.

    A stack keeps them for each leaf and task, so a task has what it needs and no more.
    """
    by_hand: Callable[[Plan], str]
    """What a plan changes, as an operator would enter it."""
    read: str
    """Shell command whose output :attr:`parse` takes."""
    read_without_routes: str = ""
    """The same without the tables, which are most of an answer; empty where there is no such command."""

    def program(self, job: Job) -> str:
        """Program of a job; only :data:`Task.SESSIONS` is given neighbours and ranges, the others lists alone."""
        given = job if job.task is Task.SESSIONS else replace(job, neighbours=(), listeners=())
        return posix.program(job, self.text(given), *self.scripts[job.task])
