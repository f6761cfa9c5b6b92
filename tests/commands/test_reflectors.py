"""The step of a rack's reflectors: who has a turn when, what is seen in between, and the way back."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import pytest

from leafrack.commands import reflectors
from leafrack.commands.gate import SETTLE, Guarded
from leafrack.commands.reflectors import Present, Reflectors, Turn
from leafrack.commands.step import LATER
from leafrack.fabric import names
from leafrack.sessions.model import ExpectedEnd, ExpectedSession, SessionKind
from leafrack.world.fields import Fields, Values
from leafrack.world.model import Cluster

NODES = {"node1": "172.20.0.11", "node2": "172.20.0.12", "node3": "172.20.0.13"}


def end(node: str) -> ExpectedEnd:
    return ExpectedEnd(name=node, address=ip_address(NODES[node]), as_numbers=(64512,))


def session(near: str, far: str, kind: SessionKind = SessionKind.NODE) -> ExpectedSession:
    return ExpectedSession(kind=kind, rack="rr1", near=end(near), far=end(far))


def turn(node: str) -> Turn:
    others = [other for other in NODES if other != node]
    return Turn(
        node=node,
        cluster_id=NODES[node],
        forward=tuple(session(node, other) for other in others),
        back=tuple(session(node, other, SessionKind.MESH) for other in others),
    )


def wanted(*nodes: str) -> Reflectors:
    return Reflectors(
        rack="rr1",
        manager="m",
        cluster=Cluster(),
        endpoints=(),
        turns=tuple(map(turn, nodes)),
    )


ID = "RouteReflectorClusterID"


class World:
    """Notes in order what the step does to the cluster and what it waits for."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        never: str = "",
        *,
        mesh: bool = False,
        reflecting: Iterable[str] = (),
        peer: bool = True,
        has: Values | None = None,
    ) -> None:
        self.done: list[str] = []
        self.settled: list[float] = []
        self.slept: list[tuple[float, str]] = []
        """How long, and what it had done right before."""
        self.taken: Values = {}
        self._never = never
        self._has: Values = {node: NODES[node] for node in reflecting} if has is None else has
        there = Present(mesh=mesh, cluster_ids=dict(self._has), peer=peer)
        monkeypatch.setattr("leafrack.commands.reflectors.present", lambda _wanted: there)
        monkeypatch.setattr("leafrack.commands.reflectors.fields.forward", self._gives)
        monkeypatch.setattr("leafrack.commands.reflectors.fields.back", self._takes)
        monkeypatch.setattr("leafrack.commands.reflectors.missing", self._waits)
        monkeypatch.setattr("leafrack.commands.reflectors.time.sleep", self._sleeps)

    def _gives(self, fields: Fields, *_: object) -> bool:
        for name, value in fields.values.items():
            if fields.key == "peerSelector":
                self.done.append(f"{name} selects {value}")
            else:
                go = "start" if value == names.ROUTER_ID else "give"
                self.done.append(f"{go} {name} {fields.key.rpartition('/')[2]}")
        return any(self._has.get(name) != value for name, value in fields.values.items())

    def _sleeps(self, seconds: float) -> None:
        self.slept.append((seconds, self.done[-1]))

    def _takes(self, fields: Fields, *_: object) -> None:
        self.done += [f"take {name} {fields.key.rpartition('/')[2]}" for name in fields.values]
        self.taken |= fields.values

    def _waits(self, guarded: Guarded, way: str) -> tuple[str, ...]:
        sessions = guarded.forward if way == "forward" else guarded.back
        self.done.append(f"see {guarded.name}: {', '.join(map(str, sessions))}")
        self.settled.append(guarded.settle)
        return (f"{guarded.name}: missing",) if guarded.name == self._never else ()


SEEN_1, SEEN_2 = "see node1: node1 ↔ node2, node1 ↔ node3", "see node2: node2 ↔ node1, node2 ↔ node3"
START_1, GIVE_1 = f"start node1 {ID}", f"give node1 {ID}"
START_2, GIVE_2 = f"start node2 {ID}", f"give node2 {ID}"
FIRST, SECOND = (START_1, GIVE_1, SEEN_1), (START_2, GIVE_2, SEEN_2)
SELECTS = "rr1-to-node-peer selects rr-id == 'rr1'"
NOBODY = f"{SELECTS} && !has(rr-id)"
ONE = f"{SELECTS} && leafrack/cluster-id in {{'172.20.0.11'}}"
BOTH = f"{SELECTS} && leafrack/cluster-id in {{'172.20.0.11', '172.20.0.12'}}"


def test_each_reflector_is_seen_before_the_next_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    assert reflectors.forward(wanted("node1", "node2"), {}) == ()
    assert world.done == [*FIRST, *SECOND, SELECTS]


def test_while_the_mesh_is_on_nobody_peers_with_a_node_that_still_has_a_part_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch, mesh=True)
    assert reflectors.forward(wanted("node1", "node2"), {}) == ()
    assert world.done == [NOBODY, START_1, ONE, GIVE_1, SEEN_1, START_2, BOTH, GIVE_2, SEEN_2, SELECTS]


def test_a_run_after_one_that_was_broken_off_leaves_those_that_are_reflectors_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch, mesh=True, reflecting=["node1"])
    assert reflectors.forward(wanted("node1", "node2"), {}) == ()
    assert world.done == [ONE, GIVE_1, SEEN_1, START_2, BOTH, GIVE_2, SEEN_2, SELECTS]


def test_a_new_reflector_starts_its_sessions_again_when_its_neighbours_have_and_before_they_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch, mesh=True, reflecting=["node1"])
    assert reflectors.forward(wanted("node1", "node2"), {}) == ()
    assert world.slept == [(LATER, BOTH)]
    assert world.done.index(GIVE_2) == world.done.index(BOTH) + 1


def test_one_that_was_broken_off_between_the_two_goes_has_the_second_and_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch, mesh=True, has={"node1": names.ROUTER_ID})
    assert reflectors.forward(wanted("node1"), {}) == ()
    assert (world.done, world.settled, world.slept) == ([ONE, GIVE_1, SEEN_1, SELECTS], [SETTLE], [])


def test_only_a_new_reflector_is_given_the_time_that_confd_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, reflecting=["node1"])
    assert reflectors.forward(wanted("node1", "node2"), {}) == ()
    assert world.settled == [0.0, SETTLE]


def test_where_the_first_does_not_come_up_the_second_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, never="node1", mesh=True)
    assert reflectors.forward(wanted("node1", "node2"), {}) == ("node1: missing",)
    assert world.done == [NOBODY, START_1, ONE, GIVE_1, SEEN_1]


def test_who_is_none_any_more_gives_up_its_id_then_is_seen_by_the_others_then_loses_its_label(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    assert reflectors.forward(wanted("node1"), {"node1": NODES["node1"], "node2": NODES["node2"]}) == ()
    assert world.done == [*FIRST, f"take node2 {ID}", "see node2: node1 ↔ node2", "take node2 rr-id", SELECTS]


def test_one_that_others_do_not_see_keeps_its_label_and_with_it_its_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, never="node2")
    assert reflectors.forward(wanted("node1"), {"node2": NODES["node2"]}) == ("node2: missing",)
    assert world.done[-1] == "see node2: node1 ↔ node2"


BACK_2, BACK_1 = (f"take node2 {ID}", SEEN_2), (f"take node1 {ID}", SEEN_1)


@pytest.mark.parametrize(
    ("has", "does"),
    [
        ({"mesh": True}, [ONE, *BACK_2, NOBODY, *BACK_1]),
        ({"mesh": True, "peer": False}, [*BACK_2, *BACK_1]),
        ({"mesh": False}, [*BACK_2, *BACK_1]),
        # The last run was broken off once the second was none any more.
        ({"mesh": True, "reflecting": ["node1"]}, [ONE, *BACK_2, NOBODY, *BACK_1]),
        ({"mesh": True, "reflecting": []}, [NOBODY, *BACK_2, NOBODY, *BACK_1]),
    ],
)
def test_on_the_way_back_each_leaves_the_peer_before_it_enters_the_mesh_and_is_seen_there_before_the_next(
    has: dict[str, Any], does: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(monkeypatch, **{"reflecting": ["node1", "node2"], **has})
    assert reflectors.back(wanted("node1", "node2")) == ()
    assert world.done == does


def test_on_the_way_back_one_that_was_broken_off_between_the_two_goes_loses_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch, mesh=True, has={"node1": names.ROUTER_ID})
    assert reflectors.back(wanted("node1")) == ()
    assert world.taken == {"node1": names.ROUTER_ID}


def test_on_the_way_back_too_one_that_is_not_seen_holds_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, never="node2", mesh=True, reflecting=["node1", "node2"])
    assert reflectors.back(wanted("node1", "node2")) == ("node2: missing",)
    assert world.done == [ONE, *BACK_2]


def test_what_it_owns_is_printed_for_the_next_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    World(monkeypatch)
    assert reflectors._forward(wanted("node1")) == ()
    assert capsys.readouterr().out == '{"node1":"172.20.0.11"}\n'
