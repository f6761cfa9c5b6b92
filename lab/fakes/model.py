"""What a fake has understood of its configuration, in no platform's words, and what its BGP speaker tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A neighbour with all its settings; as a box has it without configuration where nothing is said."""

    as_number: int | str | None = None
    """``external`` and ``internal`` where the platform knows a neighbour of any AS; no session without any."""
    description: str = ""
    password: str | None = field(default=None, repr=False)
    shutdown: bool = False
    timers: tuple[int, int] | None = None
    """Seconds: keepalive, hold."""
    ttl_hops: int | None = None
    """RFC 5082."""
    graceful_restart: bool = True
    list_in: str = ""
    list_out: str = ""
    paths_in: str = ""
    """Path list of what it may announce; one that does not exist permits nothing."""
    limit: int | None = None
    """Routes beyond which the session ends."""
    retry: int | None = None
    """Seconds after which it is tried again then; never where there are none."""
    as_override: bool = False
    private_as: tuple[bool, bool] | None = None
    """Private AS numbers are taken away: of every path; the own one takes their place."""
    families: frozenset[int] = frozenset()
    """IP versions whose routes are exchanged."""


@dataclass(frozen=True)
class Entry:
    """An entry of a prefix list; ``ge`` and ``le`` as in ``show``: 0 where nothing is said."""

    number: int
    permits: bool
    prefix: str
    ge: int = 0
    le: int = 0


@dataclass(frozen=True)
class PathEntry:
    """An entry of a path list: a regular expression of AS paths, ``_`` between AS numbers and at both ends."""

    permits: bool
    expression: str


@dataclass(frozen=True)
class Range:
    """A range of addresses from which neighbours may come by themselves, and all settings of who comes."""

    prefix: str
    """In its canonical form."""
    group: str
    """What the box calls those who come."""
    peer: Peer = field(default_factory=Peer)


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What the default VRF of a box runs."""

    as_number: int | None = None
    """``None``: no BGP, and nothing else counts."""
    router_id: str = ""
    peers: Mapping[str, Peer] = field(default_factory=dict)
    """By address, in its canonical form."""
    lists: Mapping[tuple[int, str], tuple[Entry, ...]] = field(default_factory=dict)
    """By IP version and name."""
    paths: Mapping[str, tuple[PathEntry, ...]] = field(default_factory=dict)
    """Path lists by name; the first entry that fits a path decides."""
    ranges: tuple[Range, ...] = ()
    most: int | None = None
    """Neighbours that all ranges take together; as FRR has it where nothing is said."""
    redistributes: frozenset[int] = frozenset()
    """IP versions whose connected routes are announced."""
    maximum_paths: int = 1


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A session as the speaker reports it."""

    state: str = "Idle"
    """As RFC 4271 §8.2.2 writes it."""
    remote_as: int = 0
    uptime: float = 0.0
    """Seconds; 0 where it is not Established."""
    received: int = 0
    """Prefixes that its lists let in."""
    sent: int = 0
    error: str = ""
    """What ended it last."""
    router_id: str = ""
    """Of the other end."""
    local_address: str = ""
    hold: int = 180
    keepalive: int = 60
    dynamic: bool = False
    """A range let it in."""


@dataclass(frozen=True)
class Route:
    """A route in use: who says so (``bgp``, ``connected``, …), and next hops as address (if any) and interface."""

    protocol: str
    hops: tuple[tuple[str, str], ...] = ()


class RefusedError(Exception):
    """The speaker has not taken what it was given, and says why; a fake says so in its platform's words."""


class Speaker(Protocol):
    """Who speaks BGP behind a fake."""

    def play(self, wanted: Understood) -> None:
        """Run this from now on, and touch no session that stays as it is; raises :class:`RefusedError`."""
        ...

    def sessions(self) -> Mapping[str, Seen]:
        """By the neighbour's address."""
        ...

    def routes(self, version: int) -> Mapping[str, Route]:
        """Routes of an IP version, by prefix."""
        ...


class Recorder:
    """A speaker that speaks to nobody: it keeps what it was given, for tests of a fake's grammar."""

    def __init__(self) -> None:
        self.played: list[Understood] = []
        self.seen: dict[str, Seen] = {}
        self.table: dict[int, dict[str, Route]] = {4: {}, 6: {}}
        self.refuses = ""
        """Why everything is refused, while there is a reason."""

    @property
    def runs(self) -> Understood:
        """What it was given last."""
        return self.played[-1] if self.played else Understood()

    def play(self, wanted: Understood) -> None:
        """Keep it."""
        if self.refuses:
            raise RefusedError(self.refuses)
        self.played.append(wanted)

    def sessions(self) -> Mapping[str, Seen]:
        """What a test has put into ``seen``, and a session at rest for everybody else."""
        return {**{address: Seen(state="Active") for address in self.runs.peers}, **self.seen}

    def routes(self, version: int) -> Mapping[str, Route]:
        """What a test has put into ``table``."""
        return self.table[version]
