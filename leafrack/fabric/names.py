"""Names that leafrack gives, each in one place: labels, annotations, peers, prefix lists.

Label and peer names are those of the example fabric (design: ``rr-group``, ``rr-id``,
``<rack>-to-<leaf>-peer``); annotation keys are Calico's (libcalico-go/lib/backend/k8s/resources/node.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address

from leafrack.fabric.model import Fabric, Interconnect
from leafrack.fabric.switch import Addresses

RACK_LABEL = "rr-group"
"""On every node of a rack; the value is the rack's name."""
REFLECTOR_LABEL = "rr-id"
"""On the route reflectors of a rack; the value is the rack's name."""
CLUSTER_ID_LABEL = "leafrack/cluster-id"
"""On the route reflectors; the value is the reflector's cluster ID, by which a selector finds just this one."""
REFLECTED_LABEL = "leafrack/reflected"
"""On the other nodes, with ``reflectorMesh`` and once the mesh is off: reflectors of other racks leave them alone."""
OWN_LABELS = (RACK_LABEL, REFLECTOR_LABEL, CLUSTER_ID_LABEL, REFLECTED_LABEL)
"""Labels that leafrack gives to nodes and takes from them."""
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
FABRIC_LABEL = "leafrack/fabric"
MANAGER = "leafrack"

PASSWORD_SECRET = "leafrack-bgp"  # noqa: S105 - a name
"""The Secret with the BGP passwords, in calico-node's namespace; a key per rack."""

NEXT_HOP_ANNOTATION = "leafrack/next-hop"
"""On a BGPPeer that was there before leafrack, whose next hop mode stays as it was found."""

KEEPALIVE_ANNOTATION = "leafrack/keepalive"
"""On a BGPPeer that leafrack gave a keepalive time: on one without it that stands, the field would reset sessions."""

RERUN_ANNOTATION = "leafrack/rerun"
"""On an object that had drifted: a token that changes each time it is written again."""

API_VERSION_ANNOTATION = "leafrack/api-version"
"""On a BGPPeer or BGPFilter of native v3 CRDs that an update has written there; a migration's copy lacks it."""
CALICO_NAMESPACES = ("kube-system", "calico-system")
"""Where calico-node runs: with Calico's manifests, and with its operator."""
CONFIGURATION_LISTS = (
    "serviceClusterIPs",
    "serviceLoadBalancerIPs",
    "serviceExternalIPs",
    "communities",
    "prefixAdvertisements",
)
"""Lists of BGPConfiguration that leafrack writes, in Calico's own keys."""

AS_NUMBER_ANNOTATION = "projectcalico.org/ASNumber"
CLUSTER_ID_ANNOTATION = "projectcalico.org/RouteReflectorClusterID"
ROUTER_ID = "0.0.0.0"  # noqa: S104 - no address to listen on
"""Cluster ID with which BIRD takes its router ID: of a node with IPv4 its address, as is its own cluster ID."""
LABELS_ANNOTATION = "projectcalico.org/labels"
"""Labels that a node got through calicoctl, as JSON."""
IPV4_ANNOTATION = "projectcalico.org/IPv4Address"
IPV6_ANNOTATION = "projectcalico.org/IPv6Address"

LISTS = "LEAFRACK-"
"""How the names of all prefix lists of leafrack's begin, whatever the fabric."""


def leaf_peer(fabric: Fabric, rack: str, name: str, version: int) -> str:
    """Name of the BGPPeer from a rack's border nodes to a leaf; that of a second family ends in -v6.

    Reflectors and every node of a rack have different names for it, so that a rack that moves from one interconnect
    to another has the new one before the old one goes.
    """
    leaf = fabric.racks[rack].leaves[name]
    reflects = fabric.rack_interconnect(rack) is Interconnect.ROUTE_REFLECTORS
    base = leaf.peer_name or (f"{rack}-to-{name}-peer" if reflects else f"{rack}-nodes-to-{name}-peer")
    return base if version == leaf.address.first.version else f"{base}-v6"


def as_label(name: str, longest: int) -> str:
    """A name as racks, leaves and spines may have it (RFC 1123): what does not fit becomes ``-``."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:longest].strip("-") or "x"


def leaf_filter(rack: str) -> str:
    """Name of the BGPFilter of a rack's BGPPeers to its leaves."""
    return f"{rack}-leaf-filter"


def node_peer(rack: str) -> str:
    """Name of the BGPPeer between the nodes and the reflectors of a rack."""
    return f"{rack}-to-node-peer"


def mesh_peer(rack: str) -> str:
    """Name of the BGPPeer between all nodes of a rack in full mesh."""
    return f"{rack}-mesh-peer"


def reflector_mesh_peer(rack: str) -> str:
    """Name of the BGPPeer from a rack's reflectors to those of other racks."""
    return f"{rack}-to-reflectors-peer"


def rack_selector(fabric: Fabric, rack: str) -> str:
    """Calico selector of all nodes of a rack: those that it names, and those that carry its label."""
    label, named = fabric.by_label(rack), f"{RACK_LABEL} == '{rack}'"
    # Also where the file names none: a rack that moves from names to its label loses nobody on the way.
    return named if label is None else f"{label.selector} || {named}"


def reflector_selector(rack: str) -> str:
    """Calico selector of the route reflectors of a rack."""
    return f"{REFLECTOR_LABEL} == '{rack}'"


def some_reflectors_selector(rack: str, cluster_ids: Iterable[str]) -> str:
    """Calico selector of those route reflectors of a rack that have one of some cluster IDs, or of nobody."""
    listed = ", ".join(f"'{each}'" for each in cluster_ids)
    some = f"{CLUSTER_ID_LABEL} in {{{listed}}}" if listed else f"!has({REFLECTOR_LABEL})"
    return f"{reflector_selector(rack)} && {some}"


def other_reflectors_selector(racks: Iterable[str]) -> str:
    """Calico selector of the route reflectors of some racks, and of their other nodes that are not reflected to yet."""
    listed = ", ".join(f"'{rack}'" for rack in racks)
    return f"{REFLECTOR_LABEL} in {{{listed}}} || ({RACK_LABEL} in {{{listed}}} && !has({REFLECTED_LABEL}))"


def list_in(fabric: str, version: int) -> str:
    """Name of the prefix list on a leaf of what its nodes may announce: pod and service ranges of one IP version."""
    return f"{LISTS}{fabric}-{'IN' if version == 4 else 'IN6'}"


def list_out(fabric: str, version: int) -> str:
    """Name of the prefix list on a leaf of what its nodes are sent."""
    return f"{LISTS}{fabric}-{'OUT' if version == 4 else 'OUT6'}"


def listening_group(fabric: str, version: int) -> str:
    """Name of the group of neighbours on a leaf that come by a range, of one IP version."""
    return f"{LISTS}{fabric}-{'NODES' if version == 4 else 'NODES6'}"


def path_list(fabric: str) -> str:
    """Name of the path list on a leaf of what its nodes may announce: paths of the rack's own AS numbers."""
    return f"{LISTS}{fabric}-AS"


def own_lists(fabric: str) -> tuple[str, ...]:
    """Names of every prefix list that a fabric may have on a leaf: who carries one of them is its neighbour."""
    return tuple(named(fabric, version) for version in (4, 6) for named in (list_in, list_out))


def range_description(rack: str) -> str:
    """Description of the neighbours of a leaf that come by a range."""
    return f"leafrack {rack}"


def neighbour_description(rack: str, node: str) -> str:
    """Description of a neighbour on a leaf; the first word says whose line it is."""
    return f"leafrack {rack} {node}"


def cluster_id(addresses: Addresses) -> str:
    """Cluster ID of a reflector: its IPv4 address, or the last 32 bits of its IPv6 address (RFC 4456 §7)."""
    return str(IPv4Address(int(addresses.first) & 0xFFFFFFFF))
