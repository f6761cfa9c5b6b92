"""Pulumi's SDK makes event loops of its own and closes none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _loops() -> Iterator[None]:
    """One loop for all tests, outputs of one may still be awaited in the next; those that the SDK makes are closed."""
    made: list[asyncio.AbstractEventLoop] = []
    new = asyncio.new_event_loop

    def remembered() -> asyncio.AbstractEventLoop:
        made.append(new())
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", remembered)
        asyncio.set_event_loop(asyncio.new_event_loop())
        yield
    for loop in made:
        loop.close()
