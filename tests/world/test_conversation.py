"""Talking to a box over SSH that answers, does not, says nonsense or ends in the middle: jobs and reading."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from leafrack.errors import UnreadableError
from leafrack.platforms import SwitchState, Way, played
from leafrack.platforms.played import Channel, PlayedPlatform
from leafrack.world import conversation, dialling
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint, JumpHost
from leafrack.world.player import PlayError, play
from leafrack.world.ssh import read_all
from tests.ssh_servers import KEYS, OTHER, USER, Servers, line, text, unused_port
from tests.world.test_player import JOB, THEIRS
from tests.world.toy_switch import NAME, PLAIN, Front, Toy, platform, register

SAME = line(KEYS["ssh-ed25519"])
PATIENCE = 2.0
"""Seconds: many times what an answer takes, also on a machine that is busy with other tests."""


@dataclass
class Leaf:
    """The box behind SSH, and how to reach it."""

    front: Front
    endpoint: Endpoint
    credentials: Credentials = field(default_factory=Credentials)

    @property
    def toy(self) -> Toy:
        return self.front.toy

    def play(self, way: Way = Way.FORWARD) -> bool:
        return play(self.endpoint, JOB, way, self.credentials).changed

    def refused(self) -> str:
        with pytest.raises(PlayError) as caught:
            self.play()
        said = str(caught.value)
        assert "\n" not in said
        assert "s3cret" not in said
        return said

    def read(self) -> SwitchState | UnreadableError:
        return read_all([self.endpoint], self.credentials, timeout=PATIENCE)["leaf01"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> PlayedPlatform:
    monkeypatch.setattr(dialling, "_PAUSE", 0.01)
    return register(monkeypatch, platform(slow=PATIENCE))


@pytest.fixture
def leaf(servers: Servers, made: PlayedPlatform) -> Leaf:
    front = Front(Toy(list(THEIRS), up={"100.0.0.1"}))
    port = servers.box(front)
    return Leaf(front, Endpoint(name="leaf01", platform=NAME, host="127.0.0.1", port=port, user="a", host_key=SAME))


@pytest.mark.parametrize("channel", Channel)
def test_a_job_is_played_and_taken_back_over_ssh(leaf: Leaf, made: PlayedPlatform, channel: Channel) -> None:
    made.dialogue = replace(made.dialogue, channel=channel)
    assert leaf.play()
    assert leaf.toy.startup == leaf.toy.running != THEIRS
    assert not leaf.play()
    assert leaf.play(Way.BACK)
    assert leaf.toy.startup == leaf.toy.running == THEIRS
    assert leaf.front.logins == (5 if channel is Channel.SHELL else 0)


def test_pages_are_turned_where_they_cannot_be_switched_off(leaf: Leaf, made: PlayedPlatform) -> None:
    made.dialogue = replace(made.dialogue, unpaged=())
    assert leaf.play()
    assert not leaf.play()


def test_a_switch_is_read_and_played_behind_a_jump_host(leaf: Leaf, servers: Servers) -> None:
    port, seen = servers.jump_host()
    jump = JumpHost(host="127.0.0.1", port=port, user="operator", host_key=SAME)
    leaf.endpoint = leaf.endpoint.model_copy(update={"jump": jump})
    leaf.credentials = Credentials(private_key=text(USER))
    assert leaf.play()
    state = leaf.read()
    assert isinstance(state, SwitchState)
    assert len(state.neighbours) == 2
    assert set(seen.ways) == {("127.0.0.1", leaf.endpoint.port)}


def other(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.toy.version = "Other OS 3"


def other_prompt(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.front.prompt = "root@leaf01:~$ ls "


def no_such_command(leaf: Leaf, made: PlayedPlatform) -> None:
    made.dialogue = replace(made.dialogue, channel=Channel.EXEC)
    leaf.toy.refuses, leaf.front.status = "version", 127


def strange(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.toy.bgp = "is what this is not"


def mute(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.front.mute = "running"


def cut(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.front.cuts = "running"


def no_reading(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.toy.refuses = "sessions"


def other_key(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.endpoint = leaf.endpoint.model_copy(update={"host_key": line(OTHER)})


def nobody(leaf: Leaf, _: PlayedPlatform) -> None:
    leaf.endpoint = leaf.endpoint.model_copy(update={"port": unused_port()})


AT = "127.0.0.1 port {port}"
UNREADABLE: dict[str, tuple[Any, str, bool]] = {
    "another platform": (
        other,
        f"{AT} is no Toy OS: to `show version` it says 'Other OS 3'; correct the leaf's platform or its address",
        True,
    ),
    "another prompt": (
        other_prompt, f"{AT}: no prompt that Toy OS has after `the login`: its answer ends with 'root@leaf01:~$ ls #'",
        False,
    ),
    "another box by exec": (
        no_such_command,
        (f"{AT} is no Toy OS: to `show version` it says '% Refused: show version'; correct the leaf's platform or its "
        "address"),
        True,
    ),
    "an unknown format": (
        strange, "this does not answer as Toy OS: 'bgp is what this is not\\nneighbor 100.0.0'", True,
    ),
    "no answer": (
        mute,
        f"{AT}: no prompt that Toy OS has after `show running`: its answer ends with 'show running'", False,
    ),
    "a cut": (cut, f"{AT}: the connection ended in the middle of `show running`", False),
    "a refusal": (
        no_reading, "the switch refuses to be read: `show sessions`: % Refused: show sessions", True,
    ),
    "another host key": (
        other_key, f"the host key of {AT} is not the pinned one (ssh.hostKey): wrong switch, or a replaced one", True,
    ),
    "nobody": (nobody, f"cannot connect to {AT}: connection refused", False),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "said", "refused"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_said_in_one_line_and_nothing_is_entered(
    leaf: Leaf, made: PlayedPlatform, spoil: Any, said: str, *, refused: bool
) -> None:
    spoil(leaf, made)
    begun, cuts = time.monotonic(), leaf.front.cuts
    state = leaf.read()
    assert isinstance(state, UnreadableError)
    wanted = said.format(port=leaf.endpoint.port)
    assert state.why.partition(": Connection lost")[0] == wanted
    assert state.refused is refused
    leaf.front.cuts = cuts
    assert wanted in leaf.refused()
    assert time.monotonic() - begun < 6 * PATIENCE
    assert not [one for one in leaf.toy.log if not one.startswith(("show ", "no paging"))]
    assert leaf.toy.running == THEIRS


def test_an_error_text_counts_whatever_the_exit_status_is(leaf: Leaf, made: PlayedPlatform) -> None:
    made.dialogue = replace(made.dialogue, channel=Channel.EXEC)
    leaf.toy.refuses = "password"
    said = (
        "the switch refuses `neighbor 172.20.0.11 password (hidden)`: % Refused: neighbor 172.20.0.11 password (hidden)"
    )
    assert leaf.refused() == f"leaf01: {said}: nothing was changed"
    assert leaf.toy.running == THEIRS


@pytest.mark.parametrize(("status", "plays"), [(None, True), (0, True), (3, False)])
def test_an_exit_status_counts_where_there_is_one(
    leaf: Leaf, made: PlayedPlatform, status: int | None, *, plays: bool
) -> None:
    made.dialogue = replace(made.dialogue, channel=Channel.EXEC)
    leaf.front.status = status
    if plays:
        assert leaf.play()
    else:
        assert leaf.refused().endswith("the switch refuses `show commits`: none: nothing was changed")
    assert (leaf.toy.running != THEIRS) is plays


@pytest.mark.parametrize("at", ["^list", "^verify", "^commit", "^show sess", "^confirm", "^save"])
def test_a_terminal_that_ends_in_the_middle_leaves_the_old_or_the_new(leaf: Leaf, at: str) -> None:
    leaf.front.cuts = at
    with suppress(PlayError):
        leaf.play()
    leaf.toy.expire()
    assert leaf.toy.running == THEIRS or at in ("^commit", "^confirm", "^save")
    leaf.play()
    assert leaf.toy.startup == leaf.toy.running != THEIRS


def test_lines_in_force_are_taken_back_over_another_connection(leaf: Leaf, made: PlayedPlatform) -> None:
    made.transaction = PLAIN
    leaf.front.cuts = "^neighbor 172.20.0.11 out"
    assert leaf.refused().endswith(": it was taken back")
    assert leaf.toy.running == THEIRS


@pytest.mark.parametrize(
    ("said", "command", "left"),
    [
        ("show x\nanswer\n", "show x", "answer\n"),
        ("show\n  x\nanswer\n", "show x", "answer\n"),
        ("answer\n", "show x", "answer\n"),
        ("", "show x", ""),
        ("welcome\n", "", "welcome\n"),
    ],
)
def test_an_answer_is_without_its_echo(said: str, command: str, left: str) -> None:
    assert conversation.without_echo(said, command) == left


def test_one_that_never_ends_what_it_says_is_left_at_the_bound(leaf: Leaf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "LARGEST_ANSWER", 2**10)
    leaf.toy.running += [f"list X permit {number}" for number in range(500)]
    state = leaf.read()
    assert isinstance(state, UnreadableError)
    assert "answers more than" in state.why


def test_a_heading_is_only_what_was_asked() -> None:
    assert played.split("### a\n### b\n", ["a"]) == {"a": "### b"}
