"""What the lab builds for a fabric: hosts, links, addresses, AS numbers. Pure: the same file, the same plan.

The plan leaves out what leafrack itself changes (rack AS numbers, roles, interconnect, peer names), so that an
edit of those needs no new lab.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from ipaddress import ip_address, ip_network

from lab.errors import LabError
from lab.uplinks import Port, ports_of
from leafrack.addresses import Address
from leafrack.fabric import Addresses, Fabric, Leaf, Rack
from leafrack.fabric.rack import DEFAULT_PREFIX_LENGTHS
from leafrack.fabric.stand_ins import with_stand_ins
from leafrack.fabric.underlay import underlay
from leafrack.platforms import DEFAULT

BLOCK_PREFIX = {4: 26, 6: 122}
"""Calico's default block sizes (IPPool.spec.blockSize)."""
INVENTED = 2
"""Nodes of a rack that knows them by a label, beside those that it names; ``python -m lab node add`` adds more."""
_LONGEST_NAME = 63
"""A Linux host name has 64 characters, a label value 63."""


@dataclass(frozen=True)
class Switch:
    """A leaf or a spine; ``addresses`` are those in the rack's subnet, with prefix length.

    A spine has the default platform.
    """

    name: str
    as_number: int
    router_id: str
    rack: str | None = None
    addresses: tuple[str, ...] = ()
    links: tuple[Port, ...] = ()
    platform: str = DEFAULT

    @property
    def kind(self) -> str:
        """``leaf`` or ``spine``."""
        return "leaf" if self.rack else "spine"


@dataclass(frozen=True)
class Node:
    """A Calico node: its addresses with prefix length, its pod blocks, labels that it has from the start.

    ``gateways`` are the rack's leaves in order of preference; nodes take turns with whom they prefer.
    """

    name: str
    rack: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]
    blocks: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()
    kind: str = "node"
    platform: str = ""

    @property
    def pods(self) -> tuple[str, ...]:
        """One pod address a block: its second address, as a host route."""
        return tuple(f"{network[1]}/{network.max_prefixlen}" for network in map(ip_network, self.blocks))


@dataclass(frozen=True)
class Plan:
    """Everything that the lab has to build."""

    switches: tuple[Switch, ...]
    nodes: tuple[Node, ...]
    pod_cidrs: tuple[str, ...]
    service_cidrs: tuple[str, ...]

    @property
    def hosts(self) -> tuple[Switch | Node, ...]:
        """Spines, leaves and nodes, in the order of the file."""
        return (*self.switches, *self.nodes)

    @property
    def racks(self) -> tuple[str, ...]:
        """Names of the racks, in the order of the file."""
        return tuple(dict.fromkeys(switch.rack for switch in self.switches if switch.rack))

    @property
    def digest(self) -> str:
        """Tells two plans apart."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def plan_of(fabric: Fabric) -> Plan:
    """The plan of a fabric; raises LabError where no lab can be built from it."""
    fabric = with_stand_ins(fabric, INVENTED)
    under = underlay(fabric)
    nodes = _nodes(fabric)
    _refuse_bad_names([*under.spines, *under.leaves, *(node.name for node in nodes)])
    ports = ports_of(under)
    router_ids = {name: str(router_id) for name, router_id in under.router_ids.items()}
    switches = [
        *(Switch(name, as_number, router_ids[name], links=ports[name]) for name, as_number in under.spines.items()),
        *(
            Switch(name, leaf.as_number, router_ids[name], rack_name, _in_racks(rack, leaf), ports[name], leaf.platform)
            for rack_name, rack in fabric.racks.items()
            for name, leaf in rack.leaves.items()
        ),
    ]
    return Plan(
        switches=tuple(switches),
        nodes=tuple(nodes),
        pod_cidrs=tuple(map(str, fabric.pod_cidrs)),
        service_cidrs=tuple(map(str, fabric.service_cluster_ips)),
    )


def _in_racks(rack: Rack, leaf: Leaf) -> tuple[str, ...]:
    return tuple(_in_rack(rack, address) for address in leaf.address)


def _nodes(fabric: Fabric) -> list[Node]:
    nodes: list[Node] = []
    blocks: Mapping[str, list[str]] = _blocks(fabric)
    for rack_name, rack in fabric.racks.items():
        for number, (name, addresses) in enumerate(rack.nodes.items()):
            node = node_of(fabric, rack_name, name, addresses, number)
            nodes.append(replace(node, blocks=tuple(blocks[name])))
    return nodes


def node_of(fabric: Fabric, rack_name: str, name: str, addresses: Addresses, number: int) -> Node:
    """The node with a number in its rack, without pod blocks; with the rack's label unless the file names it."""
    rack = fabric.racks[rack_name]
    own = {address.version for address in addresses}
    leaves = list(rack.leaves.values())
    first = number % len(leaves)
    gateways = [address for leaf in (*leaves[first:], *leaves[:first]) for address in leaf.address]
    labelled = rack.label is not None and name not in rack.reflectors
    return Node(
        name=name,
        rack=rack_name,
        addresses=tuple(_in_rack(rack, address) for address in addresses),
        gateways=tuple(str(gateway) for gateway in gateways if gateway.version in own),
        blocks=(),
        labels=((rack.label.key, rack.label.value),) if labelled and rack.label else (),
    )


def _blocks(fabric: Fabric) -> Mapping[str, list[str]]:
    """The n-th block of each family's first pod network for the n-th node."""
    given: dict[str, list[str]] = {name: [] for rack in fabric.racks.values() for name in rack.nodes}
    for version in fabric.versions:
        pool = next((network for network in fabric.pod_cidrs if network.version == version), None)
        if pool is None:
            continue
        prefix = max(BLOCK_PREFIX[version], pool.prefixlen)
        members = [
            name
            for rack in fabric.racks.values()
            for name, addresses in rack.nodes.items()
            if addresses.of(version) is not None
        ]
        if len(members) > 2 ** (prefix - pool.prefixlen):
            room = 2 ** (prefix - pool.prefixlen)
            raise LabError(f"podCIDRs: {pool} has room for {room} blocks, {len(members)} nodes need one")
        for name, network in zip(members, pool.subnets(new_prefix=prefix), strict=False):
            given[name].append(str(network))
    return given


def _in_rack(rack: Rack, address: Address) -> str:
    """An address with the prefix length of the rack's subnet."""
    subnets = [network for network in rack.subnets if network.version == address.version and address in network]
    prefix = subnets[0].prefixlen if subnets else DEFAULT_PREFIX_LENGTHS[address.version]
    return f"{ip_address(address)}/{prefix}"


def _refuse_bad_names(names: list[str]) -> None:
    problems = [f"{name}: {count} hosts have this name" for name, count in Counter(names).items() if count > 1]
    problems += [f"{name}: longer than {_LONGEST_NAME} characters" for name in names if len(name) > _LONGEST_NAME]
    if problems:
        raise LabError("\n".join(problems))
