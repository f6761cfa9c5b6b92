"""Single values of a fabric file: addresses, networks and AS numbers, refused in operators' words."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from leafrack.addresses import Address, Network
from leafrack.errors import LONGEST_SHOWN, shown
from leafrack.platforms.as_numbers import as_number

RESERVED_AS_NUMBERS = {
    0: "RFC 7607",
    23456: "AS_TRANS, RFC 6793",
    65535: "RFC 7300",
    4294967295: "RFC 7300",
}
LARGEST_AS_NUMBER = 2**32 - 2
LARGEST_INT32 = 2**31 - 1
"""Calico's CRDs say ``format: int32`` of AS numbers; API servers since Kubernetes 1.36 refuse what does not fit."""

_ASDOT = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")
_UNUSABLE = (
    ("is_unspecified", "the unspecified address"),
    ("is_loopback", "a loopback address"),
    ("is_link_local", "a link-local address"),
    ("is_multicast", "a multicast address"),
)


class RefusedError(ValueError):
    """A value that cannot be used, in words for the operator; pydantic collects it like any ValueError."""


def described(value: object) -> str:
    """A value from a file with its kind, for errors: ``the text 'abc'``."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int():
            return f"the number {value}"
        case str():
            return f"the text '{shown(value)}'"
        case list() | tuple():
            return "a list"
        case _:
            return "a mapping"


def within(inner: Network, outer: Network) -> bool:
    """Whether a range lies in another one or equals it; never if their IP versions differ."""
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type] # as was just seen


def _address(value: Any) -> Address:
    if isinstance(value, str):
        try:
            address = ip_address(value)
        except ValueError:
            hint = ": leave the prefix length out" if "/" in value else ""
            msg = f"'{shown(value)}' is no IP address{hint}"
            raise RefusedError(msg) from None
    elif isinstance(value, IPv4Address | IPv6Address):
        address = value
    else:
        msg = f"needs an IP address, got {described(value)}"
        raise RefusedError(msg)
    if isinstance(address, IPv6Address) and (address.scope_id or address.ipv4_mapped):
        msg = f"{address} cannot be a BGP peer: give a plain address, without zone and not IPv4-mapped"
        raise RefusedError(msg)
    for test, kind in _UNUSABLE:
        if getattr(address, test):
            msg = f"{address} is {kind}: give the address that BGP sessions use"
            raise RefusedError(msg)
    return address


def _router_id(value: Any) -> IPv4Address:
    # A router ID is 32 bits that look like an address (RFC 6286): any but 0.0.0.0 will do.
    try:
        router_id = IPv4Address(value if isinstance(value, str | IPv4Address) else "")
    except ValueError:
        router_id = IPv4Address(0)
    if int(router_id) == 0:
        msg = f"needs a router ID like 2.2.2.2, got {described(value)}"
        raise RefusedError(msg)
    return router_id


def _network(value: Any) -> Network:
    network = _reachable(value)
    if network.prefixlen == 0:
        msg = f"{network} cannot hold nodes, pods or services: give the range in use"
        raise RefusedError(msg)
    return network


def _reachable(value: Any) -> Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        msg = f"needs a range like 10.233.64.0/18, got {described(value)}"
        raise RefusedError(msg)
    try:
        interface = ip_interface(value)
    except ValueError:
        msg = f"'{shown(value)}' is no address range: write it like 10.233.64.0/18"
        raise RefusedError(msg) from None
    if "/" not in value:
        msg = f"'{shown(value)}' has no prefix length: write it like 10.233.64.0/18"
        raise RefusedError(msg)
    if "%" in value:
        msg = f"'{shown(value)}' has a zone: leave out what follows %"
        raise RefusedError(msg)
    if not value.rpartition("/")[2].isdigit():
        msg = f"'{shown(value)}' has a mask where the prefix length belongs: write {interface.network}"
        raise RefusedError(msg)
    network = interface.network
    if interface.ip != network.network_address:
        msg = f"'{shown(value)}' has host bits set: the range is {network}"
        raise RefusedError(msg)
    if network.is_multicast or network.is_loopback:
        msg = f"{network} cannot hold nodes, pods or services: give the range in use"
        raise RefusedError(msg)
    return network


def _as_number(value: Any) -> int:
    if isinstance(value, str):
        value = _asdot(value)
    if isinstance(value, bool) or not isinstance(value, int):
        msg = f"needs an AS number, got {described(value)}"
        raise RefusedError(msg)
    if value in RESERVED_AS_NUMBERS:
        msg = f"AS {value} is reserved ({RESERVED_AS_NUMBERS[value]}): private ones are 64512 to 65534 (RFC 6996)"
        raise RefusedError(msg)
    if not 0 < value <= LARGEST_AS_NUMBER:
        msg = f"{value} is no AS number: they go from 1 to {LARGEST_AS_NUMBER}"
        raise RefusedError(msg)
    return value


def _asdot(value: str) -> int | str:
    """The number of an AS in asdot (RFC 5396), or what is none."""
    if is_number(value):
        _as_number(int(value))
        msg = f"needs a number, got {described(value)}: remove the quotes"
        raise RefusedError(msg)
    if _ASDOT.fullmatch(value) is None:
        return value
    try:
        return as_number(value)
    except ValueError:
        msg = f"AS {shown(value)} is none: in asdot (RFC 5396) both halves are 0 to 65535"
        raise RefusedError(msg) from None


def is_number(text: str) -> bool:
    """Whether text is a whole number that ``int`` takes, as large as a file may hold one."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_SHOWN


_TEXT = PlainSerializer(str, return_type=str, when_used="json")

OneAddress = Annotated[
    Address,
    PlainValidator(_address),
    _TEXT,
    WithJsonSchema({"type": "string", "pattern": "^[0-9A-Fa-f:.]+$"}),
]
RouterId = Annotated[
    IPv4Address,
    PlainValidator(_router_id),
    _TEXT,
    WithJsonSchema({"type": "string", "format": "ipv4", "pattern": "^[0-9.]+$"}),
]
_RANGE_SCHEMA = {"type": "string", "pattern": "^[0-9A-Fa-f:.]+/[0-9]{1,3}$"}
OneNetwork = Annotated[
    Network, PlainValidator(_network), _TEXT, WithJsonSchema({**_RANGE_SCHEMA, "examples": ["10.233.64.0/18"]})
]
OneDestination = Annotated[
    Network, PlainValidator(_reachable), _TEXT, WithJsonSchema({**_RANGE_SCHEMA, "examples": ["0.0.0.0/0"]})
]
"""A range that routes may lead to, the default route included."""
AsNumber = Annotated[
    int,
    PlainValidator(_as_number),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LARGEST_AS_NUMBER,
                    "not": {"enum": sorted(RESERVED_AS_NUMBERS)},
                },
                # asdot: an editor may take 1.10 for a number, as YAML 1.1 does.
                {"type": "number", "not": {"type": "integer"}, "minimum": 0},
                {"type": "string", "pattern": "^[0-9]{1,5}\\.[0-9]{1,5}$"},
            ]
        }
    ),
]
