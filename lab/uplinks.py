"""Spines, uplinks and router ids of a fabric, with free ones where the file declares none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_interface, ip_network
from itertools import chain, count

from leafrack.addresses import Address, Network
from leafrack.fabric import Fabric

_SPARE: dict[int, Network] = {4: IPv4Network("100.64.0.0/10"), 6: IPv6Network("fd64:6c61:6200::/48")}
"""Where derived links come from: shared address space (RFC 6598), and a unique local prefix (RFC 4193)."""
_LINK_PREFIX = {4: 30, 6: 126}
_RACK_PREFIX = {4: 24, 6: 64}
_SPARE_ROUTER_IDS = IPv4Network("198.18.0.0/15")
"""Benchmarking range (RFC 2544): unlikely to be anybody's router id."""
_SPARE_AS = range(65000, 64512, -1)
_DEFAULT_SPINE = "spine"


@dataclass(frozen=True)
class Link:
    """One end of a link between a leaf and a spine; addresses with prefix length."""

    interface: str
    peer: str
    peer_as: int
    peer_interface: str
    addresses: tuple[str, ...]
    peer_addresses: tuple[str, ...]


@dataclass(frozen=True)
class Underlay:
    """Spines and leaves with their AS numbers, the router id of each, and the links by host."""

    spines: dict[str, int]
    leaves: dict[str, int]
    router_ids: dict[str, str]
    links: dict[str, tuple[Link, ...]]

    def links_of(self, host: str) -> tuple[Link, ...]:
        """Links of one switch."""
        return self.links.get(host, ())


def underlay_of(fabric: Fabric) -> Underlay:
    """The spine-leaf part of a fabric, completed."""
    leaves = {name: leaf.as_number for rack in fabric.racks.values() for name, leaf in rack.leaves.items()}
    spines = _spines(fabric, leaves)
    links = _links(fabric, spines, leaves)
    return Underlay(spines, leaves, _router_ids(fabric, spines), links)


def _spines(fabric: Fabric, leaves: dict[str, int]) -> dict[str, int]:
    spines = {name: spine.as_number for name, spine in fabric.spines.items()}
    named = [up for rack in fabric.racks.values() for leaf in rack.leaves.values() for up in leaf.uplinks]
    taken = {
        *leaves.values(),
        *spines.values(),
        fabric.as_number,
        *(fabric.rack_as(rack) for rack in fabric.racks),
    }
    free = (number for number in _SPARE_AS if number not in taken)
    for name in [*named, *([] if spines or named else [_free_name(fabric, leaves)])]:
        if name not in spines:
            spines[name] = next(free)
    return spines


def _free_name(fabric: Fabric, leaves: dict[str, int]) -> str:
    taken = {*leaves, *(node for rack in fabric.racks.values() for node in rack.nodes)}
    names = chain([_DEFAULT_SPINE], (f"{_DEFAULT_SPINE}-{number}" for number in count(1)))
    return next(name for name in names if name not in taken)


def _links(fabric: Fabric, spines: dict[str, int], leaves: dict[str, int]) -> dict[str, tuple[Link, ...]]:
    found: dict[str, list[Link]] = {name: [] for name in [*spines, *leaves]}
    spare = {version: _spare_links(fabric, version) for version in _SPARE}
    versions = _versions(fabric)
    for rack in fabric.racks.values():
        for name, leaf in rack.leaves.items():
            for number, spine in enumerate(leaf.uplinks or spines):
                declared = leaf.uplinks.get(spine)
                ends: list[tuple[str, str]] = []
                for version in versions:
                    here = declared.address.of(version) if declared else None
                    there = declared.peer_address.of(version) if declared else None
                    ends.append(_ends(here, there) if here and there else next(spare[version]))
                up = f"up{number}"
                down = f"down{len(found[spine])}"
                own, peers = tuple(end[0] for end in ends), tuple(end[1] for end in ends)
                found[name].append(Link(up, spine, spines[spine], down, own, peers))
                found[spine].append(Link(down, name, leaf.as_number, up, peers, own))
    return {name: tuple(links) for name, links in found.items()}


def _versions(fabric: Fabric) -> tuple[int, ...]:
    """IP versions that the underlay carries: those of pods and of nodes."""
    nodes = {address.version for rack in fabric.racks.values() for own in rack.nodes.values() for address in own}
    return tuple(sorted({*nodes, *fabric.versions}))


def _ends(here: Address, there: Address) -> tuple[str, str]:
    """Both addresses with the longest prefix, up to that of a point-to-point link, which holds them both."""
    prefix = _LINK_PREFIX[here.version]
    while there not in ip_interface(f"{here}/{prefix}").network:
        prefix -= 1
    return f"{here}/{prefix}", f"{there}/{prefix}"


def _spare_links(fabric: Fabric, version: int) -> Iterator[tuple[str, str]]:
    used = [network for network in _networks(fabric) if network.version == version]
    for network in _SPARE[version].subnets(new_prefix=_LINK_PREFIX[version]):
        if not any(network.overlaps(other) for other in used):
            yield f"{network[2]}/{network.prefixlen}", f"{network[1]}/{network.prefixlen}"


def _networks(fabric: Fabric) -> Iterator[Network]:
    """Everything that the file uses, so that derived links stay clear of it."""
    yield from (*fabric.pod_cidrs, *fabric.service_cluster_ips)
    for rack in fabric.racks.values():
        yield from rack.node_cidrs
        for leaf in rack.leaves.values():
            yield from (ip_network(f"{own}/{_RACK_PREFIX[own.version]}", strict=False) for own in leaf.address)
            for uplink in leaf.uplinks.values():
                yield from (ip_network(_ends(own, own)[0], strict=False) for own in uplink.address)


def _router_ids(fabric: Fabric, spines: dict[str, int]) -> dict[str, str]:
    declared: dict[str, IPv4Address | None] = {
        name: fabric.spines[name].router_id if name in fabric.spines else None for name in spines
    }
    for rack in fabric.racks.values():
        declared |= {name: leaf.router_id for name, leaf in rack.leaves.items()}
    taken = {router_id for router_id in declared.values() if router_id}
    free = (router_id for router_id in _SPARE_ROUTER_IDS.hosts() if router_id not in taken)
    return {name: str(router_id or next(free)) for name, router_id in declared.items()}
