"""The shape of a platform, and the values that it turns into text and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from leafrack.addresses import Address, Network
from leafrack.platforms.reading import Reading
from leafrack.platforms.state import NeighbourState, SwitchState, Timers


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
    a leaf that is dead, for minutes with the usual defaults.
    """
    timers: Timers | None = None
    """The switch's own where there are none."""
    ttl_security: bool = False
    """Only packets that no router has passed on count (RFC 5082); to change it resets the session."""
    maximum_prefix: int | None = None
    """Routes from the node beyond which the session ends, to be tried again after a minute."""
    password: str | None = field(default=None, repr=False)


class Platform(Reading, Protocol):
    """One platform: how our part of its configuration is written, taken back and read.

    ``run`` is the command that runs the program on its standard input and fails with one line that shows no password.
    It is the same for everything and in every version, so that running it again is no matter of what it was before.
    ``unrender`` and ``forget_lists`` give commands, which stay in Pulumi's state in clear: no secrets in them.
    """

    run: str

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

    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        """What a neighbour lacks and has besides, its AS aside; passwords are not shown. Empty where it is right."""
        ...

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        """Entries that prefix lists lack and have besides; empty where they are right."""
        ...

    def as_difference(self, as_number: int, found: NeighbourState) -> tuple[str, ...]:
        """How a neighbour's AS differs from the one that it is pinned to in the end; empty where it is right."""
        ...
