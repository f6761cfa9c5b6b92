"""IP addresses and networks of either family, as every room names them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Who = Address | Network
"""A neighbour by its address, or all that come from a range."""
