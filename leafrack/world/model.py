"""What the world says and how to ask it: sessions and routes as found, switches and clusters to reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from leafrack.addresses import Address, Network
from leafrack.errors import printable
from leafrack.fabric import Fabric, Jump
from leafrack.platforms import SessionState

Said = Annotated[str, AfterValidator(printable)]
"""What a switch or a node said, as a terminal may show it."""


class Value(BaseModel):
    """Base of the values here: frozen, and JSON on the way to and from a gate."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ReportedSession(Value):
    """A session as one of its ends reports it; ``None`` where that end cannot tell."""

    reporter: str
    peer: Address
    state: SessionState
    peer_as: int | None = None
    uptime: float | None = None
    last_error: Said = ""


class Report(Value):
    """What one switch or node said: its sessions and routes, or why it said nothing."""

    name: str
    as_number: int | None = None
    sessions: tuple[ReportedSession, ...] = ()
    routes: frozenset[Network] = frozenset()
    failure: Said = ""
    blame: str = ""
    """Who could not be read, where that is not the switch or node itself but the way to it: the cluster."""

    @property
    def silent(self) -> str:
        """Who could not be read; empty where there is an answer."""
        return (self.blame or self.name) if self.failure else ""


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


def endpoints(fabric: Fabric, racks: Iterable[str] | None = None) -> tuple[Endpoint, ...]:
    """How to reach the leaves of some racks, or of all; those that nobody may log in to are left out."""
    return tuple(
        Endpoint(
            name=name,
            platform=leaf.platform,
            host=leaf.ssh_host,
            port=leaf.ssh.port,
            user=leaf.ssh.user,
            host_key=leaf.ssh.host_key,
            identity_file=leaf.ssh.identity_file,
            jump=JumpHost.of(fabric.jump_to(leaf)),
        )
        for rack in (fabric.racks if racks is None else racks)
        for name, leaf in fabric.racks[rack].leaves.items()
        if leaf.readable
    )
