"""The shape of a platform, and the values that it turns into text and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from leafrack.addresses import Address, Network


@dataclass(frozen=True)
class PrefixList:
    """Ranges that a leaf takes from its nodes or sends them, with everything inside them.

    ``0.0.0.0/0`` and ``::/0`` are the default route, and nothing inside them.
    """

    name: str
    prefixes: tuple[Network, ...]

    @property
    def version(self) -> int:
        """IP version of the list; all its prefixes are of one."""
        return self.prefixes[0].version


@dataclass(frozen=True)
class Timers:
    """Seconds between two keepalives, and of silence after which a session is given up (RFC 4271 §4.2, §4.4)."""

    keepalive: int
    hold: int


@dataclass(frozen=True)
class Neighbour:
    """A node as a leaf sees it.

    ``as_number`` is what the session starts with, ``None`` for any AS but the leaf's own: that of a rack whose AS is
    going to change. Once the neighbour exists only :meth:`Platform.renumber` changes it, so that applying the
    neighbour again never resets a session whose rack has its own AS by then; but for one without a session in an AS
    that is none of ``as_numbers``, which somebody else has given it.
    """

    address: Address
    as_number: int | None
    description: str
    list_in: str
    """Prefix list of what the node may announce."""
    list_out: str
    """Prefix list of what the node is sent: no subnet of nodes, no default route unless the file says so."""
    as_numbers: tuple[int, ...] = ()
    """Every AS that is right at some time while its rack is changed."""
    as_override: bool = False
    """The leaf's AS in the place of the node's, in what the node is sent: other nodes are in the same AS."""
    remove_private_as: bool = False
    """The leaf's AS in the place of every private one (RFC 6996): the node shows the leaf another AS than its own."""
    graceful_restart: bool = True
    """Whether the node keeps the leaf's routes for a while after the leaf is gone (RFC 4724).

    Behind one leaf that helps over a restart of its BGP. Behind two it would keep half of the packets on their way to
    a leaf that is dead, for two minutes with FRR's defaults.
    """
    timers: Timers | None = None
    """The switch's own where there are none."""
    ttl_security: bool = False
    """Only packets that no router has passed on count (RFC 5082); to change it resets the session."""
    maximum_prefix: int | None = None
    """Routes from the node beyond which the session ends, to be tried again after a minute."""
    password: str | None = field(default=None, repr=False)


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


class Platform(Protocol):
    """One platform: how our part of its configuration is written, taken back and read.

    ``run`` is the command that runs the program on its standard input and fails with one line that shows no password.
    It is the same for everything and in every version, so that running it again is no matter of what it was before.
    ``unrender`` and ``forget_lists`` give commands, which stay in Pulumi's state in clear: no secrets in them.
    """

    run: str
    read: str

    def apply(self, text: str) -> str:
        """Program that configures ``text``, and refuses what the platform cannot parse before anything is changed."""
        ...

    def render_lists(self, lists: tuple[PrefixList, ...]) -> str:
        """Configuration text of prefix lists."""
        ...

    def forget_lists(self, lists: tuple[PrefixList, ...]) -> str:
        """Command that removes prefix lists; removing what is not there succeeds."""
        ...

    def render(self, leaf_as: int, neighbour: Neighbour) -> str:
        """Configuration text of a neighbour."""
        ...

    def unrender(self, leaf_as: int, address: Address) -> str:
        """Command that removes a neighbour with everything of it; removing what is not there succeeds."""
        ...

    def renumber(self, leaf_as: int, addresses: Sequence[Address], as_number: int | None) -> str:
        """Command that gives existing neighbours another AS, or any (``None``); a session resets if it differs."""
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
