"""IP addresses and networks of either family, as every room names them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Who = Address | Network
"""A neighbour by its address, or all that come from a range."""

_READ = 100_000
"""Destinations that are kept: a table has one for each pod block and service range of the cluster."""


@lru_cache(maxsize=_READ)
def network_of(text: str, *, strict: bool = False) -> Network:
    """Destination of an entry of a routing table; raises ``ValueError``.

    The tables of hundreds of leaves and nodes hold the same destinations: each is read once.
    """
    return ip_network(text, strict=strict)
