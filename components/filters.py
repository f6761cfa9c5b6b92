"""BGPFilters: what nodes take from their leaves and announce to them, also where a leaf's own lists are gone.

Calico evaluates the rules of a BGPFilter before its own. Inbound nothing else follows, so the rules say what is taken
and refuse the rest. Outbound an ``Accept`` would end the evaluation before Calico keeps the /32s of pods and what it
learned from the kernel to itself (confd: ``calico_export_to_bgp_peers``), so the rules only refuse what is outside of
the ranges. ``In`` matches a range and all inside it, ``Equal`` just the range. Which fields that takes is as old as
the resource: Calico 3.26.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from leafrack.addresses import Network
from leafrack.fabric import Fabric
from leafrack.fabric.values import within

Rule = dict[str, str]
"""A rule of a BGPFilter in Calico's own keys (api/pkg/apis/projectcalico/v3/bgpfilter.go)."""

EVERYTHING = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}


def spec(fabric: Fabric) -> dict[str, list[Rule]]:
    """Rules for both IP versions; of one that the fabric does not carry nothing passes."""
    found: dict[str, list[Rule]] = {}
    for version in EVERYTHING:
        found[f"importV{version}"] = inbound([one for one in fabric.accepted if one.version == version], version)
        found[f"exportV{version}"] = outbound([one for one in fabric.advertised if one.version == version], version)
    return found


def inbound(ranges: Sequence[Network], version: int) -> list[Rule]:
    """Rules that let in the ranges with all inside them, and of all addresses just the default route."""
    return [
        *(_rule("Accept", "In" if network.prefixlen else "Equal", network) for network in ranges),
        _rule("Reject", "In", EVERYTHING[version]),
    ]


def outbound(ranges: Sequence[Network], version: int) -> list[Rule]:
    """Rules that refuse all but the ranges and what is inside them, and decide nothing about these."""
    if not ranges:
        return [_rule("Reject", "In", EVERYTHING[version])]
    whole = ranges[0]
    while not all(within(one, whole) for one in ranges):
        whole = whole.supernet()
    first = [_rule("Reject", "NotIn", whole)] if whole.prefixlen else []
    return [*first, *(_rule("Reject", operator, network) for operator, network in _outside(whole, ranges))]


def _outside(network: Network, ranges: Sequence[Network]) -> Iterator[tuple[str, Network]]:
    """What of a network is no range: the halves without one whole, those that hold one by itself."""
    if any(within(network, one) for one in ranges):
        return
    if not any(within(one, network) for one in ranges):
        yield "In", network
        return
    yield "Equal", network
    for half in network.subnets():
        yield from _outside(half, ranges)


def _rule(action: str, operator: str, network: Network) -> Rule:
    return {"action": action, "matchOperator": operator, "cidr": str(network)}
