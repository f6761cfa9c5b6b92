"""The fabric file as types: racks, leaves, nodes, AS numbers, address ranges.

Keys are camelCase in the file, in Calico's own words, and snake_case here.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from leafrack.addresses import Address, Network
from leafrack.fabric.communities import Community, PrefixAdvertisement
from leafrack.fabric.login import Declared, Jump, Ssh
from leafrack.fabric.node_label import NodeLabel
from leafrack.fabric.rack import Interconnect, Rack
from leafrack.fabric.switch import Addresses, Leaf, LeafTimers, Spine, Uplink
from leafrack.fabric.values import (
    LARGEST_AS_NUMBER,
    LARGEST_INT32,
    RESERVED_AS_NUMBERS,
    AsNumber,
    OneDestination,
    OneNetwork,
)

__all__ = [
    "LARGEST_AS_NUMBER",
    "LARGEST_INT32",
    "RESERVED_AS_NUMBERS",
    "Address",
    "Addresses",
    "AsNumber",
    "Community",
    "Declared",
    "Fabric",
    "Interconnect",
    "Jump",
    "Leaf",
    "LeafTimers",
    "Network",
    "NodeLabel",
    "Rack",
    "Spine",
    "Ssh",
    "Uplink",
]

LARGEST_MAXIMUM_PREFIX = 2**32 - 1
"""No switch counts further."""


class Waves(Declared):
    """How a change goes through the racks: one first, then some at once, each seen working before the next."""

    canary: str | None = Field(default=None, description="the rack that goes first; the first of the file if not given")
    at_once: int = Field(default=4, ge=1, strict=True, description="racks that change together after it")


class Fabric(Declared):
    """A leaf-spine fabric and the cluster on it."""

    name: str = Field(description="short name of the fabric, in labels and in the names of prefix lists")
    interconnect: Interconnect = Field(
        default=Interconnect.ROUTE_REFLECTORS,
        description="how the nodes of a rack learn each other's pod routes",
    )
    as_number: AsNumber = Field(
        default=64512, description="AS of every node before its rack's own is set (BGPConfiguration)"
    )
    pod_cidrs: tuple[OneNetwork, ...] = Field(
        default=(),
        alias="podCIDRs",
        min_length=1,
        description="address ranges of the pods; without them nodes announce services only (pods in an overlay)",
    )
    service_cluster_ips: tuple[OneNetwork, ...] = Field(
        default=(), alias="serviceClusterIPs", description="service address ranges that the nodes advertise"
    )
    service_load_balancer_ips: tuple[OneNetwork, ...] = Field(
        default=(),
        alias="serviceLoadBalancerIPs",
        description="ranges of load balancers' addresses that the nodes advertise",
    )
    service_external_ips: tuple[OneNetwork, ...] = Field(
        default=(),
        alias="serviceExternalIPs",
        description="ranges of services' external addresses that the nodes advertise",
    )
    communities: tuple[Community, ...] = Field(
        default=(), description="BGP communities by name, for prefixAdvertisements"
    )
    prefix_advertisements: tuple[PrefixAdvertisement, ...] = Field(
        default=(), description="communities of what the nodes advertise"
    )
    accept_cidrs: tuple[OneDestination, ...] = Field(
        default=(),
        alias="acceptCIDRs",
        description=(
            "further ranges that nodes accept from their leaves, with everything inside them; 0.0.0.0/0 and ::/0 mean "
            "the default route alone"
        ),
    )
    maximum_prefix: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_MAXIMUM_PREFIX,
        strict=True,
        description=(
            "routes that a leaf accepts from a node; with more it ends the session for a minute; no limit if not given"
        ),
    )
    ttl_security: bool = Field(
        default=False,
        strict=True,
        description=(
            "nodes and leaves accept from each other only packets that no router has passed on (RFC 5082, one hop)"
        ),
    )
    calico_namespace: str | None = Field(
        default=None,
        description=(
            "where calico-node runs; if not given it is looked for in kube-system (manifests) and calico-system "
            "(operator)"
        ),
    )
    reflector_mesh: bool = Field(
        default=False,
        strict=True,
        description=(
            "route reflectors of different racks also peer with each other, for fabrics whose leaves carry no pod "
            "routes (encapsulated pools)"
        ),
    )
    hand_over_wait: int = Field(
        default=1800,
        ge=1,
        strict=True,
        description=(
            "seconds that a gate waits for sessions to leaves with apply: by-hand; LEAFRACK_GATE_WAIT goes before it"
        ),
    )
    spines: dict[str, Spine] = Field(default={}, description="spine switches, by name")
    jump: Jump | None = Field(default=None, description="jump host to every leaf that has no ssh.jump of its own")
    waves: Waves = Field(default_factory=Waves, description="how a change goes through the racks")
    racks: dict[str, Rack] = Field(min_length=1, description="leaf racks, by name")

    def in_waves(self) -> tuple[tuple[str, ...], ...]:
        """Names of the racks, wave by wave: the canary alone, then the others in the order of the file."""
        canary = self.waves.canary or next(iter(self.racks))
        others = [rack for rack in self.racks if rack != canary]
        size = self.waves.at_once
        return ((canary,), *(tuple(others[start : start + size]) for start in range(0, len(others), size)))

    def rack_as(self, rack: str) -> int:
        """AS number of a rack's nodes: its own, or the fabric's."""
        own = self.racks[rack].as_number
        return self.as_number if own is None else own

    def rack_interconnect(self, rack: str) -> Interconnect:
        """How the nodes of a rack are connected: its own setting, or the fabric's."""
        return self.racks[rack].interconnect or self.interconnect

    def leaf_side_as(self, rack: str) -> int:
        """AS number in which a rack's leaves see its nodes: localASNumber, or the nodes' own."""
        local = self.racks[rack].local_as_number
        return self.rack_as(rack) if local is None else local

    def overrides_as(self, rack: str, leaf: str) -> bool:
        """Whether a leaf puts its own AS in place of the rack's: nodes behind one leaf share an AS."""
        return self.racks[rack].leaves[leaf].as_override or self.rack_interconnect(rack) is Interconnect.TOP_OF_RACK

    def by_label(self, rack: str) -> NodeLabel | None:
        """Label by which a rack's members are known that no file names; ``None`` where all are named."""
        return self.racks[rack].label

    def listens(self, rack: str) -> bool:
        """Whether a rack's leaves take neighbours of its subnets that nobody declares, for its labelled nodes."""
        return self.by_label(rack) is not None and self.rack_interconnect(rack) is not Interconnect.ROUTE_REFLECTORS

    def ranges_of(self, rack: str) -> tuple[Network, ...]:
        """Ranges with the addresses of a rack's nodes: where its leaves listen for them, or its subnets."""
        declared = self.racks[rack]
        return (declared.listen_ranges if self.listens(rack) else ()) or declared.subnets

    def jump_to(self, leaf: Leaf) -> Jump | None:
        """Jump host on the way to a leaf: its own, or the fabric's."""
        return leaf.ssh.jump or self.jump

    def as_numbers_of_objects(self) -> Mapping[tuple[str | int, ...], int]:
        """AS numbers that Calico's own objects carry, by key: those of racks and spines are in none of them."""
        found: dict[tuple[str | int, ...], int] = {("asNumber",): self.as_number}
        for name, rack in self.racks.items():
            if rack.local_as_number is not None:
                found["racks", name, "localASNumber"] = rack.local_as_number
            for leaf_name, leaf in rack.leaves.items():
                found["racks", name, "leaves", leaf_name, "asNumber"] = leaf.as_number
        return found

    @property
    def cluster_mesh(self) -> bool:
        """Whether Calico's node-to-node mesh is on when all is done: one switch for the whole cluster."""
        return all(self.rack_interconnect(rack) is Interconnect.FULL_MESH for rack in self.racks)

    def reflectors_of(self, rack: str) -> Mapping[str, Addresses]:
        """Nodes of a rack that reflect routes; in other interconnects ``reflectors`` are nodes like the others."""
        reflects = self.rack_interconnect(rack) is Interconnect.ROUTE_REFLECTORS
        return self.racks[rack].reflectors if reflects else {}

    def border(self, rack: str) -> Mapping[str, Addresses]:
        """Named nodes of a rack that have sessions to its leaves: its route reflectors, or all where it has none.

        In a full mesh every node has them: while the BGPPeers of the rack replace the mesh, it has only the routes by
        its leaf.
        """
        reflects = self.rack_interconnect(rack) is Interconnect.ROUTE_REFLECTORS
        return self.racks[rack].reflectors if reflects else self.racks[rack].nodes

    @property
    def advertised(self) -> tuple[Network, ...]:
        """Ranges whose routes nodes announce to their leaves: pods and services."""
        services = (one for ranges in self.services.values() for one in ranges)
        return tuple(dict.fromkeys((*self.pod_cidrs, *services)))

    @property
    def services(self) -> Mapping[str, tuple[Network, ...]]:
        """Ranges of services by key of the file, which is Calico's own."""
        return {
            "serviceClusterIPs": self.service_cluster_ips,
            "serviceLoadBalancerIPs": self.service_load_balancer_ips,
            "serviceExternalIPs": self.service_external_ips,
        }

    @property
    def announced_whole(self) -> tuple[Network, ...]:
        """Ranges of services that nodes announce as they are.

        Calico announces a single address of load balancers, or an external one, only while a service has it (confd:
        ``filterNonSingleIPsFromCIDRs``).
        """
        others = (*self.service_load_balancer_ips, *self.service_external_ips)
        return tuple(dict.fromkeys((*self.service_cluster_ips, *(one for one in others if one.num_addresses > 1))))

    @property
    def accepted(self) -> tuple[Network, ...]:
        """Ranges whose routes nodes accept from their leaves; the default route means only itself."""
        return (*self.advertised, *self.accept_cidrs)

    @property
    def versions(self) -> tuple[int, ...]:
        """IP versions that this fabric carries pods of, or services where it carries no pods; 4 before 6."""
        return tuple(sorted({network.version for network in self.pod_cidrs or self.advertised}))
