"""Changes on a real BIRD that are not confirmed: connections cut at every point, time that runs out, another start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from leafrack.platforms import Job, SessionState, Way
from leafrack.platforms.bird.platform import BIRD
from leafrack.world import dialling, player
from leafrack.world.conversation import Conversation, CutError
from tests.platforms.boxes import Box, eventually, neighbour, running
from tests.platforms.test_conformance import job

pytestmark = [pytest.mark.lab, pytest.mark.nightly(twin="tests/platforms/bird/test_platform.py")]

TIME = 8
"""Seconds to confirm."""
ONE = job(neighbour())
OTHER = job(replace(neighbour(), description="another"), more="10.200.0.0/16")
MORE = job(replace(neighbour(), description="another"), neighbour(1), more="10.200.0.0/16")
NEVER = 99


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with running("bird", tmp_path_factory.mktemp("bird")) as found:
        found.applied(job(), Way.BACK)
        yield found


@pytest.fixture
def leaf(box: Box, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """A leaf with one job done and its session up, on which a change has little time."""
    monkeypatch.setattr(BIRD, "transaction", replace(BIRD.transaction, timer=TIME))
    before = box.files()
    box.applied(ONE)
    box.comes_up()
    yield box
    monkeypatch.undo()
    time_passes(box)
    box.applied(ONE, Way.BACK)
    assert box.files() == before, "nothing is left behind"


def time_passes(leaf: Box) -> None:
    """Nobody is at work any more with what a job has left."""
    ages = "find /etc/bird -maxdepth 1 -name '.leafrack-????????' -exec touch -d '5 minutes ago' {} +"
    assert leaf.run("sh", "-c", ages).returncode == 0


def settled(leaf: Box) -> bool:
    """Whether BIRD waits for nobody to confirm."""
    said = leaf.run("birdc", "configure", "status").stdout
    return "up and running" in said and "unconfirmed" not in said


class _Counted:
    """A conversation that ends at one of its commands: before it, while it runs or after it."""

    def __init__(self, box: Any, left: list[int], where: str) -> None:
        self._box, self._left, self._where = box, left, where

    async def ask(self, command: str, stdin: str = "", **given: Any) -> str:
        self._left[0] -= 1
        if self._left[0] != 0:
            return str(await self._box.ask(command, stdin, **given))
        if self._where == "before":
            self._box._connection.abort()
        asked = asyncio.create_task(self._box.ask(command, stdin, **given))
        if self._where == "during":
            await asyncio.sleep(0.03)
            self._box._connection.abort()
        await asyncio.wait([asked])
        self._box._connection.abort()
        if error := asked.exception():
            raise error
        raise CutError("the connection ended")


def cut(monkeypatch: pytest.MonkeyPatch, command: int, where: str) -> list[int]:
    """Cut the connection at a command of all that a job sends; returns what counts them down."""
    left, connected = [command], dialling.connected

    def counted(*given: Any) -> AbstractAsyncContextManager[Conversation]:
        @asynccontextmanager
        async def connect() -> AsyncIterator[Conversation]:
            async with connected(*given) as box:
                counts: Any = _Counted(box, left, where)
                yield counts

        return connect()

    monkeypatch.setattr(player, "connected", counted)
    return left


def commands_of(leaf: Box, given: Job, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many commands a job sends that is not cut off."""
    with monkeypatch.context() as patch:
        left = cut(patch, NEVER, "")
        leaf.applied(given)
    return NEVER - left[0]


@pytest.mark.parametrize("where", ["before", "during", "after"])
def test_cut_off_at_any_command_a_leaf_runs_what_its_files_say_and_the_next_job_does_the_rest(
    leaf: Box, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands, up = commands_of(leaf, OTHER, monkeypatch), leaf.comes_up()
    has, wanted = OTHER, ONE
    for command in range(1, commands + 1):
        with monkeypatch.context() as patch:
            cut(patch, command, where)
            done = leaf.play(wanted)
        at = f"{where} command {command} of {commands}: {done.stderr}"
        assert eventually(partial(settled, leaf), 3 * TIME), at
        assert [] in (leaf.differences(has), leaf.differences(wanted)), at
        time_passes(leaf)
        leaf.applied(wanted)
        assert leaf.differences(wanted) == [], at
        assert not [file for file in leaf.files() if "/.leafrack-" in file], at
        assert leaf.since() == up, at
        has, wanted = wanted, has


def test_what_nobody_confirms_in_time_bird_takes_back_and_the_next_job_waits_for_that(
    leaf: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = leaf.comes_up()
    with monkeypatch.context() as patch:
        # Read back it is, and confirmed it is not.
        patch.setattr(BIRD, "transaction", replace(BIRD.transaction, confirm=("exit 1",)))
        done = leaf.play(MORE)
    assert done.stderr == (
        "it may not be confirmed: the switch refuses `exit 1`: exit status 1: the switch keeps it, unsaved, or takes "
        f"it back within {TIME} s; run it again\n"
    )
    assert neighbour(1).address in leaf.state().neighbours, "it runs on trial"
    leaf.applied(MORE)
    assert leaf.differences(MORE) == []
    assert leaf.since() == up


@pytest.mark.parametrize("confirmed", [False, True], ids=["before it was confirmed", "after it was confirmed"])
def test_a_bird_that_is_started_again_runs_what_was_confirmed(
    leaf: Box, monkeypatch: pytest.MonkeyPatch, *, confirmed: bool
) -> None:
    with monkeypatch.context() as patch:
        if not confirmed:
            patch.setattr(BIRD, "transaction", replace(BIRD.transaction, confirm=("exit 1",), timer=600))
        leaf.play(MORE)
    assert leaf.run("sh", "-c", "kill -9 $(pidof bird)").returncode == 0
    assert eventually(lambda: leaf.run("birdc", "show", "status").returncode == 0)
    assert eventually(lambda: leaf.state().neighbours[neighbour().address].state is SessionState.ESTABLISHED)
    assert (neighbour(1).address in leaf.state().neighbours) is confirmed
    assert leaf.differences(MORE if confirmed else ONE) == []
    time_passes(leaf)
    leaf.applied(MORE)
    assert leaf.differences(MORE) == []


def test_somebody_elses_change_on_trial_is_named_and_nothing_is_begun(leaf: Box) -> None:
    before = leaf.saved()
    assert leaf.run("birdc", "configure timeout 60").returncode == 0
    done = leaf.play(MORE)
    assert done.stderr == (
        "the switch has a change on trial (another one) that nobody has confirmed yet: confirm it, take it back "
        "(`birdc configure undo`) or let its time run out: nothing was changed\n"
    )
    assert leaf.saved() == before
    assert leaf.run("birdc", "configure", "confirm").returncode == 0
