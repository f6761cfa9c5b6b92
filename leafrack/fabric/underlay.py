"""Leaves, spines and the links between them: as the fabric file declares them, completed where it does not.

A file without spines, or with spines and no uplinks, is one whose owner leaves that part to others: every leaf is then
linked to every spine, and a spine is assumed where there is none. Proof and lab complete a fabric here, and so alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from itertools import chain, count

from leafrack.addresses import Address, Network
from leafrack.fabric.model import Fabric

WIDEST_LINK = {4: 24, 6: 64}
"""Shortest prefix of a link, by IP version: a segment of several leaves and a spine at most, never a whole site."""
_SPARE: dict[int, Network] = {4: IPv4Network("100.64.0.0/10"), 6: IPv6Network("fd64:6c61:6200::/48")}
"""Where links come from that are not declared: shared address space (RFC 6598), a unique local prefix (RFC 4193)."""
_SPARE_PREFIX = {4: 30, 6: 126}
_SPARE_ROUTER_IDS = IPv4Network("198.18.0.0/15")
"""Benchmarking range (RFC 2544): unlikely to be anybody's router id."""
_SPARE_AS = range(65000, 64512, -1)
_ASSUMED_SPINE = "spine"


@dataclass(frozen=True)
class Ends:
    """Addresses of a link in one family: the leaf's, the spine's, and the network that holds both, if one does."""

    leaf: Address
    spine: Address
    declared: bool = True

    @property
    def version(self) -> int:
        """IP version of both."""
        return self.leaf.version

    @property
    def network(self) -> Network | None:
        """The longest prefix in which both are hosts: /31 or /127 where they are a pair (RFC 3021, RFC 6164)."""
        for length in range(self.leaf.max_prefixlen - 1, WIDEST_LINK[self.version] - 1, -1):
            found: Network = ip_network((self.leaf, length), strict=False)
            if self.spine in found and all(is_host(one, found) for one in (self.leaf, self.spine)):
                return found
        return None


@dataclass(frozen=True)
class UnderlayLink:
    """A link between a leaf and a spine, with its ends by family, IPv4 first."""

    leaf: str
    spine: str
    ends: tuple[Ends, ...]

    def of(self, version: int) -> Ends | None:
        """The ends in one family."""
        return next((ends for ends in self.ends if ends.version == version), None)


@dataclass(frozen=True)
class Underlay:
    """Spines and leaves with their AS numbers, the router id of each, and the links between them.

    ``assumed`` are spines that the file does not name. Where it declares any link, those that it leaves out are here
    too and not ``declared``: a lab needs them, a proof says that they are missing.
    """

    spines: Mapping[str, int]
    leaves: Mapping[str, int]
    router_ids: Mapping[str, IPv4Address]
    links: tuple[UnderlayLink, ...]
    assumed: frozenset[str] = frozenset()
    declares_links: bool = False

    def of_leaf(self, leaf: str) -> tuple[UnderlayLink, ...]:
        """Links of a leaf."""
        return tuple(link for link in self.links if link.leaf == leaf)

    def of_spine(self, spine: str) -> tuple[UnderlayLink, ...]:
        """Links of a spine."""
        return tuple(link for link in self.links if link.spine == spine)


def is_host(address: Address, network: Network) -> bool:
    """Whether a host may have an address: not the network's own, and in IPv4 not that of broadcasts."""
    if network.prefixlen >= network.max_prefixlen - 1:
        return True
    return address != network.network_address and (network.version == 6 or address != network.broadcast_address)


def underlay(fabric: Fabric) -> Underlay:
    """The switches of a fabric."""
    leaves = {name: leaf.as_number for rack in fabric.racks.values() for name, leaf in rack.leaves.items()}
    spines = _spines(fabric, leaves)
    return Underlay(
        spines,
        leaves,
        _router_ids(fabric, spines),
        tuple(_links(fabric, spines)),
        frozenset(spines) - frozenset(fabric.spines),
        any(leaf.uplinks for rack in fabric.racks.values() for leaf in rack.leaves.values()),
    )


def _spines(fabric: Fabric, leaves: Mapping[str, int]) -> dict[str, int]:
    """AS number by name: those declared, those that only uplinks name, or one that is assumed."""
    spines = {name: spine.as_number for name, spine in fabric.spines.items()}
    named = [up for rack in fabric.racks.values() for leaf in rack.leaves.values() for up in leaf.uplinks]
    taken = {fabric.as_number, *leaves.values(), *spines.values()}
    taken |= {number for rack in fabric.racks for number in (fabric.rack_as(rack), fabric.leaf_side_as(rack))}
    free = (number for number in _SPARE_AS if number not in taken)
    for name in [*named, *([] if spines or named else [_free_name(fabric, leaves)])]:
        if name not in spines:
            spines[name] = next(free)
    return spines


def _free_name(fabric: Fabric, leaves: Mapping[str, int]) -> str:
    taken = {*leaves, *(node for rack in fabric.racks.values() for node in rack.nodes)}
    names = chain([_ASSUMED_SPINE], (f"{_ASSUMED_SPINE}-{number}" for number in count(1)))
    return next(name for name in names if name not in taken)


def _links(fabric: Fabric, spines: Mapping[str, int]) -> Iterator[UnderlayLink]:
    spare = {version: _spare_ends(fabric, version) for version in _SPARE}
    versions = _versions(fabric)
    for rack in fabric.racks.values():
        for name, leaf in rack.leaves.items():
            for spine in leaf.uplinks or spines:
                declared = leaf.uplinks.get(spine)
                found: list[Ends] = []
                for version in versions:
                    here = declared.address.of(version) if declared else None
                    there = declared.peer_address.of(version) if declared else None
                    found.append(Ends(here, there) if here and there else next(spare[version]))
                yield UnderlayLink(name, spine, tuple(found))


def _versions(fabric: Fabric) -> tuple[int, ...]:
    """IP versions that the underlay carries: those of pods and of nodes."""
    nodes = {address.version for rack in fabric.racks.values() for own in rack.nodes.values() for address in own}
    nodes |= {subnet.version for rack in fabric.racks.values() if rack.label for subnet in rack.subnets}
    return tuple(sorted({*nodes, *fabric.versions}))


def _spare_ends(fabric: Fabric, version: int) -> Iterator[Ends]:
    used = [network for network in _networks(fabric) if network.version == version]
    for network in _SPARE[version].subnets(new_prefix=_SPARE_PREFIX[version]):
        if not any(network.overlaps(other) for other in used):
            yield Ends(network[2], network[1], declared=False)


def _networks(fabric: Fabric) -> Iterator[Network]:
    """Everything that the file uses, so that links which are not declared stay clear of it."""
    yield from fabric.advertised
    for rack in fabric.racks.values():
        yield from rack.subnets
        for leaf in rack.leaves.values():
            for uplink in leaf.uplinks.values():
                for here in (*uplink.address, *uplink.peer_address):
                    yield ip_network((here, _SPARE_PREFIX[here.version]), strict=False)


def _router_ids(fabric: Fabric, spines: Mapping[str, int]) -> dict[str, IPv4Address]:
    declared: dict[str, IPv4Address | None] = {
        name: fabric.spines[name].router_id if name in fabric.spines else None for name in spines
    }
    for rack in fabric.racks.values():
        declared |= {name: leaf.router_id for name, leaf in rack.leaves.items()}
    taken = {router_id for router_id in declared.values() if router_id}
    free = (router_id for router_id in _SPARE_ROUTER_IDS.hosts() if router_id not in taken)
    return {name: router_id or next(free) for name, router_id in declared.items()}
