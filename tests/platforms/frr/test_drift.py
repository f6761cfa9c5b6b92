"""What a neighbour or a prefix list of ours has become on FRR, from the text that FRR 8.4.4 shows."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from leafrack.platforms import Neighbour, PrefixList, platform_of
from leafrack.platforms.state import Timers

FRR = platform_of("frr")
ADDRESS = ip_address("172.20.0.11")
WANTED = Neighbour(
    ADDRESS, 64512, "leafrack rr1 node1", "IN", "OUT", timers=Timers(keepalive=3, hold=9), password="s3cret"
)
LISTS = (PrefixList("IN", (ip_network("10.233.64.0/18"), ip_network("10.233.0.0/18"))),)
JSON = """{"172.20.0.11": {"remoteAs": 64512, "bgpState": "Idle", "addressFamilyInfo": {"ipv4Unicast": {}}}}
{}
{}
"""
RUNNING = """\
router bgp 65009
 neighbor 172.20.0.11 remote-as 64512
 neighbor 172.20.0.11 description leafrack rr1 node1
 neighbor 172.20.0.11 password s3cret
 neighbor 172.20.0.11 timers 3 9
 neighbor 172.20.0.99 description leafrack rr1 node1
 neighbor 172.20.0.99 shutdown
 !
 address-family ipv4 unicast
  neighbor 172.20.0.11 prefix-list IN in
  neighbor 172.20.0.11 prefix-list OUT out
  neighbor 172.20.0.11 route-map THEIRS in
  neighbor 172.20.0.99 prefix-list OTHER in
 exit-address-family
exit
!
router bgp 65009 vrf blue
 neighbor 172.20.0.11 description another instance
exit
!
ip prefix-list IN seq 5 permit 10.233.64.0/18 le 32
ip prefix-list IN seq 10 permit 10.233.0.0/18 le 32
ip prefix-list OTHER seq 5 permit 10.0.0.0/8
!
end
"""
LINE = " neighbor 172.20.0.11"

CHANGED = {
    "nothing": ("", "", ()),
    "another description": (
        f"{LINE} description leafrack rr1 node1",
        f"{LINE} description mine",
        ("has `description mine` instead of `description leafrack rr1 node1`",),
    ),
    "no description": (
        f"{LINE} description leafrack rr1 node1\n",
        "",
        ("lacks `description leafrack rr1 node1`",),
    ),
    "another password": (f"{LINE} password s3cret", f"{LINE} password 0ther", ("has another password",)),
    "no password": (f"{LINE} password s3cret\n", "", ("lacks its password",)),
    "other timers": (f"{LINE} timers 3 9", f"{LINE} timers 10 30", ("has `timers 10 30` instead of `timers 3 9`",)),
    "timers to connect": (f"{LINE} timers 3 9\n", f"{LINE} timers 3 9\n{LINE} timers connect 5\n", ()),
    "a shutdown": (f"{LINE} timers", f"{LINE} shutdown\n{LINE} timers", ("has `shutdown`",)),
    "a shutdown with a reason": (
        f"{LINE} timers",
        f"{LINE} shutdown message x\n{LINE} timers",
        ("has `shutdown message x`",),
    ),
    "another list": (
        f"{LINE} prefix-list IN in",
        f"{LINE} prefix-list OTHER in",
        ("has `prefix-list OTHER in` instead of `prefix-list IN in`",),
    ),
    "no list": (f" {LINE} prefix-list OUT out\n", "", ("lacks `prefix-list OUT out`",)),
    "as-override": (f"{LINE} route-map", f"{LINE} as-override\n {LINE} route-map", ("has `as-override`",)),
    "a limit": (
        f"{LINE} route-map",
        f"{LINE} maximum-prefix 10 restart 1\n {LINE} route-map",
        ("has `maximum-prefix 10 restart 1`",),
    ),
    "private AS numbers removed": (
        f"{LINE} route-map",
        f"{LINE} remove-private-AS all replace-AS\n {LINE} route-map",
        ("has `remove-private-AS all replace-AS`",),
    ),
    "TTL security": (
        f"{LINE} timers",
        f"{LINE} ttl-security hops 1\n{LINE} timers",
        ("has `ttl-security hops 1`",),
    ),
    "no graceful restart": (
        f"{LINE} timers",
        f"{LINE} graceful-restart-disable\n{LINE} timers",
        ("has `graceful-restart-disable`",),
    ),
}


def test_every_change_of_the_table_is_made() -> None:
    assert all(before in RUNNING for before, _, _ in CHANGED.values())


@pytest.mark.parametrize(("before", "after", "differences"), CHANGED.values(), ids=CHANGED)
def test_a_neighbour_that_was_changed_says_what_it_has_and_what_it_should(
    before: str, after: str, differences: tuple[str, ...]
) -> None:
    running = RUNNING.replace(before, after, 1) if before else RUNNING
    found = FRR.parse(JSON + running).neighbours[ADDRESS]
    assert FRR.neighbour_differences(WANTED, found) == differences
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("more", "differences"),
    [
        ("maximum-prefix 30 restart 1", ("lacks `ttl-security hops 1`", "lacks `graceful-restart-disable`")),
        ("ttl-security hops 1", ("lacks `graceful-restart-disable`", "lacks `maximum-prefix 30 restart 1`")),
        (
            "maximum-prefix 10",
            (
                "lacks `ttl-security hops 1`",
                "lacks `graceful-restart-disable`",
                "has `maximum-prefix 10` instead of `maximum-prefix 30 restart 1`",
            ),
        ),
    ],
)
def test_what_the_file_wants_besides_is_lacking_where_it_was_taken_away(
    more: str, differences: tuple[str, ...]
) -> None:
    running = RUNNING.replace(f"{LINE} timers", f"{LINE} {more}\n{LINE} timers", 1)
    wanted = replace(WANTED, ttl_security=True, maximum_prefix=30, graceful_restart=False)
    assert FRR.neighbour_differences(wanted, FRR.parse(JSON + running).neighbours[ADDRESS]) == differences


def test_a_password_that_nobody_wants_is_named_and_not_shown() -> None:
    found = FRR.parse(JSON + RUNNING).neighbours[ADDRESS]
    assert FRR.neighbour_differences(replace(WANTED, password=None), found) == ("has a password",)


def test_a_family_that_is_not_activated_is_lacking() -> None:
    found = FRR.parse(JSON.replace('"ipv4Unicast": {}', "") + RUNNING).neighbours[ADDRESS]
    assert FRR.neighbour_differences(WANTED, found) == ("lacks `activate`",)


@pytest.mark.parametrize(
    ("has", "differences"),
    [
        ("64512", ()),
        ("64513", ("has `remote-as 64513` instead of `remote-as 64512`",)),
        ("external", ("has `remote-as external` instead of `remote-as 64512`",)),
    ],
)
def test_an_as_number_of_somebody_else_is_said(has: str, differences: tuple[str, ...]) -> None:
    running = RUNNING.replace("remote-as 64512", f"remote-as {has}")
    assert FRR.as_difference(64512, FRR.parse(JSON + running).neighbours[ADDRESS]) == differences


@pytest.mark.parametrize(
    ("before", "after", "differences"),
    [
        ("", "", ()),
        ("ip prefix-list IN seq 5 permit 10.233.64.0/18 le 32\n", "",
         ("IN lacks `permit 10.233.64.0/18 le 32`",)),
        ("ip prefix-list OTHER", "ip prefix-list IN seq 1 permit any\nip prefix-list OTHER",
         ("IN has `permit any`",)),
        ("permit 10.233.0.0/18 le 32", "deny 10.233.0.0/18 le 32",
         ("IN lacks `permit 10.233.0.0/18 le 32`", "IN has `deny 10.233.0.0/18 le 32`")),
    ],
)  # fmt: skip
def test_an_edited_prefix_list_says_which_entries_it_has_and_lacks(
    before: str, after: str, differences: tuple[str, ...]
) -> None:
    running = RUNNING.replace(before, after, 1) if before else RUNNING
    assert FRR.list_differences(LISTS, FRR.parse(JSON + running)) == differences


@pytest.mark.parametrize(("family", "differences"), [("ipv6Unicast", ()), ("ipv4Unicast", ("lacks `activate`",))])
def test_an_ipv6_neighbour_is_activated_in_its_own_family(family: str, differences: tuple[str, ...]) -> None:
    """FRR activates IPv4 of every neighbour unless told not to."""
    given = JSON.replace("172.20.0.11", "fd00::11").replace("ipv4Unicast", family)
    running = RUNNING.replace("172.20.0.11", "fd00::11").replace("ipv4 unicast", "ipv6 unicast")
    state = FRR.parse(given + running)
    wanted = replace(WANTED, address=ip_address("fd00::11"))
    assert FRR.neighbour_differences(wanted, state.neighbours[wanted.address]) == differences


def test_an_entry_of_an_ipv6_list_that_is_another_one_is_said() -> None:
    lists = (PrefixList("IN6", (ip_network("fd00:64::/48"),)),)
    running = RUNNING.replace("!\nend", "ipv6 prefix-list IN6 seq 5 permit any\n!\nend")
    assert FRR.list_differences(lists, FRR.parse(JSON + running)) == (
        "IN6 lacks `permit fd00:64::/48 le 128`",
        "IN6 has `permit any`",
    )
