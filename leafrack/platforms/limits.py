"""How many neighbours come by ranges on a switch that has one number for all of them, those of others too.

The number is raised to what is needed and never lowered. What it was stands behind the description of leafrack's
groups, so that whoever removes them can put it back, unless somebody has changed it since. Scripts of a shelled
platform do the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leafrack.platforms.differences import needed
from leafrack.platforms.job import Job
from leafrack.platforms.owned import our_listeners
from leafrack.platforms.state import ListenerState, Raised, SwitchState

_NOTE = re.compile(r"(?P<before>.*) \(bgp listen limit (?P<to>\d+), was (?P<was>\d+)\)")


def noted(description: str, raised: Raised | None, longest: int | None = None) -> str:
    """Description of a group with that note, no longer than a switch takes it."""
    note = "" if raised is None else f" (bgp listen limit {raised.to}, was {raised.was})"
    return description[: None if longest is None else longest - len(note)] + note


def told(description: str) -> tuple[str, Raised | None]:
    """Description of a group without that note, and what it says."""
    said = _NOTE.fullmatch(description)
    return (description, None) if said is None else (said["before"], Raised(int(said["to"]), int(said["was"])))


def fields(job: Job, found: SwitchState) -> Mapping[str, Any]:
    """Fields of a plan for ranges of a job: the note that they are to have, and the number where it is to be set."""
    declared = {each.prefix for each in job.listeners}
    note = next((has.raised for has in our_listeners(job, found) if has.raised and has.prefix in declared), None)
    has, enough = found.listen_limit, needed(job.listeners)
    if has is None or enough <= has:
        return {"raised": note}
    return {"raised": Raised(enough, note.was if note and note.to == has else has), "listen_limit": enough}


def back(found: SwitchState, gone: tuple[ListenerState, ...]) -> int | None:
    """The number that is to be set once ranges are gone that it was raised for."""
    note = next((one.raised for one in gone if one.raised), None)
    return note.was if note and note.to == found.listen_limit else None
