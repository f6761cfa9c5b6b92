"""FRR's dialect: what an operator would find in the running configuration, and read from it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.platforms import Job, Neighbour, PathList, PrefixList, Task, Way, posix
from leafrack.platforms.frr.platform import FRR
from leafrack.platforms.state import Password, Timers
from tests.platforms.jobs import NODE, WHOLE

OWN = ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT")


def sessions(*neighbours: Neighbour, lists: tuple[PrefixList, ...] = ()) -> Job:
    """A job that gives a leaf some neighbours and lists."""
    return Job(Task.SESSIONS, 65009, OWN, lists, neighbours)


RENDERED = {
    "an IPv4 neighbour": (
        NODE,
        """\
router bgp 65009
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
        replace(WHOLE, as_number=None, password="s3cret"),
        """\
router bgp 65009
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
    assert FRR.text(sessions(neighbour)) == text


def test_prefix_lists_permit_the_ranges_and_what_is_inside_them_and_of_all_addresses_the_default_route() -> None:
    lists = (
        PrefixList("A", (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32"))),
        PrefixList("B", (ip_network("fd00:64::/48"), ip_network("::/0"))),
        PrefixList("C", (ip_network("0.0.0.0/0"),)),
    )
    assert FRR.text(sessions(lists=lists)) == (
        "ip prefix-list A seq 5 permit 10.233.64.0/18 le 32\n"
        "ip prefix-list A seq 10 permit 10.9.9.9/32\n"
        "ipv6 prefix-list B seq 5 permit fd00:64::/48 le 128\n"
        "ipv6 prefix-list B seq 10 permit ::/0\n"
        "ip prefix-list C seq 5 permit 0.0.0.0/0\n"
    )


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


PRETTY = json.dumps(json.loads(TABLE), indent=2).replace("/", "\\/")
"""As some releases print it: a key on each line, and strokes escaped."""
TIGHT = json.dumps(json.loads(TABLE), separators=(",", ":"))
TABLES = {
    "as it is": (TABLE, "echo '{}'", {"10.233.64.0/26"}),
    "a key on each line": (PRETTY, "echo '{'; echo '}'", {"10.233.64.0/26"}),
    "on one line": (TIGHT, "cat table", {"10.233.64.0/26"}),
    "of two entries only one is in use": (
        """{"2001:db8::/122": [{"prefix": "2001:db8::/122", "selected": true},
            {"prefix": "2001:db8::/122", "protocol": "bgp", "selected": true, "metric": 0, "installed": true}]}""",
        "echo '{}'",
        {"2001:db8::/122"},
    ),
    "each of two entries lacks something": (
        """{"10.1.0.0/26": [{"prefix": "10.1.0.0/26", "selected": true},
            {"prefix": "10.1.0.0/26", "installed": true, "nexthops": [{"fib": true, "selected": false}]}]}""",
        "echo '{}'",
        set(),
    ),
}


def answering(folder: Path, table: str, other: str) -> dict[str, str]:
    """A ``vtysh`` with this IPv4 table, and a command that prints the IPv6 one."""
    (folder / "table").write_text(table)
    (folder / "neighbours").write_text(NEIGHBOURS)
    (folder / "running").write_text(RUNNING)
    vtysh = folder / "vtysh"
    vtysh.write_text(
        f"""#!/bin/sh
cd {folder} || exit
case "$*" in
  "-c show bgp vrf default neighbors json") cat neighbours ;;
  "-c show ip route json -c show ipv6 route json") cat table; {other} ;;
  "-c show running-config bgpd") cat running ;;
esac
"""
    )
    vtysh.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize(("table", "other", "routes"), TABLES.values(), ids=TABLES)
def test_a_switch_tells_of_its_tables_the_routes_that_are_in_use(
    tmp_path: Path, table: str, other: str, routes: set[str]
) -> None:
    env = answering(tmp_path, table, other)
    done = subprocess.run(["sh", "-c", FRR.read], env=env, text=True, capture_output=True, check=True)
    state = FRR.parse(done.stdout)
    assert (state.as_number, len(state.neighbours)) == (65009, 2)
    assert state.routes == set(map(ip_network, routes))
    assert "selected" not in done.stdout, "a table is most of an answer"


def test_a_login_that_is_bound_to_one_command_tells_the_same_by_whole_tables(tmp_path: Path) -> None:
    env = answering(tmp_path, TABLE, "echo '{}'")
    done = subprocess.run(["sh", "-c", FRR.read], env=env, text=True, capture_output=True, check=True)
    assert FRR.parse(NEIGHBOURS + TABLE + "{}\n" + RUNNING) == FRR.parse(done.stdout)


def test_a_switch_whose_tables_cannot_be_read_is_not_taken_for_one_without_routes(tmp_path: Path) -> None:
    env = answering(tmp_path, TABLE, "echo 'zebra is not running' >&2; exit 1")
    done = subprocess.run(["sh", "-c", FRR.read], env=env, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, "zebra is not running\n")


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
    """A folder with a ``vtysh`` that answers from a file and keeps what it is told, to run a job against."""

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

    def play(self, job: Job, way: Way = Way.FORWARD) -> subprocess.CompletedProcess[str]:
        """Run a job as pulumi-command does: by the shell, with the program on standard input."""
        command, program = ["sh", "-c", posix.command(way)], FRR.program(job)
        return subprocess.run(command, input=program, env=self.env, text=True, capture_output=True, check=False)

    def sent(self, job: Job, way: Way = Way.FORWARD) -> list[str]:
        """Lines that reach the switch by a job that succeeds."""
        done = self.play(job, way)
        assert (done.returncode, done.stderr) == (0, "")
        return self.applied.read_text().splitlines() if self.applied.exists() else []


STANDS = """router bgp 65009
 neighbor 100.0.0.1 remote-as 65008
 neighbor 172.20.0.11 remote-as 64512
 neighbor 172.20.0.11 description leafrack rr1 node1
 address-family ipv4 unicast
  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in
  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-OUT out
 exit-address-family
exit
"""
"""A leaf on which the neighbour is as it is declared."""


def test_a_new_neighbour_gets_its_first_as_number_and_nothing_is_taken_from_it_that_it_has_not(tmp_path: Path) -> None:
    switch = Switch(tmp_path, "router bgp 65009\n neighbor 172.20.0.111 remote-as 1\n")
    assert switch.sent(sessions(NODE)) == [
        "router bgp 65009",
        " neighbor 172.20.0.11 remote-as 64512",
        " neighbor 172.20.0.11 description leafrack rr1 node1",
        " address-family ipv4 unicast",
        "  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in",
        "  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-OUT out",
        "  neighbor 172.20.0.11 activate",
        " exit-address-family",
        "exit",
    ]


def test_of_a_neighbour_that_is_right_nothing_is_sent_but_that_it_is_active(tmp_path: Path) -> None:
    sent = Switch(tmp_path, STANDS).sent(sessions(NODE))
    assert [line.strip() for line in sent if "neighbor" in line] == ["neighbor 172.20.0.11 activate"]


def test_drift_of_one_neighbour_repairs_just_that_one(tmp_path: Path) -> None:
    other = replace(NODE, address=ip_address("172.20.0.12"), description="leafrack rr1 node2")
    both = STANDS + STANDS.replace("172.20.0.11", "172.20.0.12").replace("node1", "node2").partition("\n")[2]
    both = both.replace("exit\n neighbor", " neighbor")
    drifted = both.replace("description leafrack rr1 node1", "description somebody's") + (
        "router bgp 65009 vrf red\n neighbor 172.20.0.11 description leafrack rr1 node1\nexit\n"
    )
    sent = Switch(tmp_path, drifted).sent(sessions(NODE, other))
    assert [line.strip() for line in sent if "neighbor" in line and "activate" not in line] == [
        "neighbor 172.20.0.11 description leafrack rr1 node1"
    ]


@pytest.mark.parametrize(
    ("has", "wanted", "line"),
    [
        (" neighbor 172.20.0.11 timers 3 9\n", {}, "no neighbor 172.20.0.11 timers"),
        (" neighbor 172.20.0.11 password other\n", {}, "no neighbor 172.20.0.11 password"),
        (" neighbor 172.20.0.11 shutdown\n", {}, "no neighbor 172.20.0.11 shutdown"),
        (" neighbor 172.20.0.11 ttl-security hops 1\n", {}, "no neighbor 172.20.0.11 ttl-security hops 1"),
        (" neighbor 172.20.0.11 password a\n", {"password": "b"}, "neighbor 172.20.0.11 password b"),
        ("", {"timers": Timers(3, 9)}, "neighbor 172.20.0.11 timers 3 9"),
        ("", {"maximum_prefix": 7}, "neighbor 172.20.0.11 maximum-prefix 7 restart 1"),
        (" neighbor 172.20.0.11 timers 3 90\n", {"timers": Timers(3, 9)}, "neighbor 172.20.0.11 timers 3 9"),
    ],
)
def test_just_what_differs_of_a_neighbour_is_sent(tmp_path: Path, has: str, wanted: dict[str, Any], line: str) -> None:
    running = STANDS.replace(" address-family", f"{has} address-family")
    sent = Switch(tmp_path, running).sent(sessions(replace(NODE, **wanted)))
    assert [each.strip() for each in sent if "neighbor" in each and "activate" not in each] == [line]


@pytest.mark.parametrize("graceful", [True, False])
@pytest.mark.parametrize("already", [True, False])
def test_graceful_restart_is_switched_only_where_it_differs(tmp_path: Path, *, graceful: bool, already: bool) -> None:
    line = "neighbor 172.20.0.11 graceful-restart-disable"
    running = "router bgp 65009\n neighbor 172.20.0.11 remote-as 64512\n"
    switch = Switch(tmp_path, running + ("" if already else f" {line}\n"))
    sent = switch.sent(sessions(replace(NODE, graceful_restart=graceful)))
    found = [each.strip() for each in sent if "graceful" in each]
    assert found == ([] if graceful is already else [f"no {line}" if graceful else line])


@pytest.mark.parametrize(
    ("has", "state", "keeps"),
    [
        ("64513", "Active", True),
        ("0.64513", "Active", True),
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
    sent = switch.sent(sessions(NODE))
    assert (" neighbor 172.20.0.11 remote-as 64512" not in sent) is keeps
    assert " neighbor 172.20.0.11 description leafrack rr1 node1" in sent


@pytest.mark.parametrize(
    ("running", "has"),
    [
        ("router bgp 65010\n", "65010"),
        ("!\n", "(none)"),
        ("router bgp 65009 vrf red\n", "(none)"),
        ("router bgp 1.10 as-notation dot\n", "1.10"),
    ],
)
def test_a_switch_with_another_as_is_left_alone_and_says_so(tmp_path: Path, running: str, has: str) -> None:
    switch = Switch(tmp_path, running)
    done = switch.play(sessions(NODE))
    assert done.returncode == 1
    assert done.stderr == f"this switch runs BGP as AS {has}, the fabric file says 65009: nothing was changed\n"
    assert not switch.applied.exists()


def test_an_as_number_with_a_dot_is_the_number_that_it_is(tmp_path: Path) -> None:
    switch = Switch(tmp_path, "router bgp 1.10 as-notation dot\n")
    assert " neighbor 172.20.0.11 remote-as 64512" in switch.sent(replace(sessions(NODE), as_number=65546))


def test_a_refused_line_is_shown_without_its_password(tmp_path: Path) -> None:
    switch = Switch(
        tmp_path, "router bgp 65009\n", says="line 3: % Unknown command:  neighbor 172.20.0.11 password s3cret", code=2
    )
    done = switch.play(sessions(NODE))
    assert done.returncode == 1
    assert "s3cret" not in done.stderr + done.stdout
    assert "line 3: % Unknown command:  neighbor 172.20.0.11 password (hidden)" in done.stderr


def test_a_line_that_begins_with_a_percent_sign_is_no_failure(tmp_path: Path) -> None:
    """FRR 10.7 says this where it has applied everything."""
    switch = Switch(tmp_path, "router bgp 65009\n", says="% Configuration applied with notes")
    assert switch.play(sessions(NODE)).returncode == 0
    assert " neighbor 172.20.0.11 remote-as 64512" in switch.applied.read_text().splitlines()


LISTS = (PrefixList("L", (ip_network("10.9.0.0/16"),)),)


def test_entries_that_are_no_longer_given_leave_our_lists_after_the_new_ones_are_in(tmp_path: Path) -> None:
    switch = Switch(
        tmp_path,
        "ip prefix-list L seq 5 permit 10.1.0.0/16 le 32\n"
        "ip prefix-list L seq 10 permit 10.2.0.0/16 le 32\n"
        "ip prefix-list OTHER seq 10 permit 10.3.0.0/16\n"
        "router bgp 65009\n",
    )
    assert switch.sent(sessions(lists=LISTS)) == [
        "ip prefix-list L permit 10.9.0.0/16 le 32",
        "no ip prefix-list L seq 5 permit 10.1.0.0/16 le 32",
        "no ip prefix-list L seq 10 permit 10.2.0.0/16 le 32",
    ]


def test_an_entry_stays_under_its_number_where_one_before_it_goes(tmp_path: Path) -> None:
    switch = Switch(
        tmp_path,
        "ip prefix-list L seq 5 permit 10.1.0.0/16 le 32\nip prefix-list L seq 10 permit 10.9.0.0/16 le 32\n"
        "router bgp 65009\n",
    )
    assert switch.sent(sessions(lists=LISTS)) == ["no ip prefix-list L seq 5 permit 10.1.0.0/16 le 32"]


PATHS = "LEAFRACK-dc1-AS"
PATH_LINE = f"bgp as-path access-list {PATHS}"
LISTED = replace(NODE, paths_in=PATHS)


def listed(*as_numbers: int, **changed: Any) -> Job:
    """A job with a path list of these AS numbers."""
    return replace(sessions(replace(LISTED, **changed)), paths=PathList(PATHS, as_numbers), final_as=64513)


def test_a_path_list_comes_before_the_neighbours_that_use_it() -> None:
    text = FRR.text(listed(64512, 64513))
    assert text.startswith(f"{PATH_LINE} permit ^(64512|64513)(_(64512|64513))*$\nrouter bgp 65009\n")
    assert f"  neighbor 172.20.0.11 filter-list {PATHS} in\n" in text


def test_a_neighbour_that_stands_gets_its_path_list_and_nothing_else(tmp_path: Path) -> None:
    assert Switch(tmp_path, STANDS).sent(listed(64512, 64513)) == [
        f"{PATH_LINE} permit ^(64512|64513)(_(64512|64513))*$",
        "router bgp 65009",
        " address-family ipv4 unicast",
        f"  neighbor 172.20.0.11 filter-list {PATHS} in",
        "  neighbor 172.20.0.11 activate",
        " exit-address-family",
        "exit",
    ]


def of_lists(lines: list[str]) -> list[str]:
    return [line for line in lines if "as-path" in line]


WIDER: dict[str, tuple[Job, str, str, list[str]]] = {
    "as it is": (listed(64512, 64513), "64512|64513", "64512", []),
    "an entry that was is there until the new one is": (
        listed(64512, 64513), "64512", "64512",
        [f"{PATH_LINE} permit ^(64512|64513)(_(64512|64513))*$", f"no {PATH_LINE} seq 5 permit ^(64512)(_(64512))*$"],
    ),
    "the AS that the neighbour has stays in it": (
        listed(64512, 64513, as_numbers=(64512, 64600)), "64512|64600", "64600",
        [
            f"{PATH_LINE} permit ^(64512|64513|64600)(_(64512|64513|64600))*$",
            f"no {PATH_LINE} seq 5 permit ^(64512|64600)(_(64512|64600))*$",
        ],
    ),
    "in both spellings": (
        listed(64512, as_numbers=(4200000001,)), "64512|4200000001|64086[.]59905", "64086.59905", [],
    ),
    "of a neighbour of any AS its session's": (
        listed(64512, as_number=None), "64512|64601", "external", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("job", "has", "remote_as", "lines"), WIDER.values(), ids=WIDER)
def test_a_path_list_takes_what_the_nodes_are_in_meanwhile(
    job: Job, has: str, remote_as: str, lines: list[str], tmp_path: Path
) -> None:
    running = STANDS.replace("remote-as 64512", f"remote-as {remote_as}")
    running += f"{PATH_LINE} seq 5 permit ^({has})(_({has}))*$\n{PATH_LINE}2 seq 5 permit .*\n"
    established = 'Established",\n  "remoteAs":64601, "x":"'
    assert of_lists(Switch(tmp_path, running, state=established).sent(job)) == lines


def test_with_the_as_of_the_end_the_path_list_holds_what_the_file_says(tmp_path: Path) -> None:
    running = f"{STANDS}{PATH_LINE} seq 5 permit ^(64512|64600)(_(64512|64600))*$\n"
    job = replace(listed(64512, 64513), task=Task.AS_NUMBERS)
    assert Switch(tmp_path, running).sent(job) == [
        "router bgp 65009",
        " neighbor 172.20.0.11 remote-as 64513",
        "exit",
        f"{PATH_LINE} permit ^(64512|64513)(_(64512|64513))*$",
        f"no {PATH_LINE} seq 5 permit ^(64512|64600)(_(64512|64600))*$",
    ]


def test_an_as_number_of_a_job_without_a_path_list_takes_none_away(tmp_path: Path) -> None:
    running = f"{STANDS}{PATH_LINE} seq 5 permit .*\nip prefix-list PODS seq 5 permit 10.9.0.0/16\n"
    job = replace(sessions(NODE), task=Task.AS_NUMBERS, final_as=64513)
    assert Switch(tmp_path, running).sent(job)[1:-1] == [" neighbor 172.20.0.11 remote-as 64513"]


def test_a_path_list_goes_last_and_no_other_one_does(tmp_path: Path) -> None:
    running = f"{STANDS}{PATH_LINE} seq 5 permit ^(1)(_(1))*$\n{PATH_LINE} seq 10 permit .*\n{PATH_LINE}2 permit .*\n"
    sent = Switch(tmp_path, running).sent(listed(64512), Way.BACK)
    assert sent == ["router bgp 65009", " no neighbor 172.20.0.11", "exit", f"no {PATH_LINE}"]


OTHERS = """router bgp 65009
 neighbor 100.0.0.1 remote-as 65008
 neighbor 100.0.0.1 description spine
 neighbor 172.20.0.11 remote-as 64512
 neighbor 172.20.0.12 remote-as 64512
 neighbor 172.20.0.13 remote-as 64512
 neighbor 172.20.0.13 description leafrack rr1 node3
 neighbor 172.20.0.14 remote-as 64512
 address-family ipv4 unicast
  neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in
  neighbor 172.20.0.12 prefix-list LEAFRACK-dc1-OUT out
  neighbor 172.20.0.13 prefix-list PODS in
  neighbor 172.20.0.14 prefix-list LEAFRACK-dc1-b-IN in
 exit-address-family
exit
ip prefix-list LEAFRACK-dc1-IN seq 5 permit 10.9.0.0/16
ip prefix-list LEAFRACK-dc1-OUT seq 5 permit 10.9.0.0/16
ip prefix-list LEAFRACK-dc1-b-IN seq 5 permit 10.9.0.0/16
ip prefix-list PODS seq 5 permit 10.9.0.0/16
"""
"""Two neighbours of this fabric, one that is only described like ours, one of a fabric with a longer name."""


def test_on_the_way_back_all_that_is_ours_goes_and_nothing_else(tmp_path: Path) -> None:
    assert Switch(tmp_path, OTHERS).sent(sessions(NODE), Way.BACK) == [
        "router bgp 65009",
        " no neighbor 172.20.0.11",
        " no neighbor 172.20.0.12",
        "exit",
        "no ip prefix-list LEAFRACK-dc1-IN",
        "no ip prefix-list LEAFRACK-dc1-OUT",
    ]


def test_who_is_ours_and_declared_no_more_is_retired(tmp_path: Path) -> None:
    lists = (PrefixList("LEAFRACK-dc1-IN", (ip_network("10.9.0.0/16"),)),)
    job = replace(sessions(NODE, lists=lists), task=Task.RETIRED)
    assert Switch(tmp_path, OTHERS).sent(job) == [
        "router bgp 65009",
        " no neighbor 172.20.0.12",
        "exit",
        "no ip prefix-list LEAFRACK-dc1-OUT",
    ]


@pytest.mark.parametrize(
    ("way", "lines"),
    [
        (Way.FORWARD, [" neighbor 172.20.0.11 remote-as 64513", " neighbor 172.20.0.12 remote-as 64513"]),
        (Way.BACK, [" neighbor 172.20.0.11 remote-as external", " neighbor 172.20.0.12 remote-as external"]),
    ],
)
def test_neighbours_of_ours_are_renumbered_and_come_back_and_no_other_is_made(
    tmp_path: Path, way: Way, lines: list[str]
) -> None:
    nodes = [replace(NODE, address=ip_address(f"172.20.0.{number}"), as_number=None) for number in (11, 12, 13, 99)]
    job = replace(sessions(*nodes), task=Task.AS_NUMBERS, final_as=64513)
    assert Switch(tmp_path, OTHERS).sent(job, way) == ["router bgp 65009", *lines, "exit"]


@pytest.mark.parametrize("task", [Task.SESSIONS, Task.AS_NUMBERS])
def test_where_no_bgp_runs_there_is_nothing_to_take_away(tmp_path: Path, task: Task) -> None:
    assert Switch(tmp_path, "!\n").sent(replace(sessions(NODE), task=task), Way.BACK) == []


def test_what_is_ours_is_taken_away_whatever_as_the_switch_has_by_now(tmp_path: Path) -> None:
    switch = Switch(tmp_path, OTHERS.replace("router bgp 65009", "router bgp 65099"))
    assert switch.sent(sessions(NODE), Way.BACK)[:2] == ["router bgp 65099", " no neighbor 172.20.0.11"]


@pytest.mark.parametrize("way", Way)
def test_what_cannot_be_saved_is_said_in_the_switchs_words(tmp_path: Path, way: Way) -> None:
    switch = Switch(tmp_path, OTHERS)
    vtysh = tmp_path / "vtysh"
    broken = """case "$*" in
  "-c write memory") echo "% Can't open file /etc/frr/frr.conf: Read-only file system"; exit 1 ;;
esac
"""
    vtysh.write_text(vtysh.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\n{broken}"))
    done = switch.play(sessions(NODE), way)
    assert (done.returncode, done.stderr) == (1, "% Can't open file /etc/frr/frr.conf: Read-only file system\n")


def test_what_was_saved_before_is_replaced_as_well_for_it_may_hold_a_password(tmp_path: Path) -> None:
    switch, saved = Switch(tmp_path, OTHERS), tmp_path / "saved"
    vtysh = tmp_path / "vtysh"
    counted = f'[ "$*" != "-c write memory" ] || echo >>{saved}\n'
    vtysh.write_text(vtysh.read_text().replace("#!/bin/sh\n", f"#!/bin/sh\n{counted}"))
    switch.sent(sessions(NODE), Way.BACK)
    assert saved.read_text() == "\n\n"
