"""What a gate waits for, and for how long sessions have to stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from leafrack.commands import gate
from leafrack.commands.gate import Guarded
from leafrack.commands.seen import RERUN_VARIABLE, Seen
from leafrack.commands.step import PREVIOUS_VARIABLE
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from leafrack.sessions import compare, expected, look
from leafrack.sessions.model import ExpectedSession, Row
from leafrack.world.model import Cluster, Report
from leafrack.world.nodes import NodeState

FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))
NODES = {
    name: NodeState(name, tuple(addresses)) for rack in FABRIC.racks.values() for name, addresses in rack.nodes.items()
}
WITH_NODE3 = {"node1 ↔ node3", "node2 ↔ node3"}

WORLDS = {
    "all nodes there": (NODES, False, set()),
    "a node that has left the cluster": ({name: NODES[name] for name in NODES if name != "node3"}, False, WITH_NODE3),
    "a node that is another machine": (
        {**NODES, "node3": replace(NODES["node3"], addresses=NODES["node6"].addresses)},
        False,
        WITH_NODE3,
    ),
    "a cluster in full mesh without one": ({name: NODES[name] for name in NODES if name != "node3"}, True, WITH_NODE3),
}


class _Reader:
    def __init__(self, nodes: dict[str, NodeState], *, mesh: bool) -> None:
        self._nodes, self._mesh = nodes, mesh

    def nodes_named(self, names: Collection[str]) -> dict[str, NodeState]:
        return {name: self._nodes[name] for name in names if name in self._nodes}

    def mesh_enabled(self) -> bool:
        return self._mesh


def back(fabric: Fabric) -> tuple[ExpectedSession, ...]:
    """Sessions of both kinds of a rack, as the gates that let a reflector go have them."""
    return (*expected.mesh(fabric, ["rr1"]), *expected.sessions(fabric, racks=["rr1"]))


@pytest.mark.parametrize(("nodes", "mesh", "gone"), WORLDS.values(), ids=WORLDS)
def test_the_way_back_waits_for_every_session_but_those_with_a_node_that_is_gone(
    nodes: dict[str, NodeState],
    mesh: bool,  # noqa: FBT001 - a case of the table
    gone: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "Connection", lambda _: None)
    monkeypatch.setattr(gate, "ClusterReader", lambda _: _Reader(nodes, mesh=mesh))
    guarded = Guarded(name="node2-released", forward=(), back=back(FABRIC), endpoints=(), cluster=Cluster())
    sessions, _ = gate.way_back(guarded)
    names = {f"{session.near.name} ↔ {session.far.name}" for session in sessions}
    leaf = {"node1 ↔ leaf01", "node2 ↔ leaf01"}
    assert names == ({"node1 ↔ node2", *WITH_NODE3} | leaf) - gone


@pytest.mark.parametrize(
    ("direction", "hold", "stood"), [("forward", 1.0, 1.0), ("forward", 0.0, 0.0), ("back", 0.0, 1.0)]
)
def test_one_look_is_enough_only_on_the_way_forward_and_where_the_gate_says_so(
    direction: str, hold: float, stood: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    def until_all_hold(_look: object, *, hold: float, **_: object) -> tuple[()]:
        seen.append(hold)
        return ()

    monkeypatch.setattr(gate, "Connection", lambda _: None)
    monkeypatch.setattr(gate, "ClusterReader", lambda _: _Reader(NODES, mesh=True))
    monkeypatch.setattr(look, "until_all_hold", until_all_hold)
    sessions = expected.mesh(FABRIC, ["rr1"])
    guarded = Guarded(name="linked", forward=sessions, back=sessions, endpoints=(), cluster=Cluster(), hold=hold)
    gate.run(guarded, direction, lambda _: None)
    assert seen == [stood]


def remembering(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fabric: Fabric) -> set[str]:
    """Racks at which a gate of the whole fabric looks; what it prints is what it reads the next time."""
    looked: set[str] = set()

    def until_all_hold(look_: Callable[[], Sequence[Row]], **_: object) -> Sequence[Row]:
        return look_()

    def reports(sessions: Sequence[ExpectedSession], *_: object, **__: object) -> dict[str, Report]:
        looked.update(session.rack for session in sessions)
        return {}

    def compared(sessions: Sequence[ExpectedSession], _: object) -> tuple[Row, ...]:
        return tuple(Row(rack=s.rack, what=str(s), expected="", found="", ok=True) for s in sessions)

    monkeypatch.setattr(look, "until_all_hold", until_all_hold)
    monkeypatch.setattr(look, "reports", reports)
    monkeypatch.setattr(compare, "sessions", compared)
    sessions = expected.sessions(fabric)
    guarded = Guarded(name="linked", forward=sessions, endpoints=(), cluster=Cluster(), remembers=True)
    monkeypatch.setattr("sys.stdin", StringIO(guarded.model_dump_json()))
    assert gate.main(["forward"]) == 0
    monkeypatch.setenv(PREVIOUS_VARIABLE, capsys.readouterr().out)
    return looked


def test_a_gate_of_the_whole_fabric_looks_only_at_racks_that_it_has_not_seen_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rr1 = FABRIC.model_copy(update={"racks": {"rr1": FABRIC.racks["rr1"]}})
    other_as = FABRIC.racks["rr2"].model_copy(update={"as_number": 64999})
    changed = FABRIC.model_copy(update={"racks": {**FABRIC.racks, "rr2": other_as}})
    assert remembering(monkeypatch, capsys, rr1) == {"rr1"}
    assert remembering(monkeypatch, capsys, FABRIC) == {"rr2"}
    assert remembering(monkeypatch, capsys, changed) == {"rr2"}
    assert remembering(monkeypatch, capsys, rr1) == set()
    assert remembering(monkeypatch, capsys, FABRIC) == {"rr2"}, "what was taken away is forgotten"
    monkeypatch.setenv(RERUN_VARIABLE, "a-token")
    assert remembering(monkeypatch, capsys, FABRIC) == {"rr1", "rr2"}
    assert remembering(monkeypatch, capsys, FABRIC) == set(), "a token that the state has kept says nothing new"


@pytest.mark.parametrize("before", ["", "no JSON", "{}", '{"racks": 1}', "[]"])
def test_what_a_gate_cannot_read_it_has_not_seen(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREVIOUS_VARIABLE, before)
    assert Seen.of(expected.sessions(FABRIC)).but(Seen.before()) == {"rr1", "rr2"}
