"""Ranges in which leaves take neighbours, on every fake whose platform has them: what comes, changes and goes."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from lab.fakes import FAKES
from lab.fakes.model import Peer, Range, Seen
from leafrack.platforms import Feature, Job, Listener, PrefixList, SwitchState, Task, Way
from leafrack.platforms.plan import plan
from leafrack.platforms.played import HIDDEN, joined
from leafrack.platforms.state import Timers
from leafrack.world import player, returning
from tests.platforms.boxes import listener, neighbour
from tests.platforms.jobs import ALL, OWN, PATHS
from tests.platforms.wire import Leaf, Talk, Wire, platform

LISTENING = [name for name in FAKES if Feature.LISTENERS not in platform(name).cannot]
each = pytest.mark.parametrize("name", LISTENING)

PLAIN, SIX = listener("172.20.0.0/24"), listener("fd00:1::/64")
FIRST, SECOND = listener("172.20.0.0/25"), listener("172.20.0.128/25")
WHOLE = replace(
    PLAIN,
    password="s3cret",
    timers=Timers(keepalive=3, hold=9),
    ttl_security=True,
    maximum_prefix=1000,
    as_override=True,
    paths_in=PATHS.name,
    maximum_neighbours=40,
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)
    monkeypatch.setattr(returning, "ROUTES", 0.0)


def job(*listeners: Listener, task: Task = Task.SESSIONS, lists: tuple[PrefixList, ...] = ALL.lists) -> Job:
    return Job(task, 65009, OWN, lists, (), 64601, listeners, PATHS if any(one.paths_in for one in listeners) else None)


def ranges(leaf: Leaf) -> dict[str, Peer]:
    """What the box has understood of its ranges."""
    found: tuple[Range, ...] = leaf.speaker.runs.ranges
    return {one.prefix: one.peer for one in found}


def said(leaf: Leaf) -> list[str]:
    """Lines of its configuration; what was taken away and came again stands elsewhere."""
    return sorted(re.sub(r" cipher \S+", "", line) for line in leaf.running.splitlines())


def read(leaf: Leaf) -> SwitchState:
    made = platform(leaf.name)
    talk = Talk(leaf.fake, made, Wire())
    return made.parse(joined((command, asyncio.run(talk.ask(command))) for command in made.reads))


@each
def test_a_range_comes_with_all_that_is_declared_is_not_touched_again_and_goes_without_a_trace(name: str) -> None:
    leaf = Leaf.new(name)
    before = leaf.running
    done = leaf.play(job(WHOLE, replace(SIX, maximum_neighbours=7)))
    assert done.changed
    found = {
        # Comware has path lists by their number, and graceful restart for all neighbours or none.
        prefix: replace(one, paths_in=one.paths_in and PATHS.name, graceful_restart=True)
        for prefix, one in ranges(leaf).items()
    }
    assert found == {
        "172.20.0.0/24": Peer(
            as_number=64512,
            description=found["172.20.0.0/24"].description,
            password="s3cret",
            timers=(3, 9),
            ttl_hops=1,
            list_in="LEAFRACK-dc1-IN",
            list_out="LEAFRACK-dc1-OUT",
            paths_in=PATHS.name,
            limit=1000,
            retry=60,
            as_override=True,
            families=frozenset({4}),
        ),
        "fd00:1::/64": Peer(
            as_number=64512,
            description="leafrack rr1",
            list_in="LEAFRACK-dc1-IN6",
            list_out="LEAFRACK-dc1-OUT6",
            families=frozenset({6}),
        ),
    }
    assert found["172.20.0.0/24"].description.startswith("leafrack rr1")
    assert (leaf.saved, leaf.waits()) == (leaf.running, [])
    played = len(leaf.speaker.played)
    again = leaf.play(job(WHOLE, replace(SIX, maximum_neighbours=7)), seals=done.seals)
    assert (again.changed, again.seals, len(leaf.speaker.played)) == (False, done.seals, played)
    leaf.play(job(WHOLE), Way.BACK)
    assert (leaf.running, leaf.saved) == (before, before)


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another password": ({"password": "an0ther"}, {"password": "an0ther"}),
    "no password": ({"password": None}, {"password": None}),
    "other timers": ({"timers": Timers(keepalive=5, hold=15)}, {"timers": (5, 15)}),
    "no timers": ({"timers": None}, {"timers": None}),
    "no TTL security": ({"ttl_security": False}, {"ttl_hops": None}),
    "another limit of routes": ({"maximum_prefix": 7}, {"limit": 7}),
    "no limit of routes": ({"maximum_prefix": None}, {"limit": None, "retry": None}),
    "no override": ({"as_override": False}, {"as_override": False}),
    "another description": ({"description": "leafrack rr2"}, {"description": "leafrack rr2"}),
    "other lists": ({"list_in": OWN[2], "list_out": OWN[0]}, {"list_in": OWN[2], "list_out": OWN[0]}),
}


@each
@pytest.mark.parametrize(("change", "means"), CHANGES.values(), ids=CHANGES)
def test_of_a_range_what_changes_is_changed_there_and_back_and_nothing_else(
    name: str, change: dict[str, Any], means: dict[str, Any]
) -> None:
    leaf = Leaf.new(name)
    done = leaf.play(job(WHOLE))
    before, peer = said(leaf), ranges(leaf)["172.20.0.0/24"]
    other = leaf.play(job(replace(WHOLE, **change)), seals=done.seals)
    assert other.changed
    assert ranges(leaf) == {"172.20.0.0/24": replace(peer, **means)}
    assert leaf.play(job(WHOLE), seals=other.seals).changed
    assert ranges(leaf) == {"172.20.0.0/24": peer}
    assert said(leaf) == before


@each
def test_somebody_who_loosened_a_range_is_told_of_and_overruled(name: str) -> None:
    leaf, made = Leaf.new(name), platform(name)
    leaf.play(job(PLAIN))
    before = leaf.running
    leaf.somebody(*LOOSENED[name])
    (told,) = made.listener_differences(job(PLAIN), read(leaf))
    assert told.startswith("range 172.20.0.0/24 ")
    leaf.play(job(PLAIN))
    assert leaf.running == before


LOOSENED = {
    "comware": ("system-view", "bgp 65009", "peer 172.20.0.0 24 timer keepalive 30 hold 90"),
    "eos": (
        *("enable", "configure", "router bgp 65009"),
        "neighbor LEAFRACK-dc1-NODES maximum-routes 9",
    ),
    "junos": ("configure", "set protocols bgp group LEAFRACK-dc1-NODES local-preference 50", "commit"),
    "nxos": ("configure terminal", "router bgp 65009", "neighbor 172.20.0.0/24", "maximum-peers 900"),
}


@each
def test_ranges_are_added_at_once_and_go_when_they_are_retired(name: str) -> None:
    leaf = Leaf.new(name)
    both, one, other = (job(FIRST, SECOND), job(FIRST), job(SECOND))
    leaf.play(one)
    leaf.play(both)
    assert set(ranges(leaf)) == {"172.20.0.0/25", "172.20.0.128/25"}
    assert not leaf.play(one).changed
    assert leaf.play(replace(one, task=Task.RETIRED)).changed
    assert set(ranges(leaf)) == {"172.20.0.0/25"}
    assert platform(name).listener_differences(one, read(leaf)) == ()
    leaf.play(other)
    assert set(ranges(leaf)) == {"172.20.0.0/25", "172.20.0.128/25"}
    leaf.play(replace(other, task=Task.RETIRED))
    assert set(ranges(leaf)) == {"172.20.0.128/25"}


@each
def test_a_range_that_takes_the_place_of_a_wider_one_comes_once_that_is_gone(name: str) -> None:
    leaf = Leaf.new(name)
    leaf.play(job(PLAIN, SIX))
    leaf.play(job(FIRST, SIX))
    assert set(ranges(leaf)) == {"172.20.0.0/25", "fd00:1::/64"}


@each
def test_names_give_way_to_a_range_and_come_back(name: str) -> None:
    leaf = Leaf.new(name)
    named, by_range = replace(job(), neighbours=(neighbour(),)), job(PLAIN)
    leaf.play(named)
    begin = leaf.running
    leaf.play(by_range)
    assert (set(ranges(leaf)), "172.20.0.11" in leaf.speaker.runs.peers) == ({"172.20.0.0/24"}, True)
    leaf.play(replace(by_range, task=Task.RETIRED))
    assert "172.20.0.11" not in leaf.speaker.runs.peers
    leaf.speaker.seen["172.20.0.11"] = Seen(state="Established", remote_as=64512, dynamic=True)
    leaf.play(named)
    assert (ranges(leaf), leaf.running) == ({}, begin)


@each
def test_a_range_gets_another_as_and_the_first_one_back(name: str) -> None:
    leaf = Leaf.new(name)
    pinned = job(PLAIN, task=Task.AS_NUMBERS)
    leaf.play(job(PLAIN))
    before = said(leaf)
    leaf.play(pinned)
    assert ranges(leaf)["172.20.0.0/24"].as_number == 64601
    assert not leaf.play(job(PLAIN)).changed, "an AS of the way stays"
    leaf.play(job(replace(PLAIN, timers=Timers(keepalive=3, hold=9))))
    assert ranges(leaf)["172.20.0.0/24"].as_number == 64601
    leaf.play(job(PLAIN))
    leaf.play(pinned, Way.BACK)
    assert ranges(leaf)["172.20.0.0/24"].as_number == 64512
    assert said(leaf) == before


@each
def test_how_many_neighbours_a_range_takes_is_what_is_declared(name: str) -> None:
    if Feature.MAXIMUM_NEIGHBOURS in platform(name).cannot:
        pytest.skip(f"{name} counts nobody")
    leaf = Leaf.new(name)
    before = leaf.running
    few, many = job(replace(PLAIN, maximum_neighbours=7)), job(replace(PLAIN, maximum_neighbours=300))
    leaf.play(few)
    # Where the box has one number for all ranges, it has a default that is enough.
    one_for_all = platform(name).one_limit_for_all
    assert leaf.speaker.runs.most == (None if one_for_all else 7)
    leaf.play(many)
    assert leaf.speaker.runs.most == 300
    leaf.play(few)
    assert leaf.speaker.runs.most == (300 if one_for_all else 7), "one number for all is never lowered"
    assert platform(name).listener_differences(few, read(leaf)) == ()
    leaf.play(few, Way.BACK)
    assert leaf.running == before, "and is what it was once nobody needs it"


AGAIN = {
    "comware": " *(undo )?peer .*(password|as-number)",
    "eos": "bgp listen range",
    "junos": "set .*(authentication-key|peer-as)",
    "nxos": "password|remote-as",
}
"""What to enter again would reset who has come, or tell a password once more."""


@each
def test_where_a_description_changes_neither_as_nor_password_is_entered_again(name: str) -> None:
    leaf, wire = Leaf.new(name), Wire()
    done = leaf.play(job(WHOLE))
    leaf.play(job(replace(WHOLE, description="leafrack rr2")), wire=wire, seals=done.seals)
    assert any("leafrack rr2" in line for line in wire.sent)
    assert [line for line in wire.sent if re.match(AGAIN[name], line)] == []


WIDER = {
    "comware": ("system-view", "bgp 65009", "peer 172.16.0.0 12 as-number 1"),
    "eos": (
        "enable",
        "configure",
        "router bgp 65009",
        "bgp listen range 172.16.0.0/12 peer-group G remote-as 1",
        "end",
    ),
    "junos": ("configure", "set protocols bgp group G allow 172.16.0.0/12", "commit"),
    "nxos": (),
}
"""Somebody's range around ours: who comes is of the narrower one. A Nexus says itself by which range somebody came."""


@each
def test_who_came_by_a_range_is_told_from_who_is_named(name: str) -> None:
    leaf = Leaf.new(name)
    leaf.play(replace(job(FIRST, SIX), neighbours=(neighbour(1),)))
    leaf.somebody(*WIDER[name])
    up = Seen(state="Established", remote_as=64512, dynamic=True)
    leaf.speaker.seen |= {"172.20.0.11": up, "172.20.0.12": replace(up, dynamic=False), "fd00:1::11": up}
    state = read(leaf)
    assert {str(one.address): one.came_by for one in state.neighbours.values() if one.established} == {
        "172.20.0.11": ip_network("172.20.0.0/25"),
        "172.20.0.12": None,
        "fd00:1::11": ip_network("fd00:1::/64"),
    }


@each
def test_two_fabrics_and_somebody_else_listen_on_one_leaf_and_leave_each_other_alone(name: str) -> None:
    leaf = Leaf.new(name)
    leaf.somebody(*THEIRS[name])
    begin = leaf.running
    leaf.play(job(FIRST))
    mine = leaf.running
    names = tuple(one.replace("dc1", "dc2") for one in OWN)
    lists = tuple(replace(one, name=one.name.replace("dc1", "dc2")) for one in ALL.lists)
    theirs = replace(job(listener("172.20.0.128/25", "dc2"), lists=lists), own_lists=names)
    leaf.play(theirs)
    assert set(ranges(leaf)) == {"10.9.0.0/24", "172.20.0.0/25", "172.20.0.128/25"}
    leaf.play(theirs, Way.BACK)
    assert leaf.running == mine
    leaf.play(job(FIRST), Way.BACK)
    assert leaf.running == begin


THEIRS = {
    "comware": (
        *("system-view", "bgp 65009", "peer 10.9.0.0 24 as-number 65001"),
        *("address-family ipv4 unicast", "peer 10.9.0.0 24 enable", "return"),
    ),
    "eos": (
        *("enable", "configure", "router bgp 65009", "neighbor OTHERS peer group", "dynamic peer max 200"),
        *("bgp listen range 10.9.0.0/24 peer-group OTHERS remote-as 65001", "end"),
    ),
    "junos": (
        *("configure", "set protocols bgp group OTHERS type external", "set protocols bgp group OTHERS peer-as 65001"),
        *("set protocols bgp group OTHERS allow 10.9.0.0/24", "commit", "exit"),
    ),
    "nxos": (
        *("configure terminal", "router bgp 65009", "neighbor 10.9.0.0/24", "remote-as 65001"),
        *("address-family ipv4 unicast", "end"),
    ),
}


@each
def test_a_password_of_a_range_is_marked_where_it_is_entered(name: str) -> None:
    leaf, made = Leaf.new(name), platform(name)
    typed = made.lines(plan(job(WHOLE), Way.FORWARD, read(leaf), made))
    (secret,) = (line for line in typed if line.secrets)
    assert HIDDEN in str(secret)
    leaf.play(job(WHOLE))
    (entered,) = (word for word in secret.text.split() if word.strip('"') in secret.secrets)
    assert not any(entered in str(line) for line in typed)
    assert "s3cret" not in repr(read(leaf))


@each
def test_a_text_for_a_leaf_by_hand_is_taken_whole(name: str) -> None:
    leaf, made = Leaf.new(name), platform(name)
    given = job(WHOLE, SIX)
    talk = Talk(leaf.fake, made, Wire())
    for line in (*CONFIGURES[name], *made.text(given).splitlines(), *ENDS[name]):
        asyncio.run(talk.ask(line))
    assert made.listener_differences(given, read(leaf)) == ()


CONFIGURES = {
    "comware": ("system-view",),
    "eos": ("enable", "configure"),
    "junos": ("configure",),
    "nxos": ("configure terminal",),
}
ENDS = {"comware": ("return",), "eos": ("end",), "junos": ("commit",), "nxos": ("end",)}
