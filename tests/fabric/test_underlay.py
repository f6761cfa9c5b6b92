"""The underlay as a fabric file gives it: networks of links as most fabrics number them, the rest completed."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from lab.fabrics import rack, values
from leafrack.fabric.underlay import Ends, underlay
from tests.proof.fabrics import changed, fabric

Errors = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("leaf", "spine", "network"),
    [
        ("10.254.0.1", "10.254.0.0", "10.254.0.0/31"),
        ("10.254.0.3", "10.254.0.2", "10.254.0.2/31"),
        ("100.0.0.1", "100.0.0.2", "100.0.0.0/30"),
        # The first and the last address of a /30 are no hosts.
        ("100.0.0.1", "100.0.0.3", "100.0.0.0/29"),
        ("10.0.1.1", "10.0.1.250", "10.0.1.0/24"),
        ("10.254.0.1", "10.245.0.0", None),
        ("10.254.0.1", "192.168.0.1", None),
        ("10.0.0.0", "10.0.0.3", None),
        ("fd00::a", "fd00::b", "fd00::a/127"),
        ("fd00::1", "fd00::2", "fd00::/126"),
        # In IPv6 the last address of a network is one like any other.
        ("fd00::1", "fd00::3", "fd00::/126"),
        ("fd00:0:0:1::1", "fd00:0:0:2::1", None),
    ],
)
def test_a_link_is_the_longest_prefix_in_which_both_ends_are_hosts(leaf: str, spine: str, network: str | None) -> None:
    found = Ends(ip_address(leaf), ip_address(spine)).network
    assert (found and str(found)) == network
    assert Ends(ip_address(spine), ip_address(leaf)).network == found


def test_links_that_a_file_leaves_out_are_told_from_those_that_it_declares() -> None:
    given = values({"rr1": rack(1, leaves=2, spines=1), "rr2": rack(2, spines=1)}, spines=1)
    found = underlay(fabric(changed(given, racks__rr1__leaves__leaf1b__uplinks={})))
    assert {link.leaf: [ends.declared for ends in link.ends] for link in found.links} == {
        "leaf1": [True],
        "leaf1b": [False],
        "leaf2": [True],
    }
    assert found.declares_links
    assert found.assumed == set()


def test_a_spine_that_nobody_declares_has_an_as_number_that_is_nobody_s() -> None:
    given = changed(values(1), asNumber=65000, racks__rr1__asNumber=None, racks__rr1__localASNumber=64999)
    assert underlay(fabric(given)).spines == {"spine": 64998}
    assert underlay(fabric(given)).assumed == {"spine"}


def test_spines_are_named_by_uplinks_too() -> None:
    given = changed(values(2, spines=1), spines={})
    assert underlay(fabric(given)).spines == {"spine1": 65000}
