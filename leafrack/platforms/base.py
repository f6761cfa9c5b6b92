"""The shape of a platform, and what it reads of a switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from leafrack.addresses import Address, Network
from leafrack.platforms.job import Job, Neighbour, PrefixList


class Effect(StrEnum):
    """What a line that a switch has already does to a neighbour that leafrack writes."""

    REFUSES = "refuses"
    """The switch refuses leafrack's own lines beside it."""
    SHUTS = "shuts"
    """The session stays down."""
    DROPS = "drops"
    """No route passes: what the line names permits nothing, or does not exist."""
    FILTERS = "filters"
    """It filters routes beside leafrack's lists."""
    MULTIHOP = "multihop"
    """The switch refuses TTL security beside it."""
    REPLACED = "replaced"
    """Leafrack's list takes its place."""


@dataclass(frozen=True)
class Line:
    """A line of a switch's configuration that concerns a neighbour, as the switch shows it."""

    text: str
    effect: Effect
    names: str = ""
    """The list or map that it names."""


@dataclass(frozen=True)
class NeighbourState:
    """A session as its leaf reports it; ``uptime`` in seconds, 0 when it is not Established.

    ``remote_as`` is 0 where the switch takes any AS and has not seen one yet.
    """

    address: Address
    remote_as: int
    state: str
    uptime: float = 0.0
    description: str = ""
    last_error: str = ""
    prefixes_received: int = 0
    lines: tuple[Line, ...] = ()
    """What keeps it down or filters its routes, also where a group of neighbours says it for all its members."""
    lacks_policy: bool = False
    """Whether routes are discarded because no policy was configured that allows them (RFC 8212)."""
    local_address: Address | None = None
    """The switch's end of the session, where that is known."""
    router_id: str = ""
    """BGP identifier of the other end (RFC 4271 §4.2), where that is known."""
    settings: tuple[str, ...] = ()
    """What else is configured of the neighbour, in the platform's words; a password only as the word."""
    configured: tuple[str, ...] = field(default=(), repr=False)
    """All that is configured of the neighbour itself, in the platform's words, passwords included."""


@dataclass(frozen=True)
class SwitchState:
    """What a switch runs: its own AS (``None`` without BGP), neighbours, routes in its table."""

    as_number: int | None
    neighbours: Mapping[Address, NeighbourState] = field(default_factory=dict)
    routes: frozenset[Network] = frozenset()
    router_id: str = ""
    """The switch's own BGP identifier, where that is known."""
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Entries of each prefix list by its name, in the platform's words."""


class Dialect(Protocol):
    """One platform: how our part of its configuration is written, taken back and read."""

    read: str

    def text(self, job: Job) -> str:
        """Configuration of everything that a job declares, as an operator would write it."""
        ...

    def program(self, job: Job) -> str:
        """Program of a job for a POSIX shell (leafrack.platforms.posix)."""
        ...

    def parse(self, output: str) -> SwitchState:
        """State from what ``read`` printed.

        Raises ``ValueError`` with one line when the output is not that of the platform.
        """
        ...

    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        """What a neighbour lacks and has besides, its AS aside; passwords are not shown. Empty where it is right."""
        ...

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        """Entries that prefix lists lack and have besides; empty where they are right."""
        ...

    def as_difference(self, as_number: int, found: NeighbourState) -> tuple[str, ...]:
        """How a neighbour's AS differs from the one that it is pinned to in the end; empty where it is right."""
        ...
