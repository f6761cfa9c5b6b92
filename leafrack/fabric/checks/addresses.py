"""Addresses and ranges: each given once, nodes in the subnet of their leaf, no range inside another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from leafrack.addresses import Address, Network
from leafrack.errors import Problem, shown
from leafrack.fabric import names
from leafrack.fabric.model import Fabric, Rack
from leafrack.fabric.source import at
from leafrack.fabric.switch import Addresses
from leafrack.fabric.values import within

Range = tuple[Network, str, str]
"""A range, its key, and what it is for."""


def errors(fabric: Fabric) -> Iterator[Problem]:
    """Addresses and ranges that cannot be right."""
    yield from _given_twice(fabric)
    yield from _router_ids(fabric)
    for name, rack in fabric.racks.items():
        yield from _outside(name, rack)
        yield from _apart(fabric, name, rack)
    yield from _cluster_ids(fabric)
    yield from _single(fabric)
    yield from _families(fabric)
    yield from _overlaps(fabric)
    yield from _accepted(fabric)


def _hosts(name: str, rack: Rack) -> Iterator[tuple[str, str, Addresses]]:
    """Leaves first, then nodes: what it is, its key, its addresses."""
    for leaf_name, leaf in rack.leaves.items():
        yield f"leaf {shown(leaf_name)}", at("racks", name, "leaves", leaf_name, "address"), leaf.address
    for kind in ("reflectors", "members"):
        for node, addresses in getattr(rack, kind).items():
            yield f"node {shown(node)}", at("racks", name, kind, node), addresses


def _given_twice(fabric: Fabric) -> Iterator[Problem]:
    first: dict[Address, str] = {}
    for owner, path, addresses in _owners(fabric):
        for address in addresses:
            if first.setdefault(address, owner) != owner:
                yield Problem(f"{address} is the address of {first[address]} too: correct one of them", path)


def _owners(fabric: Fabric) -> Iterator[tuple[str, str, Addresses]]:
    for name, rack in fabric.racks.items():
        yield from _hosts(name, rack)
    for name, rack in fabric.racks.items():
        for leaf_name, leaf in rack.leaves.items():
            for spine, uplink in leaf.uplinks.items():
                path = at("racks", name, "leaves", leaf_name, "uplinks", spine)
                yield f"the uplink of {shown(leaf_name)} to {shown(spine)}", f"{path}.address", uplink.address
                # Several leaves may reach a spine at one address, on a shared segment.
                yield f"spine {shown(spine)}", f"{path}.peerAddress", uplink.peer_address


def _router_ids(fabric: Fabric) -> Iterator[Problem]:
    given = [
        (f"spine {name}", at("spines", name, "routerID"), spine.router_id) for name, spine in fabric.spines.items()
    ]
    given += [
        (f"leaf {shown(leaf_name)}", at("racks", name, "leaves", leaf_name, "routerID"), leaf.router_id)
        for name, rack in fabric.racks.items()
        for leaf_name, leaf in rack.leaves.items()
    ]
    first: dict[IPv4Address, str] = {}
    for owner, path, router_id in given:
        if router_id is not None and first.setdefault(router_id, owner) != owner:
            yield Problem(f"{router_id} is the router ID of {first[router_id]} too: each switch has its own", path)


def _outside(name: str, rack: Rack) -> Iterator[Problem]:
    subnets = rack.subnets
    if not subnets:
        return
    listed = ", ".join(str(subnet) for subnet in subnets)
    for owner, path, addresses in _hosts(name, rack):
        for address in addresses:
            subnet = next((subnet for subnet in subnets if address in subnet), None)
            if subnet is None and rack.node_cidrs:
                yield Problem(
                    f"{address} of {owner} is outside the rack's nodeCIDRs ({listed}): correct it or list its subnet",
                    path,
                )
            elif subnet is None:
                text = (
                    f"{address} of {owner} is outside the subnet around the rack's leaf ({listed}): "
                    f"correct it or give nodeCIDRs"
                )
                yield Problem(text, path)
            elif subnet.num_addresses > 2 and address == subnet.network_address:
                yield Problem(f"{address} is the network address of {subnet}: no host can have it", path)
            elif subnet.version == 4 and subnet.num_addresses > 2 and address == subnet.broadcast_address:
                yield Problem(f"{address} is the broadcast address of {subnet}: no host can have it", path)


def _apart(fabric: Fabric, name: str, rack: Rack) -> Iterator[Problem]:
    """Nodes that peer with a leaf of another subnet: no session comes up, as one of eBGP reaches one hop."""
    subnets = rack.subnets
    inside = {address for _, _, addresses in _hosts(name, rack) for address in addresses if _in_any(address, subnets)}
    for node, addresses in fabric.border(name).items():
        kind = "reflectors" if node in rack.reflectors else "members"
        for leaf_name, leaf in rack.leaves.items():
            for here in addresses:
                there = leaf.address.of(here.version)
                # One that is in no subnet at all has been said.
                if there is None or not {here, there} <= inside:
                    continue
                if not any(here in subnet and there in subnet for subnet in subnets):
                    text = (
                        f"node {shown(node)} ({here}) and leaf {shown(leaf_name)} ({there}) share no subnet, so no "
                        "session between them comes up: give both an address of one, or a larger range in nodeCIDRs"
                    )
                    yield Problem(text, at("racks", name, kind, node))


def _in_any(address: Address, subnets: Iterable[Network]) -> bool:
    return any(address in subnet for subnet in subnets)


def _cluster_ids(fabric: Fabric) -> Iterator[Problem]:
    """Reflectors with one cluster ID take each other's routes for their own (RFC 4456 §8)."""
    first: dict[tuple[str, str], str] = {}
    for name in fabric.racks:
        # Between racks the cluster ID matters where reflectors are linked, and goes no further than their AS.
        scope = f"AS {fabric.rack_as(name)}" if fabric.reflector_mesh else name
        for node, addresses in fabric.reflectors_of(name).items():
            number = names.cluster_id(addresses)
            other = first.setdefault((scope, number), node)
            if other != node:
                text = (
                    f"its cluster ID would be {number}, the last 32 bits of {addresses.first}, as of {shown(other)}: "
                    "reflectors that peer with each other need different ones; give it another address"
                )
                yield Problem(text, at("racks", name, "reflectors", node))


def _single(fabric: Fabric) -> Iterator[Problem]:
    for index, network in enumerate(fabric.pod_cidrs):
        if network.num_addresses == 1:
            text = f"{network} is one address: pods need a range, like that of the cluster's IPPool"
            yield Problem(text, at("podCIDRs", index))


def _families(fabric: Fabric) -> Iterator[Problem]:
    for index, network in enumerate(fabric.service_cluster_ips):
        if network.version not in fabric.versions:
            text = f"{network} is IPv{network.version}, and podCIDRs has no such range: add one or remove this"
            yield Problem(text, at("serviceClusterIPs", index))
    for name, rack in fabric.racks.items():
        for owner, path, addresses in _hosts(name, rack):
            for version in fabric.versions:
                if addresses.of(version) is None:
                    text = (
                        f"{owner} has no IPv{version} address, which the pods of podCIDRs need: give "
                        f"one per family, [IPv4, IPv6]"
                    )
                    yield Problem(text, path)


def ranges(fabric: Fabric) -> Iterator[Range]:
    """Ranges of pods, services and nodes, in the order of the file."""
    for index, network in enumerate(fabric.pod_cidrs):
        yield network, at("podCIDRs", index), "pods"
    for index, network in enumerate(fabric.service_cluster_ips):
        yield network, at("serviceClusterIPs", index), "services"
    for name, rack in fabric.racks.items():
        for index, network in enumerate(rack.subnets):
            path = at("racks", name, "nodeCIDRs", index) if rack.node_cidrs else at("racks", name, "leaves")
            yield (
                network,
                path,
                f"nodes of rack {shown(name)}" + ("" if rack.node_cidrs else ", around its leaf"),
            )


def _overlaps(fabric: Fabric) -> Iterator[Problem]:
    # Two CIDRs are either apart or one holds the other, so that in order of address the holder comes first.
    holders: list[tuple[int, Range]] = []
    numbered = list(enumerate(ranges(fabric)))
    for place, (network, path, use) in sorted(
        numbered,
        key=lambda item: (item[1][0].version, int(item[1][0].network_address), item[1][0].prefixlen, item[0]),
    ):
        while holders and not within(network, holders[-1][1][0]):
            holders.pop()
        if holders:
            holder_place, (holder, holder_path, holder_use) = holders[-1]
            # Said where the later of the two stands: the earlier one was there first.
            if place > holder_place:
                text, where = f"{network} ({use}) overlaps {holder} ({holder_use})", path
            else:
                text, where = f"{holder} ({holder_use}) overlaps {network} ({use})", holder_path
            hint = "give nodeCIDRs or another range" if "around its leaf" in text else "give one of them another range"
            yield Problem(f"{text}: {hint}", where)
        holders.append((place, (network, path, use)))


def _accepted(fabric: Fabric) -> Iterator[Problem]:
    """Ranges that nodes accept besides. A range inside an accepted one is redundant.

    A range may hold pods or services, as one for a whole data centre does. The default route holds nothing but itself.
    """
    for index, network in enumerate(fabric.accept_cidrs):
        path = at("acceptCIDRs", index)
        if network.version not in fabric.versions:
            text = f"{network} is IPv{network.version}, and podCIDRs has no such range: add one or remove this"
            yield Problem(text, path)
        others = [*fabric.advertised, *fabric.accept_cidrs[:index], *fabric.accept_cidrs[index + 1 :]]
        twice = network in fabric.accept_cidrs[:index]
        holder = next((one for one in others if one != network and one.prefixlen and within(network, one)), None)
        if twice or network in fabric.advertised:
            yield Problem(f"{network} is given twice: remove one", path)
        elif holder is not None and network.prefixlen:
            yield Problem(f"{network} is inside {holder}, of which nodes take everything: remove it", path)
