"""Waiting for nodes whose sessions end because they move between a name on a switch and a range."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from time import monotonic

from leafrack.addresses import Address
from leafrack.platforms import SwitchState

PATIENCE = 40.0
"""Seconds for neighbours that have to connect again; BIRD waits five after the leaf has closed a session."""
ROUTES = 3.0
"""Seconds from then on for their routes, which a leaf may gather before it sends them: until then the other stays."""


async def away(look: Callable[[], Awaitable[SwitchState]], who: Collection[Address]) -> frozenset[Address]:
    """Who of some nodes has no session yet when the time is over; ``look`` tells what the switch runs."""
    missing, until = frozenset(who), monotonic() + PATIENCE
    while missing:
        now = await look()
        missing = frozenset(one for one in missing if not now.is_up(one))
        if not missing:
            await asyncio.sleep(ROUTES)
        elif monotonic() > until:
            break
        else:
            await asyncio.sleep(1)
    return missing
