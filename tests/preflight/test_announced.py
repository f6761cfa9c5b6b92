"""What the cluster announces and the file leaves out: said before it is cut."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import names
from leafrack.fabric.load import load
from leafrack.preflight.announced import findings, notices
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState
from tests.fabric.fabric_files import changed

STACK = "leafrack:leafrack/dev"
PLAIN = "name: dc1"
RANGES = "name: dc1\nserviceLoadBalancerIPs: [192.0.2.0/24]\nserviceExternalIPs: [198.51.100.0/24]"
COMMUNITIES = (
    "name: dc1\ncommunities: [{name: blue, value: '65001:100'}]\n"
    "prefixAdvertisements: [{cidr: 10.233.64.0/18, communities: [blue]}]"
)
BLUE = [{"name": "blue", "value": "65001:100"}]
PODS = [{"cidr": "10.233.64.0/18", "communities": ["blue"]}]


def said(
    tmp_path: Path, text: str, spec: Mapping[str, Any], managers: Mapping[str, frozenset[str]] | None = None
) -> list[str]:
    file = tmp_path / "x.yaml"
    file.write_text(changed(("name: dc1", text)))
    cluster = ClusterState(bgp_configuration=spec, configuration_managers=managers or {})
    return [str(one) for one in findings(load(file).fabric, cluster, STACK)]


@pytest.mark.parametrize("key", ["serviceClusterIPs", "serviceLoadBalancerIPs", "serviceExternalIPs"])
def test_a_range_that_the_file_leaves_out_is_named_before_it_is_cut(tmp_path: Path, key: str) -> None:
    spec = {key: [{"cidr": "192.0.2.0/24"}, {"cidr": "10.233.64.0/20"}, {"cidr": "nothing"}, {}]}
    (line,) = said(tmp_path, PLAIN, spec)
    assert line == (
        f"{key}: nodes announce 192.0.2.0/24 by BGPConfiguration default, and leafrack's filters would let pass only "
        f"what this file says: add it here, or take it out of {key} there first"
    )
    others = {key: frozenset({"kubectl", "leafrack:leafrack/dev2"})}
    assert len(said(tmp_path, PLAIN, spec, others)) == 1
    assert said(tmp_path, PLAIN, spec, {key: frozenset({f"{STACK}:part"})}) == [], "what is ours goes as the file says"


@pytest.mark.parametrize("key", ["serviceClusterIPs", "communities"])
def test_what_somebody_sets_in_a_fabric_that_has_been_applied_is_drift_and_no_finding(tmp_path: Path, key: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(changed(("name: dc1", PLAIN)))
    fabric = load(file).fabric
    node = next(iter(fabric.racks["rr1"].nodes))
    labelled = NodeState(node, (), managers={names.RACK_LABEL: frozenset({STACK})})
    spec = {key: [{"cidr": "192.0.2.0/24"}] if key == "serviceClusterIPs" else BLUE}
    assert list(findings(fabric, ClusterState(bgp_configuration=spec), STACK)) != []
    assert list(findings(fabric, ClusterState({node: labelled}, bgp_configuration=spec), STACK)) == []


def test_ranges_of_the_file_and_parts_of_them_are_no_finding(tmp_path: Path) -> None:
    spec = {"serviceLoadBalancerIPs": [{"cidr": "192.0.2.64/27"}], "serviceExternalIPs": [{"cidr": "198.51.100.0/24"}]}
    assert said(tmp_path, RANGES, spec) == []
    assert said(tmp_path, PLAIN, {"serviceLoadBalancerIPs": [], "serviceExternalIPs": None}) == []


@pytest.mark.parametrize(
    ("text", "spec", "paths"),
    [
        (PLAIN, {"communities": BLUE, "prefixAdvertisements": PODS}, ["communities", "prefixAdvertisements"]),
        (PLAIN, {"prefixAdvertisements": [{"cidr": "10.0.0.0/8", "communities": ["1:2"]}]}, ["prefixAdvertisements"]),
        (PLAIN, {"communities": BLUE}, ["communities"]),
        (COMMUNITIES, {"communities": BLUE, "prefixAdvertisements": PODS}, []),
        (COMMUNITIES, {"communities": [{"name": "blue", "value": "65001:200"}]}, ["communities"]),
        (COMMUNITIES, {}, []),
    ],
)
def test_communities_that_the_file_has_not_are_a_finding(
    tmp_path: Path, text: str, spec: Mapping[str, Any], paths: list[str]
) -> None:
    assert [line.partition(":")[0] for line in said(tmp_path, text, spec)] == paths
    ours = {key: frozenset({STACK}) for key in spec}
    assert said(tmp_path, text, spec, ours) == []


@pytest.mark.parametrize(("text", "told"), [(RANGES, 1), (PLAIN, 0)])
def test_a_range_that_the_cluster_announces_by_address_only_is_a_notice(tmp_path: Path, text: str, told: int) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(changed(("name: dc1", text)))
    fabric = load(file).fabric
    lines = [
        str(one)
        for one in notices(fabric, ClusterState(bgp_configuration={"serviceLoadBalancerAggregation": "Disabled"}))
    ]
    assert len(lines) == told
    assert all(line.startswith("serviceLoadBalancerIPs: serviceLoadBalancerAggregation is Disabled") for line in lines)
    enabled = ClusterState(bgp_configuration={"serviceLoadBalancerAggregation": "Enabled"})
    assert list(notices(fabric, enabled)) == []
