"""Switches of a fabric file: leaves with their links and timers, and the spines behind them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, RootModel, field_validator

from leafrack.addresses import Address
from leafrack.errors import shown
from leafrack.fabric.login import Declared, Ssh
from leafrack.fabric.values import AsNumber, OneAddress, RouterId
from leafrack.fabric.wording import did_you_mean
from leafrack.platforms import DEFAULT, platforms


def _known_platform(name: str) -> str:
    if name not in platforms():
        msg = f"unknown platform '{shown(name)}'{did_you_mean(name, platforms())}"
        raise ValueError(msg)
    # One of somebody else's package is loaded here, where an error has its place in the file.
    platforms()[name]
    return name


def _platforms(schema: dict[str, Any]) -> None:
    schema["enum"] = sorted(platforms())


PlatformName = Annotated[str, AfterValidator(_known_platform), Field(json_schema_extra=_platforms)]
"""Name of a network operating system that leafrack knows."""


def _one_or_both(schema: dict[str, Any]) -> None:
    one = schema["items"]
    both = {"type": "array", "items": one, "minItems": 1, "maxItems": 2}
    title, description = schema["title"], "One IP address, or one IPv4 and one IPv6 address."
    schema.clear()
    schema.update(title=title, description=description, anyOf=[one, both])
    schema["examples"] = ["172.20.0.11", ["172.20.0.11", "fd00::11"]]


class Addresses(RootModel[tuple[OneAddress, ...]]):
    """One IP address, or one of each family: ``172.20.0.11`` or ``[172.20.0.11, fd00::11]``."""

    model_config = ConfigDict(frozen=True, json_schema_extra=_one_or_both)

    @field_validator("root", mode="before")
    @classmethod
    def _one_value_or_one_per_family(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else (value,)

    @field_validator("root", mode="after")
    @classmethod
    def _one_per_family(cls, value: tuple[Address, ...]) -> tuple[Address, ...]:
        if not value or len({address.version for address in value}) != len(value):
            msg = "give one address, or one IPv4 and one IPv6 address"
            raise ValueError(msg)
        return tuple(sorted(value, key=lambda address: address.version))

    def __iter__(self) -> Iterator[Address]:  # type: ignore[override]
        """Addresses, IPv4 first."""
        return iter(self.root)

    def of(self, version: int) -> Address | None:
        """Address of IP version 4 or 6, if there is one."""
        return next((address for address in self.root if address.version == version), None)

    @property
    def first(self) -> Address:
        """The IPv4 address where there is one, the IPv6 address otherwise."""
        return self.root[0]

    def __str__(self) -> str:
        return ", ".join(str(address) for address in self.root)


class LeafTimers(Declared):
    """Timers of a leaf's sessions to its nodes, in seconds (RFC 4271 §4.2): BIRD takes the shorter hold time of both.

    Calico has no hold time of its own for a peer, so that these decide how soon a dead leaf or node is seen.
    """

    keepalive: int = Field(ge=1, le=21845, strict=True, description="seconds between two keepalives")
    hold: int = Field(ge=3, le=65535, strict=True, description="seconds of silence after which a session is given up")


class Uplink(Declared):
    """A leaf's link to a spine: the addresses of both ends."""

    address: Addresses = Field(description="the leaf's address on the link, one or one per family")
    peer_address: Addresses = Field(description="the spine's address on the link, one or one per family")


class Spine(Declared):
    """A spine switch: leafrack never writes to it; the proof and the lab know it."""

    as_number: AsNumber = Field(description="the spine's AS")
    router_id: RouterId | None = Field(
        default=None, alias="routerID", description="BGP identifier, written like an IPv4 address"
    )


class Apply(StrEnum):
    """Who puts leafrack's part of the configuration on a leaf."""

    LEAFRACK = "leafrack"
    BY_HAND = "by-hand"


class Leaf(Declared):
    """A leaf switch of a rack: where its nodes' sessions end."""

    address: Addresses = Field(description="address in the rack's subnet, one or one per family: nodes peer with it")
    as_number: AsNumber = Field(description="the leaf's AS; the rack's nodes need another one")
    platform: PlatformName = Field(default=DEFAULT, description="network operating system of the leaf")
    apply: Apply = Field(
        default=Apply.LEAFRACK,
        description=(
            "who puts leafrack's part on the leaf: leafrack over SSH, or by-hand somebody who is given what `leafrack "
            "render` prints"
        ),
    )
    ssh: Ssh = Field(
        default_factory=Ssh,
        description="how to log in to the leaf; a leaf by-hand is read with it, and not logged in to without it",
    )
    peer_name: str | None = Field(
        default=None, description="name of the BGPPeer for this leaf; <rack>-to-<leaf>-peer if not given"
    )
    as_override: bool = Field(
        default=False,
        strict=True,
        description=(
            "the leaf puts its own AS in place of the rack's in what it sends there, so that racks which share an AS "
            "see each other's pods; always so in a top-of-rack rack"
        ),
    )
    timers: LeafTimers | None = Field(
        default=None, description="timers of the sessions to the nodes; the leaf's own defaults if not given"
    )
    router_id: RouterId | None = Field(
        default=None, alias="routerID", description="BGP identifier, written like an IPv4 address"
    )
    uplinks: dict[str, Uplink] = Field(default={}, description="links to spines, by the spine's name")

    @property
    def by_hand(self) -> bool:
        """Whether leafrack never writes to it."""
        return self.apply is Apply.BY_HAND

    @property
    def readable(self) -> bool:
        """Whether leafrack logs in: to a leaf by hand only where the file has an ``ssh`` for it, and then to read."""
        return not self.by_hand or "ssh" in self.model_fields_set

    @property
    def ssh_host(self) -> str:
        """What to connect to over SSH."""
        return self.ssh.host or str(self.address.first)
