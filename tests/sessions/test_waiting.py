"""Waiting for sessions: it ends, and a session that comes and goes is no session."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

import pytest

from leafrack.commands import gate
from leafrack.commands import status as command
from leafrack.fabric.load import load_fabric
from leafrack.sessions import expected
from leafrack.sessions import look as observe
from leafrack.sessions.model import Row, SessionKind
from leafrack.world.model import Cluster
from tests import handed
from tests.clock import Clock
from tests.conftest import DEV_FABRIC

AWAY = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
"""


def rows(*held: bool) -> tuple[Row, ...]:
    return tuple(
        Row(rack="rr1", what=f"s{i}", expected="up", found="up" if ok else "down", ok=ok) for i, ok in enumerate(held)
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(observe, "time", clock)
    return clock


def test_it_ends_at_the_first_look_at_which_all_hold(clock: Clock) -> None:
    looks = iter([rows(True, False), rows(True, True)])
    assert observe.until_all_hold(lambda: next(looks), wait=60) == rows(True, True)
    assert clock.now == observe.POLL


def test_it_ends_after_its_wait_with_what_it_saw_last(clock: Clock) -> None:
    told: list[Sequence[Row]] = []
    assert observe.until_all_hold(lambda: rows(True, False), wait=10, tell=told.append) == rows(True, False)
    assert 10 <= clock.now <= 10 + observe.POLL
    assert len(told) > 1


def test_a_session_that_flaps_is_waited_for_until_it_has_held_without_a_break(clock: Clock) -> None:
    def looks() -> Iterator[tuple[Row, ...]]:
        yield rows(True)
        yield rows(True)
        yield rows(False)
        while True:
            yield rows(True)

    seen = looks()
    assert observe.until_all_hold(lambda: next(seen), wait=60, hold=3) == rows(True)
    assert clock.now >= 3 * observe.POLL + 3


def test_sessions_that_still_stand_after_a_change_that_resets_them_do_not_open_a_gate(clock: Clock) -> None:
    """confd acts two seconds after the change, and the sessions take two more to come back."""
    look = lambda: rows(not 2 <= clock.now < 4)  # noqa: E731
    assert observe.until_all_hold(look, wait=60, hold=1, settle=3) == rows(True)
    assert clock.now == pytest.approx(4 + 1, abs=observe.POLL)


def test_the_time_to_settle_is_none_to_wait_after_the_sessions_are_back(clock: Clock) -> None:
    assert observe.until_all_hold(lambda: rows(clock.now >= 2.5), wait=60, hold=1, settle=3) == rows(True)
    assert clock.now == pytest.approx(2.5 + 1, abs=observe.SHORTEST)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [((), 0), (("--wait", "5"), 3), (("--wait", "60", "--established-for", "3"), 8), (("--established-for", "9"), 0)],
)
def test_the_command_waits_as_long_as_it_is_told_and_wants_all_to_hold_as_long(
    given: tuple[str, ...],
    seconds: float,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # At first not all hold; at three seconds they do, at four they do not, from then on they do.
    monkeypatch.setattr(command, "look", lambda *_given, **_how: rows(clock.now >= 3 and not 4 <= clock.now < 5))
    words = ("--fabric", str(DEV_FABRIC), "--kubeconfig", "none", "--json", *given)
    assert command.main(words) == (0 if seconds else 1)
    assert clock.now == pytest.approx(seconds, abs=observe.POLL)
    said = capsys.readouterr()
    assert json.loads(said.out)["ok"] is bool(seconds)
    assert said.err == ("waiting for 1 of 1: s0 – expected up, found down\n" if "--wait" in given else "")


Missing = Mapping[float, Sequence[int]]
"""Which sessions are missing from a second on."""

SAID: Mapping[str, tuple[Missing, list[str]]] = {
    "of what is soon there nothing": ({0: [0, 1], 9.5: []}, []),
    "nothing of what holds for a moment": ({0: [0], 9.5: [], 11: [0], 11.5: []}, []),
    "once of what stays away": (
        {0: [0, 1], 50: []},
        [
            "10 linked: waiting for 2 of 5 sessions: s0 (found down), s1 (found down); for up to 50 s more",
            "50 linked: all 5 sessions are Established",
        ],
    ),
    "again when others are missing, each time after ten seconds": (
        {0: [0, 1], 12: [1], 14: [1, 2], 31: [4], 55: []},
        [
            "10 linked: waiting for 2 of 5 sessions: s0 (found down), s1 (found down); for up to 50 s more",
            "20 linked: waiting for 2 of 5 sessions: s1 (found down), s2 (found down); for up to 40 s more",
            "31 linked: waiting for 1 of 5 sessions: s4 (found down); for up to 29 s more",
            "55 linked: all 5 sessions are Established",
        ],
    ),
    "three by name, the others by number": (
        {0: range(5), 20: []},
        [
            (
                "10 linked: waiting for 5 of 5 sessions: "
                "s0 (found down), s1 (found down), s2 (found down) and 2 more; for up to 50 s more"
            ),
            "20 linked: all 5 sessions are Established",
        ],
    ),
    "not of the last look, whose verdict follows": (
        {0: [0], 60: [1]},
        ["10 linked: waiting for 1 of 5 sessions: s0 (found down); for up to 50 s more"],
    ),
}


@pytest.mark.parametrize(("missing", "said"), SAID.values(), ids=SAID)
def test_a_gate_says_what_it_waits_for(
    missing: Missing, said: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "time", clock)
    told: list[str] = []
    waiting = gate.Waiting("linked", 60, lambda line: told.append(f"{clock.now:.0f} {line}"))

    def look() -> tuple[Row, ...]:
        now = missing[max(second for second in missing if second <= clock.now)]
        return rows(*(number not in now for number in range(5)))

    waiting.ended(observe.until_all_hold(look, wait=60, tell=waiting.looked))
    assert told == said


def test_what_a_gate_says_it_found_is_not_endless(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "time", clock)
    told: list[str] = []
    waiting = gate.Waiting("linked", 60, told.append)
    clock.sleep(gate.QUIET)
    waiting.looked([Row(rack="r", what=f"s{i}", expected="up", found="x" * 100_000, ok=False) for i in range(9)])
    assert len(told[0]) < 1000


BY_HAND = {"leaf02": "leafrack render leaf02 FABRIC.yaml"}
HAND_IT = "leaf02: hand it `leafrack render leaf02 FABRIC.yaml`"


def to_leaf02() -> gate.Guarded:
    sessions = [session for session in expected.sessions(handed.fabric()) if session.kind is SessionKind.LEAF]
    cluster = Cluster(kubeconfig="away")
    return gate.Guarded(
        name="linked", forward=tuple(sessions), endpoints=(), cluster=cluster, by_hand=BY_HAND, wait=1800.0
    )


def test_a_gate_names_what_a_leaf_by_hand_is_to_be_given(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "time", clock)
    told: list[str] = []
    guarded = to_leaf02()
    waiting = gate.Waiting("linked", 1800, told.append, guarded.to_hand_over)
    clock.sleep(gate.QUIET)
    missing = [Row(rack="r", what=str(each), expected="up", found="Active", ok=False) for each in guarded.forward]
    waiting.looked([*missing[:1], *missing[2:3]])
    clock.sleep(gate.QUIET)
    waiting.looked(missing[:1])
    assert told == [
        (
            "linked: waiting for 2 of 2 sessions: node1 ↔ leaf01 (found Active), node4 ↔ leaf02 (found Active); "
            f"{HAND_IT}; for up to 1790 s more"
        ),
        "linked: waiting for 1 of 1 sessions: node1 ↔ leaf01 (found Active); for up to 1780 s more",
    ]


def test_a_gate_that_nobody_has_handed_over_for_says_so_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def run(guarded: gate.Guarded, _direction: str, _tell: object, *, wait: float) -> tuple[Row, ...]:
        waited.append(wait)
        return tuple(
            Row(rack="r", what=str(each), expected="up", found="Active", ok=False) for each in guarded.forward[2:]
        )

    monkeypatch.setattr(gate, "run", run)
    guarded = to_leaf02()
    lines = gate.missing(guarded, "forward")
    assert lines == (
        "linked: node4 ↔ leaf02 – expected up, found Active",
        "linked: node5 ↔ leaf02 – expected up, found Active",
        f"linked: waited for {HAND_IT}",
    )
    gate.missing(guarded, "back")
    gate.missing(guarded.model_copy(update={"wait": None}), "forward")
    monkeypatch.setenv(gate.WAIT_VARIABLE, "7")
    gate.missing(guarded, "forward")
    assert waited == [1800, gate.WAIT, gate.WAIT, 7]


WAITS = {"shorter than its patience with the API server": 2, "of no time": 0}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_gate_ends_in_its_time_when_the_api_server_is_away_and_says_so(
    wait: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(AWAY, encoding="utf-8")
    members = [session for session in expected.sessions(load_fabric(DEV_FABRIC)) if session.kind is SessionKind.NODE]
    cluster = Cluster(kubeconfig=str(kubeconfig), context="c")
    guarded = gate.Guarded(name="linked", forward=tuple(members), endpoints=(), cluster=cluster)
    monkeypatch.setattr(sys, "stdin", StringIO(guarded.model_dump_json()))
    monkeypatch.setenv(gate.WAIT_VARIABLE, str(wait))
    begun = time.monotonic()
    assert gate.main(["forward"]) == 1
    assert time.monotonic() - begun < wait + 5
    captured = capsys.readouterr()
    said = captured.out.splitlines()
    # The cause once, and how many sessions nobody can tell of for it.
    (line,) = said
    assert line.startswith("linked: cluster – expected an answer, found cluster unreadable: ")
    assert "cannot reach the API server at https://127.0.0.1:9: connection refused" in line
    assert line.endswith(f"; this hides {len(members)} sessions and routes")
    assert [line for line in captured.err.splitlines() if not line.startswith("cluster: ")] == []
