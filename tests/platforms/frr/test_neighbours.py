"""What FRR says of neighbours that are there already, from text captured on FRR 8.4.4."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from leafrack.platforms import Effect, NeighbourState, SwitchState, platform_of

FRR = platform_of("frr")
CAPTURED = Path(__file__).parent / "frr-8.4.4-neighbours.txt"
ODD = FRR.parse(CAPTURED.read_text())
LISTENING = FRR.parse(CAPTURED.with_name("frr-8.4.4-listen-range.txt").read_text())

LINES = {
    "nothing": (ODD, "100.0.0.1", []),
    "a prefix list": (
        ODD,
        "172.20.0.11",
        [("neighbor 172.20.0.11 prefix-list NOTHING in", Effect.REPLACED, "NOTHING")],
    ),
    "a group with an AS and a route map": (
        ODD,
        "172.20.0.12",
        [
            ("neighbor 172.20.0.12 peer-group NODES", Effect.REFUSES, ""),
            ("neighbor NODES route-map RM in", Effect.FILTERS, "RM"),
        ],
    ),
    "a shutdown": (ODD, "172.20.0.13", [("neighbor 172.20.0.13 shutdown message x", Effect.SHUTS, "")]),
    "a distribute list and a filter list": (
        ODD,
        "172.20.0.14",
        [
            ("neighbor 172.20.0.14 distribute-list AL in", Effect.REFUSES, "AL"),
            ("neighbor 172.20.0.14 filter-list TEN out", Effect.FILTERS, "TEN"),
        ],
    ),
    "a listen range": (
        LISTENING,
        "172.20.0.11",
        [
            ("bgp listen range 172.20.0.0/24 peer-group LISTEN", Effect.REFUSES, ""),
            ("neighbor LISTEN route-map RM out", Effect.FILTERS, "RM"),
        ],
    ),
}


@pytest.mark.parametrize(("state", "address", "lines"), LINES.values(), ids=LINES)
def test_lines_in_the_way_of_a_neighbour_are_read_as_the_switch_shows_them(
    state: SwitchState, address: str, lines: list[tuple[str, Effect, str]]
) -> None:
    found = state.neighbours[ip_address(address)].lines
    assert [(line.text, line.effect, line.names) for line in found] == lines


def test_no_password_is_among_what_is_read_of_a_switch() -> None:
    assert "password s3cret" in CAPTURED.read_text()
    assert "s3cret" not in repr(ODD)


def test_a_neighbour_of_any_as_has_none_before_it_was_heard() -> None:
    assert {str(address): state.remote_as for address, state in ODD.neighbours.items()} == {
        "100.0.0.1": 65008,
        "172.20.0.11": 65099,
        "172.20.0.12": 64512,
        "172.20.0.13": 0,
        "172.20.0.14": 64512,
    }


def parsed(running: str, **peer: object) -> NeighbourState:
    """State of 172.20.0.11 on a switch with this configuration."""
    neighbours = json.dumps({"172.20.0.11": {"remoteAs": 64512, "bgpState": "Idle", **peer}})
    return FRR.parse(f"{neighbours}\n{{}}\n{{}}\n{running}").neighbours[ip_address("172.20.0.11")]


def test_a_map_or_list_that_permits_nothing_or_does_not_exist_lets_nothing_pass() -> None:
    running = """router bgp 65009
 address-family ipv4 unicast
  neighbor 172.20.0.11 route-map NONE in
  neighbor 172.20.0.11 route-map DENY out
  neighbor 172.20.0.11 filter-list ABSENT out
  neighbor 172.20.0.11 filter-list SOME out
 exit-address-family
exit
bgp as-path access-list SOME seq 5 permit .*
route-map DENY deny 10
route-map NONESUCH permit 10
"""
    effects = [line.effect for line in parsed(running).lines]
    assert effects == [Effect.DROPS, Effect.DROPS, Effect.DROPS, Effect.FILTERS]


def test_the_path_list_takes_the_place_of_another_inbound() -> None:
    running = "router bgp 65009\n address-family ipv4 unicast\n  neighbor 172.20.0.11 filter-list SOME in\n"
    found = parsed(running)
    assert (found.paths_in, found.rest) == ("SOME", ())
    assert [(line.effect, line.names) for line in found.lines] == [(Effect.REPLACED, "SOME")]


def test_lines_of_another_instance_or_another_family_are_nobodys_business_here() -> None:
    running = """router bgp 65009
 address-family l2vpn evpn
  neighbor 172.20.0.11 route-map RM in
 exit-address-family
exit
router bgp 65009 vrf RED
 neighbor 172.20.0.11 shutdown
exit
"""
    assert parsed(running).lines == ()


@pytest.mark.parametrize(
    ("family", "lacks"),
    [
        ({"acceptedPrefixCounter": 0}, False),
        ({"inboundEbgpRequiresPolicy": "Inbound updates discarded due to missing policy"}, True),
        ({"outboundEbgpRequiresPolicy": "Outbound updates discarded due to missing policy"}, True),
    ],
)
def test_it_is_read_whether_a_missing_policy_discards_routes(family: dict[str, object], *, lacks: bool) -> None:
    assert parsed("router bgp 65009\n", addressFamilyInfo={"ipv4Unicast": family}).lacks_policy is lacks


def test_a_neighbour_behind_an_interface_counts_once_it_was_heard() -> None:
    # As FRR shows `neighbor swp1 interface remote-as external`.
    silent = {"bgpNeighborAddr": "none", "remoteAs": 0, "bgpState": "Idle"}
    heard = {"bgpNeighborAddr": "fe80::1", "remoteAs": 65008, "bgpState": "Established"}
    state = FRR.parse(json.dumps({"swp1": silent, "swp2": heard}) + "\n{}\n{}\nrouter bgp 65009\n")
    assert {str(address): found.state for address, found in state.neighbours.items()} == {"fe80::1": "Established"}
