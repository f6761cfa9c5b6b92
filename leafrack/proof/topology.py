"""From a declared fabric to its topology: which sessions leafrack makes, as each interconnect has them.

A rack on route reflectors: reflectors peer with every node of the rack and with its leaves, with ``reflectorMesh`` also
with those of other racks. Top of rack: every node peers with every leaf, which puts its own AS in place of the nodes'
(``as-override``), or they would refuse each other's routes. Full mesh: every node with every other one and with the
leaves; where all racks are in full mesh it is Calico's node-to-node mesh, which spans the racks. Leaves take in pods
and services and nothing else, where their platform can tell on paths of the rack's own AS numbers alone, and send to
nodes these and what the file says they accept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from itertools import combinations, product

from leafrack.addresses import Network
from leafrack.fabric import Fabric, Interconnect, Rack, names
from leafrack.fabric.leaf import path_list
from leafrack.fabric.source import at
from leafrack.fabric.switch import Addresses
from leafrack.fabric.underlay import underlay
from leafrack.proof import switches
from leafrack.proof.model import VERSIONS, End, Gap, Kind, NextHop, Prefix, Session, Speaker, Topology, What


def topology(fabric: Fabric) -> Topology:
    """The topology in its final state: mesh off (unless it is the interconnect), every rack in its own AS."""
    under = underlay(fabric)
    speakers = {one.name: one for one in (*switches.speakers(fabric, under), *_nodes(fabric))}
    sessions, gaps = list(switches.sessions(fabric, under)), list(switches.gaps(fabric, under))
    for version in fabric.versions:
        gaps += _without_address(fabric, version)
        for found in _rack_sessions(fabric, speakers, version):
            (sessions if isinstance(found, Session) else gaps).append(found)  # type: ignore[arg-type]
        if fabric.cluster_mesh:
            sessions += _mesh(fabric, list(_everybody(fabric)), version)
        if fabric.reflector_mesh:
            sessions += _reflector_mesh(fabric, version)
    return Topology(speakers, tuple(sessions), _origins(fabric, speakers), tuple(gaps))


def _everybody(fabric: Fabric) -> Iterator[tuple[str, str, Addresses]]:
    for rack, declared in fabric.racks.items():
        yield from ((rack, node, addresses) for node, addresses in declared.nodes.items())


def _nodes(fabric: Fabric) -> Iterator[Speaker]:
    for rack, node, addresses in _everybody(fabric):
        declared = fabric.racks[rack]
        reflects = node in fabric.reflectors_of(rack)
        number = int(IPv4Address(names.cluster_id(addresses)))
        own = addresses.of(4)
        yield Speaker(
            node,
            Kind.NODE,
            fabric.rack_as(rack),
            router_id=_hashed(node) if own is None else int(own),
            rack=rack,
            cluster_id=number if reflects else None,
            reflector=reflects,
            addresses=tuple(addresses),
            subnets=tuple(subnet for subnet in declared.subnets if any(one in subnet for one in addresses)),
            gateway=bool(declared.leaves),
        )


def _hashed(node: str) -> int:
    """Router ID of a node without IPv4, from its name (CALICO_ROUTER_ID=hash; confd: ``hashToIPv4``)."""
    first, *rest = hashlib.sha256(node.encode()).digest()[:4]
    # Calico keeps out of 224.0.0.0 and above.
    return int.from_bytes((first if first < 224 else first - 32, *rest), "big")


def _without_address(fabric: Fabric, version: int) -> Iterator[Gap]:
    for rack, node, addresses in _everybody(fabric):
        if addresses.of(version) is None:
            kind = "reflectors" if node in fabric.racks[rack].reflectors else "members"
            text = f"{node} has no {VERSIONS[version]} address, so no session carries its routes: give it one"
            yield Gap(frozenset({node}), version, text, at("racks", rack, kind, node))


def _rack_sessions(fabric: Fabric, speakers: dict[str, Speaker], version: int) -> Iterator[Session | Gap]:
    for name, rack in fabric.racks.items():
        how = fabric.rack_interconnect(name)
        if how is Interconnect.ROUTE_REFLECTORS:
            if not rack.reflectors:
                text = f"rack {name} has no route reflector, so none of its nodes has a session: declare two"
                yield Gap(frozenset(rack.nodes), version, text, at("racks", name, "reflectors"))
            yield from _reflection(fabric, name, rack, version)
        elif how is Interconnect.FULL_MESH and not fabric.cluster_mesh:
            yield from _mesh(fabric, [(name, node, own) for node, own in rack.nodes.items()], version)
        yield from _to_leaves(fabric, speakers, name, version)


def _reflection(fabric: Fabric, name: str, rack: Rack, version: int) -> Iterator[Session]:
    own, done = fabric.rack_as(name), set()
    for reflector, addresses in fabric.reflectors_of(name).items():
        done.add(reflector)
        near = addresses.of(version)
        for node, theirs in rack.nodes.items():
            far = theirs.of(version)
            if node not in done and near is not None and far is not None:
                # Two cluster IDs that differ make each the other's client (bird.cfg.template).
                both = node in rack.reflectors
                yield Session(End(reflector, near, own, rr_client=True), End(node, far, own, rr_client=both))


def _mesh(fabric: Fabric, nodes: list[tuple[str, str, Addresses]], version: int) -> Iterator[Session]:
    for (rack, node, own), (other_rack, other, theirs) in combinations(nodes, 2):
        near, far = own.of(version), theirs.of(version)
        # The mesh is rendered without `multihop`: between two AS numbers it stays down across subnets.
        if near and far and fabric.rack_as(rack) == fabric.rack_as(other_rack):
            yield Session(End(node, near, fabric.rack_as(rack)), End(other, far, fabric.rack_as(other_rack)))


def _reflector_mesh(fabric: Fabric, version: int) -> Iterator[Session]:
    """Reflectors of different racks: iBGP between racks in one AS, where each is the other's client."""
    for rack, other_rack in combinations(fabric.racks, 2):
        own, their = fabric.rack_as(rack), fabric.rack_as(other_rack)
        for (node, here), (other, there) in product(
            fabric.reflectors_of(rack).items(), fabric.reflectors_of(other_rack).items()
        ):
            near, far = here.of(version), there.of(version)
            if near is not None and far is not None:
                yield Session(
                    End(node, near, own, rr_client=own == their, next_hop=NextHop.KEEP),
                    End(other, far, their, rr_client=own == their, next_hop=NextHop.KEEP),
                )


def _to_leaves(fabric: Fabric, speakers: dict[str, Speaker], name: str, version: int) -> Iterator[Session | Gap]:
    rack, own = fabric.racks[name], fabric.leaf_side_as(name)
    advertised, accepted = _of(version, fabric.advertised), _of(version, fabric.accepted)
    for leaf_name, leaf in rack.leaves.items():
        there, path = leaf.address.of(version), at("racks", name, "leaves", leaf_name, "address")
        if there is None:
            text = f"leaf {leaf_name} has no {VERSIONS[version]} address, so no node peers with it: give it one"
            yield Gap(frozenset({leaf_name, *rack.nodes}), version, text, path)
            continue
        paths = path_list(fabric, name, leaf_name)
        for node, addresses in fabric.border(name).items():
            here = addresses.of(version)
            if here is None:
                continue
            if not any(here in subnet and there in subnet for subnet in speakers[leaf_name].subnets):
                text = (
                    f"{node} ({here}) and leaf {leaf_name} ({there}) share no subnet: no session between them comes up"
                )
                yield Gap(frozenset({node, leaf_name}), version, text, path)
                continue
            internal = own == leaf.as_number
            yield Session(
                End(
                    node,
                    here,
                    own,
                    rr_client=internal and speakers[node].cluster_id is not None,
                    next_hop=NextHop.KEEP,
                    accepts=accepted,
                ),
                End(
                    leaf_name,
                    there,
                    leaf.as_number,
                    accepts=advertised,
                    sends=accepted,
                    paths=None if paths is None else frozenset(paths.as_numbers),
                    max_prefixes=fabric.maximum_prefix,
                    ttl_security=fabric.ttl_security,
                    as_override=fabric.overrides_as(name, leaf_name),
                    remove_private_as=rack.local_as_number is not None,
                ),
            )


def _of(version: int, ranges: Iterable[Network]) -> tuple[Network, ...]:
    """Ranges of a prefix list or filter. That of the default route lets just itself pass, and nobody here has one."""
    return tuple(one for one in ranges if one.version == version and one.prefixlen)


def _origins(fabric: Fabric, speakers: dict[str, Speaker]) -> dict[Prefix, tuple[str, ...]]:
    origins: dict[Prefix, tuple[str, ...]] = {}
    for version in fabric.versions:
        pools = tuple(one for one in fabric.pod_cidrs if one.version == version)
        for _, node, _ in _everybody(fabric) if pools else ():
            origins[Prefix(What.PODS, version, pools, node)] = (node,)
        for one in fabric.announced_whole:
            if one.version == version:
                origins[Prefix(What.SERVICES, version, (one,))] = tuple(node for _, node, _ in _everybody(fabric))
    for speaker in speakers.values():
        for subnet in speaker.subnets if speaker.kind is Kind.LEAF else ():
            prefix = Prefix(What.SUBNET, subnet.version, (subnet,))
            origins[prefix] = (*origins.get(prefix, ()), speaker.name)
    return origins
