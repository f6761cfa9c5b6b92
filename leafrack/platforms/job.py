"""What is to become of a leaf, as plain data: the same job for every platform, whoever plays it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from leafrack.addresses import Address, Network
from leafrack.platforms.state import Timers


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
class PathList:
    """AS paths that a leaf takes from its nodes: those of these AS numbers alone, each as often as it comes.

    They are those in which the rack's nodes are seen, so that nodes behind two leaves never carry routes between them.
    """

    name: str
    as_numbers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a leaf sets of sessions to nodes, whether it is told each of them or takes whoever comes."""

    paths_in: str = ""
    """Path list of what the node may announce; empty where leafrack writes none on the platform."""
    as_override: bool = False
    """The leaf's AS in the place of the node's, in what the node is sent: other nodes are in the same AS."""
    remove_private_as: bool = False
    """The leaf's AS in the place of every private one (RFC 6996): the node shows the leaf another AS than its own."""
    graceful_restart: bool = True
    """Whether the node keeps the leaf's routes for a while after the leaf is gone (RFC 4724).

    Behind one leaf that helps over a restart of its BGP. Behind two it would keep half of the packets on their way to
    a leaf that is dead, for minutes with the usual defaults.
    """
    timers: Timers | None = None
    """The switch's own where there are none."""
    ttl_security: bool = False
    """Only packets that no router has passed on count (RFC 5082); to change it resets the session."""
    maximum_prefix: int | None = None
    """Routes from the node beyond which the session ends, to be tried again after a minute."""
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Neighbour(Terms):
    """A node as a leaf sees it.

    ``as_number`` is what the session starts with, ``None`` for any AS but the leaf's own: that of a rack whose AS is
    going to change, where the platform has that (otherwise see :mod:`leafrack.platforms.starts`). After creation only
    :attr:`Task.AS_NUMBERS` changes the AS. Exception: no session is up and the AS is not in ``as_numbers``.
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

    @property
    def who(self) -> Address:
        """What tells it from all others of a leaf."""
        return self.address


@dataclass(frozen=True)
class Listener(Terms):
    """A range of addresses in which a leaf takes nodes that nobody has named to it.

    Nothing is sent to anybody before he connects. Listeners of one ``group`` say the same, prefix aside: platforms that
    have no ranges of their own settings write them once, for a group of neighbours. ``as_number`` and ``as_numbers``
    mean what they mean for a :class:`Neighbour`.
    """

    prefix: Network
    group: str
    as_number: int | None
    description: str
    list_in: str
    list_out: str
    maximum_neighbours: int
    """Of all ranges of the group together, where the platform counts them so; otherwise of each."""
    as_numbers: tuple[int, ...] = ()

    @property
    def who(self) -> Network:
        """What tells it from all others of a leaf."""
        return self.prefix


class Way(StrEnum):
    """Which way a job is taken."""

    FORWARD = "forward"
    BACK = "back"


class Task(StrEnum):
    """What a job is for; each is one resource of a leaf."""

    SESSIONS = "sessions"
    """Forward it adds and changes lists and neighbours, and removes none; back it removes all that is ours."""
    RETIRED = "retired"
    """Forward it removes what is ours and declared no more; it has no way back."""
    AS_NUMBERS = "as-numbers"
    """Forward it gives our neighbours the AS of the end; back the one that they started with."""


@dataclass(frozen=True)
class Job:
    """What is ours on a leaf, and what to do about it.

    Every platform takes a job in the same stages: guard (what must be true before anything changes), stage, check (a
    dry run, where the box has one), apply, save. **Ours** is a neighbour or a range that carries one of ``own_lists``,
    and these lists. Whoever else describes a neighbour like leafrack keeps it.
    """

    task: Task
    as_number: int
    """Guard: the leaf runs BGP in this AS, or nothing is changed."""
    own_lists: tuple[str, ...]
    """Names of every prefix list that this fabric may have on a leaf."""
    lists: tuple[PrefixList, ...] = ()
    """The lists that are declared."""
    neighbours: tuple[Neighbour, ...] = ()
    """The neighbours that are declared, with the AS that they start with."""
    final_as: int | None = None
    """AS of the neighbours in the end."""
    listeners: tuple[Listener, ...] = ()
    """The ranges that are declared, in which the leaf takes whoever comes."""
    paths: PathList | None = None
    """The path list that is declared; ``None`` where leafrack writes none on the platform."""

    @property
    def passwords(self) -> frozenset[str]:
        """What nobody is to see."""
        return frozenset(each.password for each in (*self.neighbours, *self.listeners) if each.password)
