"""From facts to the values of a fabric file: pure, and the same for the same facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from pydantic import ValidationError

from leafrack.adopt import differences
from leafrack.adopt.facts import Description, Facts, FoundRack, Path, Remark, in_order, interfaces, listed
from leafrack.adopt.leaves import FoundLeaf, Spines, leaves_of, neighbours, of_all, one_or_more, timers, uplinks
from leafrack.adopt.racks import nodes_without_address, racks_of
from leafrack.adopt.settings import InFile
from leafrack.fabric import Fabric, Interconnect, names
from leafrack.fabric.rack import DEFAULT_PREFIX_LENGTHS
from leafrack.fabric.switch import Addresses, Apply
from leafrack.platforms import DEFAULT
from leafrack.platforms.as_numbers import number_or_none
from leafrack.world.observed import CALICO_DEFAULT_AS


def describe(name: str, facts: Facts) -> Description:
    """The fabric file of what is there, and what has no place in it."""
    return _Describing(name, facts).done()


@dataclass
class _Rack:
    """A rack on its way into the file."""

    found: FoundRack
    how: Interconnect
    reflectors: list[str]
    leaves: list[FoundLeaf]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def border(self) -> list[str]:
        """Nodes that have sessions to the leaves once leafrack has them."""
        return self.reflectors if self.how is Interconnect.ROUTE_REFLECTORS else self.found.nodes


class _Describing:
    def __init__(self, name: str, facts: Facts) -> None:
        self._facts = facts
        self._nodes = facts.cluster.nodes
        self._sources: dict[Path, str] = {}
        self._remarks: list[Remark] = []
        self._kind = facts.cluster.calico.stored.bgp_peers
        self._spines = Spines()
        self._common: dict[str, Any] = {}
        configured = facts.cluster.bgp_configuration
        pools = sorted(facts.cluster.pools, key=lambda pool: (pool.cidr.version, int(pool.cidr.network_address)))
        self._versions = {pool.cidr.version for pool in pools} or {4}
        self._as = int(configured.get("asNumber") or CALICO_DEFAULT_AS)
        self._values: dict[str, Any] = {
            "name": name,
            "interconnect": "",
            "asNumber": self._as,
            "podCIDRs": [str(pool.cidr) for pool in pools],
        }
        self._said("asNumber", by="BGPConfiguration default" if configured.get("asNumber") else "Calico's default")
        self._said("podCIDRs", by=f"IPPools {listed(pool.name for pool in pools)}")
        for key in ("serviceClusterIPs", "serviceLoadBalancerIPs", "serviceExternalIPs"):
            given = [one["cidr"] for one in configured.get(key) or () if one.get("cidr")]
            if given:
                self._values[key] = [str(ip_network(cidr)) for cidr in given]
                self._said(key, by="BGPConfiguration default")
        for key in ("communities", "prefixAdvertisements"):
            if configured.get(key):
                self._values[key] = [dict(one) for one in configured[key]]
                self._said(key, by="BGPConfiguration default")
        self._remarks += differences.of_pools(pools)

    def _said(self, *path: str, by: str) -> None:
        if by:
            self._sources[path] = by

    def done(self) -> Description:
        found = racks_of(self._facts)
        racks = [self._rack(rack) for rack in found.racks]
        usual = Counter(rack.how for rack in racks).most_common(1)
        interconnect = usual[0][0] if usual else Interconnect.ROUTE_REFLECTORS
        self._values["interconnect"] = str(interconnect)
        if found.between_racks:
            self._values["reflectorMesh"] = True
            self._said("reflectorMesh", by=f"BGPPeer {listed(peer.name for peer in found.between_racks)}")
        self._remarks += [*found.remarks, *nodes_without_address(self._facts)]
        self._remarks += self._unused(racks)
        self._common = of_all([leaf for rack in racks for leaf in rack.leaves])
        self._values |= self._common
        for key in self._common:
            self._said(key, by="all sessions to leaves")
        if self._spines.values:
            self._values["spines"] = self._spines.values
            self._sources |= self._spines.sources
        self._values["racks"] = {rack.found.name: self._filled(rack, interconnect) for rack in racks}
        self._remarks += differences.of_cluster(self._facts, [rack.how for rack in racks])
        self._name_peers(racks, [peer.name for peer in found.between_racks])
        return Description(self._values, self._sources, tuple(dict.fromkeys(self._remarks)))

    def _unused(self, racks: list[_Rack]) -> Iterator[Remark]:
        used = {id(leaf.known) for rack in racks for leaf in rack.leaves if leaf.known}
        for known in self._facts.leaves:
            if known.state is not None and id(known) not in used:
                text = "no BGPPeer leads to it: it is not in the file; add it to its rack by hand if it belongs to one"
                yield Remark(f"leaf {known.name}", text)

    def _rack(self, found: FoundRack) -> _Rack:
        how, reflectors = self._interconnect(found)
        rack = _Rack(found, how, reflectors, leaves_of(self._facts, found))
        for leaf in rack.leaves:
            self._leaf(rack, leaf)
        return rack

    def _interconnect(self, found: FoundRack) -> tuple[Interconnect, list[str]]:
        reflecting = {node for node in found.nodes if names.CLUSTER_ID_ANNOTATION in self._nodes[node].annotations}
        sides = [(near, far) for _, near, far in found.node_peers]
        if reflecting or any(far < near for near, far in sides):
            chosen = {node for _, far in sides for node in far} if sides else reflecting
            return Interconnect.ROUTE_REFLECTORS, in_order(chosen)
        if sides or self._facts.mesh:
            return Interconnect.FULL_MESH, []
        return Interconnect.TOP_OF_RACK, []

    def _leaf(self, rack: _Rack, leaf: FoundLeaf) -> None:
        state = leaf.known.state if leaf.known else None
        peers = [peer for found in leaf.addresses.values() for peer, _ in found]
        leaf.values = {
            "address": one_or_more(list(leaf.addresses)),
            "asNumber": next((peer.spec["asNumber"] for peer in peers if peer.spec.get("asNumber")), None),
        }
        if leaf.known and leaf.known.platform != DEFAULT:
            leaf.values["platform"] = leaf.known.platform
        if leaf.known and leaf.known.apply is not Apply.LEAFRACK:
            leaf.values["apply"] = leaf.known.apply.value
        if state is not None and state.router_id:
            leaf.values["routerID"] = state.router_id
        leaf.override = [
            one.as_override
            for address, one in (state.neighbours if state else {}).items()
            if self._facts.owners.get(address) in rack.border
        ]
        if leaf.override and all(leaf.override) and rack.how is not Interconnect.TOP_OF_RACK:
            leaf.values["asOverride"] = True
        leaf.border = [
            one
            for address, one in (state.neighbours if state else {}).items()
            if self._facts.owners.get(address) in rack.border
        ]
        if found := timers(leaf.border):
            leaf.values["timers"] = found
        if leaf.known and leaf.known.ssh:
            leaf.values["ssh"] = dict(leaf.known.ssh)
        self._remarks += differences.of_leaf(leaf)
        self._remarks += uplinks(self._facts, leaf, self._spines)

    def _filled(self, rack: _Rack, interconnect: Interconnect) -> dict[str, Any]:
        name, path = rack.found.name, ("racks", rack.found.name)
        self._said(*path, by=rack.found.named_by)
        values = rack.values
        self._as_numbers(rack)
        if rack.how is not interconnect:
            values["interconnect"] = str(rack.how)
        if subnets := self._subnets(rack):
            values["nodeCIDRs"] = subnets
            self._said(*path, "nodeCIDRs", by=f"{names.IPV4_ANNOTATION} of its nodes")
        values["leaves"] = {leaf.name: leaf.values for leaf in rack.leaves}
        for leaf in rack.leaves:
            led = listed(peer.name for found in leaf.addresses.values() for peer, _ in found)
            self._said(*path, "leaves", leaf.name, by=leaf.named_by or f"BGPPeer {led}")
        members = [node for node in rack.found.nodes if node not in rack.reflectors]
        for group, nodes in (("reflectors", rack.reflectors), ("members", members)):
            if nodes:
                values[group] = {node: self._addresses(node) for node in nodes}
        if rack.reflectors:
            peers = listed(peer.name for peer, *_ in rack.found.node_peers)
            self._said(*path, "reflectors", by=f"peerSelector of BGPPeer {peers}" if peers else "their cluster IDs")
        self._remarks += differences.of_nodes(self._facts, name, rack.found.nodes, rack.reflectors)
        for leaf in rack.leaves:
            self._remarks += neighbours(self._facts, leaf, rack.border, self._in_file(rack, leaf))
        return values

    def _in_file(self, rack: _Rack, leaf: FoundLeaf) -> InFile:
        return InFile(
            timers="timers" in leaf.values,
            ttl_security="ttlSecurity" in self._common,
            maximum_prefix=self._common.get("maximumPrefix"),
            pair=len(rack.leaves) > 1,
            local_as="localASNumber" in rack.values,
        )

    def _as_numbers(self, rack: _Rack) -> None:
        path = ("racks", rack.found.name)
        numbers = {node: self._nodes[node].annotations.get(names.AS_NUMBER_ANNOTATION) for node in rack.found.nodes}
        given = Counter(number for text in numbers.values() if (number := number_or_none(text)))
        local = sorted({number for peer, _ in rack.found.leaf_peers if (number := peer.spec.get("localASNumber"))})
        if given and not (local and set(given) == {self._as}):
            rack.values["asNumber"] = given.most_common(1)[0][0]
            self._said(*path, "asNumber", by=f"{names.AS_NUMBER_ANNOTATION} of its nodes")
        if local:
            rack.values["localASNumber"] = local[0]
            self._said(*path, "localASNumber", by=f"BGPPeer {rack.found.leaf_peers[0][0].name}")
        self._remarks += differences.of_as_numbers(rack.found, numbers, rack.values.get("asNumber", self._as), local)

    def _subnets(self, rack: _Rack) -> list[str]:
        """Networks of the rack's nodes, where the file's default for them would be others."""
        found = {
            interface.network
            for node in rack.found.nodes
            for interface in interfaces(self._nodes[node])
            if interface.version in self._versions and interface.network.prefixlen < interface.max_prefixlen
        }
        addresses = [ip_address(address) for leaf in rack.leaves for address in leaf.addresses]
        usual = {ip_network((address, DEFAULT_PREFIX_LENGTHS[address.version]), strict=False) for address in addresses}
        if not found or found == usual:
            return []
        return [str(one) for one in sorted(found, key=lambda one: (one.version, int(one.network_address)))]

    def _addresses(self, node: str) -> str | list[str]:
        every = self._nodes[node].addresses
        return one_or_more([str(one) for one in every if one.version in self._versions] or list(map(str, every)))

    def _name_peers(self, racks: list[_Rack], between: list[str]) -> None:
        """Give leaves the names that their BGPPeers have, where these are not leafrack's; remark on those it cannot."""
        try:
            fabric = Fabric.model_validate(self._values, by_alias=True, by_name=False)
        except ValidationError:
            return
        for rack in racks:
            for leaf in rack.leaves:
                self._name_leaf_peers(fabric, rack, leaf)
            self._remarks += differences.of_node_peers(rack.found, rack.how, self._kind, all_mesh=fabric.cluster_mesh)
            if fabric.reflector_mesh:
                self._remarks += differences.of_names(
                    between, names.reflector_mesh_peer(rack.found.name), "links reflectors of racks", self._kind
                )

    def _name_leaf_peers(self, fabric: Fabric, rack: _Rack, leaf: FoundLeaf) -> None:
        wanted = set(rack.border)
        declared = fabric.racks[rack.found.name].leaves[leaf.name]
        for address, peers in leaf.addresses.items():
            version = ip_address(address).version
            peer = next((one for one, nodes in peers if nodes == wanted), peers[0][0])
            if version == Addresses(tuple(map(ip_address, leaf.addresses))).first.version:
                if peer.name != names.leaf_peer(fabric, rack.found.name, leaf.name, version):
                    leaf.values["peerName"] = peer.name
                    declared = declared.model_copy(update={"peer_name": peer.name})
                ours = peer.name
            else:
                base = leaf.values.get("peerName")
                ours = f"{base}-v6" if base else names.leaf_peer(fabric, rack.found.name, leaf.name, version)
            self._remarks += differences.of_leaf_peers(
                rack.found.name, leaf, ours, peers, border=wanted, kind=self._kind
            )
