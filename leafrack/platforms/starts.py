"""In which AS a neighbour starts on a platform that has each in one AS: the one that its node shows the leaf just then.

The fabric file says in which AS a rack begins and in which it ends. A node that joins may be in either, or in the one
that the rack gives up: a member that becomes a reflector has the rack's AS already, and so has every node behind a leaf
that was replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from leafrack.addresses import Address
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.job import Job, Task, Way
from leafrack.platforms.plan import keeps_its_as
from leafrack.platforms.reading import Feature
from leafrack.platforms.state import SwitchState


def asked_for(job: Job, way: Way, found: SwitchState, platform: Dialect) -> frozenset[Address]:
    """Neighbours that a job gives an AS, where the platform takes no neighbours of any AS."""
    if (job.task, way) != (Task.SESSIONS, Way.FORWARD) or Feature.ANY_AS not in platform.cannot:
        return frozenset()
    return frozenset(
        each.address
        for each in job.neighbours
        if not ((has := found.neighbours.get(each.address)) and keeps_its_as(each, job, has))
    )


def starting(job: Job, shown: Mapping[Address, int]) -> Job:
    """A job whose neighbours start in the AS that their nodes show; one that nobody knows of, in that of the job."""
    neighbours = (replace(each, as_number=shown.get(each.address, each.as_number)) for each in job.neighbours)
    return replace(job, neighbours=tuple(neighbours))
