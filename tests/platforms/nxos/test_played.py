"""Jobs played on a fake Nexus with a recorder in FRR's place: what stands, what is said, what is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import pytest

from lab.fakes.box import Answer
from lab.fakes.model import Recorder, Seen
from lab.fakes.nxos import NxosFake, NxosLogin
from lab.fakes.serving import serving
from leafrack.platforms import Job, Task, Way
from leafrack.platforms.nxos.platform import NXOS
from leafrack.platforms.played import complaint
from leafrack.world import player
from leafrack.world.conversation import Conversation, CutError, SaidError
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint
from leafrack.world.player import Done, Player, PlayError
from tests.platforms.jobs import NODE, OWN
from tests.platforms.nxos.test_platform import LISTS
from tests.platforms.wire import refusal, startup

STARTUP = startup("nxos")
ENDPOINT = Endpoint(name="leaf01", platform="nxos", host="127.0.0.1", port=22, user="admin")
WHOLE = replace(NODE, password="s3cret", ttl_security=True, maximum_prefix=1000, as_override=True)
JOB = Job(Task.SESSIONS, 65009, OWN, LISTS[:1], (WHOLE,), 64512)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)


@dataclass
class Nexus:
    """A box, and everything that is entered into it over all connections; it goes away for good at the n-th line."""

    text: str = STARTUP
    cut: int = 0
    away: bool = False
    """Whether nobody can connect again after it was cut off."""
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.speaker = Recorder()
        self.fake = NxosFake("leaf01", self.speaker, self.text)
        self.fake.boot()

    def connect(self) -> Callable[[], AbstractAsyncContextManager[Conversation]]:
        @asynccontextmanager
        async def talk() -> AsyncIterator[Conversation]:
            if self.away and self.cut and len(self.log) >= self.cut:
                raise CutError("nobody answers")
            yield _Terminal(self)

        return talk

    def play(self, job: Job = JOB, way: Way = Way.FORWARD, before: Done | None = None) -> Done:
        seals = before.seals if before else {}
        return asyncio.run(Player(ENDPOINT, NXOS, job, way, self.connect()).play(seals))

    def refused(self, job: Job = JOB) -> str:
        return refusal(lambda: self.play(job))

    @property
    def running(self) -> str:
        return self.fake.shown(self.fake.running)


class _Terminal:
    def __init__(self, box: Nexus) -> None:
        self._box, self._login = box, box.fake.login()

    async def ask(
        self, command: str, stdin: str = "", *, shown: str = "", secrets: Iterable[str] = (), tolerated: str = ""
    ) -> str:
        assert not stdin, "a terminal has no other input"
        self._box.log.append(command)
        if len(self._box.log) == self._box.cut:
            raise CutError("the connection ended")
        said = self._login.enter(command).text
        if why := complaint(NXOS.dialogue, said, tolerated):
            hidden = [why := why.replace(secret, "(hidden)") for secret in secrets]
            raise SaidError(shown or command, hidden[-1] if hidden else why)
        return said


def test_a_job_is_done_read_back_saved_and_taken_away_without_a_trace() -> None:
    box = Nexus()
    before = box.running
    done = box.play()
    assert done.changed
    assert box.speaker.runs.peers["172.20.0.11"].password == "s3cret"
    assert (box.fake.startup, box.fake.checkpoints) == (box.running, {})
    assert box.play(JOB, Way.BACK).changed
    assert (box.running, box.fake.startup, box.fake.checkpoints) == (before, before, {})


def test_what_is_done_is_only_read_and_saved_again() -> None:
    box = Nexus()
    done = box.play()
    box.log.clear()
    again = box.play(before=done)
    assert (again.changed, again.seals) == (False, done.seals)
    assert box.log == ["show checkpoint summary", *NXOS.reads, "copy running-config startup-config"]


def test_a_checkpoint_comes_before_the_first_line_and_goes_after_the_last() -> None:
    box = Nexus()
    box.play()
    (begins,) = (place for place, line in enumerate(box.log) if line.startswith("checkpoint leafrack-"))
    assert box.log[begins + 1 : begins + 3] == ["configure terminal", box.log[begins + 2]]
    assert box.log[-2:] == ["copy running-config startup-config", f"no {box.log[begins]}"]


def test_a_password_is_sealed_and_another_one_is_seen() -> None:
    box = Nexus()
    done = box.play()
    other = replace(JOB, neighbours=(replace(WHOLE, password="an0ther"),))
    assert box.play(other, before=done).changed
    assert box.speaker.runs.peers["172.20.0.11"].password == "an0ther"
    somebody = box.fake.login()
    for line in ("configure terminal", "router bgp 65009", "neighbor 172.20.0.11", "password 0 theirs"):
        assert not somebody.enter(line).failed
    assert box.play(other, before=box.play(other, before=done)).changed is False
    assert box.play(JOB, before=done).changed


REFUSED = {
    "another AS": (STARTUP.replace("65009", "65010"), "runs BGP as AS 65010, the fabric file says 65009: nothing was"),
    "no feature": ("hostname leaf01\n", "runs BGP as AS (none), the fabric file says 65009: nothing was changed"),
    "a range": (f"{STARTUP}  neighbor 172.20.0.0/24\n    remote-as 64512\n", "has `neighbor 172.20.0.0/24` for the"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_be_changed_is_said_before_anything_is_entered(text: str, said: str) -> None:
    box = Nexus(text)
    box.speaker.seen["172.20.0.11"] = Seen(state="Active", dynamic=True)
    if "/24" not in text:
        box.speaker.seen.clear()
    assert said in box.refused()
    assert all(line.startswith("show ") for line in box.log)


def test_what_the_switch_refuses_is_rolled_back_and_shows_no_password() -> None:
    box = Nexus()
    before = box.running
    wrong = replace(JOB, neighbours=(replace(WHOLE, list_in="no such name"),))
    said = box.refused(wrong)
    assert said.endswith("% Invalid command at '^' marker.: it was taken back")
    box.refused(replace(JOB, neighbours=(replace(WHOLE, password="s3cret spaces"),)))
    assert (box.running, box.fake.startup, box.fake.checkpoints) == (before, STARTUP, {})


@pytest.mark.parametrize("step", ["checkpoint ", "neighbor ", "password ", "end", "copy ", "no checkpoint "])
def test_a_connection_that_is_cut_leaves_all_or_nothing_and_the_next_job_does_the_rest(step: str) -> None:
    whole = Nexus()
    whole.play()
    cut = next(place for place, line in enumerate(whole.log, start=1) if line.startswith(step))
    box = Nexus(cut=cut)
    if step in ("end", "no checkpoint "):
        assert box.play().changed, "it is done: what stands is seen over a new connection"
    else:
        box.refused()
    assert box.running in (Nexus().running, whole.running)
    box.cut = 0
    box.play()
    assert (box.running, box.fake.startup, len(box.fake.checkpoints)) == (whole.running, whole.running, 0)


def test_who_cannot_be_reached_again_is_named_with_what_stands_and_swept_by_the_next_job() -> None:
    box = Nexus(cut=12, away=True)
    assert box.refused().endswith("what was entered may be in force, and is not saved; run it again")
    assert len(box.fake.checkpoints) == 1
    box.cut = 0
    assert box.play().changed
    assert box.fake.checkpoints == {}


def test_lines_that_are_lost_are_rolled_back(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Nexus()
    before = box.running
    entered = NxosLogin.enter

    def loses(login: NxosLogin, line: str) -> Answer:
        return entered(login, "!" if line == "prefix-list LEAFRACK-dc1-IN in" else line)

    monkeypatch.setattr(NxosLogin, "enter", loses)
    assert box.refused().endswith("neighbour 172.20.0.11 lacks `prefix-list LEAFRACK-dc1-IN in`: it was taken back")
    assert (box.running, box.fake.startup) == (before, STARTUP)


def test_an_as_is_given_and_the_first_one_back() -> None:
    box = Nexus()
    box.play()
    pinned = replace(JOB, task=Task.AS_NUMBERS, neighbours=(replace(WHOLE, password=None),), final_as=64601)
    assert box.play(pinned).changed
    assert box.speaker.runs.peers["172.20.0.11"].as_number == 64601
    assert box.speaker.runs.peers["172.20.0.11"].password == "s3cret"
    box.play(pinned, Way.BACK)
    assert box.speaker.runs.peers["172.20.0.11"].as_number == 64512


def test_over_ssh_a_job_is_done_and_another_kind_of_box_is_refused_before_anything_is_sent() -> None:
    speaker = Recorder()
    fake = NxosFake("leaf01", speaker, STARTUP)
    with serving(fake) as served:
        there = ENDPOINT.model_copy(update={"port": served.port, "host_key": served.host_key})
        assert player.play(there, JOB, Way.FORWARD, Credentials(password="x")).changed
        assert ip_address("172.20.0.11") in map(ip_address, speaker.runs.peers)
        stands = fake.running
        fake.faults.says["show version"] = "Arista DCS-7050\n"
        with pytest.raises(PlayError, match="NX-OS") as caught:
            player.play(there, JOB, Way.BACK, Credentials(password="x"))
        assert "\n" not in str(caught.value)
        assert fake.running == stands
