"""Ranges of nodes on FRR: what is written, what is read, and what reaches the switch of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from leafrack.platforms import Job, Listener, Neighbour, Task, Way, platform_of
from leafrack.platforms.state import AnyAs, Timers
from tests.platforms.boxes import listener
from tests.platforms.frr.test_platform import Switch

FRR = platform_of("frr")
NODES = listener("172.20.0.0/24")
OWN = ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT", "LEAFRACK-dc1-IN6", "LEAFRACK-dc1-OUT6")
NAMED = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", *OWN[:2], (64512, 64601))


def job(*listeners: Listener, task: Task = Task.SESSIONS, neighbours: tuple[Neighbour, ...] = ()) -> Job:
    return Job(task, 65009, OWN, (), neighbours, 64601, listeners)


GROUP = """\
 neighbor LEAFRACK-dc1-NODES peer-group
 neighbor LEAFRACK-dc1-NODES remote-as 64512
 neighbor LEAFRACK-dc1-NODES description leafrack rr1{note}
 bgp listen range 172.20.0.0/24 peer-group LEAFRACK-dc1-NODES
"""
RANGE = " bgp listen range 172.20.0.0/24 peer-group LEAFRACK-dc1-NODES"
FAMILY = """\
 !
 address-family ipv4 unicast
  neighbor LEAFRACK-dc1-NODES prefix-list LEAFRACK-dc1-IN in
  neighbor LEAFRACK-dc1-NODES prefix-list LEAFRACK-dc1-OUT out
 exit-address-family
exit
!
"""


def standing(note: str = "", more: str = "", password: str = "") -> str:
    """FRR's configuration with the range in place, as 8.4 shows it."""
    group = GROUP.format(note=note)
    if password:
        group = group.replace(" bgp listen", f" neighbor LEAFRACK-dc1-NODES password {password}\n bgp listen")
    return f"router bgp 65009\n bgp router-id 2.2.2.2\n{more}{group}{FAMILY}"


def read(running: str, neighbours: str = "{}") -> list[str]:
    return list(FRR.listener_differences(job(NODES), FRR.parse(f"{neighbours}{{}}{{}}{running}")))


def test_a_range_is_rendered_as_an_operator_would_write_it() -> None:
    six = replace(listener("fd00:1::/64"), password="s3cret", timers=Timers(3, 9), maximum_prefix=1000)
    text = FRR.text(job(NODES, replace(NODES, prefix=ip_network("172.21.0.0/24")), six)).splitlines()
    assert [line for line in text if "peer-group" in line or "listen" in line] == [
        " neighbor LEAFRACK-dc1-NODES peer-group",
        " neighbor LEAFRACK-dc1-NODES6 peer-group",
        " bgp listen limit 200",
        " bgp listen range 172.20.0.0/24 peer-group LEAFRACK-dc1-NODES",
        " bgp listen range 172.21.0.0/24 peer-group LEAFRACK-dc1-NODES",
        " bgp listen range fd00:1::/64 peer-group LEAFRACK-dc1-NODES6",
    ]
    assert "  neighbor LEAFRACK-dc1-NODES6 maximum-prefix 1000 restart 1" in text
    assert (text[0], text[-1]) == ("router bgp 65009", "exit")


def test_a_range_that_stands_as_it_is_declared_differs_in_nothing_and_nothing_is_sent(tmp_path: Path) -> None:
    assert read(standing()) == []
    assert read(standing(" (bgp listen limit 300, was 100)", " bgp listen limit 300\n")) == []
    sent = Switch(tmp_path, standing()).sent(job(NODES))
    assert [line for line in sent if not line.startswith(("router bgp", "exit", " address-family", " exit-"))] == [
        "  neighbor LEAFRACK-dc1-NODES activate"
    ]


RUNS = {
    "nothing": ("router bgp 65009\n", ["range 172.20.0.0/24 is missing"]),
    "another group": (
        standing().replace("/24 peer-group LEAFRACK-dc1-NODES\n", "/24 peer-group X\n"),
        ["range 172.20.0.0/24 is of group X instead of LEAFRACK-dc1-NODES"],
    ),
    "another AS": (
        standing().replace("remote-as 64512", "remote-as 64999"),
        ["range 172.20.0.0/24 has `remote-as 64999` instead of `remote-as 64512`"],
    ),
    "the AS of the end": (standing().replace("remote-as 64512", "remote-as 64601"), []),
    "a list less": (
        standing().replace("  neighbor LEAFRACK-dc1-NODES prefix-list LEAFRACK-dc1-IN in\n", ""),
        ["range 172.20.0.0/24 lacks `prefix-list LEAFRACK-dc1-IN in`"],
    ),
    "not activated": (
        standing().replace(" exit-address", "  no neighbor LEAFRACK-dc1-NODES activate\n exit-address"),
        ["range 172.20.0.0/24 lacks `activate`"],
    ),
    "a password": (standing(password="s3cret"), ["range 172.20.0.0/24 has a password"]),
    "too few neighbours": (
        standing(more=" bgp listen limit 10\n"),
        ["all ranges take 10 neighbours instead of 100"],
    ),
}


@pytest.mark.parametrize(("running", "differences"), RUNS.values(), ids=RUNS)
def test_a_range_that_was_changed_says_what_it_has_and_what_it_should(running: str, differences: list[str]) -> None:
    assert read(running) == differences


def test_who_came_by_a_range_is_told_from_who_was_configured() -> None:
    peers = """{"172.20.0.11": {"remoteAs": 64512, "bgpState": "Established", "peerGroup": "LEAFRACK-dc1-NODES",
      "peerSubnetRangeGroup": "172.20.0.0/24"}, "172.20.0.12": {"remoteAs": 64512, "bgpState": "Idle"}}"""
    state = FRR.parse(f"{peers}{{}}{{}}{standing()}")
    assert [one.came_by for one in state.neighbours.values()] == [NODES.prefix, None]
    assert state.listeners[NODES.prefix].set_as == 64512


LIMITS = {
    "no need": (100, standing(), [], ""),
    "raised": (300, standing(), [" bgp listen limit 300"], " (bgp listen limit 300, was 100)"),
    "raised for us before": (
        300,
        standing(" (bgp listen limit 200, was 50)", " bgp listen limit 200\n"),
        [" bgp listen limit 300"],
        " (bgp listen limit 300, was 50)",
    ),
    "somebody's is enough": (300, standing(more=" bgp listen limit 400\n"), [], ""),
    "never lowered": (100, standing(" (bgp listen limit 300, was 100)", " bgp listen limit 300\n"), [], ""),
}


@pytest.mark.parametrize(("needed", "running", "sent", "noted"), LIMITS.values(), ids=LIMITS)
def test_the_limit_of_the_instance_is_raised_to_what_is_needed_and_never_lowered(
    needed: int, running: str, sent: list[str], noted: str, tmp_path: Path
) -> None:
    lines = Switch(tmp_path, running).sent(job(replace(NODES, maximum_neighbours=needed)))
    described = [line for line in lines if "description" in line]
    assert described == ([f" neighbor LEAFRACK-dc1-NODES description leafrack rr1{noted}"] if noted else [])
    assert [line for line in lines if line.startswith(" bgp listen limit")] == sent


BACK = {
    "ours": (" bgp listen limit 300\n", [" bgp listen limit 50"]),
    "somebody has changed it since": (" bgp listen limit 400\n", []),
}


@pytest.mark.parametrize(("has", "limit"), BACK.values(), ids=BACK)
@pytest.mark.parametrize(("task", "way"), [(Task.SESSIONS, Way.BACK), (Task.RETIRED, Way.FORWARD)])
def test_the_limit_is_put_back_only_if_it_is_still_ours(
    has: str, limit: list[str], task: Task, way: Way, tmp_path: Path
) -> None:
    sent = Switch(tmp_path, standing(" (bgp listen limit 300, was 50)", has)).sent(job(task=task), way)
    assert sent == ["router bgp 65009", f" no{RANGE}", " no neighbor LEAFRACK-dc1-NODES", *limit, "exit"]


def test_a_range_that_is_declared_no_more_goes_and_its_group_stays_with_the_others(tmp_path: Path) -> None:
    other = " bgp listen range 172.21.0.0/24 peer-group LEAFRACK-dc1-NODES\n"
    sent = Switch(tmp_path, standing(more=other)).sent(job(NODES, task=Task.RETIRED))
    assert sent == ["router bgp 65009", f" no{other.rstrip()}", "exit"]


def test_a_group_of_somebody_else_stays_whatever_it_is_called(tmp_path: Path) -> None:
    theirs = standing().replace("LEAFRACK-dc1-IN", "THEIRS").replace("LEAFRACK-dc1-OUT", "THEIRS")
    for task, way in ((Task.RETIRED, Way.FORWARD), (Task.SESSIONS, Way.BACK)):
        assert Switch(tmp_path, theirs).sent(job(task=task), way) == []


def test_names_come_in_the_place_of_a_range_once_it_is_gone(tmp_path: Path) -> None:
    sent = Switch(tmp_path, standing()).sent(job(neighbours=(NAMED,)))
    assert sent[:4] == ["router bgp 65009", f" no{RANGE}", " no neighbor LEAFRACK-dc1-NODES", "exit"]
    assert " neighbor 172.20.0.11 remote-as 64512" in sent[4:]


NAMED_NOW = """\
router bgp 65009
 neighbor 172.20.0.11 remote-as {}
 neighbor 172.20.0.12 remote-as {}
 neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in
 neighbor 172.20.0.12 prefix-list LEAFRACK-dc1-IN in
exit
"""
ANY, RANGED = replace(NODES, as_number=None), replace(NAMED, as_number=None)
SETTLED = {
    "a range for names": (NAMED_NOW.format(64601, 64601), job(ANY), "64601"),
    "a range for names in an AS with a dot": (NAMED_NOW.format("0.64601", 64601), job(ANY), "64601"),
    "a range for names of which one is on its way": (NAMED_NOW.format(64601, "external"), job(ANY), "external"),
    "a range for names on their way": (NAMED_NOW.format("external", "external"), job(ANY), "external"),
    "a range for nobody": ("router bgp 65009\nexit\n", job(ANY), "external"),
    "names for a range": (standing().replace("64512", "64601"), job(neighbours=(RANGED,)), "64601"),
    "names for a range on its way": (standing().replace("64512", "external"), job(neighbours=(RANGED,)), "external"),
    "a name beside names": (
        NAMED_NOW.format(64601, 64601).replace(".11 ", ".13 "),
        job(neighbours=(RANGED,)),
        "external",
    ),
}


@pytest.mark.parametrize(("running", "wanted", "start"), SETTLED.values(), ids=SETTLED)
def test_who_comes_in_the_place_of_those_in_the_as_of_the_end_starts_with_it(
    running: str, wanted: Job, start: str, tmp_path: Path
) -> None:
    sent = Switch(tmp_path, running).sent(wanted)
    assert [line.rpartition(" ")[2] for line in sent if " remote-as " in line] == [start]


PASSWORDS = {
    "the same": ("s3cret", "s3cret", False),
    "another": ("s3cret", "0ther", True),
    "a first one": ("", "s3cret", True),
    "none any more": ("s3cret", None, True),
}


@pytest.mark.parametrize(("has", "wanted", "anew"), PASSWORDS.values(), ids=PASSWORDS)
def test_a_range_is_taken_away_while_its_password_changes(
    has: str, wanted: str | None, *, anew: bool, tmp_path: Path
) -> None:
    sent = Switch(tmp_path, standing(password=has)).sent(job(replace(NODES, password=wanted)))
    assert (sent[:3] == ["router bgp 65009", f" no{RANGE}", "exit"], sent[3:].count(RANGE) == 1) == (anew, anew)


KEPT = " bgp listen range {0} peer-group LEAFRACK-dc1-NODES\n no bgp listen range {0} peer-group LEAFRACK-dc1-NODES"
"""What takes away the key of an address."""
SOCKETS = """\
LISTEN 0 4096 0.0.0.0:179 0.0.0.0:*
\t bbr cwnd:10 md5keys:172.20.0.12/32=s3cret,172.20.0.13/32=,172.20.0.130/32=,172.21.0.5/32=,172.20.0.0/24=s3cret
LISTEN 0 4096 [::]:179 [::]:*
\t bbr cwnd:10 md5keys:fd00:1::11/128=s3cret,fd00:1:0:2::11/128=,fd00:1::/63=
"""
"""What ``ss`` of iproute2 shows root; 6.1 prints each key elsewhere."""
HEARD_OF = """\
172.20.0.12 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE
172.20.0.13 dev eth0 FAILED
172.22.0.1 dev eth1 lladdr 02:00:00:00:00:02 STALE
fd00:1::11 dev eth0 lladdr 02:00:00:00:00:01 STALE
"""
TELLING = {
    "sockets": ("ss", SOCKETS, ["172.20.0.12/32", "172.20.0.130/32"]),
    "the neighbours of the kernel, where sockets are not shown": ("ip", HEARD_OF, ["172.20.0.12/32"]),
}
PARTINGS = {
    "another password": job(replace(NODES, password="0ther")),
    "no password any more": job(NODES),
    "no range any more": job(task=Task.RETIRED),
    "names in its place": job(neighbours=(replace(NAMED, password="0ther"),)),
}


@pytest.mark.parametrize("parting", PARTINGS.values(), ids=PARTINGS)
@pytest.mark.parametrize(("program", "shows", "keys"), TELLING.values(), ids=TELLING)
def test_with_a_range_and_its_password_go_the_keys_of_who_came_by_it(
    program: str, shows: str, keys: list[str], parting: Job, tmp_path: Path
) -> None:
    named = " neighbor 172.20.0.13 remote-as 64512\n neighbor 172.20.0.13 password s3cret\n"
    switch = Switch(tmp_path, standing(password="s3cret", more=named))
    for name, text in {"ss": "", "ip": "", program: shows}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\ncat <<'END'\n{text}END\n")
        (tmp_path / name).chmod(0o755)
    sent = switch.sent(parting)
    begins = ["router bgp 65009", f" no{RANGE}", *(line for key in keys for line in KEPT.format(key).split("\n"))]
    assert sent[: len(begins)] == begins
    assert not [line for line in sent[len(begins) :] if "/32" in line]


def test_keys_of_ipv6_are_told_by_the_bits_of_the_range_and_without_a_password_there_are_none(tmp_path: Path) -> None:
    group = "neighbor LEAFRACK-dc1-NODES6"
    lines = [f"{group} peer-group", f"{group} remote-as 64512", f"{group} prefix-list LEAFRACK-dc1-IN6 in"]
    of_six = " bgp listen range fd00:1::/63 peer-group LEAFRACK-dc1-NODES6"
    (tmp_path / "ss").write_text(f"#!/bin/sh\ncat <<'END'\n{SOCKETS}END\n")
    (tmp_path / "ss").chmod(0o755)
    for password in ([f"{group} password s3cret"], []):
        running = "".join(f" {line}\n" for line in (*lines, *password))
        sent = Switch(tmp_path, f"router bgp 65009\n{running}{of_six}\nexit\n").sent(job(task=Task.RETIRED))
        key = " bgp listen range fd00:1::11/128 peer-group LEAFRACK-dc1-NODES6"
        keys = [key, f" no{key}"] if password else []
        assert sent == ["router bgp 65009", f" no{of_six}", *keys, " no neighbor LEAFRACK-dc1-NODES6", "exit"]


def test_the_as_of_a_range_changes_like_that_of_a_neighbour(tmp_path: Path) -> None:
    pinned = job(replace(NODES, as_number=None), task=Task.AS_NUMBERS)
    running = standing().replace("remote-as 64512", "remote-as external")
    assert FRR.parse(f"{{}}{{}}{{}}{running}").listeners[NODES.prefix].set_as is AnyAs.EXTERNAL
    sent = Switch(tmp_path, running).sent(pinned)
    assert sent == ["router bgp 65009", " neighbor LEAFRACK-dc1-NODES remote-as 64601", "exit"]
