"""Sessions and routes as values: what is expected, what was found, and how the two differ."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from config import Jump
from config.errors import printable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Said = Annotated[str, AfterValidator(printable)]
"""What a switch or a node said, as a terminal may show it."""


class Value(BaseModel):
    """Base of the values here: frozen, and JSON on the way to and from a gate."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Phase(StrEnum):
    """What stands while a fabric is built, in order; the sessions that are expected depend on it."""

    CONNECTED = "connected"
    """The border nodes have sessions to their leaves, with the AS that the nodes had before; the mesh is on."""
    LINKED = "linked"
    """The nodes of each rack have sessions of their own with each other, in the place of the mesh."""
    FINAL = "final"
    """The mesh is off, or on if it is the interconnect of the whole cluster, and every rack has its own AS."""


class Kind(StrEnum):
    """Which part of the fabric a session belongs to."""

    LEAF = "leaf"
    NODE = "node"
    MESH = "mesh"
    """Of Calico's node-to-node mesh."""


class End(Value):
    """One end of a session; ``as_numbers`` are those that are right in the phase (RFC 4271 §4.2).

    While a fabric is being changed an end may ``keep`` whatever AS it has: the session counts once it stands.
    """

    name: str
    address: Address
    as_numbers: tuple[int, ...]
    keep: bool = False


class Session(Value):
    """A BGP session that must be Established.

    ``near`` is the reflector (or the earlier node), ``far`` the leaf or the other node.
    """

    kind: Kind
    rack: str
    near: End
    far: End

    def __str__(self) -> str:
        family = " (IPv6)" if self.near.address.version == 6 else ""
        return f"{self.near.name} ↔ {self.far.name}{family}"


class Found(Value):
    """A session as one of its ends reports it; ``None`` where that end cannot tell."""

    reporter: str
    peer: Address
    state: Said
    peer_as: int | None = None
    uptime: float | None = None
    last_error: Said = ""


class Report(Value):
    """What one switch or node said: its sessions and routes, or why it said nothing."""

    name: str
    as_number: int | None = None
    sessions: tuple[Found, ...] = ()
    routes: frozenset[Network] = frozenset()
    failure: Said = ""


class Row(Value):
    """One line of the verdict: a session or a route, whether it holds, and what was found."""

    rack: str
    what: Said
    expected: Said
    found: Said
    ok: bool

    def __str__(self) -> str:
        return f"{self.what} – expected {self.expected}, found {self.found}"


class JumpHost(Value):
    """How to log in to a jump host, with a key only."""

    host: str
    port: int
    user: str
    host_key: str | None = None
    identity_file: str | None = None

    @classmethod
    def of(cls, jump: Jump | None) -> JumpHost | None:
        """The one that a fabric file declares, if it does."""
        return None if jump is None else cls(**jump.model_dump())

    def __str__(self) -> str:
        return f"jump host {self.host} port {self.port}"


class Endpoint(Value):
    """How to reach a switch for reading: no secrets, those come from the environment."""

    name: str
    platform: str
    host: str
    port: int
    user: str
    host_key: str | None = None
    identity_file: str | None = None
    jump: JumpHost | None = None


class Cluster(Value):
    """Which cluster to ask: path of a kubeconfig and one of its contexts (the current one when ``None``)."""

    kubeconfig: str | None = None
    context: str | None = None
