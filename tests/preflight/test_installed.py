"""What a Calico would do behind leafrack's back, as an operator reads it before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import Fabric, names
from leafrack.fabric.announced import of_bgp_configuration
from leafrack.fabric.load import load_fabric
from leafrack.preflight import installed
from leafrack.preflight.findings import ClusterState, Observed, findings
from leafrack.world.calico_api import CalicoApi
from leafrack.world.cluster import Pool
from leafrack.world.installed import Installed
from leafrack.world.nodes import NodeState

FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))
NODES = {
    name: NodeState(name, tuple(addresses), annotations={"projectcalico.org/ASNumber": str(FABRIC.rack_as(rack))})
    for rack, declared in FABRIC.racks.items()
    for name, addresses in declared.nodes.items()
}
POOL = Pool("default", ip_network("10.233.64.0/18"))
CLUSTER = ClusterState(NODES, pools=(POOL,))
BROKEN = CalicoApi(broken_lists=frozenset(names.CONFIGURATION_LISTS))
OWN = "10.233.64.0/18"


def lines(fabric: Fabric, cluster: ClusterState) -> list[str]:
    return [str(one) for one in findings(fabric, Observed(cluster))]


def calico(version: str = "", **given: Any) -> ClusterState:
    """A cluster in which Calico was installed so."""
    return replace(CLUSTER, installed=Installed(version, **given))


def changed(**given: Any) -> Fabric:
    return FABRIC.model_copy(update=given)


def routes(bird: str | None, felix: str | None, mode: str | None = None, version: str = "v3.33.1") -> ClusterState:
    """A cluster in which BGPConfiguration and FelixConfiguration say who programs routes; by the operator's mode."""
    key = "programClusterRoutes"
    network = None if mode is None else {"clusterRoutingMode": mode}
    cluster = calico(version, felix={} if felix is None else {key: felix}, network=network)
    return replace(cluster, bgp_configuration={} if bird is None else {key: bird})


SETS_AS = (
    "DaemonSet calico-node in kube-system has AS=64512, so that each start of calico-node puts its node into that AS "
    "again, and this file has rr2 in 64513: "
)
NO_ROUTE = "BIRD programs no route to a pod that nodes learn from their leaves; "
TWICE = "Felix and BIRD program the same routes to pods, each over the other's; "
PATCHED = """default --type=merge -p '{"spec": {"programClusterRoutes": null}}'"""
BIRDS = f"kubectl patch bgpconfigurations.crd.projectcalico.org {PATCHED}"
FELIXS = BIRDS.replace("bgpconfigurations", "felixconfigurations")
THE_OPERATORS = (
    "kubectl patch installation default --type=merge -p "
    """'{"spec": {"calicoNetwork": {"clusterRoutingMode": "BIRD"}}}'"""
    " (from Calico 3.33 on FelixIPIPOnly is as good)"
)
FINDINGS: Mapping[str, tuple[Fabric, ClusterState, str]] = {
    "Calico 3.32.0, whose lists server-side apply refuses": (
        FABRIC,
        replace(calico("v3.32.0"), calico=BROKEN),
        (
            "serviceClusterIPs: BGPConfiguration of this cluster (Calico v3.32.0) declares serviceClusterIPs so that "
            "the API server refuses it in server-side apply, as Calico 3.32.0 does (its issue 12700): update Calico to "
            "3.32.1 or later first"
        ),
    ),
    "the same, with lists that are there already": (
        changed(service_cluster_ips=()),
        replace(
            CLUSTER,
            calico=BROKEN,
            bgp_configuration={"ignoredInterfaces": ["x"], "communities": [{"name": "a"}]},
            configuration_managers={"communities": frozenset(["leafrack:leafrack/dev"])},
        ),
        (
            "cluster: BGPConfiguration of this cluster declares communities so that the API server refuses it in "
            "server-side apply, as Calico 3.32.0 does (its issue 12700): update Calico to 3.32.1 or later first"
        ),
    ),
    "a list that this Calico does not have": (
        FABRIC,
        replace(calico("v3.9.1"), calico=CalicoApi(lacking_lists=frozenset({"serviceClusterIPs", "communities"}))),
        (
            "serviceClusterIPs: BGPConfiguration of this cluster (Calico v3.9.1) has no serviceClusterIPs: that needs "
            "a newer Calico; remove it here"
        ),
    ),
    "an AS of calico-node's own": (
        FABRIC,
        calico(namespace="kube-system", environment={"AS": "64512"}),
        f"racks.rr2.asNumber: {SETS_AS}kubectl -n kube-system set env daemonset/calico-node AS-",
    ),
    "the same by the operator": (
        FABRIC,
        calico(namespace="kube-system", environment={"AS": "64512"}, network={}),
        f"racks.rr2.asNumber: {SETS_AS}take it out of calicoNodeDaemonSet in Installation default",
    ),
    "routes that BIRD does not program": (
        FABRIC,
        routes("Disabled", None),
        f"cluster: BGPConfiguration default has programClusterRoutes: Disabled (Calico v3.33.1): {NO_ROUTE}{BIRDS}",
    ),
    "routes that Felix programs in the place of BIRD": (
        FABRIC,
        routes("EnabledIPIPOnly", "Enabled", version=""),
        (
            "cluster: BGPConfiguration default has programClusterRoutes: EnabledIPIPOnly, and FelixConfiguration "
            f"programClusterRoutes: Enabled: {NO_ROUTE}{BIRDS} and {FELIXS}"
        ),
    ),
    "the same by the operator's clusterRoutingMode": (
        FABRIC,
        routes("Disabled", "Enabled", "Felix"),
        (
            "cluster: BGPConfiguration default has programClusterRoutes: Disabled, and FelixConfiguration "
            f"programClusterRoutes: Enabled (Calico v3.33.1): {NO_ROUTE}the operator sets both by clusterRoutingMode: "
            f"Felix: {THE_OPERATORS}"
        ),
    ),
    "routes that both program": (
        FABRIC,
        routes(None, "Enabled", version="v3.31.0"),
        f"cluster: FelixConfiguration default has programClusterRoutes: Enabled (Calico v3.31.0): {TWICE}{FELIXS}",
    ),
    "BGP switched off by the operator": (
        FABRIC,
        calico(network={"bgp": "Disabled"}),
        (
            "cluster: Installation default has bgp: Disabled, so that calico-node runs no BIRD: kubectl patch "
            """installation default --type=merge -p '{"spec": {"calicoNetwork": {"bgp": "Enabled"}}}'"""
        ),
    ),
    "an encapsulation that the operator brings back": (
        FABRIC,
        calico(network={"ipPools": [{"cidr": OWN, "encapsulation": "VXLANCrossSubnet"}]}),
        (
            "podCIDRs: Installation default gives the pool 10.233.64.0/18 encapsulation: VXLANCrossSubnet, which the "
            "operator brings back: leaves route pods only without; say None there"
        ),
    ),
    "an encapsulation that it has brought back": (
        FABRIC,
        replace(
            calico(network={"ipPools": [{"cidr": OWN, "encapsulation": "IPIP"}]}),
            pools=(replace(POOL, encapsulation="IPIP Always"),),
        ),
        (
            "podCIDRs: IPPool default (10.233.64.0/18) uses IPIP Always: leaves route pods only without encapsulation; "
            "give it encapsulation: None in Installation default (calicoNetwork.ipPools), as the operator brings it "
            "back, first"
        ),
    ),
    "passwords for a namespace without calico-node": (
        changed(calico_namespace="calico-systems"),
        replace(calico(namespace="calico-system"), namespace="calico-systems", passwords={}),
        (
            "calicoNamespace: DaemonSet calico-node is in calico-system, where nodes read passwords, and not in "
            "calico-systems: correct it, or leave it out"
        ),
    ),
}


@pytest.mark.parametrize(("fabric", "cluster", "line"), FINDINGS.values(), ids=FINDINGS)
def test_applying_would_do_harm_with(fabric: Fabric, cluster: ClusterState, line: str) -> None:
    assert lines(fabric, cluster) == [line]


IN_ONE_AS = changed(racks={**FABRIC.racks, "rr2": FABRIC.racks["rr2"].model_copy(update={"as_number": None})})
SILENT: Mapping[str, tuple[Fabric, ClusterState]] = {
    "Calico 3.32.0 without any list": (changed(service_cluster_ips=()), replace(calico("v3.32.0"), calico=BROKEN)),
    "a list that is lacking and not used": (FABRIC, replace(CLUSTER, calico=CalicoApi(lacking_lists=frozenset(["x"])))),
    "an AS of calico-node that every rack is in": (
        IN_ONE_AS,
        replace(
            calico(environment={"AS": "0.64512"}),
            nodes={name: replace(node, annotations={}) for name, node in NODES.items()},
        ),
    ),
    "an empty AS": (FABRIC, calico(environment={"AS": ""})),
    "another variable": (FABRIC, calico(environment={"CALICO_AS": "64512"})),
    "the default of Calico 3.33, in words": (FABRIC, routes("EnabledNoEncapOnly", "EnabledIPIPOnly", "FelixIPIPOnly")),
    "the default before it": (FABRIC, routes("Enabled", "Disabled", "BIRD")),
    "a word of a newer Calico, which BIRD takes for its default": (FABRIC, routes("Auto", "Auto")),
    "Felix's routes where pods are in an overlay": (changed(pod_cidrs=()), routes("Disabled", "Enabled")),
    "Felix's routes between linked reflectors": (changed(reflector_mesh=True), routes("Disabled", "Enabled")),
    "the operator with BGP": (FABRIC, calico(network={"bgp": "Enabled"})),
    "the operator's pools of others, or without encapsulation": (
        FABRIC,
        calico(
            network={
                "ipPools": [
                    {"cidr": "10.9.0.0/16", "encapsulation": "IPIP"},
                    {"cidr": OWN, "encapsulation": "None"},
                    {"cidr": "fd00::/64", "encapsulation": "VXLAN"},
                    {"cidr": "what", "encapsulation": "VXLAN"},
                    {},
                ]
            }
        ),
    ),
    "a namespace that nobody needs": (
        changed(calico_namespace="calico-systems"),
        replace(calico(namespace="calico-system"), namespace="calico-systems"),
    ),
}


@pytest.mark.parametrize(("fabric", "cluster"), SILENT.values(), ids=SILENT)
def test_nothing_is_said_of(fabric: Fabric, cluster: ClusterState) -> None:
    assert lines(fabric, cluster) == []
    assert list(installed.notices(fabric, cluster)) == []


def test_what_a_version_lacks_is_said_with_the_version() -> None:
    old = replace(calico("v3.29.1"), calico=CalicoApi(ttl_security=False))
    (line,) = lines(changed(ttl_security=True), old)
    assert line.startswith("ttlSecurity: BGPPeers of this cluster (Calico v3.29.1) have no ttlSecurity")


FELIX, DAEMON_SET = "FelixConfiguration default", "DaemonSet calico-node"
TOLD = "cluster: not known, because it may not be read ({}): apply config/rbac.yaml, which gives the right"
UNKNOWN: Mapping[str, tuple[Fabric, Installed, list[str]]] = {
    "all there is": (
        FABRIC,
        Installed(unknown=(DAEMON_SET, FELIX, "Installation default")),
        [
            TOLD.format(
                "DaemonSet calico-node: the AS that it gives its nodes, and its namespace, which is taken for "
                "kube-system; FelixConfiguration default: whether Felix programs the routes that BIRD does; "
                "Installation default: what Calico's operator brings back"
            )
        ],
    ),
    "the DaemonSet, where the file names its namespace": (
        changed(calico_namespace="calico-system"),
        Installed(unknown=(DAEMON_SET,)),
        [TOLD.format("DaemonSet calico-node: the AS that it gives its nodes")],
    ),
    "an AS from elsewhere": (
        FABRIC,
        Installed(namespace="calico-system", environment={"AS": None}),
        [
            (
                "asNumber: DaemonSet calico-node in calico-system takes AS from elsewhere (valueFrom): if that is "
                "another number than a rack's, nodes take it at each start of calico-node"
            )
        ],
    ),
    "nothing": (FABRIC, Installed(), []),
}


@pytest.mark.parametrize(("fabric", "found", "told"), UNKNOWN.values(), ids=UNKNOWN)
def test_one_line_says_what_could_not_be_known(fabric: Fabric, found: Installed, told: list[str]) -> None:
    cluster = replace(CLUSTER, installed=found)
    assert lines(fabric, cluster) == []
    assert [str(one) for one in installed.notices(fabric, cluster)] == told


def test_the_lists_that_are_looked_at_are_those_that_are_written() -> None:
    assert set(of_bgp_configuration(FABRIC)) == set(names.CONFIGURATION_LISTS)
