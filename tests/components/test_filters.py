"""BGPFilters as rules, judged as Calico's confd renders them: by every range that a node may meet."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import filters
from components.filters import Rule, inbound, outbound
from leafrack.addresses import Network
from leafrack.fabric.load import load_fabric

FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))


def networks(*texts: str) -> list[Network]:
    return [ip_network(text) for text in texts]


def verdict(rules: Sequence[Rule], network: Network, otherwise: str = "Calico decides") -> str:
    """What BIRD makes of a route: the first rule that matches (confd: ``=``, ``!=``, ``~``, ``!~`` on ``net``)."""
    for rule in rules:
        cidr = ip_network(rule["cidr"])
        inside = network.subnet_of(cidr)  # type: ignore[arg-type]
        matches = {"In": inside, "NotIn": not inside, "Equal": network == cidr, "NotEqual": network != cidr}
        if matches[rule["matchOperator"]]:
            return rule["action"]
    return otherwise


OUTBOUND = {
    "ranges side by side": (
        ("10.233.64.0/18", "10.233.0.0/18"),
        ["Reject NotIn 10.233.0.0/17", "Reject Equal 10.233.0.0/17"],
    ),
    "one range": (("10.64.0.0/14",), ["Reject NotIn 10.64.0.0/14"]),
    "ranges of different length": (
        ("10.0.0.0/9", "10.128.0.0/10"),
        ["Reject NotIn 10.0.0.0/8", "Reject Equal 10.0.0.0/8", "Reject Equal 10.128.0.0/9", "Reject In 10.192.0.0/10"],
    ),
    "none": ((), ["Reject In 0.0.0.0/0"]),
}


@pytest.mark.parametrize(("ranges", "rules"), OUTBOUND.values(), ids=OUTBOUND)
def test_outbound_rules_refuse_what_is_outside_and_accept_nothing(ranges: Sequence[str], rules: list[str]) -> None:
    found = outbound(networks(*ranges), 4)
    assert [f"{rule['action']} {rule['matchOperator']} {rule['cidr']}" for rule in found] == rules


IPV4 = st.builds(
    lambda bits, length: ip_network((bits, length), strict=False), st.integers(0, 2**32 - 1), st.integers(1, 32)
)


@given(st.lists(IPV4, min_size=1, max_size=5, unique=True), st.lists(IPV4, max_size=10), st.data())
def test_outbound_whatever_is_no_part_of_a_range_is_refused_and_the_rest_left_to_calico(
    ranges: list[Network], others: list[Network], data: st.DataObject
) -> None:
    rules = outbound(ranges, 4)
    near = [one.supernet() for one in ranges] + [half for one in ranges if one.prefixlen < 32 for half in one.subnets()]
    for network in [*ranges, *near, *others, ip_network("0.0.0.0/0"), data.draw(IPV4)]:
        inside = any(network.subnet_of(one) for one in ranges)  # type: ignore[arg-type]
        assert verdict(rules, network) == ("Calico decides" if inside else "Reject"), network


INBOUND = {
    "10.233.64.0/26": "Accept",
    "10.233.1.1/32": "Accept",
    "10.233.0.0/17": "Reject",
    "172.20.0.0/24": "Reject",
    "0.0.0.0/0": "Reject",
}


@pytest.mark.parametrize(("network", "expected"), INBOUND.items())
def test_inbound_rules_accept_pods_and_services_and_nothing_else(network: str, expected: str) -> None:
    assert verdict(filters.spec(FABRIC)["importV4"], ip_network(network)) == expected


def test_of_all_addresses_just_the_default_route_is_accepted_and_never_announced() -> None:
    told = FABRIC.model_copy(update={"accept_cidrs": (ip_network("0.0.0.0/0"), ip_network("172.16.0.0/12"))})
    rules = filters.spec(told)
    for network, expected in (("0.0.0.0/0", "Accept"), ("172.20.0.0/24", "Accept"), ("173.20.0.0/24", "Reject")):
        assert verdict(rules["importV4"], ip_network(network)) == expected
        assert verdict(rules["exportV4"], ip_network(network)) == "Reject"


def test_of_a_family_that_the_fabric_does_not_carry_nothing_passes() -> None:
    rules = filters.spec(FABRIC)
    assert rules["importV6"] == rules["exportV6"] == [{"action": "Reject", "matchOperator": "In", "cidr": "::/0"}]
    assert inbound(networks("fd00:10::/48", "::/0"), 6) == [
        {"action": "Accept", "matchOperator": "In", "cidr": "fd00:10::/48"},
        {"action": "Accept", "matchOperator": "Equal", "cidr": "::/0"},
        {"action": "Reject", "matchOperator": "In", "cidr": "::/0"},
    ]


@pytest.mark.parametrize("key", ["service_load_balancer_ips", "service_external_ips"])
def test_what_the_file_announces_passes_both_ways(key: str) -> None:
    fabric = FABRIC.model_copy(update={key: (ip_network("192.0.2.0/24"),)})
    inside, outside = ip_network("192.0.2.7/32"), ip_network("192.0.3.0/24")
    spec = filters.spec(fabric)
    assert [verdict(spec["importV4"], one) for one in (inside, outside)] == ["Accept", "Reject"]
    assert [verdict(spec["exportV4"], one) for one in (inside, outside)] == ["Calico decides", "Reject"]
