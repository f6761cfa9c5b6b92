"""Going through a fabric's racks wave by wave: registering all at once, or each wave when the one before it stands.

Pulumi's Python SDK walks the whole graph behind a resource for every resource that depends on it, and goes through all
outputs that are pending each time that one of them is there. So what registers everything at once takes time that grows
with the square of the resources. Registered wave by wave, the graph that the SDK knows ends at the wave before: what
stands is known to it by its URN alone (docs/develop/decisions/0019-registered-wave-by-wave.md).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pulumi
from pulumi.resource import DependencyResource

from .scope import Resources

_FRAMES = 7
"""Six of the SDK's and a provider's own make a resource; the one behind them is the line that says so."""

Stand = Callable[[Resources], Resources]
"""What may be named in the place of resources, where others are to depend on them."""


@dataclass(frozen=True, kw_only=True)
class Wave:
    """The racks of a wave that has just been registered in a phase, and all that later ones may depend on."""

    phase: str
    number: int
    of: int
    racks: Sequence[str]
    made: Resources

    def __str__(self) -> str:
        """A line for the operator."""
        return f"{self.phase}: wave {self.number} of {self.of} ({named(self.racks)})"


Walk = Generator[Wave, Stand, None]
"""Registers a wave, yields it, and goes on with what may be named in the place of its resources."""


def named(racks: Sequence[str]) -> str:
    """The racks of a wave: the first and the last where there are many."""
    return ", ".join(racks) if len(racks) <= 4 else f"{racks[0]} to {racks[-1]}"


def at_once(walk: Walk) -> None:
    """Register everything now."""
    for _ in _driven(walk, lambda _: list):
        pass


async def one_by_one(walk: Walk, component: pulumi.Resource) -> None:
    """Register each wave when the one before it stands, and tell ``component``'s operator of each in an update.

    Raises :class:`pulumi.RunError` where a wave fails: otherwise what was not registered any more would be deleted.
    """
    known: dict[pulumi.Resource, pulumi.Resource] = {}

    def stand(resources: Resources) -> Resources:
        return [known.get(resource, resource) for resource in resources]

    for wave in _driven(walk, lambda _: stand):
        if not pulumi.runtime.is_dry_run():
            pulumi.log.info(str(wave), component, ephemeral=True)
        known |= await _stands(wave)


def _driven(walk: Walk, stand: Callable[[Wave], Stand]) -> Iterable[Wave]:
    try:
        with _short_stacks():
            wave = next(walk)
        while True:
            yield wave
            with _short_stacks():
                wave = walk.send(stand(wave))
    except StopIteration:
        return


@contextmanager
def _short_stacks() -> Iterator[None]:
    """Let the SDK see the end of the stack alone.

    It goes through all of it for each resource, to say where in the program that was made: a fifteenth of a preview.
    The limit is Python's own for tracebacks. It is gone before one could be printed.
    """
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = _FRAMES
    try:
        yield
    finally:
        sys.tracebacklimit = before


async def _stands(wave: Wave) -> dict[pulumi.Resource, pulumi.Resource]:
    found: dict[pulumi.Resource, pulumi.Resource] = {}
    for resource in wave.made:
        try:
            urn = await resource.urn.future()
        except Exception as error:
            what = f"{wave} has failed: the waves after it were not begun, and nothing was deleted; see the error above"
            raise pulumi.RunError(what) from error
        found[resource] = DependencyResource(urn) if urn else resource
    return found
