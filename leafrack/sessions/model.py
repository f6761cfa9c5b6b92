"""Sessions as values: which are expected in which phase, and the verdict on each."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from leafrack.addresses import Address
from leafrack.world.model import Said, Value


class Phase(StrEnum):
    """What stands while a fabric is built, in order; the sessions that are expected depend on it."""

    CONNECTED = "connected"
    """The border nodes have sessions to their leaves, with the AS that the nodes had before; the mesh is on."""
    LINKED = "linked"
    """The nodes of each rack have sessions with its reflectors in the place of the mesh."""
    SWITCHED_OVER = "switched over"
    """The mesh is off, and the nodes of racks in full mesh have sessions of their own with each other."""
    FINISHED = "finished"
    """Every rack has its own AS. The mesh is off, or on if it is the interconnect of the whole cluster."""


class SessionKind(StrEnum):
    """Which part of the fabric a session belongs to."""

    LEAF = "leaf"
    NODE = "node"
    MESH = "mesh"
    """Of Calico's node-to-node mesh."""


class ExpectedEnd(Value):
    """One end of a session; ``as_numbers`` are those that are right in the phase (RFC 4271 §4.2).

    While a fabric is being changed an end may ``keep`` whatever AS it has: the session counts once it stands.
    """

    name: str
    address: Address
    as_numbers: tuple[int, ...]
    keep: bool = False


class ExpectedSession(Value):
    """A BGP session that must be Established.

    ``near`` is the reflector (or the earlier node), ``far`` the leaf or the other node.
    """

    kind: SessionKind
    rack: str
    near: ExpectedEnd
    far: ExpectedEnd

    def __str__(self) -> str:
        family = " (IPv6)" if self.near.address.version == 6 else ""
        return f"{self.near.name} ↔ {self.far.name}{family}"


class Row(Value):
    """One line of the verdict: a session or a route, whether it holds, and what was found."""

    rack: str
    what: Said
    expected: Said
    found: Said
    ok: bool
    silent: str = Field(default="", exclude=True)
    """Who could not be read, so that nothing is known of this."""
    hides: int = 0
    """Sessions and routes of which nothing is known for this cause: they have no rows of their own."""

    @property
    def counts(self) -> int:
        """Sessions and routes that the row is about."""
        return self.hides or 1

    def __str__(self) -> str:
        return f"{self.what} – expected {self.expected}, found {self.found}"
