"""FRR's dialect: what an operator would find in the running configuration, and read from it."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from leafrack.platforms import Neighbour, PrefixList, platform_of
from leafrack.platforms.state import Password, Timers

FRR = platform_of("frr")

RENDERED = {
    "an IPv4 neighbour": (
        Neighbour(
            ip_address("172.20.0.11"),
            64512,
            "leafrack rr1 node1",
            "LEAFRACK-dc1-IN",
            "LEAFRACK-dc1-OUT",
            (64512, 64513),
        ),
        """\
router bgp 65009
! may be in AS 64512 64513
 neighbor 172.20.0.11 remote-as 64512
 neighbor 172.20.0.11 description leafrack rr1 node1
 no neighbor 172.20.0.11 password
 no neighbor 172.20.0.11 shutdown
 no neighbor 172.20.0.11 timers
 no neighbor 172.20.0.11 ttl-security hops 1
 no neighbor 172.20.0.11 graceful-restart-disable
 address-family ipv4 unicast
  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in
  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-OUT out
  no neighbor 172.20.0.11 maximum-prefix
  no neighbor 172.20.0.11 as-override
  no neighbor 172.20.0.11 remove-private-AS all replace-AS
  neighbor 172.20.0.11 activate
 exit-address-family
exit
""",
    ),
    "an IPv6 neighbour with all that may be wanted": (
        Neighbour(
            ip_address("fd00:1::11"),
            None,
            "leafrack rr1 node1",
            "LEAFRACK-dc1-IN6",
            "LEAFRACK-dc1-OUT6",
            (64513,),
            as_override=True,
            remove_private_as=True,
            graceful_restart=False,
            ttl_security=True,
            maximum_prefix=1000,
            timers=Timers(keepalive=3, hold=9),
            password="s3cret",
        ),
        """\
router bgp 65009
! may be in AS 64513
 neighbor fd00:1::11 remote-as external
 neighbor fd00:1::11 description leafrack rr1 node1
 neighbor fd00:1::11 password s3cret
 no neighbor fd00:1::11 shutdown
 neighbor fd00:1::11 timers 3 9
 neighbor fd00:1::11 ttl-security hops 1
 neighbor fd00:1::11 graceful-restart-disable
 address-family ipv6 unicast
  neighbor fd00:1::11 prefix-list LEAFRACK-dc1-IN6 in
  neighbor fd00:1::11 prefix-list LEAFRACK-dc1-OUT6 out
  neighbor fd00:1::11 maximum-prefix 1000 restart 1
  neighbor fd00:1::11 as-override
  neighbor fd00:1::11 remove-private-AS all replace-AS
  neighbor fd00:1::11 activate
 exit-address-family
exit
""",
    ),
}


@pytest.mark.parametrize(("neighbour", "text"), RENDERED.values(), ids=RENDERED)
def test_a_neighbour_is_rendered_as_an_operator_would_write_it(neighbour: Neighbour, text: str) -> None:
    assert FRR.render(65009, neighbour) == text


def test_prefix_lists_permit_the_ranges_and_what_is_inside_them_and_of_all_addresses_the_default_route() -> None:
    lists = (
        PrefixList("A", (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32"))),
        PrefixList("B", (ip_network("fd00:64::/48"), ip_network("::/0"))),
        PrefixList("C", (ip_network("0.0.0.0/0"),)),
    )
    assert FRR.render_lists(lists) == (
        "ip prefix-list A seq 5 permit 10.233.64.0/18 le 32\n"
        "ip prefix-list A seq 10 permit 10.9.9.9/32\n"
        "ipv6 prefix-list B seq 5 permit fd00:64::/48 le 128\n"
        "ipv6 prefix-list B seq 10 permit ::/0\n"
        "ip prefix-list C seq 5 permit 0.0.0.0/0\n"
    )


def test_taking_back_names_our_neighbour_and_our_lists_and_nothing_else() -> None:
    address = ip_address("172.20.0.11")
    assert "'no neighbor 172.20.0.11'" in FRR.unrender(65009, address)
    assert "no router" not in FRR.unrender(65009, address)
    forgotten = FRR.forget_lists((PrefixList("A", (ip_network("10.0.0.0/8"),)),))
    assert "'no ip prefix-list A'" in forgotten
    assert forgotten.count("'no ") == 1


def test_a_password_does_not_show_in_the_representation_of_a_neighbour() -> None:
    shown = [repr(neighbour) for neighbour, _ in RENDERED.values()]
    assert "s3cret" not in "".join(shown)


NEIGHBOURS = """{
 "100.0.0.1": {"remoteAs": 65008, "bgpState": "Established", "bgpTimerUpMsec": 61000,
   "addressFamilyInfo": {"ipv4Unicast": {"acceptedPrefixCounter": 4}}},
 "172.20.0.11": {"remoteAs": 64512, "nbrDesc": "leafrack rr1 node1", "bgpState": "Idle",
   "lastNotificationReason": "OPEN Message Error/Bad Peer AS", "addressFamilyInfo": {}},
 "ipv4Unicast": {"totalPeers": 2}
}
"""
TABLE = """{
 "10.233.64.0/26": [{"prefix": "10.233.64.0/26", "selected": true, "installed": true}],
 "10.233.64.64/26": [{"prefix": "10.233.64.64/26"}]
}
"""
RUNNING = "frr version 8.4.4\n!\nrouter bgp 65009\n bgp router-id 2.2.2.2\n"


CONFIGURED = """frr version 8.4.4
!
router bgp 65009
 bgp router-id 2.2.2.2
 neighbor 172.20.0.11 remote-as 64512
 neighbor 172.20.0.11 description node1
 neighbor 172.20.0.11 password s3cret
 neighbor 172.20.0.11 timers 3 9
 !
 address-family ipv4 unicast
  neighbor 172.20.0.11 activate
  neighbor 172.20.0.11 prefix-list PODS in
  no neighbor 172.20.0.12 activate
 exit-address-family
exit
!
router bgp 65009 vrf storage
 neighbor 172.20.0.11 ttl-security hops 1
exit
"""
NUMBERED = """{
 "172.20.0.11": {"remoteAs": 64512, "bgpState": "Established", "hostLocal": "172.20.0.254",
   "localRouterId": "2.2.2.2", "remoteRouterId": "172.20.0.11"},
 "swp1": {"remoteAs": 65008, "bgpState": "Established", "hostLocal": "fe80::1"}
}
"""


def test_what_is_configured_of_a_neighbour_is_read_without_its_password() -> None:
    state = FRR.parse(f"{NUMBERED}{{}}{{}}{CONFIGURED}")
    (node,) = state.neighbours.values()
    assert (node.password, node.timers, node.list_in) == (Password("s3cret"), Timers(3, 9), "PODS")
    assert (node.ttl_security, node.rest) == (None, ())
    assert "s3cret" not in repr(state)


def test_both_ends_of_a_session_are_read_and_a_neighbour_without_address_is_no_node() -> None:
    state = FRR.parse(f"{NUMBERED}{{}}{{}}{CONFIGURED}")
    (node,) = state.neighbours.values()
    assert (str(node.local_address), node.router_id, state.router_id) == ("172.20.0.254", "172.20.0.11", "2.2.2.2")


def test_the_state_of_a_switch_is_read_from_its_own_json() -> None:
    state = FRR.parse(NEIGHBOURS + TABLE + "{}\n" + RUNNING)
    assert state.as_number == 65009
    assert state.routes == {ip_network("10.233.64.0/26")}, "a route that is not installed does not count"
    spine, node = state.neighbours[ip_address("100.0.0.1")], state.neighbours[ip_address("172.20.0.11")]
    assert (spine.state, spine.uptime, spine.prefixes_received, spine.last_error) == ("Established", 61.0, 4, "")
    assert (node.state, node.uptime, node.description) == ("Idle", 0.0, "leafrack rr1 node1")
    assert node.last_error == "OPEN Message Error/Bad Peer AS"


TRIPPED = """{"172.20.0.11": {"remoteAs": 64512, "bgpState": "Idle",
  "addressFamilyInfo": {"ipv4Unicast": {"acceptedPrefixCounter": 0, "prefixAllowedMax": 7,
    "prefixAllowedWarningThresh": 75, "prefixAllowedRestartIntervalMsecs": 60000}},
  "lastNotificationReason": "Cease/Maximum Number of Prefixes Reached", "lastResetDueTo": "BGP Notification send",
  "prefixesConfigExceedMax": true%s}}
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (', "reducePrefixNumFrom": true, "restartInTimerMsec": 44000', ", tried again in 44 s"),
        ("", ""),
    ],
)
def test_a_session_that_ended_for_too_many_routes_says_so_and_when_it_is_tried_again(more: str, said: str) -> None:
    (node,) = FRR.parse(f"{TRIPPED % more}{{}}{{}}{RUNNING}").neighbours.values()
    assert node.last_error == f"maximum-prefix 7 exceeded{said}"


@pytest.mark.parametrize("running", ["frr version 8.4.4\n!\n", ""])
def test_a_switch_without_bgp_has_no_as_number_and_no_neighbours(running: str) -> None:
    state = FRR.parse("{}\n{}\n{}\n" + running)
    assert (state.as_number, dict(state.neighbours), state.routes) == (None, {}, frozenset())


@pytest.mark.parametrize("output", ["", "bash: vtysh: command not found", "{}", '{"broken": '])
def test_an_answer_that_is_not_frrs_is_said_in_one_line(output: str) -> None:
    with pytest.raises(ValueError, match=r"\Athis does not answer as FRR with bgpd: .*\Z"):
        FRR.parse(output)


class Switch:
    """A folder with a ``vtysh`` that answers from a file and keeps what it is told, to run the apply script against."""

    def __init__(self, folder: Path, running: str, says: str = "", code: int = 0, state: str = "Idle") -> None:
        self.applied = folder / "applied"
        (folder / "running").write_text(running)
        vtysh = folder / "vtysh"
        vtysh.write_text(
            f"""#!/bin/sh
case "$1 $2" in
  "-c show running-config bgpd") cat {folder}/running || true ;;
  "-c show bgp vrf default neighbors 172.20.0.11 json") echo '  "bgpState":"{state}",' ;;
  "-C -f") exit 0 ;;
  "-f "*) cat "$2" >{self.applied}; printf '%s' '{says}'; exit {code} ;;
esac
"""
        )
        vtysh.chmod(vtysh.stat().st_mode | stat.S_IXUSR)
        self.env = {"PATH": f"{folder}:{os.environ['PATH']}"}

    def apply(self, text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", FRR.run],
            input=FRR.apply(text),
            env=self.env,
            text=True,
            capture_output=True,
            check=False,
        )


NEIGHBOUR = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", "L", "L", (64512, 64513))
GIVEN = FRR.render(65009, NEIGHBOUR)


def test_a_new_neighbour_gets_its_first_as_number(tmp_path: Path) -> None:
    switch = Switch(tmp_path, "router bgp 65009\n neighbor 172.20.0.111 remote-as 1\n")
    assert switch.apply(GIVEN).returncode == 0
    assert switch.applied.read_text() == without(GIVEN, " no neighbor 172.20.0.11 graceful-restart-disable")


def without(text: str, line: str) -> str:
    assert f"{line}\n" in text
    return text.replace(f"{line}\n", "")


@pytest.mark.parametrize("graceful", [True, False])
@pytest.mark.parametrize("already", [True, False])
def test_graceful_restart_is_switched_only_where_it_differs(tmp_path: Path, *, graceful: bool, already: bool) -> None:
    line = "neighbor 172.20.0.11 graceful-restart-disable"
    running = "router bgp 65009\n neighbor 172.20.0.11 remote-as 64512\n"
    switch = Switch(tmp_path, running + ("" if already else f" {line}\n"))
    given = FRR.render(65009, replace(NEIGHBOUR, graceful_restart=graceful))
    assert switch.apply(given).returncode == 0
    sent = [each.strip() for each in switch.applied.read_text().splitlines() if "graceful" in each]
    assert sent == ([] if graceful is already else [f"no {line}" if graceful else line])


@pytest.mark.parametrize(
    ("has", "state", "keeps"),
    [
        ("64513", "Active", True),
        ("external", "Active", True),
        ("64599", "Established", True),
        ("64599", "Active", False),
        ("6451", "Active", False),
    ],
)
def test_a_neighbour_keeps_its_as_number_unless_nobody_could_have_a_session_with_it(
    tmp_path: Path, has: str, state: str, *, keeps: bool
) -> None:
    switch = Switch(tmp_path, f"router bgp 65009\n neighbor 172.20.0.11 remote-as {has}\n", state=state)
    assert switch.apply(GIVEN).returncode == 0
    applied = switch.applied.read_text()
    assert ("neighbor 172.20.0.11 remote-as 64512" not in applied) is keeps
    assert "neighbor 172.20.0.11 description leafrack rr1 node1" in applied


@pytest.mark.parametrize(("running", "has"), [("router bgp 65010\n", "65010"), ("!\n", "(none)")])
def test_a_switch_with_another_as_is_left_alone_and_says_so(tmp_path: Path, running: str, has: str) -> None:
    switch = Switch(tmp_path, running)
    done = switch.apply(GIVEN)
    assert done.returncode == 1
    assert done.stderr == f"this switch runs BGP as AS {has}, the fabric file says 65009: nothing was changed\n"
    assert not switch.applied.exists()


def test_a_refused_line_is_shown_without_its_password(tmp_path: Path) -> None:
    switch = Switch(
        tmp_path, "router bgp 65009\n", says="line 3: % Unknown command:  neighbor 172.20.0.11 password s3cret", code=2
    )
    done = switch.apply(GIVEN)
    assert done.returncode == 1
    assert "s3cret" not in done.stderr + done.stdout
    assert "line 3: % Unknown command:  neighbor 172.20.0.11 password (hidden)" in done.stderr


def test_entries_that_are_no_longer_given_leave_our_lists_after_the_new_ones_are_in(tmp_path: Path) -> None:
    switch = Switch(
        tmp_path,
        "ip prefix-list L seq 5 permit 10.1.0.0/16 le 32\n"
        "ip prefix-list L seq 10 permit 10.2.0.0/16 le 32\n"
        "ip prefix-list OTHER seq 10 permit 10.3.0.0/16\n"
        "router bgp 65009\n",
    )
    given = FRR.render_lists((PrefixList("L", (ip_network("10.9.0.0/16"),)),))
    assert switch.apply(given).returncode == 0
    assert switch.applied.read_text() == given + "no ip prefix-list L seq 10 permit 10.2.0.0/16 le 32\n"


TAKING_AWAY = [
    FRR.unrender(65009, ip_address("172.20.0.11")),
    FRR.forget_lists((PrefixList("A", (ip_network("10.0.0.0/8"),)),)),
]


@pytest.mark.parametrize("command", TAKING_AWAY, ids=["a neighbour", "lists"])
def test_what_cannot_be_saved_when_something_is_taken_away_is_said_in_the_switchs_words(
    tmp_path: Path, command: str
) -> None:
    vtysh = tmp_path / "vtysh"
    vtysh.write_text(
        """#!/bin/sh
case "$*" in
  "-c write memory") echo "% Can't open file /etc/frr/frr.conf: Read-only file system"; exit 1 ;;
  "-c show running-config bgpd") echo "router bgp 65009" ;;
esac
"""
    )
    vtysh.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", command], env=env, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, "% Can't open file /etc/frr/frr.conf: Read-only file system\n")
