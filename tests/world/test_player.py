"""Jobs that are played: what is sent, what is refused, and what is left where a connection ends at any step."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from leafrack.addresses import Address
from leafrack.errors import UnreadableError
from leafrack.platforms import Feature, Job, Neighbour, PlayedPlatform, Task, Way
from leafrack.platforms.played import Transaction
from leafrack.platforms.seals import Seals
from leafrack.world import player, returning
from leafrack.world.model import Endpoint
from leafrack.world.player import Done, Player, PlayError
from leafrack.world.shown import Shown
from tests.platforms.boxes import listener
from tests.platforms.test_plan import LISTS, NODE, OWN, job
from tests.world.toy_switch import DELAYED, NAME, PLAIN, TIMED, Cut, Toy, connects, platform

ENDPOINT = Endpoint(name="leaf01", platform=NAME, host="127.0.0.1", port=22, user="admin")
SECRET = replace(NODE, password="s3cret")
JOB = job(SECRET)
THEIRS = ["neighbor 100.0.0.1 as 65008", "neighbor 100.0.0.1 description spine"]
BOXES: dict[str, Transaction] = {"candidate and timer": TIMED, "timer alone": DELAYED, "neither": PLAIN}
NEVER = Cut(0)
UNTOUCHED = ": nothing was changed"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)
    for name in ("PATIENCE", "ROUTES"):
        monkeypatch.setattr(returning, name, 0.0)


def box(**given: Any) -> Toy:
    return Toy(list(THEIRS), up={"100.0.0.1"}, **given)


def play(
    toy: Toy,
    given: Job = JOB,
    way: Way = Way.FORWARD,
    *,
    made: PlayedPlatform | None = None,
    cut: Cut = NEVER,
    seals: Seals | None = None,
    shown: Shown | None = None,
) -> Done:
    made = made or platform()
    return asyncio.run(Player(ENDPOINT, made, given, way, connects(toy, made, cut), shown=shown).play(seals or {}))


def refused(toy: Toy, **more: Any) -> str:
    with pytest.raises(PlayError) as caught:
        play(toy, **more)
    said = str(caught.value)
    assert "\n" not in said
    assert "s3cret" not in said
    return said


@pytest.mark.parametrize("transaction", BOXES.values(), ids=BOXES)
def test_a_job_is_done_saved_and_taken_back_again(transaction: Transaction) -> None:
    toy, made = box(), platform(transaction)
    assert play(toy, made=made) == Done(changed=True)
    assert "neighbor 172.20.0.11 password s3cret" in toy.running
    assert (toy.startup, toy.pending) == (toy.running, "")
    assert play(toy, JOB, Way.BACK, made=made).changed
    assert (toy.running, toy.startup) == (THEIRS, THEIRS)


def test_what_is_done_is_only_read_and_saved_again() -> None:
    toy = box()
    play(toy)
    toy.log.clear()
    assert not play(toy).changed
    assert toy.log == ["show commits", "show lock", "show running", "show sessions", "save"]


def test_it_is_confirmed_over_a_new_connection_after_it_was_read_back() -> None:
    toy, made, opened = box(), platform(), list[int]()
    connect = connects(toy, made, NEVER)

    def noting() -> Any:
        opened.append(len(toy.log))
        return connect()

    asyncio.run(Player(ENDPOINT, made, JOB, Way.FORWARD, noting).play({}))
    after = toy.log[opened[1] :]
    assert toy.log[opened[1] - 1].startswith("commit leafrack-")
    assert [line.split()[0] for line in after] == ["show", "show", "confirm", "save"]


def test_a_leaf_that_takes_no_any_as_is_told_the_one_that_its_nodes_are_in() -> None:
    toy, made, asked = box(), replace(platform(), cannot={Feature.ANY_AS: "it takes one AS"}), list[set[str]]()

    def shown(who: Collection[Address]) -> Mapping[Address, int]:
        asked.append(set(map(str, who)))
        return dict.fromkeys(who, 64601)

    play(toy, made=made, shown=shown)
    assert "neighbor 172.20.0.11 as 64601" in toy.running
    assert not play(toy, made=made, shown=shown).changed
    assert asked == [{"172.20.0.11"}], "who stands keeps what he has"
    play(toy, replace(JOB, task=Task.AS_NUMBERS), made=made, shown=shown)
    play(toy, replace(JOB, task=Task.AS_NUMBERS), Way.BACK, made=made, shown=shown)
    assert "neighbor 172.20.0.11 as 64512" in toy.running
    assert len(asked) == 1


def test_where_nobody_tells_in_which_as_its_nodes_are_nothing_is_changed() -> None:
    toy, made = box(), replace(platform(), cannot={Feature.ANY_AS: "it takes one AS"})

    def shown(_: Collection[Address]) -> Mapping[Address, int]:
        raise UnreadableError("cluster", "connection refused")

    said = refused(toy, made=made, shown=shown)
    assert said == ("leaf01: in which AS its nodes are is not known: cluster: connection refused: nothing was changed")
    assert toy.running == THEIRS


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "another AS": (
        {"bgp": "65010"}, "this switch runs BGP as AS 65010, the fabric file says 65009: nothing was changed",
    ),
    "somebody else's commit": (
        {"theirs": "bob"},
        ("the switch has a commit of bob that is not confirmed: let them confirm it or roll it back: "
        "nothing was changed"),
    ),
    "somebody else's lock": (
        {"lock": "alice"},
        "the switch has a configuration lock of alice's: ask them to end it: nothing was changed",
    ),
    "a line": (
        {"refuses": "^list"},
        ("the switch refuses `list LEAFRACK-dc1-IN permit 10.233.64.0/18`: % Refused: list LEAFRACK-dc1-IN permit "
        "10.233.64.0/18: nothing was changed"),
    ),
    "a line with a password": (
        {"refuses": "password"},
        ("the switch refuses `neighbor 172.20.0.11 password (hidden)`: % Refused: neighbor 172.20.0.11 password "
        "(hidden): nothing was changed"),
    ),
    "the dry run": ({"refuses": "^verify"}, "the switch refuses `verify`: % Refused: verify: nothing was changed"),
    "the commit": ({"refuses": "^commit"}, ": nothing was changed"),
    "a line that is lost": (
        {"loses": " in LEAFRACK"},
        "after it was applied, neighbour 172.20.0.11 lacks `LEAFRACK-dc1-IN`: it was taken back",
    ),
    "somebody's session goes down": (
        {"breaks": "100.0.0.1"},
        "after it was applied, the session to 100.0.0.1 went down with it: it was taken back",
    ),
    "a roll back that is refused": (
        {"loses": " in LEAFRACK", "refuses": "^rollback"},
        "), and does so by itself within 120 s",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "said"), CASES.values(), ids=CASES)
def test_what_cannot_be_done_is_said_and_nothing_of_it_stays(given: dict[str, Any], said: str) -> None:
    toy = box(**given)
    assert refused(toy).endswith(said)
    toy.expire()
    assert (toy.running, toy.startup) == (THEIRS, THEIRS)


def test_a_commit_of_leafracks_own_that_was_left_behind_is_taken_back_first() -> None:
    toy = box()
    count, _ = steps(TIMED, JOB, Way.FORWARD, THEIRS)
    refused(toy, cut=Cut(at=count - 2, away=True))
    left = toy.pending
    assert left.startswith("leafrack-")
    assert play(toy).changed
    assert f"rollback {left}" in toy.log
    assert (toy.startup, toy.pending) == (toy.running, "")


def test_a_commit_of_leafracks_own_is_waited_for_where_it_may_be_another_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_POLL", 0.0)
    pending = replace(TIMED.pending[0], lasts=30.0)
    made = platform(replace(TIMED, pending=(pending, *TIMED.pending[1:])))
    for ends_at, taken_back in ((20.0, False), (60.0, True)):
        toy = box(pending="leafrack-0badcafe")
        clock = itertools.count(step=5.0)

        def now(toy: Toy = toy, clock: Iterator[float] = clock, ends_at: float = ends_at) -> float:
            passed = next(clock)
            if passed >= ends_at:
                toy.pending = ""
            return passed

        monkeypatch.setattr(player, "monotonic", now)
        assert play(toy, made=made).changed
        assert ("rollback leafrack-0badcafe" in toy.log) is taken_back
        assert toy.log.count("show commits") == 5 if not taken_back else 8
        assert toy.startup == toy.running != THEIRS


def test_what_a_box_refuses_to_put_in_force_is_read_back_by_what_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    made = platform(replace(TIMED, proof=("show nothing {session}",)))
    toy = box(refuses="^commit")
    assert refused(toy, made=made).endswith("% Refused: " + next(x for x in toy.log if "timer" in x) + UNTOUCHED)
    assert not [command for command in toy.log if "nothing" in command]


def test_lines_in_force_are_taken_back_where_one_is_refused() -> None:
    toy = box(refuses=" out ")
    assert refused(toy, made=platform(PLAIN)).endswith(": it was taken back")
    assert (toy.running, toy.startup) == (THEIRS, THEIRS)


def steps(transaction: Transaction, given: Job, way: Way, before: list[str]) -> tuple[int, list[str]]:
    """How many commands a job takes, and what it leaves."""
    cut, toy = Cut(0), box()
    toy.running, toy.startup = list(before), list(before)
    play(toy, given, way, made=platform(transaction), cut=cut)
    return cut.seen, sorted(toy.running)


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("away", [False, True], ids=["there again", "away"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("transaction", BOXES.values(), ids=BOXES)
def test_a_connection_that_ends_at_any_step_leaves_the_old_or_the_new_and_another_run_ends_it(
    transaction: Transaction,
    done: bool,  # noqa: FBT001
    away: bool,  # noqa: FBT001
    way: Way,
) -> None:
    old = sorted(THEIRS)
    _, new = steps(transaction, JOB, Way.FORWARD, THEIRS)
    if way is Way.BACK:
        old, new = new, old
    count, _ = steps(transaction, JOB, way, old)
    made = platform(transaction)
    for at in range(1, count + 1):
        toy = box()
        toy.running, toy.startup = list(old), list(old)
        failed = ""
        try:
            play(toy, JOB, way, made=made, cut=Cut(at, done, away))
        except PlayError as error:
            failed = str(error)
        at_once = sorted(toy.running)
        if failed and transaction.timer:
            toy.expire()
        stands, saved = sorted(toy.running), sorted(toy.startup)
        told = (at, failed)
        assert "\n" not in failed, told
        if not failed:
            assert (stands, saved, toy.pending) == (new, new, ""), told
        elif failed.endswith("nothing was changed"):
            assert (at_once, saved) == (old, old), told
        elif "taken back" in failed or "take it back" in failed or "takes it back" in failed:
            assert saved == old, told
            assert stands == old or "in force" in failed or "keeps it" in failed, told
        else:
            assert "in force" in failed, told
        assert saved in (old, new), told
        assert saved == old or stands == new, told
        play(toy, JOB, way, made=made)
        assert (sorted(toy.running), sorted(toy.startup), toy.pending) == (new, new, ""), told


def test_a_password_that_is_not_shown_is_kept_as_a_seal_and_not_entered_again() -> None:
    toy = box(seals=True)
    done = play(toy)
    assert set(done.seals) == {ip_address("172.20.0.11")}
    toy.log.clear()
    described = job(replace(SECRET, description="another"))
    again = play(toy, described, seals=done.seals)
    assert again.changed
    assert [line for line in toy.log if "password" in line] == []
    assert again.seals == done.seals
    toy.log.clear()
    play(toy, job(replace(SECRET, password="an0ther")), seals=done.seals)
    assert [line for line in toy.log if "password" in line] == ["neighbor 172.20.0.11 password an0ther"]


@pytest.mark.parametrize(("task", "way"), [(Task.RETIRED, Way.FORWARD), (Task.AS_NUMBERS, Way.FORWARD)])
def test_every_task_is_played(task: Task, way: Way) -> None:
    toy = box()
    old: Neighbour = replace(NODE, address=ip_address("172.20.0.12"))
    play(toy, job(NODE, old))
    play(toy, Job(task, 65009, OWN, LISTS, (NODE,), 64601), way)
    gone = task is Task.RETIRED
    assert any(line.startswith("neighbor 172.20.0.12 ") for line in toy.running) is not gone
    assert ("neighbor 172.20.0.11 as 64601" in toy.running) is (task is Task.AS_NUMBERS)


RANGE = listener("172.20.0.0/24")
BY_RANGE = replace(job(), listeners=(replace(RANGE, password="s3cret"),))


def moved(comes_back: int) -> Toy:
    """A box on which a node has a name and a session, and a range that is to take the place of the name."""
    toy = box()
    play(toy, JOB)
    toy.up.add("172.20.0.11")
    play(toy, BY_RANGE)
    toy.breaks, toy.comes_back = "172.20.0.11", comes_back
    return toy


@pytest.mark.parametrize("transaction", BOXES.values(), ids=BOXES)
def test_a_range_is_written_and_read_back_and_taken_away_again(transaction: Transaction) -> None:
    toy, made = box(), platform(transaction)
    assert play(toy, BY_RANGE, made=made).changed
    assert "range 172.20.0.0/24 password s3cret" in toy.running
    assert not play(toy, BY_RANGE, made=made).changed
    assert play(toy, BY_RANGE, Way.BACK, made=made).changed
    assert (toy.running, toy.startup) == (THEIRS, THEIRS)


def test_a_password_of_a_range_is_in_no_error() -> None:
    said = refused(box(refuses="password"), given=BY_RANGE)
    assert said.startswith("leaf01: the switch refuses `range 172.20.0.0/24 password (hidden)`")


def test_who_gives_way_to_a_range_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning, "PATIENCE", 10.0)
    monkeypatch.setattr(asyncio, "sleep", nothing)
    toy = moved(comes_back=3)
    play(toy, replace(BY_RANGE, task=Task.RETIRED))
    assert toy.log[-4:] == ["show running", "show sessions"] * 2
    assert (toy.up, toy.startup) == ({"100.0.0.1", "172.20.0.11"}, toy.running)


async def nothing(_: float) -> None:
    """Time passes."""


def test_who_does_not_come_back_is_named_and_what_has_changed_stays() -> None:
    toy = moved(comes_back=0)
    said = refused(toy, given=replace(BY_RANGE, task=Task.RETIRED))
    assert said == (
        "leaf01: neighbours that have not come back within 40 s (172.20.0.11): what was to change has changed"
    )
    assert not [line for line in toy.startup if line.startswith("neighbor 172.20.0.11")]
    assert not play(toy, replace(BY_RANGE, task=Task.RETIRED)).changed
