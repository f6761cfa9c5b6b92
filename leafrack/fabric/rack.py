"""A rack of the fabric file: its leaves, its reflectors, and its other nodes by name or by label."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network
from typing import Any

from pydantic import AliasPath, Field, SerializerFunctionWrapHandler, field_serializer, field_validator
from pydantic.json_schema import SkipJsonSchema

from leafrack.addresses import Network
from leafrack.fabric.login import Declared
from leafrack.fabric.node_label import OneLabel, named, named_or_labelled
from leafrack.fabric.switch import Addresses, Leaf
from leafrack.fabric.values import AsNumber, OneNetwork

LARGEST_MAXIMUM_NEIGHBOURS = 5000
"""What switches have long taken; no leaf has more nodes."""
DEFAULT_PREFIX_LENGTHS = {4: 24, 6: 64}
"""Of the subnet around a leaf's address, by IP version, where a rack gives no nodeCIDRs."""


class Interconnect(StrEnum):
    """How the nodes of a rack learn each other's pod routes."""

    FULL_MESH = "full-mesh"
    ROUTE_REFLECTORS = "route-reflectors"
    TOP_OF_RACK = "top-of-rack"


class Rack(Declared):
    """A leaf rack: its leaf (or redundant pair of leaves), its route reflectors and its other nodes."""

    as_number: AsNumber | None = Field(
        default=None, description="AS of the rack's nodes; the fabric's asNumber if not given"
    )
    local_as_number: AsNumber | None = Field(
        default=None,
        alias="localASNumber",
        description=(
            "AS that the rack shows to its leaves while its nodes stay in the fabric's asNumber: no session inside the "
            "rack resets for it (Calico 3.31 and later); instead of the rack's asNumber"
        ),
    )
    interconnect: Interconnect | None = Field(default=None, description="only where it differs from the fabric's")
    node_cidrs: tuple[OneNetwork, ...] = Field(
        default=(),
        alias="nodeCIDRs",
        description=(
            "subnets of the nodes and the leaf; the /24 (IPv4) or /64 (IPv6) around the leaf's address if not given"
        ),
    )
    leaves: dict[str, Leaf] = Field(description="the rack's leaf, or its redundant pair of leaves, by name")
    reflectors: dict[str, Addresses] = Field(
        default={},
        description="nodes that are route reflectors, by node name, with their addresses; two are usual",
    )
    members: dict[str, Addresses] = Field(
        default={},
        description=(
            "the other nodes, by node name, with their addresses; or label: KEY=VALUE, for those that carry that label "
            "whenever they come and go"
        ),
        json_schema_extra=named_or_labelled,
    )
    listen_ranges: tuple[OneNetwork, ...] = Field(
        default=(),
        description=(
            "of a rack by label whose every node peers with its leaves: where in its subnets the nodes are, and the "
            "leaves listen for them; all of the subnets if not given"
        ),
    )
    maximum_neighbours: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_MAXIMUM_NEIGHBOURS,
        strict=True,
        description=(
            "nodes that a leaf takes in these ranges, of each family; 100 if not given, where its platform counts them"
        ),
    )
    label: SkipJsonSchema[OneLabel] = Field(default=None, exclude=True, validation_alias=AliasPath("members", "label"))

    _named = field_validator("members", mode="before")(named)

    @field_serializer("members", mode="wrap")
    def _as_in_the_file(self, members: dict[str, Addresses], serialized: SerializerFunctionWrapHandler) -> Any:
        return serialized(members) if self.label is None else {"label": str(self.label)}

    @property
    def nodes(self) -> Mapping[str, Addresses]:
        """All nodes of the rack that the file names, reflectors first."""
        return {**self.reflectors, **self.members}

    @property
    def subnets(self) -> tuple[Network, ...]:
        """Subnets of the nodes: those given, or the usual one around each address of a leaf."""
        around = (
            ip_network((address, DEFAULT_PREFIX_LENGTHS[address.version]), strict=False)
            for leaf in self.leaves.values()
            for address in leaf.address
        )
        return self.node_cidrs or tuple(dict.fromkeys(around))
