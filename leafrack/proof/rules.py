"""What nodes and switches do with one route on one session: pass it on, take it in, or drop it and why.

BIRD: proto/bgp/attrs.c of CZ-NIC/bird 1.6.8, configured by Calico's confd templates (bird.cfg.template: ``gateway
recursive``, ``add paths on``, always ``multihop``, so that an external session without ``next hop keep`` gets the
sender's own address). Switches: RFC 4271 and 4456, and where these leave it to them the behaviour of their platform.
"""

from __future__ import annotations

from enum import StrEnum

from leafrack.addresses import Network
from leafrack.fabric.values import within
from leafrack.platforms.reading import ThirdParty
from leafrack.proof.model import End, Kind, Link, NextHop, Prefix, Route, Speaker, Topology, What


class Refusal(StrEnum):
    """Why a route does not get over a session."""

    POISON = "sent back"
    OWN_AS = "own AS in path"
    ORIGINATOR = "own route came back"
    CLUSTER = "own cluster ID in list"
    INTERNAL = "iBGP routes are not passed on over iBGP"
    POOLS = "outside of pod and service ranges"
    PREFIX_LIST = "not in the inbound prefix list"
    PATH_LIST = "not in the inbound path list"
    OUTBOUND_LIST = "not in the outbound prefix list"
    OWN_NEXT_HOP = "next hop is the receiver"
    NEXT_HOP = "next hop is not connected"


def sent(topology: Topology, link: Link, prefix: Prefix, route: Route, source: Link | None) -> Route | Refusal:
    """A route as the sender puts it on the wire; ``source`` is where the sender has it from, None for its own."""
    sender = topology.speakers[link.sender.speaker]
    if sender.kind is Kind.NODE:
        return _bird_sends(topology, link, prefix, route, source)
    if not _listed(link.sender.sends, prefix):
        return Refusal.OUTBOUND_LIST
    return _switch_sends(topology, sender, link, route, source)


def received(  # noqa: PLR0911 - each is a rule
    topology: Topology, link: Link, prefix: Prefix, route: Route
) -> Route | Refusal:
    """A route after the receiver's checks."""
    receiver, end = topology.speakers[link.receiver.speaker], link.receiver
    if route.as_path.count(end.as_number) > end.allow_own_as:
        return Refusal.OWN_AS
    if receiver.kind is not Kind.NODE and _is_loop(receiver, end, route):
        return Refusal.OWN_AS
    if link.internal and route.originator == receiver.router_id:
        return Refusal.ORIGINATOR
    if not _listed(end.accepts, prefix):
        return Refusal.PREFIX_LIST
    if end.paths is not None and not end.paths.issuperset(route.as_path):
        return Refusal.PATH_LIST
    if receiver.kind is Kind.NODE:
        return route
    if link.internal and receiver.router_id in route.clusters:
        return Refusal.CLUSTER
    if route.next_hop in receiver.addresses:
        return Refusal.OWN_NEXT_HOP
    if wants_connected(receiver, link) and not any(route.next_hop in subnet for subnet in receiver.subnets):
        return Refusal.NEXT_HOP
    return route


def wants_connected(receiver: Speaker, link: Link) -> bool:
    """Whether a switch takes only routes with a connected next hop over a session."""
    behaviour = receiver.behaviour
    counts_as_multihop = behaviour.ttl_security_is_multihop and link.receiver.ttl_security
    return behaviour.connected_next_hop and not link.internal and not counts_as_multihop


def _is_loop(receiver: Speaker, end: End, route: Route) -> bool:
    """Whether a path has the AS of the switch itself in it, where its session shows another one."""
    counts = receiver.behaviour.real_as_counts and end.as_number != receiver.as_number
    return counts and receiver.as_number in route.as_path


def _listed(ranges: tuple[Network, ...] | None, prefix: Prefix) -> bool:
    """Whether a prefix list lets a prefix through."""
    return ranges is None or all(any(within(inside, entry) for entry in ranges) for inside in prefix.ranges)


def _bird_sends(  # noqa: PLR0911 - each is a rule
    topology: Topology, link: Link, prefix: Prefix, route: Route, source: Link | None
) -> Route | Refusal:
    end = link.sender
    if prefix.what is What.SUBNET:
        return Refusal.POOLS
    as_path = route.as_path if link.internal else (end.as_number, *route.as_path)
    via = (*route.via, end.speaker)
    if source is None:
        return Route(as_path, end.address, via)
    if source.number == link.number:
        return Refusal.POISON
    own = topology.speakers[end.speaker].cluster_id
    if end.rr_client and own in route.clusters:
        return Refusal.CLUSTER
    originator, clusters = route.originator, route.clusters
    if link.internal and source.internal and source.receiver.as_number == end.as_number:
        if not (end.rr_client or source.receiver.rr_client):
            return Refusal.INTERNAL
        if originator is None:
            originator = topology.speakers[source.sender.speaker].router_id
        clusters = (own or 0, *clusters)
    keep = end.next_hop is NextHop.KEEP or (link.internal and end.next_hop is NextHop.AUTO)
    next_hop = route.next_hop if keep else end.address
    if next_hop == link.receiver.address:
        return Refusal.OWN_NEXT_HOP
    if not link.internal:
        originator, clusters = None, ()
    return Route(as_path, next_hop, via, originator, clusters)


def _switch_sends(
    topology: Topology, sender: Speaker, link: Link, route: Route, source: Link | None
) -> Route | Refusal:
    end, via = link.sender, (*route.via, link.sender.speaker)
    if source is None:
        return Route(() if link.internal else (sender.as_number,), end.address, via)
    originator, clusters = route.originator, route.clusters
    reflected = link.internal and source.internal
    if reflected:
        if not (end.rr_client or source.receiver.rr_client):
            return Refusal.INTERNAL
        peer = topology.speakers[source.sender.speaker].router_id
        originator, clusters = peer if originator is None else originator, (sender.router_id, *clusters)
    as_path = route.as_path
    if not link.internal:
        peer_as = link.receiver.as_number
        if end.remove_private_as:
            kept = peer_as if sender.behaviour.leaves_receivers_as else None
            as_path = tuple(sender.as_number if _private(one) and one != kept else one for one in as_path)
        if end.as_override:
            as_path = tuple(sender.as_number if one == peer_as else one for one in as_path)
        if sender.behaviour.withholds_receivers_as and peer_as in as_path:
            return Refusal.OWN_AS
        as_path, originator, clusters = (sender.as_number, *as_path), None, ()
    third_party = not link.internal and _shared(topology, sender, link, route, source)
    keep = end.next_hop is NextHop.KEEP or reflected or third_party or (link.internal and end.next_hop is NextHop.AUTO)
    if end.next_hop is NextHop.SELF:
        keep = False
    return Route(as_path, route.next_hop if keep else end.address, via, originator, clusters)


def _shared(topology: Topology, sender: Speaker, link: Link, route: Route, source: Link) -> bool:
    """Whether a switch leaves a third party's next hop as it is."""
    if sender.behaviour.third_party is ThirdParty.NEVER:
        return False
    subnet = next((one for one in sender.subnets if route.next_hop in one), None)
    if sender.behaviour.third_party is ThirdParty.SHARED:
        return subnet is not None and link.receiver.address in subnet
    alike = (
        other.receiver.address
        for other in topology.links[sender.name]
        if other.version == link.version
        and other.internal == link.internal
        and other.sender.as_override == link.sender.as_override
        and other.sender.remove_private_as == link.sender.remove_private_as
        and other.sender.next_hop == link.sender.next_hop
        and other.sender.sends == link.sender.sends
        and other.sender.group == link.sender.group
        and other.number != source.number
    )
    return subnet is not None and link.receiver.address in subnet and all(address in subnet for address in alike)


def _private(as_number: int) -> bool:
    """RFC 6996."""
    return 64512 <= as_number <= 65534 or 4200000000 <= as_number <= 4294967294
