"""What nodes announce by the cluster's BGPConfiguration, held against the fabric file: what the file leaves out is cut.

Leafrack's filters and prefix lists let pass what the file says, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from leafrack.addresses import Network
from leafrack.errors import Problem
from leafrack.fabric import Fabric
from leafrack.fabric.announced import of_bgp_configuration
from leafrack.fabric.values import within
from leafrack.preflight.drift import is_applied
from leafrack.world.observed import ClusterState

COMMUNITIES = ("communities", "prefixAdvertisements")


def findings(fabric: Fabric, cluster: ClusterState, manager: str) -> Iterator[Problem]:
    """Ranges and communities that somebody else has set; what ``manager`` set itself goes as the file says."""
    spec = cluster.bgp_configuration
    applied = is_applied(fabric, cluster, fabric.racks)

    def is_ours(key: str) -> bool:
        # In a fabric that has been applied, what somebody else gives a field of ours is drift, and goes.
        return applied or cluster.configured_by(key, manager)

    for key in fabric.services:
        found = [] if is_ours(key) else list(_ranges(spec.get(key) or ()))
        missing = [one for one in found if not any(within(one, whole) for whole in fabric.advertised)]
        if missing:
            listed = ", ".join(map(str, missing))
            text = (
                f"nodes announce {listed} by BGPConfiguration default, and leafrack's filters would let pass only what "
                f"this file says: add {'it' if len(missing) == 1 else 'them'} here, or take it out of {key} there first"
            )
            yield Problem(text, path=key)
    wanted = of_bgp_configuration(fabric)
    for key in COMMUNITIES:
        given = spec.get(key) or []
        if given and not is_ours(key) and given != wanted.get(key):
            verb = "has others than this file" if wanted.get(key) else "has some, and this file none"
            text = (
                f"BGPConfiguration default {verb}: make both alike, so that what nodes announce keeps its communities"
            )
            yield Problem(text, path=key)


def notices(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Ranges that the cluster does not announce although the file says so."""
    if fabric.service_load_balancer_ips and by_address(cluster.bgp_configuration):
        text = (
            "serviceLoadBalancerAggregation is Disabled in BGPConfiguration default: nodes announce each load "
            "balancer's address by itself, and no range as a whole"
        )
        yield Problem(text, path="serviceLoadBalancerIPs")


def by_address(configuration: Mapping[str, Any]) -> bool:
    """Whether nodes announce load balancers' addresses one by one (Calico 3.31 and later)."""
    return configuration.get("serviceLoadBalancerAggregation") == "Disabled"


def _ranges(entries: Iterable[Mapping[str, Any]]) -> Iterator[Network]:
    for entry in entries:
        try:
            yield ip_network(str(entry.get("cidr", "")), strict=False)
        except ValueError:
            continue  # what is no range Calico does not announce either
