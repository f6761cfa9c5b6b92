"""What of a switch is this fabric's: neighbours and ranges that carry one of its lists."""

from __future__ import annotations

from leafrack.addresses import Address
from leafrack.platforms.job import Job
from leafrack.platforms.state import ListenerState, SwitchState


def ours(job: Job, found: SwitchState) -> tuple[Address, ...]:
    """Neighbours that carry a list of the job's fabric; of one that came by a range, the range does."""
    own = set(job.own_lists)
    return tuple(
        address
        for address, has in found.neighbours.items()
        if has.came_by is None and own & {has.list_in, has.list_out}
    )


def our_listeners(job: Job, found: SwitchState) -> tuple[ListenerState, ...]:
    """Ranges whose neighbours carry a list of the job's fabric."""
    own = set(job.own_lists)
    return tuple(has for has in found.listeners.values() if own & {has.list_in, has.list_out})
