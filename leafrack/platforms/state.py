"""What a switch is found to run: values as far as leafrack itself sets it, the platform's words for what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from leafrack.addresses import Address, Network, Who


class SessionState(StrEnum):
    """State of a session as one of its ends tells it (RFC 4271 §8.2.2), switches and nodes alike."""

    IDLE = "Idle"
    CONNECT = "Connect"
    ACTIVE = "Active"
    OPEN_SENT = "OpenSent"
    OPEN_CONFIRM = "OpenConfirm"
    ESTABLISHED = "Established"
    UNKNOWN = "unknown"
    """It told nothing that the RFC knows."""

    @classmethod
    def of(cls, said: object) -> Self:
        """State of a word, in whatever spelling (``OpenSent``, ``open-sent``, ``OPENSENT``)."""
        plain = "".join(filter(str.isalnum, str(said))).lower()
        return next((state for state in cls if state.lower() == plain), cls("unknown"))


class AnyAs(StrEnum):
    """What a neighbour's AS may be, where a switch is not given one number."""

    EXTERNAL = "external"
    """Any but the switch's own."""
    INTERNAL = "internal"
    """The switch's own."""
    EITHER = "either"


@dataclass(frozen=True)
class Password:
    """A session's password (TCP MD5, RFC 2385) as the switch shows it; it is compared and never shown."""

    text: str = field(repr=False)
    sealed: bool = False
    """What is shown is neither the password nor computed from it alone: two of them tell nothing of each other."""

    def __str__(self) -> str:
        return "(hidden)"

    def agrees(self, other: Password | None) -> bool:
        """Whether both may be one password; a sealed one agrees with every other."""
        return other is not None and (self.sealed or other.sealed or self.text == other.text)


@dataclass(frozen=True)
class Timers:
    """Seconds between two keepalives, and of silence after which a session is given up (RFC 4271 §4.2, §4.4)."""

    keepalive: int
    hold: int


@dataclass(frozen=True)
class Limit:
    """Routes from a neighbour beyond which its session ends."""

    routes: int
    retry: int | None = None
    """Seconds after which the session is tried again, if it is."""
    more: str = ""
    """What else the switch has said of it, in its words: when it warns, that it only warns."""


@dataclass(frozen=True)
class PrivateAs:
    """What becomes of private AS numbers (RFC 6996) in the paths that a neighbour is sent."""

    every: bool = True
    """Of all, not only where the whole path is private."""
    replaced: bool = True
    """The switch's own AS takes their place, so that a path keeps its length."""


class Setting(StrEnum):
    """What leafrack sets of a neighbour on a leaf, besides its address and AS: a field of :class:`Settings` each."""

    DESCRIPTION = "description"
    PASSWORD = "password"  # noqa: S105 - a name
    SHUTDOWN = "shutdown"
    TIMERS = "timers"
    TTL_SECURITY = "ttl_security"
    GRACEFUL_RESTART = "graceful_restart"
    LIST_IN = "list_in"
    LIST_OUT = "list_out"
    PATHS_IN = "paths_in"
    LIMIT = "limit"
    AS_OVERRIDE = "as_override"
    PRIVATE_AS = "private_as"
    ACTIVATED = "activated"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is set of one neighbour, itself and not by a group; as it is without configuration where nothing is."""

    description: str = ""
    password: Password | None = None
    shutdown: str | None = None
    """Why the session is kept down, ``""`` without a reason; ``None`` where it is not."""
    timers: Timers | None = None
    ttl_security: int | None = None
    """Hops that a packet of the neighbour may have made (RFC 5082)."""
    graceful_restart: bool = True
    """Not switched off for this neighbour (RFC 4724)."""
    list_in: str = ""
    """Prefix list of what the neighbour may announce."""
    list_out: str = ""
    paths_in: str = ""
    """Path list of what the neighbour may announce."""
    limit: Limit | None = None
    as_override: bool = False
    """The switch's own AS stands in the place of the neighbour's in what that is sent."""
    private_as: PrivateAs | None = None
    """``None``: private AS numbers stay as they are."""
    activated: bool = False
    """Routes of the family of its address are exchanged."""


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
class NeighbourState(Settings):
    """A session as its leaf reports it, and what is set of it there.

    ``remote_as`` is 0 where the switch takes any AS and has not seen one yet. ``uptime`` is in seconds, 0 when the
    session is not Established.
    """

    address: Address
    remote_as: int
    state: SessionState
    uptime: float = 0.0
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
    set_as: int | AnyAs | None = None
    """AS that the neighbour itself is given; ``None`` where a group gives it."""
    rest: tuple[str, ...] = ()
    """What else is set of it, in the platform's words."""
    came_by: Network | None = None
    """The range by which it came; ``None`` where somebody has configured it."""

    @property
    def established(self) -> bool:
        """Whether the session is up."""
        return self.state is SessionState.ESTABLISHED


@dataclass(frozen=True)
class Raised:
    """One number of neighbours for all ranges of a switch, which was raised for leafrack's."""

    to: int
    was: int


@dataclass(frozen=True, kw_only=True)
class ListenerState(Settings):
    """A range of addresses in which a switch takes neighbours, and what is set of them."""

    prefix: Network
    group: str = ""
    """Group of neighbours that it makes them members of, where the platform has such groups."""
    set_as: int | AnyAs | None = None
    """AS that they may have; ``None`` where nothing says it."""
    maximum_neighbours: int | None = None
    """How many it takes at most, where the switch has a number for that; on some it is one for all ranges."""
    raised: Raised | None = None
    """What leafrack has noted there of the one number for all ranges (leafrack.platforms.limits)."""
    rest: tuple[str, ...] = ()
    """What else is set of them, in the platform's words."""


@dataclass(frozen=True)
class SwitchState:
    """What a switch runs: its own AS (``None`` without BGP), neighbours, routes in its table.

    All of it is of the switch's default VRF, in which leafrack works.
    """

    as_number: int | None
    neighbours: Mapping[Address, NeighbourState] = field(default_factory=dict)
    routes: frozenset[Network] = frozenset()
    router_id: str = ""
    """The switch's own BGP identifier, where that is known."""
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Entries of each prefix list by its name, in the platform's words."""
    paths: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Entries of each path list by its name, in the platform's words."""
    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Number of each entry of a list, by list and entry, where its removal or its successor needs one."""
    elsewhere: tuple[str, ...] = ()
    """Other VRFs in which the switch runs BGP."""
    listeners: Mapping[Network, ListenerState] = field(default_factory=dict)
    """Ranges in which it takes neighbours."""
    listen_limit: int | None = None
    """How many neighbours it takes by all ranges together, where it has one number for them."""
    release: str = ""
    """What the switch's system calls its release, where its words depend on that."""

    def has(self, who: Who) -> NeighbourState | ListenerState | None:
        """What it has of a neighbour by its address, or of a range."""
        return self.listeners.get(who) if isinstance(who, Network) else self.neighbours.get(who)

    def is_up(self, who: Who) -> bool:
        """Whether a neighbour has a session, or somebody who came by a range."""
        return any(each.established and who in (address, each.came_by) for address, each in self.neighbours.items())
