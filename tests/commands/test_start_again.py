"""Reflectors of a rack whose AS number changes start their sessions later than its members, and than each other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from leafrack.commands import step
from leafrack.commands.step import APART, LATER, Owned
from leafrack.fabric import names
from leafrack.world.fields import Fields, Target, Values
from leafrack.world.model import Cluster

MEMBERS = {"node6": "64513"}
IDS = {"node4": "173.20.0.11", "node5": "173.20.0.12"}
CONNECTS = 2.0
"""Seconds after which a member connects, left alone."""


class World:
    """A clock that only sleeping moves, and what the step has given by it: when, to whom, which value."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, reset: set[str]) -> None:
        self.now, self._reset = 100.0, reset
        self.given: list[tuple[float, str, object]] = []
        self.managers: set[str] = set()
        monkeypatch.setattr("leafrack.commands.step.time.monotonic", lambda: self.now)
        monkeypatch.setattr("leafrack.commands.step.time.sleep", self._sleeps)
        monkeypatch.setattr("leafrack.commands.step.fields.forward", self._gives)

    def _sleeps(self, seconds: float) -> None:
        self.now += seconds

    def _gives(self, what: Fields, _tell: object, _previous: Values | None = None) -> frozenset[str]:
        if what.key != names.CLUSTER_ID_ANNOTATION:
            return frozenset(self._reset)
        self.managers.add(what.manager)
        self.given += [(round(self.now - 100, 2), name, value) for name, value in what.values.items()]
        return frozenset(what.values)


def owned(cluster_ids: Mapping[str, str]) -> Owned:
    return Owned(
        target=Target.NODE_ANNOTATION,
        key=names.AS_NUMBER_ANNOTATION,
        values={**dict.fromkeys(cluster_ids, "64513"), **MEMBERS},
        manager="m:as-number",
        cluster=Cluster(),
        cluster_ids=cluster_ids,
        cluster_ids_manager="m:reflectors" if cluster_ids else "",
    )


def test_each_reflector_starts_again_and_all_have_before_the_members_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, {*IDS, *MEMBERS})
    step._forward(owned(IDS))
    assert world.given == [
        (0.0, "node4", names.ROUTER_ID),
        (APART, "node5", names.ROUTER_ID),
        (LATER, "node4", IDS["node4"]),
        (LATER + APART, "node5", IDS["node5"]),
    ]
    assert world.now - 100 < CONNECTS
    assert world.managers == {"m:reflectors"}


def test_one_reflector_alone_starts_again_a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, {"node4", *MEMBERS})
    step._forward(owned({"node4": IDS["node4"]}))
    assert world.given == [(0.0, "node4", names.ROUTER_ID), (LATER, "node4", IDS["node4"])]


@pytest.mark.parametrize("reset", [set[str](), set(MEMBERS)], ids=["nothing has changed", "a member alone has changed"])
def test_sessions_that_stand_are_left_alone(reset: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, reset)
    step._forward(owned(IDS))
    # Nothing is sent to one that has it. One that was broken off between the two goes has none of its own yet.
    assert world.given == [(0.0, node, cluster_id) for node, cluster_id in IDS.items()]


def test_a_reflector_alone_that_has_changed_is_the_one_that_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, {"node5"})
    step._forward(owned(IDS))
    assert world.given == [
        (0.0, "node4", IDS["node4"]),
        (0.0, "node5", names.ROUTER_ID),
        (LATER, "node5", IDS["node5"]),
    ]


def test_a_step_without_reflectors_gives_its_field_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, set(MEMBERS))
    step._forward(owned({}))
    assert world.given == []
