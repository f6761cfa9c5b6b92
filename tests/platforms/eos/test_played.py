"""Jobs on a fake of EOS over SSH: sessions, the commit timer, what is refused, what is left after a cut."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import pytest

from lab.fakes.eos import EosFake
from lab.fakes.model import Recorder, Seen
from lab.fakes.serving import Served, serving
from leafrack.platforms import Job, Way
from leafrack.world import conversation
from leafrack.world.login import Credentials
from leafrack.world.player import Done, play
from tests.platforms.eos.test_platform import ALL, LISTS, job
from tests.platforms.jobs import NODE
from tests.platforms.wire import refusal, served_as

STARTUP = """\
hostname leaf01
!
ip routing
!
router bgp 65009
   router-id 2.2.2.2
   neighbor 100.0.0.1 remote-as 65008
   redistribute connected
!
"""
JOB = job(NODE, ALL, lists=LISTS)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_SETTLE", 0.001)


@pytest.fixture
def box() -> Iterator[Served]:
    with serving(EosFake("leaf01", Recorder(), STARTUP)) as served:
        yield served


def run(box: Served, given: Job = JOB, way: Way = Way.FORWARD) -> Done:
    return play(served_as("eos", box), given, way, Credentials())


def refused(box: Served, given: Job = JOB) -> str:
    said = refusal(lambda: run(box, given))
    assert "+XD5dNVYCMyB9rjFB9c9iA==" not in said
    return said


def test_a_job_is_done_and_saved_does_nothing_again_and_leaves_the_switch_as_it_was(box: Served) -> None:
    assert run(box).changed
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    peer = speaker.runs.peers["fd00:1::11"]
    assert (peer.password, peer.limit, peer.retry, peer.ttl_hops) == ("s3cret#;$x", 1000, 60, 1)
    assert (peer.as_override, peer.private_as, peer.graceful_restart) == (True, (True, True), False)
    assert [*peer.families, *speaker.runs.peers["172.20.0.11"].families] == [6, 4]
    assert (box.fake.startup, box.fake.pending) == (box.fake.shown(box.fake.running), None)
    played = len(speaker.played)
    assert not run(box).changed
    assert run(box, way=Way.BACK).changed
    assert (len(speaker.played), box.fake.startup) == (played + 1, STARTUP)


def test_what_is_cut_off_before_it_is_confirmed_is_taken_back_by_the_switch(box: Served) -> None:
    fake, commit = box.fake, box.fake.commit
    assert isinstance(fake, EosFake)
    fake.faults.haste = 120 / 0.2

    def then_cut(*given: Any) -> None:
        commit(*given)
        # The command after that is the first one of the new connection.
        fake.faults.cut_before = fake.faults.count + 1

    fake.commit = then_cut  # type: ignore[method-assign,assignment]
    assert "takes it back by itself within 120 s" in refused(box)
    deadline = monotonic() + 10
    while fake.pending is not None and monotonic() < deadline:
        sleep(0.01)
    assert fake.shown(fake.running) == fake.startup == STARTUP
    assert fake.sessions == {}


def theirs(box: Served, *lines: str) -> None:
    """Somebody else at the command line."""

    async def enter() -> None:
        login = box.fake.login()
        for line in ("enable", *lines):
            assert not login.enter(line).failed

    asyncio.run_coroutine_threadsafe(enter(), box.loop).result()


OTHERS = {
    "a commit that waits": (
        ("configure session bob", "router bgp 65009", "neighbor 192.0.2.1 remote-as 1", "commit timer 00:10:00"),
        "a commit that waits to be confirmed (session bob)",
    ),
    "an open session": (("configure session alice", "hostname x"), "an open configuration session, alice,"),
}


@pytest.mark.parametrize(("lines", "said"), OTHERS.values(), ids=OTHERS)
def test_somebody_elses_change_under_way_is_left_alone_and_said(box: Served, lines: tuple[str, ...], said: str) -> None:
    theirs(box, *lines)
    before = box.fake.shown(box.fake.running)
    assert said in (found := refused(box))
    assert found.endswith("nothing was changed")
    assert box.fake.shown(box.fake.running) == before


def test_what_an_earlier_job_left_open_is_removed(box: Served) -> None:
    theirs(box, "configure session leafrack-0123abcd", "hostname x")
    assert run(box, job(NODE, lists=LISTS[:2])).changed
    assert "hostname leaf01" in box.fake.startup


def test_a_line_that_the_switch_refuses_changes_nothing_and_shows_no_password(box: Served) -> None:
    box.fake.faults.says = {r"neighbor fd00:1::11 password 7 .*": "% Invalid input (at token 3: '+XD5dNVYCM')\n"}
    said = refused(box)
    assert said.startswith("leaf01: the switch refuses `neighbor fd00:1::11 password 7 (hidden)`: % Invalid input")
    assert said.endswith("nothing was changed")
    assert box.fake.shown(box.fake.running) == STARTUP
    assert isinstance(box.fake, EosFake)
    assert box.fake.sessions == {}, "no session stays open"


def test_a_box_of_another_platform_is_sent_nothing(box: Served) -> None:
    box.fake.faults.says = {"show version": "Cisco Nexus Operating System (NX-OS) Software\n"}
    said = refused(box)
    assert "Arista EOS" in said
    assert box.fake.shown(box.fake.running) == STARTUP


def test_a_switch_without_bgp_and_one_of_another_as_are_left_alone(box: Served) -> None:
    theirs(box, "configure", "no router bgp 65009")
    assert "runs BGP as AS (none), the fabric file says 65009" in refused(box)
    theirs(box, "configure", "router bgp 1.10")
    assert "runs BGP as AS 65546, the fabric file says 65009" in refused(box)


def test_a_neighbour_that_a_range_let_in_is_told(box: Served) -> None:
    theirs(
        box, "configure", "router bgp 65009", "neighbor K8S peer group", "neighbor K8S remote-as 64512",
        "bgp listen range 172.20.0.0/24 peer-group K8S remote-as 64512",
    )  # fmt: skip
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    speaker.seen[str(NODE.address)] = Seen(state="Established", remote_as=64512)
    assert "has `bgp listen range 172.20.0.0/24 peer-group K8S remote-as 64512` for the neighbour" in refused(box)
