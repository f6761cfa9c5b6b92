"""What nodes that no file names must have in each phase, and who they are when a gate looks."""

from __future__ import annotations

import pytest

from leafrack.commands import gate, status
from leafrack.commands.gate import Guarded
from leafrack.errors import UnreadableError
from leafrack.fabric import Interconnect
from leafrack.sessions import by_label as labels
from leafrack.sessions import compare, look
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import Phase, Row
from leafrack.world.model import Cluster
from tests.labelled import by_label, node, nodes

WORLD = nodes(
    node("a", "172.20.0.21", "rr1"),
    node("b", "172.20.0.22", "rr1"),
    node("c", "172.20.0.23", "rr1"),
    node("d", "172.20.0.24", "rr1", ready=False),
)
A, B, C = "a ↔ leaf01", "b ↔ leaf01", "c ↔ leaf01"
OF_REFLECTORS = [f"{reflector} ↔ {name}" for reflector in ("node1", "node2") for name in "abc"]


def seen(*wanted: ByLabel) -> list[str]:
    return [str(session) for session in labels.resolved(wanted, WORLD).sessions]


@pytest.mark.parametrize(
    ("how", "phase", "expected"),
    [
        (None, Phase.CONNECTED, []),
        (None, Phase.LINKED, OF_REFLECTORS),
        (None, Phase.FINISHED, OF_REFLECTORS),
        (Interconnect.TOP_OF_RACK, Phase.CONNECTED, [A, B, C]),
        (Interconnect.TOP_OF_RACK, Phase.FINISHED, [A, B, C]),
        (Interconnect.FULL_MESH, Phase.LINKED, [A, B, C]),
        (Interconnect.FULL_MESH, Phase.FINISHED, [A, B, C, *OF_REFLECTORS]),
    ],
)
def test_each_phase_waits_for_what_labelled_nodes_have_then(
    how: Interconnect | None, phase: Phase, expected: list[str]
) -> None:
    assert seen(*labels.sessions(by_label("rr1", how=how), phase)) == expected


def test_the_as_is_any_of_the_change_until_the_rack_shows_its_own() -> None:
    fabric = by_label("rr2", how=Interconnect.TOP_OF_RACK)
    connected, finished = (labels.sessions(fabric, phase)[0] for phase in (Phase.CONNECTED, Phase.FINISHED))
    assert (connected.as_numbers, connected.keep) == ((64512, 64513), True)
    assert (finished.as_numbers, finished.keep) == ((64513,), False)
    assert labels.way_back_to_leaves(fabric)[0].as_numbers == (64512,)


def test_where_the_file_names_nobody_two_labelled_nodes_tell_of_the_others() -> None:
    fabric = by_label("rr1", how=Interconnect.FULL_MESH, named=False)
    assert seen(*labels.mesh(fabric)) == ["a ↔ b", "a ↔ c", "b ↔ c"]
    assert seen(*labels.mesh(by_label("rr1"))) == OF_REFLECTORS
    assert seen(*labels.mesh(by_label("rr1"), reflectors=False)) == ["a ↔ b", "a ↔ c", "b ↔ c"]


def test_what_a_gate_is_given_names_no_labelled_node_and_does_not_change_with_them() -> None:
    given = [each.model_dump_json() for each in labels.sessions(by_label("rr1"), Phase.LINKED)]
    assert all('"label":"rack=one"' in each and '"a"' not in each for each in given)


def test_a_gate_asks_the_cluster_each_time_who_carries_the_label(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = iter([WORLD, {name: state for name, state in WORLD.items() if name != "c"}])
    asked: list[list[str]] = []
    told: list[str] = []

    class Reader:
        def __init__(self, _connection: object) -> None: ...

        def nodes_with(self, _labels: object) -> object:
            return next(worlds)

    def reports(expected: object, *_: object, **__: object) -> dict[str, object]:
        asked.append([str(each) for each in expected])  # type: ignore[attr-defined]
        return {}

    monkeypatch.setattr(gate, "Connection", lambda *_, **__: None)
    monkeypatch.setattr(gate, "ClusterReader", Reader)
    monkeypatch.setattr(look, "reports", reports)
    monkeypatch.setattr(compare, "sessions", lambda expected, _: () if len(asked) > 1 else _down(expected))
    wanted = labels.sessions(by_label("rr1", how=Interconnect.TOP_OF_RACK), Phase.CONNECTED)
    guarded = Guarded(
        name="connected-1", forward=(), endpoints=(), cluster=Cluster(), by_label=wanted, settle=0.0, hold=0.0
    )
    assert gate.run(guarded, "forward", told.append, wait=5) == ()
    assert asked == [[A, B, C], [A, B]]
    assert told == ["connected-1: of rack=one in rack rr1 these hold nothing: d (not Ready)"]


def test_status_has_the_sessions_of_who_is_there_and_a_row_for_who_holds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Reader:
        def __init__(self, _connection: object) -> None: ...

        def nodes(self) -> object:
            return WORLD

    monkeypatch.setattr(status, "Connection", lambda *_, **__: None)
    monkeypatch.setattr(status, "ClusterReader", Reader)
    found, rows = status.with_labelled(by_label("rr1"), Cluster())
    assert list(found.racks["rr1"].members) == ["a", "b", "c"]
    assert [(row.what, row.found, row.ok) for row in rows] == [("d", "not Ready", True)]


def test_status_says_once_a_rack_that_the_cluster_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise UnreadableError("cluster", "cannot reach the API server")

    monkeypatch.setattr(status, "Connection", away)
    found, (row,) = status.with_labelled(by_label("rr1"), Cluster())
    assert (found, row.ok, row.what) == (by_label("rr1"), False, "nodes with rack=one")
    assert status.with_labelled(by_label(), Cluster())[1] == ()


def _down(expected: object) -> tuple[Row, ...]:
    return tuple(
        Row(rack="rr1", what=str(each), expected="Established", found="Idle", ok=False)
        for each in expected  # type: ignore[attr-defined]
    )
