"""A job of a leaf that is played over SSH: ``python -m leafrack switch forward|back``.

Standard input is :class:`SwitchJob` as JSON, with the password of the leaf's sessions; what to log in with comes
through the environment. A leaf that takes no neighbours of any AS is told the one that its nodes are in, so the cluster
is asked for it. ``forward`` prints what the next run has to know of passwords that the switch does not show, as
hashes, and reads that of the last time from the environment (pulumi-command's ``addPreviousOutputInEnv``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from leafrack.addresses import Who
from leafrack.commands import resource
from leafrack.commands.step import PREVIOUS_VARIABLE
from leafrack.platforms import Job, Way
from leafrack.platforms.seals import Seal, Seals
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint, Value
from leafrack.world.player import PlayError, play
from leafrack.world.shown import Nodes

SEALS = TypeAdapter(dict[Who, Seal])
"""What is kept of passwords, as the command prints it and reads it back."""


class SwitchJob(Value):
    """A job and the leaf that it is for."""

    endpoint: Endpoint
    job: Job
    nodes: Nodes | None = None
    """Who its neighbours are, where the leaf has each in one AS at a time."""


def main(arguments: Sequence[str]) -> int:
    """Exit code of the command."""
    return resource.main("switch", arguments, SwitchJob, _forward, _back)


def _forward(given: SwitchJob) -> Sequence[str]:
    return _play(given, Way.FORWARD, previous())


def _back(given: SwitchJob) -> Sequence[str]:
    return _play(given, Way.BACK, {})


def _play(given: SwitchJob, way: Way, seals: Seals) -> Sequence[str]:
    try:
        shown = given.nodes.as_numbers if given.nodes else None
        done = play(given.endpoint, given.job, way, Credentials.from_environment(), seals, shown=shown)
    except PlayError as error:
        return (str(error),)
    if done.seals:
        print(SEALS.dump_json(dict(done.seals)).decode())
    return ()


def previous() -> Seals:
    """What was kept the last time that it ran; nothing where it never did."""
    return kept(os.environ.get(PREVIOUS_VARIABLE, ""))


def kept(output: str) -> Seals:
    """What an output of the command keeps; nothing where it is none."""
    try:
        return SEALS.validate_json(output or "{}")
    except ValidationError:
        return {}
