"""Every range that nodes announce, and its communities: in the file under Calico's own names."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from leafrack.fabric.announced import of_bgp_configuration
from leafrack.fabric.leaf import prefix_lists
from leafrack.fabric.load import load
from leafrack.fabric.model import Fabric
from leafrack.proof import prove
from leafrack.proof.model import What
from tests.fabric.fabric_files import changed

Errors = Callable[[str], list[str]]
NO_UPLINKS = ("        uplinks: {spine1: {address: 100.0.0.2, peerAddress: 100.0.0.1}}\n", "")
LB, EXTERNAL = "serviceLoadBalancerIPs", "serviceExternalIPs"


def loaded(tmp_path: Path, text: str, *others: tuple[str, str]) -> Fabric:
    file = tmp_path / "x.yaml"
    file.write_text(changed(("name: dc1", f"name: dc1\n{text}"), *others))
    return load(file).fabric


NOTHING = {
    "serviceClusterIPs": [{"cidr": "10.233.0.0/18"}],
    **{key: [] for key in (LB, EXTERNAL, "communities", "prefixAdvertisements")},
}


@pytest.mark.parametrize("key", [LB, EXTERNAL])
def test_a_range_is_in_the_lists_the_configuration_and_the_proof(tmp_path: Path, key: str) -> None:
    fabric = loaded(tmp_path, f"{key}: [192.0.2.0/24, 192.0.3.7/32]")
    one, single = ip_network("192.0.2.0/24"), ip_network("192.0.3.7/32")
    assert {one, single} <= set(fabric.advertised)
    assert all({one, single} <= set(found.prefixes) for found in prefix_lists(fabric))
    assert of_bgp_configuration(fabric) == NOTHING | {key: [{"cidr": "192.0.2.0/24"}, {"cidr": "192.0.3.7/32"}]}
    services = {prefix.ranges[0] for prefix in prove(fabric).tables["leaf01"] if prefix.what is What.SERVICES}
    assert services == {ip_network("10.233.0.0/18"), one}, "a single address is announced while a service has it"


def test_what_the_file_does_not_say_is_said_to_be_nothing(tmp_path: Path) -> None:
    assert of_bgp_configuration(loaded(tmp_path, "")) == NOTHING


def test_a_fabric_may_announce_services_only(tmp_path: Path) -> None:
    fabric = loaded(tmp_path, f"{LB}: [192.0.2.0/24]", ("podCIDRs: [10.233.64.0/18]\n", ""), NO_UPLINKS)
    assert fabric.versions == (4,)
    proof = prove(fabric)
    assert proof.unreachable == ()
    assert {prefix.what for prefix in proof.tables["spine1"]} == {What.SERVICES, What.SUBNET}


def test_a_range_may_be_one_of_load_balancers_and_of_external_addresses(tmp_path: Path) -> None:
    fabric = loaded(tmp_path, f"{LB}: [192.0.2.0/24]\n{EXTERNAL}: [192.0.2.0/24]")
    assert [str(one) for one in fabric.advertised].count("192.0.2.0/24") == 1


COMMUNITIES = "communities: [{name: blue, value: '65001:100'}, {name: large, value: '4200000000:1:2'}]"


def test_communities_are_written_as_calico_has_them(tmp_path: Path) -> None:
    text = f"{COMMUNITIES}\nprefixAdvertisements: [{{cidr: 10.233.64.0/20, communities: [blue, large, '65001:7']}}]"
    assert of_bgp_configuration(loaded(tmp_path, text)) == NOTHING | {
        "communities": [{"name": "blue", "value": "65001:100"}, {"name": "large", "value": "4200000000:1:2"}],
        "prefixAdvertisements": [{"cidr": "10.233.64.0/20", "communities": ["blue", "large", "65001:7"]}],
    }


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (f"{LB}: [10.233.65.0/24]", f"{LB}[0]", "10.233.65.0/24 (load balancers) overlaps 10.233.64.0/18 (pods)"),
        (f"{LB}: [10.233.1.0/24]", f"{LB}[0]", "10.233.1.0/24 (load balancers) overlaps 10.233.0.0/18 (services)"),
        (f"{EXTERNAL}: [10.233.1.0/24]", f"{EXTERNAL}[0]", "(external addresses) overlaps 10.233.0.0/18 (services)"),
        (f"{LB}: [172.20.0.128/25]", "racks.rr1.leaves", "overlaps 172.20.0.128/25 (load balancers)"),
        (f"{LB}: [100.0.0.0/24]", "racks.rr1.leaves.leaf01.uplinks.spine1", "is inside 100.0.0.0/24 (load balancers)"),
        (f"{LB}: ['fd00::/64']", f"{LB}[0]", "fd00::/64 is IPv6, and podCIDRs has no such range"),
        (f"{LB}: [0.0.0.0/0]", f"{LB}[0]", "0.0.0.0/0 cannot hold nodes, pods or services"),
        ("acceptCIDRs: [192.0.2.0/25]\n" + f"{LB}: [192.0.2.0/24]", "acceptCIDRs[0]", "is inside 192.0.2.0/24"),
        ("communities: [{name: b, value: '70000:1'}]", "communities[0].value", "'70000:1' is no community: write it"),
        ("communities: [{name: b, value: 65001}]", "communities[0].value", "the number 65001 is no community"),
        (f"{COMMUNITIES[:-1]}, {{name: blue, value: '1:1'}}]", "communities[2].name", "'blue' is given twice"),
        (
            f"{COMMUNITIES}\nprefixAdvertisements: [{{cidr: 10.233.64.0/18, communities: [bleu]}}]",
            "prefixAdvertisements[0].communities[0]",
            "'bleu' is no community, and none has this name: did you mean blue?",
        ),
        (
            "prefixAdvertisements: [{cidr: 192.0.2.0/24, communities: ['1:1']}]",
            "prefixAdvertisements[0].cidr",
            "192.0.2.0/24 is inside no range that nodes announce",
        ),
        (
            "prefixAdvertisements: [{cidr: 10.233.64.0/18, communities: []}]",
            "prefixAdvertisements[0].communities",
            "is empty: at least one is needed",
        ),
    ],
)
def test_ranges_and_communities_that_cannot_be_right_are_refused(
    errors: Errors, text: str, path: str, expected: str
) -> None:
    lines = errors(changed(("name: dc1", f"name: dc1\n{text}")))
    assert {line.split(": ")[1] for line in lines} == {path}, lines
    assert expected in lines[0]


def test_a_fabric_that_announces_nothing_is_refused(errors: Errors) -> None:
    gone = (("podCIDRs: [10.233.64.0/18]\n", ""), ("serviceClusterIPs: [10.233.0.0/18]\n", ""))
    (line,) = errors(changed(*gone))
    assert line.endswith("podCIDRs: the fabric announces nothing: give podCIDRs, or ranges of services")
