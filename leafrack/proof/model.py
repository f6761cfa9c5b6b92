"""A fabric as BGP sees it: speakers, sessions between them, what is announced, and the routes that result."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from leafrack.addresses import Address, Network
from leafrack.platforms import Behaviour

VERSIONS = {4: "IPv4", 6: "IPv6"}


class Kind(StrEnum):
    """What a speaker is; nodes run BIRD as Calico's confd configures it, leaves and spines what their platform is."""

    NODE = "node"
    LEAF = "leaf"
    SPINE = "spine"


class NextHop(StrEnum):
    """Which next hop a speaker sends (Calico ``BGPPeer.spec.nextHopMode``, a switch's ``next-hop-self``)."""

    AUTO = "Auto"
    SELF = "Self"
    KEEP = "Keep"


class What(StrEnum):
    """What a prefix is for."""

    PODS = "pods"
    SERVICES = "services"
    SUBNET = "subnet"


@dataclass(frozen=True)
class Speaker:
    """A router: its AS (RFC 4271 §4.2), router ID and cluster ID (RFC 4456 §7) as 32-bit numbers.

    ``subnets`` are connected; ``gateway`` says whether there is a default route through the rack's leaves.
    """

    name: str
    kind: Kind
    as_number: int
    router_id: int
    rack: str = ""
    cluster_id: int | None = None
    reflector: bool = False
    addresses: tuple[Address, ...] = ()
    subnets: tuple[Network, ...] = ()
    gateway: bool = False
    behaviour: Behaviour = field(default_factory=Behaviour)
    """Of a switch; a node behaves as Calico has it."""
    assumed: bool = False
    """Not declared: the spine that connects all leaves of a fabric whose file names none."""


@dataclass(frozen=True)
class End:
    """One side of a session: the AS that this side uses in it, and what it does with routes.

    ``accepts`` and ``sends`` are a prefix list inbound and outbound (ranges with all inside them; ``None``: no list).
    ``paths`` are the AS numbers that a path inbound consists of (``None``: of any).
    ``allow_own_as`` is how often the own AS may stand in a path (``numAllowedLocalASNumbers``, ``allowas-in``).
    With ``remove_private_as`` the sender's AS stands in the place of private ones. ``max_prefixes`` routes end the
    session. ``ttl_security`` is RFC 5082 with one hop. Neighbours in one peer ``group`` get the same updates, apart
    from those in no group or another one.
    """

    speaker: str
    address: Address
    as_number: int
    rr_client: bool = False
    next_hop: NextHop = NextHop.AUTO
    accepts: tuple[Network, ...] | None = None
    sends: tuple[Network, ...] | None = None
    paths: frozenset[int] | None = None
    allow_own_as: int = 0
    as_override: bool = False
    remove_private_as: bool = False
    max_prefixes: int | None = None
    ttl_security: bool = False
    group: str = ""


@dataclass(frozen=True)
class Session:
    """A session of one address family between two speakers."""

    near: End
    far: End

    @property
    def version(self) -> int:
        """IP version of its routes and addresses."""
        return self.near.address.version


@dataclass(frozen=True, eq=False)
class Link:
    """One direction of a session; itself only, because tables are kept by link and comparing is slow."""

    number: int
    sender: End
    receiver: End
    internal: bool
    version: int


@dataclass(frozen=True)
class Prefix:
    """What is announced: the pods of a node (one block stands for all), a service range, or a connected subnet."""

    what: What
    version: int
    ranges: tuple[Network, ...]
    node: str = ""

    def __str__(self) -> str:
        if self.what is What.PODS:
            return f"{VERSIONS[self.version]} pods of {self.node}"
        return f"{self.what} {self.ranges[0]}"


class Route(NamedTuple):
    """A route as a speaker holds it; ``via`` are the speakers that passed it on, the origin first."""

    as_path: tuple[int, ...]
    next_hop: Address
    via: tuple[str, ...]
    originator: int | None = None
    clusters: tuple[int, ...] = ()


class Hop(NamedTuple):
    """Where a table sends packets: a next hop's address and the speaker that has it, if one does."""

    speaker: str
    address: str


DEFAULT_GATEWAY = Hop("", "default gateway")


@dataclass(frozen=True)
class Entry:
    """A prefix in a table. ``own``: announced or connected here. Without hops the route is there and unusable."""

    own: bool = False
    hops: frozenset[Hop] = frozenset()
    best: Route | None = None

    @property
    def usable(self) -> bool:
        """Whether packets get on."""
        return self.own or bool(self.hops)


@dataclass(frozen=True)
class Gap:
    """A session that the declaration does not give, and why; ``speakers`` are those that miss it."""

    speakers: frozenset[str]
    version: int
    text: str
    path: str


@dataclass(frozen=True)
class Topology:
    """Speakers, sessions and announcements: all that a walk needs, made from a fabric by ``proof.topology``."""

    speakers: dict[str, Speaker]
    sessions: tuple[Session, ...]
    origins: dict[Prefix, tuple[str, ...]]
    gaps: tuple[Gap, ...] = field(default=())

    def without(self, name: str) -> Topology:
        """The topology after a speaker has failed; what it announced is gone with it."""
        return Topology(
            {key: speaker for key, speaker in self.speakers.items() if key != name},
            tuple(one for one in self.sessions if name not in {one.near.speaker, one.far.speaker}),
            {
                prefix: left
                for prefix, origins in self.origins.items()
                if (left := tuple(origin for origin in origins if origin != name))
            },
            self.gaps,
        )

    @cached_property
    def links(self) -> dict[str, tuple[Link, ...]]:
        """Both directions of all sessions, by sender."""
        found: dict[str, list[Link]] = {name: [] for name in self.speakers}
        for number, session in enumerate(self.sessions):
            for here, there in ((session.near, session.far), (session.far, session.near)):
                internal = here.as_number == there.as_number
                found[here.speaker].append(Link(number, here, there, internal, session.version))
        return {name: tuple(links) for name, links in found.items()}

    @cached_property
    def owners(self) -> dict[Address, str]:
        """Speaker that has an address."""
        return {address: name for name, speaker in self.speakers.items() for address in speaker.addresses}
