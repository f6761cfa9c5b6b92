"""What a job has left undone on a switch, asked of what the switch runs after its lines were entered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leafrack.addresses import Address
from leafrack.platforms import differences
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.job import Job, Neighbour, Way
from leafrack.platforms.plan import GuardError, Plan, plan
from leafrack.platforms.ranges import given_as
from leafrack.platforms.seals import seals_of
from leafrack.platforms.state import SwitchState


def left(job: Job, way: Way, after: SwitchState, platform: Dialect) -> tuple[str, ...]:
    """What is not as a job leaves it, in words for the operator; empty once it is done.

    Asked of what the switch runs after the lines were entered, before anything is confirmed.
    """
    try:
        # What it shows of a sealed password now is the one that was entered.
        rest = plan(job, way, after, platform, seals_of(job, after))
    except GuardError as error:
        return (str(error),)
    return (
        *platform.list_differences(rest.lists, after),
        *platform.path_differences(rest.paths, after),
        *(line for each in rest.neighbours for line in _left_of(each, after, platform)),
        *(f"neighbour {address} is still there" for address in rest.gone),
        *(f"list {name} is still there" for name in (*rest.old_lists, *rest.old_paths)),
        *(
            f"neighbour {address} {line}"
            for address, number in rest.as_numbers
            for line in differences.of_set_as(given_as(number), after.neighbours[address], platform.as_words)
        ),
        *platform.listener_differences(replace(job, listeners=rest.listeners), after),
        *(f"range {has.prefix} is still there" for has in rest.old_listeners),
        *(
            f"range {each.prefix} {line}"
            for each, number in rest.listener_as_numbers
            for line in differences.of_set_as(given_as(number), after.listeners[each.prefix], platform.as_words)
        ),
    )


def went_down(planned: Plan, after: SwitchState) -> set[Address]:
    """Neighbours that a plan leaves alone, and whose session was up before and is not now."""
    touched = {
        *planned.gone,
        *(address for address, _ in planned.as_numbers),
        *(each.address for each in planned.neighbours),
    }
    ranges = {
        *(has.prefix for has in planned.old_listeners),
        *(each.prefix for each in (*planned.listeners, *(each for each, _ in planned.listener_as_numbers))),
    }
    return {
        address
        for address, has in planned.found.neighbours.items()
        if has.established and address not in touched and has.came_by not in ranges
        if not after.is_up(address)
    }


def _left_of(each: Neighbour, after: SwitchState, platform: Dialect) -> Iterator[str]:
    has = after.neighbours.get(each.address)
    if has is None:
        yield f"neighbour {each.address} is missing"
        return
    said = (
        *platform.neighbour_differences(each, has),
        *differences.of_set_as(given_as(each.as_number), has, platform.as_words),
    )
    yield from (f"neighbour {each.address} {line}" for line in said)
