"""What a Calico does behind leafrack's back, by its version and by how it was installed.

Which component programs routes: projectcalico/calico, design/cluster-route-programming/DESIGN.md. What ``AS`` does:
node/pkg/lifecycle/startup/startup.go, ``configureASNumber``. What the operator writes: tigera/operator,
pkg/controller/installation/core_controller.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from leafrack.addresses import Network
from leafrack.errors import Problem
from leafrack.fabric import Fabric, names
from leafrack.fabric.announced import of_bgp_configuration
from leafrack.platforms.as_numbers import number_or_none
from leafrack.world.calico import DAEMON_SET, NODE
from leafrack.world.installed import AS_VARIABLE, FELIX, INSTALLATION
from leafrack.world.observed import ClusterState

WITHOUT_ENCAPSULATION = frozenset({"Enabled", "EnabledNoEncapOnly"})
"""Values of ``programClusterRoutes`` by which a component programs routes to pods of pools without encapsulation."""
NOT_BY_BIRD = frozenset({"Disabled", "EnabledIPIPOnly"})
"""Those by which BIRD does not; it takes what it does not know for its default, and that it does."""
_TELLS = {
    DAEMON_SET: "the AS that it gives its nodes",
    FELIX: "whether Felix programs the routes that BIRD does",
    INSTALLATION: "what Calico's operator brings back",
}
"""What is not known of each that may not be read."""


def findings(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """What would refuse our objects, undo our AS numbers, or leave routes unprogrammed."""
    yield from _lists(fabric, cluster)
    yield from _numbers(fabric, cluster)
    if fabric.pod_cidrs and not fabric.reflector_mesh:
        yield from _routes(cluster)
    yield from _operator(fabric, cluster)
    yield from _namespace(cluster)


def notices(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """What could not be known, in one line."""
    if unknown := cluster.installed.unknown:
        what = "; ".join(f"{each}: {_tells(fabric, each)}" for each in unknown)
        text = f"not known, because it may not be read ({what}): apply config/rbac.yaml, which gives the right"
        yield Problem(text, path="cluster")
    if AS_VARIABLE in cluster.installed.environment and cluster.installed.environment[AS_VARIABLE] is None:
        text = (
            f"{DAEMON_SET} in {cluster.installed.namespace} takes {AS_VARIABLE} from elsewhere (valueFrom): if that is "
            "another number than a rack's, nodes take it at each start of calico-node"
        )
        yield Problem(text, path="asNumber")


def remedy(cluster: ClusterState, pool: Network) -> str:
    """How to take away the encapsulation of a pool: where the operator brings it back, there."""
    ours = (given for given in cluster.installed.encapsulated if given.version == pool.version and given.overlaps(pool))
    if any(ours):
        return f"give it encapsulation: None in {INSTALLATION} (calicoNetwork.ipPools), as the operator brings it back,"
    return "set ipipMode and vxlanMode to Never"


def _tells(fabric: Fabric, what: str) -> str:
    if what == DAEMON_SET and fabric.calico_namespace is None:
        return f"{_TELLS[what]}, and its namespace, which is taken for {names.CALICO_NAMESPACES[0]}"
    return _TELLS.get(what, "Calico's version")


def _lists(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """Lists of BGPConfiguration that the API server refuses, or that this Calico does not have."""
    api, version = cluster.calico, cluster.installed.named
    wanted = [key for key, given in of_bgp_configuration(fabric).items() if given]
    for key in wanted:
        if key in api.lacking_lists:
            text = f"BGPConfiguration of this cluster{version} has no {key}: that needs a newer Calico; remove it here"
            yield Problem(text, path=key)
    there = [key for key in sorted(api.broken_lists) if cluster.bgp_configuration.get(key)]
    broken = [key for key in wanted if key in api.broken_lists] or there
    if broken:
        text = (
            f"BGPConfiguration of this cluster{version} declares {_and(broken)} so that the API server refuses it in "
            "server-side apply, as Calico 3.32.0 does (its issue 12700): update Calico to 3.32.1 or later first"
        )
        yield Problem(text, path=broken[0] if broken[0] in wanted else "cluster")


def _numbers(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """An AS that calico-node gives every node when it starts, over the annotations of the step."""
    given = cluster.installed.environment.get(AS_VARIABLE)
    if not given:
        return
    number = number_or_none(given)
    others = {rack: fabric.rack_as(rack) for rack in fabric.racks if fabric.rack_as(rack) != number}
    if others:
        first, *_ = others
        number_of = ", ".join(f"{rack} in {wanted}" for rack, wanted in others.items())
        where = cluster.installed.namespace
        without = f"kubectl -n {where} set env daemonset/{NODE} {AS_VARIABLE}-"
        if cluster.installed.network is not None:
            without = f"take it out of calicoNodeDaemonSet in {INSTALLATION}"
        text = (
            f"{DAEMON_SET} in {where} has {AS_VARIABLE}={given}, so that each start of calico-node puts its node into "
            f"that AS again, and this file has {number_of}: {without}"
        )
        own = fabric.racks[first].as_number is not None
        yield Problem(text, path=f"racks.{first}.asNumber" if own else "asNumber")


def _routes(cluster: ClusterState) -> Iterator[Problem]:
    """Who programs the routes to pods without encapsulation: BIRD has to, and nobody beside it."""
    key = "programClusterRoutes"
    bird, felix = (given.get(key) for given in (cluster.bgp_configuration, cluster.installed.felix))
    version = cluster.installed.named
    if bird in NOT_BY_BIRD:
        also = f", and FelixConfiguration {key}: {felix}" if felix in WITHOUT_ENCAPSULATION else ""
        text = (
            f"BGPConfiguration default has {key}: {bird}{also}{version}: BIRD programs no route to a pod that nodes "
            f"learn from their leaves; {_as_by_default(cluster)}"
        )
        yield Problem(text, path="cluster")
    elif felix in WITHOUT_ENCAPSULATION:
        text = (
            f"{FELIX} has {key}: {felix}{version}: Felix and BIRD program the same routes to pods, each over the "
            f"other's; {_as_by_default(cluster)}"
        )
        yield Problem(text, path="cluster")


def _as_by_default(cluster: ClusterState) -> str:
    """How to let BIRD program routes without encapsulation, as it does where nothing is said."""
    mode = (cluster.installed.network or {}).get("clusterRoutingMode")
    if mode is not None:
        patch = _patch({"calicoNetwork": {"clusterRoutingMode": "BIRD"}})
        return (
            f"the operator sets both by clusterRoutingMode: {mode}: kubectl patch installation default {patch} (from "
            "Calico 3.33 on FelixIPIPOnly is as good)"
        )
    said = (("bgpconfigurations", cluster.bgp_configuration), ("felixconfigurations", cluster.installed.felix))
    patch = _patch({"programClusterRoutes": None})
    return " and ".join(
        f"kubectl patch {plural}.{cluster.calico.group} default {patch}"
        for plural, spec in said
        if spec.get("programClusterRoutes") is not None
    )


def _operator(fabric: Fabric, cluster: ClusterState) -> Iterator[Problem]:
    """BGP switched off by Calico's operator, and pools that it is about to give an encapsulation."""
    network = cluster.installed.network or {}
    if network.get("bgp") == "Disabled":
        patch = _patch({"calicoNetwork": {"bgp": "Enabled"}})
        text = f"{INSTALLATION} has bgp: Disabled, so that calico-node runs no BIRD: kubectl patch installation default"
        yield Problem(f"{text} {patch}", path="cluster")
    for cidr, mode in cluster.installed.encapsulated.items():
        ours = any(cidr.version == one.version and cidr.overlaps(one) for one in fabric.pod_cidrs)
        # Where the pool has it already, its own line says so.
        has = any(pool.encapsulation and pool.cidr.version == cidr.version and pool.cidr.overlaps(cidr)
                  for pool in cluster.pools)  # fmt: skip
        if ours and not has and not fabric.reflector_mesh:
            text = (
                f"{INSTALLATION} gives the pool {cidr} encapsulation: {mode}, which the operator brings back: leaves "
                "route pods only without; say None there"
            )
            yield Problem(text, path="podCIDRs")


def _namespace(cluster: ClusterState) -> Iterator[Problem]:
    """Passwords for a namespace in which no calico-node reads them."""
    found = cluster.installed.namespace
    if cluster.passwords is not None and found not in ("", cluster.namespace):
        text = f"{DAEMON_SET} is in {found}, where nodes read passwords, and not in {cluster.namespace}: correct it"
        yield Problem(f"{text}, or leave it out", path="calicoNamespace")


def _patch(spec: Mapping[str, Any]) -> str:
    return f"--type=merge -p '{json.dumps({'spec': spec})}'"


def _and(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
