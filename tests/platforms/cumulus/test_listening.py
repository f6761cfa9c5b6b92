"""Ranges of nodes on a Cumulus leaf: what NVUE is given, what is read, and the keys that FRR keeps."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import hand_over
from leafrack.platforms import Job, Listener, SwitchState, Task, Way
from leafrack.platforms.cumulus.platform import CUMULUS
from leafrack.platforms.differences import wanted
from leafrack.platforms.plan import Plan, plan
from leafrack.platforms.played import filled, joined
from leafrack.platforms.state import ListenerState, Password, Raised, Timers
from tests.platforms.boxes import listener, neighbour
from tests.platforms.cumulus.test_platform import BARE, OWN, given
from tests.platforms.test_plan import state as named_state

NODES = listener("172.20.0.0/24")
GROUP = "LEAFRACK-dc1-NODES"
WITH_PASSWORD = replace(NODES, password="s3cret")
STANDS = replace(BARE, listen_limit=100)


def job(*listeners: Listener, task: Task = Task.SESSIONS) -> Job:
    return Job(task, 65009, OWN, (), (), 64601, listeners)


def has(one: Listener = NODES, **change: Any) -> ListenerState:
    said = {"prefix": one.prefix, "group": one.group, "set_as": 64512, "maximum_neighbours": 100, **change}
    return ListenerState(**{**vars(wanted(one)), **said})


def switch(*ranges: ListenerState, limit: int = 100) -> SwitchState:
    return replace(STANDS, listeners={each.prefix: each for each in ranges}, listen_limit=limit)


def bgp(made: Plan) -> Any:
    _, tree = given(made)
    return tree["vrf"]["default"]["router"]["bgp"]


def test_a_range_is_a_group_with_all_that_a_neighbour_has_and_what_makes_its_members() -> None:
    tree = bgp(plan(job(NODES), Way.FORWARD, STANDS, CUMULUS))
    assert tree["dynamic-neighbor"] == {"listen-range": {"172.20.0.0/24": {"peer-group": GROUP}}}
    group = tree["peer-group"][GROUP]
    assert (group["remote-as"], group["password"], group["shutdown"]) == (64512, "none", "off")
    assert group["address-family"]["ipv4-unicast"]["policy"]["inbound"] == {"prefix-list": OWN[0]}
    assert "graceful-restart" not in group
    assert "type" not in group
    newer = bgp(plan(job(NODES), Way.FORWARD, replace(STANDS, release="5.15.0"), CUMULUS))["peer-group"][GROUP]
    assert newer["ttl-security"] == {"state": "disabled"}


def test_ranges_of_a_group_are_one_group_and_its_as_is_given_alone() -> None:
    two = job(NODES, replace(NODES, prefix=ip_network("172.21.0.0/24")), task=Task.AS_NUMBERS)
    found = switch(*map(has, two.listeners))
    assert bgp(plan(two, Way.FORWARD, found, CUMULUS)) == {"peer-group": {GROUP: {"remote-as": 64601}}}


def test_what_goes_is_unset_the_group_with_its_last_range() -> None:
    second = replace(NODES, prefix=ip_network("172.21.0.0/24"))
    found = switch(has(), has(second))
    one = "vrf default router bgp dynamic-neighbor listen-range 172.2{}.0.0/24"
    assert given(plan(job(NODES, task=Task.RETIRED), Way.FORWARD, found, CUMULUS)) == ([one.format(1)], None)
    assert given(plan(job(NODES), Way.BACK, found, CUMULUS)) == (
        [one.format(0), one.format(1), f"vrf default router bgp peer-group {GROUP}"],
        None,
    )


MANY = replace(NODES, maximum_neighbours=300)
LIMITS = {
    "raised": (MANY, Way.FORWARD, switch(), [], 300),
    "raised to what it is by itself": (NODES, Way.FORWARD, switch(limit=1), [], 100),
    "enough": (NODES, Way.FORWARD, switch(limit=400), [], None),
    "put back": (NODES, Way.BACK, switch(has(raised=Raised(300, 50)), limit=300), [], 50),
    "nothing was set": (
        NODES,
        Way.BACK,
        switch(has(raised=Raised(300, 100)), limit=300),
        ["vrf default router bgp dynamic-neighbor limit"],
        None,
    ),
}


@pytest.mark.parametrize(("one", "way", "found", "unset", "limit"), LIMITS.values(), ids=LIMITS)
def test_the_limit_of_all_ranges_is_raised_and_put_back(
    one: Listener, way: Way, found: SwitchState, unset: list[str], limit: int | None
) -> None:
    removed, tree = given(plan(job(one), way, found, CUMULUS))
    assert [line for line in removed if line.endswith(" limit")] == unset
    dynamic = tree["vrf"]["default"]["router"]["bgp"]["dynamic-neighbor"] if tree else {}
    assert dynamic.get("limit") == limit
    if way is Way.FORWARD and limit:
        note = f" (bgp listen limit {limit}, was {found.listen_limit})"
        assert tree["vrf"]["default"]["router"]["bgp"]["peer-group"][GROUP]["description"] == f"leafrack rr1{note}"


RUNNING = """\
router bgp 65009
 neighbor LEAFRACK-dc1-NODES peer-group
 neighbor LEAFRACK-dc1-NODES remote-as 64512
 neighbor LEAFRACK-dc1-NODES description leafrack rr1 (bgp listen limit 300, was 100)
 neighbor LEAFRACK-dc1-NODES password s3cret
 neighbor LEAFRACK-dc1-NODES timers 3 9
 bgp listen limit 300
 bgp listen range 172.20.0.0/24 peer-group LEAFRACK-dc1-NODES
 !
 address-family ipv4 unicast
  neighbor LEAFRACK-dc1-NODES prefix-list LEAFRACK-dc1-IN in
  neighbor LEAFRACK-dc1-NODES prefix-list LEAFRACK-dc1-OUT out
 exit-address-family
exit
"""
TREE = """\
- set: {vrf: {default: {router: {bgp: {peer-group: {LEAFRACK-dc1-NODES: {remote-as: 64512}},
    dynamic-neighbor: {listen-range: {172.20.0.0/24: {peer-group: LEAFRACK-dc1-NODES}}}}}}}}
"""


def shown(tree: str = TREE) -> SwitchState:
    """What a switch answers."""
    system = 'ID=cumulus-linux\nVERSION_ID="5.9.1"\n'
    return CUMULUS.parse(
        joined(zip(CUMULUS.reads, (system, f'{{"default": {{}}}}{{}}{{}}{RUNNING}', tree), strict=True))
    )


def test_a_range_that_was_written_is_read_back_without_a_difference() -> None:
    state = shown()
    as_written = replace(WITH_PASSWORD, graceful_restart=False, timers=Timers(3, 9), maximum_neighbours=300)
    assert CUMULUS.listener_differences(job(as_written), state) == ()
    assert (state.listen_limit, state.listeners[NODES.prefix].raised) == (300, Raised(300, 100))
    long = replace(as_written, description="x" * 80)
    assert len(CUMULUS.listener_differences(job(long), state)) == 1


def test_a_range_of_vtysh_alone_is_not_written_yet() -> None:
    state = shown("- header: {}\n")
    assert CUMULUS.listener_differences(job(replace(WITH_PASSWORD, maximum_neighbours=300)), state) == (
        "range 172.20.0.0/24 lacks `prefix-list LEAFRACK-dc1-IN in`",
        "range 172.20.0.0/24 lacks `prefix-list LEAFRACK-dc1-OUT out`",
    )


KEYS = {
    "another password": (replace(NODES, password="an0ther"), Way.FORWARD, "s3cret", True),
    "none any more": (NODES, Way.FORWARD, "s3cret", True),
    "the first one": (WITH_PASSWORD, Way.FORWARD, None, False),
    "the same one": (replace(WITH_PASSWORD, description="x"), Way.FORWARD, "s3cret", False),
    "it goes": (WITH_PASSWORD, Way.BACK, "s3cret", True),
    "it goes and had none": (NODES, Way.BACK, None, False),
}


@pytest.mark.parametrize(("one", "way", "password", "freed"), KEYS.values(), ids=KEYS)
def test_keys_are_to_go_where_a_password_does(one: Listener, way: Way, password: str | None, freed: bool) -> None:  # noqa: FBT001
    found = switch(has(password=Password(password) if password else None))
    lines = [line.text for line in CUMULUS.lines(plan(job(one), way, found, CUMULUS))]
    assert ([f"free 172.20.0.0/24 {GROUP}"] == [line for line in lines if line.startswith("free")]) is freed


TOOLS = {
    "vtysh": 'case "$*" in *show*) cat "$HOME/running" ;; *) cat >>"$HOME/entered" ;; esac',
    "nv": 'echo "nv $*" >>"$HOME/entered"; [ ! -e "$HOME/refuses" ]',
    "ss": "echo 'md5keys:172.20.0.0/24=x,172.20.0.11/32=y,192.0.2.1/32=z'",
    "id": "echo 0",
}


def applied(home: Path, lines: str) -> tuple[int, list[str]]:
    """Stage and apply lines on a switch with the range: how that ends, and what FRR and NVUE are told."""
    (home / "running").write_text(RUNNING)
    for name, text in TOOLS.items():
        (home / name).write_text(f"#!/bin/sh\n{text}\n")
        (home / name).chmod(0o755)
    env = {"PATH": f"{home}:{os.environ['PATH']}", "HOME": str(home)}
    stage, (apply,) = CUMULUS.transaction.stage, CUMULUS.transaction.apply
    for command, text in ((stage, lines), (apply, "")):
        # Nobody else's file in /tmp is in the way.
        script = filled(command, "leafrack-00c0ffee", 120).replace("/tmp/leafrack", f"{home}/leafrack")
        done = subprocess.run(["sh", "-c", script], input=text, env=env, text=True, capture_output=True, check=False)
    assert not list(home.glob("leafrack-*")), "nothing is left behind"
    return done.returncode, [line.strip() for line in (home / "entered").read_text().splitlines()]


APPLY = "nv config apply --confirm 120s -y"
FREED = [
    "router bgp 65009",
    f"no bgp listen range 172.20.0.0/24 peer-group {GROUP}",
    f"bgp listen range 172.20.0.11/32 peer-group {GROUP}",
    f"no bgp listen range 172.20.0.11/32 peer-group {GROUP}",
    "exit",
]


def test_a_key_goes_with_a_range_of_its_one_address_while_the_range_is_not_there(tmp_path: Path) -> None:
    code, said = applied(tmp_path, f"free 172.20.0.0/24 {GROUP}\n---\n...\n")
    assert (code, said) == (0, ["nv config detach", *FREED, APPLY])


def test_without_such_a_range_frr_is_told_nothing(tmp_path: Path) -> None:
    assert applied(tmp_path, "---\n...\n") == (0, ["nv config detach", APPLY])


def test_neighbours_that_give_way_to_a_range_go_at_once() -> None:
    named = {each.address: named_state(each) for each in (neighbour(), neighbour(1), neighbour(1, 6))}
    found = replace(switch(has()), neighbours=named)
    lines = [line.text for line in CUMULUS.lines(plan(job(NODES, task=Task.RETIRED), Way.FORWARD, found, CUMULUS))]
    assert [line for line in lines if line.startswith("free")] == ["free 172.20.0.11", "free 172.20.0.12"]


def test_frr_is_told_of_them_before_nvue_is(tmp_path: Path) -> None:
    code, said = applied(tmp_path, "free 172.20.0.11\nfree 172.20.0.12\n---\n...\n")
    gone = ["router bgp 65009", "no neighbor 172.20.0.11", "no neighbor 172.20.0.12", "exit"]
    assert (code, said) == (0, ["nv config detach", *gone, APPLY])


def test_all_is_as_it_was_where_nvue_refuses_to_apply(tmp_path: Path) -> None:
    (tmp_path / "refuses").touch()
    code, said = applied(tmp_path, f"free 172.20.0.0/24 {GROUP}\n---\n...\n")
    assert (code, said) == (1, ["nv config detach", *FREED, APPLY, *map(str.strip, RUNNING.splitlines())])


def test_what_is_handed_over_and_taken_away_are_commands() -> None:
    assert CUMULUS.by_hand(hand_over.everything(CUMULUS, job(NODES))).splitlines() == [
        "nv unset vrf default router bgp dynamic-neighbor listen-range 172.20.0.0/24",
        f"nv unset vrf default router bgp peer-group {GROUP}",
    ]
    assert "limit: 100" in CUMULUS.text(job(NODES))
