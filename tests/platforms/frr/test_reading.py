"""What FRR's lines are as values and back, and the ways in which releases and relatives of it differ."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest

from leafrack.platforms import NeighbourState, SessionState, Setting, SwitchState, platform_of
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Timers

FRR = platform_of("frr")
NODE = ip_address("172.20.0.11")


def parsed(running: str, **peer: Any) -> SwitchState:
    """A switch with one neighbour and this configuration."""
    neighbours = json.dumps({str(NODE): {"remoteAs": 64512, "bgpState": "Idle", **peer}})
    return FRR.parse(f"{neighbours}\n{{}}\n{{}}\n{running}")


def of_lines(*lines: str) -> NeighbourState:
    """The neighbour with these lines, those of its family indented once more."""
    whole = "".join(f" neighbor {NODE} {line}\n" for line in lines)
    return parsed(f"router bgp 65009\n{whole}exit\n").neighbours[NODE]


LINES = {
    "description node one": (Setting.DESCRIPTION, "node one"),
    "password s3cret": (Setting.PASSWORD, Password("s3cret")),
    "shutdown": (Setting.SHUTDOWN, ""),
    "shutdown message x y": (Setting.SHUTDOWN, "message x y"),
    "timers 3 9": (Setting.TIMERS, Timers(3, 9)),
    "ttl-security hops 2": (Setting.TTL_SECURITY, 2),
    "graceful-restart-disable": (Setting.GRACEFUL_RESTART, False),
    "prefix-list A in": (Setting.LIST_IN, "A"),
    "prefix-list B out": (Setting.LIST_OUT, "B"),
    "maximum-prefix 100": (Setting.LIMIT, Limit(100)),
    "maximum-prefix 100 70": (Setting.LIMIT, Limit(100, more="70")),
    "maximum-prefix 100 restart 2": (Setting.LIMIT, Limit(100, 120)),
    "maximum-prefix 100 70 restart 2 force": (Setting.LIMIT, Limit(100, 120, "70 force")),
    "maximum-prefix 100 warning-only": (Setting.LIMIT, Limit(100, more="warning-only")),
    "maximum-prefix 100 force": (Setting.LIMIT, Limit(100, more="force")),
    "as-override": (Setting.AS_OVERRIDE, True),
    "remove-private-AS": (Setting.PRIVATE_AS, PrivateAs(every=False, replaced=False)),
    "remove-private-AS all": (Setting.PRIVATE_AS, PrivateAs(every=True, replaced=False)),
    "remove-private-AS all replace-AS": (Setting.PRIVATE_AS, PrivateAs()),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_a_value_and_the_value_is_that_line(line: str) -> None:
    (setting, value), found = LINES[line], of_lines(line)
    assert getattr(found, setting.value) == value
    assert [FRR.words(one, found) for one in Setting if FRR.words(one, found)] == [line.replace(" s3cret", "")]
    assert found.rest == ()


@pytest.mark.parametrize(
    "line", ["timers connect 5", "ebgp-multihop 2", "route-map RM in", "maximum-prefix-out 9", "graceful-restart"]
)
def test_a_line_that_leafrack_never_writes_stays_as_words(line: str) -> None:
    found = of_lines(line)
    assert found.rest == (line,)
    assert [FRR.words(one, found) for one in Setting if FRR.words(one, found)] == []


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("64512", 64512),
        ("1.11", 65547),
        ("external", AnyAs.EXTERNAL),
        ("internal", AnyAs.INTERNAL),
        ("auto", AnyAs.EITHER),
        ("whoever", None),
    ],
)
def test_the_as_that_a_neighbour_is_given_is_a_number_or_a_rule(said: str, number: int | AnyAs | None) -> None:
    assert of_lines(f"remote-as {said}").set_as == number


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Established", SessionState.ESTABLISHED),
        ("OpenSent", SessionState.OPEN_SENT),
        ("Clearing", SessionState.IDLE),
        ("Deleted", SessionState.IDLE),
        ("Odd", SessionState.UNKNOWN),
    ],
)
def test_states_are_those_of_the_rfc(said: str, state: SessionState) -> None:
    assert parsed("", bgpState=said).neighbours[NODE].state is state


FAMILIES = f"""router bgp 65009
 address-family ipv4 unicast
  neighbor {NODE} prefix-list FOUR in
 exit-address-family
 address-family ipv6 unicast
  neighbor {NODE} prefix-list SIX in
 exit-address-family
exit
"""


def test_only_the_family_of_its_address_counts_for_a_neighbour() -> None:
    assert parsed(FAMILIES).neighbours[NODE].list_in == "FOUR"


VRF_ONLY = f"""router bgp 65001 vrf red
 bgp router-id 9.9.9.9
 neighbor {NODE} shutdown
exit
!
router bgp 65002 view looking-glass
exit
"""


def test_a_switch_with_bgp_in_a_vrf_only_runs_none_in_the_default_one() -> None:
    state = FRR.parse("{}\n{}\n{}\n" + VRF_ONLY)
    assert (state.as_number, state.router_id, state.elsewhere) == (None, "", ("red", "looking-glass"))
    assert parsed(VRF_ONLY).neighbours[NODE].shutdown is None


@pytest.mark.parametrize("vrf_first", [True, False])
def test_the_as_is_that_of_the_default_vrf_whatever_comes_first(*, vrf_first: bool) -> None:
    default = "router bgp 65009\n bgp router-id 2.2.2.2\nexit\n"
    state = FRR.parse("{}\n{}\n{}\n" + (VRF_ONLY + default if vrf_first else default + VRF_ONLY))
    assert (state.as_number, state.router_id) == (65009, "2.2.2.2")


DOT = f"""router bgp 1.10 as-notation dot
 neighbor {NODE} remote-as 1.11
 neighbor {NODE} description leafrack rr1 node1
exit
!
router bgp 1.12 vrf red as-notation dot
exit
"""


def test_as_numbers_with_a_dot_are_read_everywhere() -> None:
    state = parsed(DOT, remoteAs="1.11", localAs="1.10")
    assert (state.as_number, state.neighbours[NODE].remote_as, state.neighbours[NODE].set_as) == (65546, 65547, 65547)
    assert state.elsewhere == ("red",)
    assert FRR.as_difference(65547, state.neighbours[NODE]) == ()


@pytest.mark.parametrize("said", ["1.65536", "x", None, [], -1])
def test_an_as_number_that_is_none_is_one_line_about_the_switch(said: object) -> None:
    with pytest.raises(ValueError, match=r"\Athis does not answer as FRR with bgpd: .* is no AS number\Z"):
        parsed("router bgp 65009\n", remoteAs=said)


CUMULUS = f"""router bgp 65009
 bgp router-id 2.2.2.2
 neighbor {NODE} remote-as 64512
exit
"""


@pytest.mark.parametrize(
    ("family", "active"),
    [("IPv4 Unicast", True), ("ipv4Unicast", True), ("L2VPN EVPN", False), ("IPv6 Unicast", False)],
)
def test_a_family_counts_in_the_words_of_a_relative(family: str, *, active: bool) -> None:
    """Cumulus names families with a space, and has no localRouterId."""
    state = parsed(CUMULUS, addressFamilyInfo={family: {"acceptedPrefixCounter": 3}})
    assert state.neighbours[NODE].activated is active
    assert (state.router_id, state.neighbours[NODE].prefixes_received) == ("2.2.2.2", 3)
