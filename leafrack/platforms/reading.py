"""What a platform tells of itself, and how what a switch of it answers is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from leafrack.addresses import Address
from leafrack.platforms.state import Setting, Settings, SwitchState


class Feature(StrEnum):
    """What a fabric may ask of a leaf and not every platform can do; the words end ``it has no …``."""

    PASSWORD = "password for a neighbour"  # noqa: S105 - words
    TIMERS = "timers for a neighbour"
    KEEPALIVE = "keepalive of its own beside a hold time"
    MAXIMUM_PREFIX = "limit of a neighbour's routes"
    TTL_SECURITY = "TTL security"
    AS_OVERRIDE = "way to put its own AS in the place of a neighbour's"
    PRIVATE_AS = "way to put its own AS in the place of private ones"
    NO_GRACEFUL_RESTART = "way to switch graceful restart off for a neighbour"
    ANY_AS = "neighbours of any AS"
    """A rack that is going to change its AS connects with one and goes on with the other.

    Where jobs are played nobody needs them: the leaf is told first the one and then the other
    (:mod:`leafrack.platforms.starts`). A range and a program for a leaf's shell do.
    """
    IPV6 = "IPv6 neighbours"
    LISTENERS = "range of addresses in which it takes neighbours"
    """The nodes of a rack that is known by a label have no names that a leaf could be given."""
    MAXIMUM_NEIGHBOURS = "limit of the neighbours that it takes in a range"


NO_LISTENERS = dict.fromkeys(
    (Feature.LISTENERS, Feature.MAXIMUM_NEIGHBOURS),
    "leafrack writes none there; name the rack's nodes, or let named route reflectors peer with the leaf "
    "(interconnect: route-reflectors)",
)
"""What a platform cannot do whose ranges leafrack does not know."""


class ThirdParty(StrEnum):
    """When an external session leaves the next hop of somebody else, who is in the same subnet, as it is."""

    NEVER = "never"
    SHARED = "shared"
    """Where the receiver shares the subnet (RFC 4271 §5.1.3)."""
    GROUP = "group"
    """Where all neighbours that get the same updates share it."""


class Multipath(StrEnum):
    """Which routes a switch uses at once."""

    NONE = "none"
    SAME_PATH = "same path"
    """Those of one AS path."""
    SAME_LENGTH = "same length"
    """Those whose AS paths are of one length."""


@dataclass(frozen=True)
class Behaviour:
    """What switches of a platform do with routes by themselves: what the proof asks of a leaf or spine."""

    third_party: ThirdParty = ThirdParty.NEVER
    multipath: Multipath = Multipath.SAME_LENGTH
    """As fabrics have it configured, which is not leafrack's part."""
    leaves_receivers_as: bool = False
    """Private AS numbers are replaced but for that of the neighbour that is sent the path."""
    withholds_receivers_as: bool = False
    """A route whose path has the neighbour's AS in it is not sent there."""
    real_as_counts: bool = True
    """On a session with another AS than the switch's own, a path with either of them is a loop."""
    connected_next_hop: bool = True
    """External routes count only with a next hop in a connected subnet."""
    ttl_security_is_multihop: bool = False
    """A session with TTL security counts as one over several hops: its next hops need not be connected."""
    tracks_next_hop: bool = True
    """Routes whose next hop need not be connected count only where a route leads to it."""


class Remedies(Protocol):
    """What an operator does on a switch of the platform: phrases that end a sentence, commands in backticks."""

    def run_bgp(self, as_number: int) -> str:
        """Run BGP in the default VRF."""
        ...

    def remove_neighbour(self, address: Address) -> str:
        """Take a neighbour away with everything of it."""
        ...

    def pass_without_policy(self) -> str:
        """Pass routes of neighbours that have no policy (RFC 8212)."""
        ...


class Reading(Protocol):
    """One platform: what it is, and how what it answers is read.

    ``cannot`` gives a reason, with what an operator can do, for every feature that it lacks.
    """

    behaviour: Behaviour
    remedies: Remedies
    cannot: Mapping[Feature, str]

    def parse(self, output: str) -> SwitchState:
        """State from what the command that reads it printed, or from the joined answers of several.

        Raises ``ValueError`` with one line when the output is not that of the platform.
        """
        ...

    def words(self, setting: Setting, of: Settings) -> str:
        """How the platform says a setting, ``""`` where it needs to say nothing; a password only as the word."""
        ...
