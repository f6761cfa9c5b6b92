"""Jobs played on the Comware box over SSH, with a recorder in FRR's place; and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from lab.fakes.comware import ComwareFake
from lab.fakes.faults import Faults
from lab.fakes.model import Peer, Recorder, Seen
from lab.fakes.serving import Served, serving
from leafrack.errors import UnreadableError
from leafrack.platforms import Job, Neighbour, PrefixList, Task, Way
from leafrack.platforms.comware.platform import COMWARE
from leafrack.platforms.state import Timers
from leafrack.world import conversation
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint
from leafrack.world.player import Done, PlayError, play
from leafrack.world.ssh import read_all
from tests.lab.fakes.clock import TurnedClock
from tests.platforms import jobs
from tests.platforms.wire import refusal, served_as, startup

STARTUP = startup("comware")
NODE = replace(
    jobs.NODE,
    as_numbers=(64512, 64601),
    as_override=True,
    graceful_restart=False,
    timers=Timers(3, 9),
    ttl_security=True,
    maximum_prefix=1000,
    password="s3cret#;$x",
)
LISTS = (
    PrefixList("LEAFRACK-dc1-IN", (ip_network("10.233.64.0/18"),)),
    PrefixList("LEAFRACK-dc1-OUT", (ip_network("10.233.64.0/18"), ip_network("0.0.0.0/0"))),
)
JOB = Job(Task.SESSIONS, 65009, tuple(one.name for one in LISTS), LISTS, (NODE,), 64601)
PENDING = "leafrack-pending"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_SETTLE", 0.002)
    monkeypatch.setattr(COMWARE, "dialogue", replace(COMWARE.dialogue, slow=1.0))


@pytest.fixture
def box() -> Iterator[Served]:
    fake = ComwareFake("leaf01", Recorder(), STARTUP)
    fake.clock = TurnedClock()
    with serving(fake) as served:
        yield served


def endpoint(box: Served) -> Endpoint:
    return served_as("comware", box)


def played(box: Served, job: Job = JOB, way: Way = Way.FORWARD, **more: Any) -> Done:
    return play(endpoint(box), job, way, Credentials(), **more)


def refused(box: Served, job: Job = JOB) -> str:
    return refusal(lambda: played(box, job))


def running(box: Served) -> str:
    return str(box.fake.shown(box.fake.running))


def two_minutes_later(box: Served) -> None:
    assert isinstance(box.fake.clock, TurnedClock)
    box.fake.clock.passes(121)


def test_a_job_is_done_committed_saved_and_taken_back_to_what_was(box: Served) -> None:
    done = played(box)
    assert done.changed
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    assert speaker.runs.peers["172.20.0.11"] == Peer(
        as_number=64512,
        description="leafrack rr1 node1",
        password="s3cret#;$x",
        timers=(3, 9),
        ttl_hops=1,
        graceful_restart=False,
        list_in="LEAFRACK-dc1-IN",
        list_out="LEAFRACK-dc1-OUT",
        limit=1000,
        retry=60,
        as_override=True,
        families=frozenset({4}),
    )
    assert (box.fake.startup, box.fake.pending) == (running(box), None)
    assert PENDING not in running(box)
    assert played(box, JOB, Way.BACK).changed
    assert (running(box), box.fake.startup) == (STARTUP, STARTUP)


def test_the_same_again_enters_nothing_and_another_password_is_seen_by_what_was_shown_for_it(box: Served) -> None:
    seals = played(box).seals
    before = running(box)
    assert not played(box, seals=seals).changed
    assert running(box) == before
    other = replace(JOB, neighbours=(replace(NODE, password="an0ther"),))
    assert played(box, other, seals=seals).changed
    assert "an0ther" not in repr(seals)
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    assert speaker.runs.peers["172.20.0.11"].password == "an0ther"


def test_a_rack_gets_its_as_with_the_cipher_that_the_switch_shows(box: Served) -> None:
    played(box)
    pinned = replace(JOB, task=Task.AS_NUMBERS, neighbours=(replace(NODE, password=None),))
    assert played(box, pinned).changed
    assert not played(box, pinned).changed
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    peer = speaker.runs.peers["172.20.0.11"]
    assert (peer.as_number, peer.password, peer.limit) == (64601, "s3cret#;$x", 1000)


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "another platform": (
        {"says": {"display version": "Arista DCS-7050\nSoftware image version: 4.30\n"}},
        "is no Comware 7: to `display version` it says 'Arista DCS-7050'",
    ),
    "a command that it does not know": (
        {"says": {"display ipv6 routing-table": "                ^\n % Unrecognized command found at '^' position.\n"}},
        "Unrecognized command found at '^' position.",
    ),
    "an answer of another shape": (
        {"says": {"display bgp peer ipv4": "Neighbor V AS MsgRcvd\n"}},
        "`display bgp peer ipv4` is answered by 'Neighbor V AS MsgRcvd'",
    ),
    "a prompt that nobody knows": ({"prompt": "switch% "}, "no prompt that Comware 7 has"),
    "a change of leafrack's that waits": (
        {
            "says": {
                "display current-configuration . include leafrack-pending": (
                    "ip prefix-list leafrack-pending index 1 deny 0.0.0.0 32\n"
                )
            }
        },
        "a change of leafrack's that nobody has committed",
    ),
    "a timer of somebody else's, where a box says so": (
        {"says": {"configuration commit delay 2": "The configuration commit delay timer is already running.\n"}},
        "is already running",
    ),
    "a user who may not": ({"says": {"system-view": "Permission denied.\n"}}, "Permission denied."),
}


@pytest.mark.parametrize(("faults", "why"), FAULTS.values(), ids=FAULTS)
def test_where_it_cannot_begin_nothing_is_changed(box: Served, faults: dict[str, Any], why: str) -> None:
    box.fake.faults = Faults(**faults)
    assert why in refused(box)
    assert (running(box), box.fake.startup, box.fake.pending) == (STARTUP, STARTUP, None)


REFUSED = {
    "a list whose name is too long": (replace(NODE, list_in="x" * 64), "Wrong parameter"),
    "a hold time that is too short": (replace(NODE, timers=Timers(5, 10)), "at least three times the keepalive"),
    "a password that is too long": (replace(NODE, password="s3cret" * 20), "password simple (hidden)"),
}


@pytest.mark.parametrize(("node", "why"), REFUSED.values(), ids=REFUSED)
def test_what_it_refuses_in_the_middle_it_takes_back_by_itself(box: Served, node: Neighbour, why: str) -> None:
    said = refused(box, replace(JOB, neighbours=(node,)))
    assert why in said
    assert "takes it back by itself within 120 s" in said
    assert "a change of leafrack's that nobody has committed" in refused(box)
    two_minutes_later(box)
    assert (running(box), box.fake.startup) == (STARTUP, STARTUP)
    assert played(box).changed


def survives(box: Served, **fault: int) -> int:
    """Cut a job off somewhere and do it again later; how many commands there were.

    At every command: tests/platforms/test_bad_moments.py, without SSH.
    """
    box.fake.faults = Faults(**fault)  # type: ignore[arg-type]
    with suppress(PlayError):
        played(box)
    commands, box.fake.faults = box.fake.faults.count, Faults()
    two_minutes_later(box)
    played(box)
    two_minutes_later(box)
    assert (box.fake.startup, box.fake.pending) == (running(box), None)
    assert "peer 172.20.0.11 enable" in running(box)
    played(box, JOB, Way.BACK)
    assert (running(box), box.fake.startup) == (STARTUP, STARTUP)
    return commands


def test_a_job_that_is_cut_off_in_its_lines_or_at_its_commit_is_done_when_it_is_played_again(box: Served) -> None:
    commands = survives(box)
    survives(box, cut_after=commands // 2)
    survives(box, cut_before=commands - 1)


def test_a_neighbour_of_a_subnet_is_told_and_left_alone(box: Served) -> None:
    login = box.fake.login()
    for line in ("system-view", "bgp 65009", "peer 172.20.0.0 24 as-number 64512"):
        login.enter(line)
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    seen = {"100.0.0.1": Seen(), "172.20.0.11": Seen(state="Established", remote_as=64512, dynamic=True)}
    speaker.sessions = lambda: seen  # type: ignore[method-assign]
    before = running(box)
    assert "this switch has `peer 172.20.0.0 24 as-number` for the neighbour 172.20.0.11" in refused(box)
    assert running(box) == before


def test_it_is_read_over_ssh_and_a_box_that_is_none_is_refused(box: Served) -> None:
    state = read_all([endpoint(box)], Credentials())["leaf01"]
    assert not isinstance(state, UnreadableError)
    assert state.as_number == 65009
    box.fake.faults.banner = "Welcome\n"
    box.fake.faults.says = {"display version": "VRP (R) software, Version 8.220\n"}
    found = read_all([endpoint(box)], Credentials())["leaf01"]
    assert isinstance(found, UnreadableError)
    assert "is no Comware 7" in found.why
