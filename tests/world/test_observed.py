"""Looking at the world before anything changes: whose sessions the nodes are asked for, and what if they do not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from leafrack.errors import UnreadableError
from leafrack.fabric import Fabric, names
from leafrack.world import observed
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Report
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState, Observed
from tests import handed

CONNECTED = ClusterState({name: NodeState(name, (), {"rr-group": "rr2"}) for name in ("node4", "node5", "node6")})


class Writer:
    """Answers for every node, and keeps whom it was asked for; ``away`` answers nothing."""

    def __init__(self, *, away: bool = False) -> None:
        self.asked: list[str] = []
        self._away = away

    def statuses(self, nodes: Iterable[str]) -> Mapping[str, Report]:
        self.asked += nodes
        if self._away:
            raise UnreadableError("cluster", "is away")
        return {node: Report(name=node) for node in self.asked}


def looked(monkeypatch: pytest.MonkeyPatch, fabric: Fabric, cluster: ClusterState, writer: Writer) -> Observed:
    monkeypatch.setattr(ClusterState, "read", lambda *_, **__: cluster)
    monkeypatch.setattr(observed, "read_all", lambda *_, **__: {})
    monkeypatch.setattr(observed, "Connection", lambda *_, **__: None)
    monkeypatch.setattr(observed, "ClusterWriter", lambda _: writer)
    return observed.observe(fabric, Cluster(), Credentials())


@pytest.mark.parametrize(
    ("cluster", "asked"),
    [(CONNECTED, ["node4", "node5"]), (ClusterState({"node4": NodeState("node4", ())}), [])],
    ids=["the reflectors of a rack that is connected", "nobody before the first update"],
)
def test_nodes_tell_of_their_sessions_to_a_leaf_by_hand(
    cluster: ClusterState, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer()
    found = looked(monkeypatch, handed.fabric(), cluster, writer)
    assert (writer.asked, list(found.reports), found.unreadable) == (asked, asked, ())


def test_a_fabric_of_leafracks_own_leaves_asks_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer()
    ours = handed.fabric(apply="leafrack")
    assert looked(monkeypatch, ours, CONNECTED, writer).reports == {}
    assert writer.asked == []


def test_nodes_that_cannot_be_asked_are_said_as_what_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch, handed.fabric(), CONNECTED, Writer(away=True))
    assert list(map(str, found.unreadable)) == ["cluster: nodes cannot be asked for their sessions: is away"]
    assert not found.unreadable[0].refused


@pytest.mark.parametrize(
    ("said", "number"),
    [("64513", 64513), ("4200000001", 4200000001), ("1.10", 65546), ("0.64513", 64513), ("64513x", None), ("", None)],
)
def test_the_as_of_a_node_is_read_in_asplain_and_asdot(said: str, number: int | None) -> None:
    node = NodeState("n1", (), annotations={names.AS_NUMBER_ANNOTATION: said})
    assert ClusterState({"n1": node}, bgp_configuration={"asNumber": 64900}).as_of("n1") == number


def test_a_node_without_a_number_has_that_of_the_cluster() -> None:
    assert ClusterState({"n1": NodeState("n1", ())}, bgp_configuration={"asNumber": 64900}).as_of("n1") == 64900
    assert ClusterState({"n1": NodeState("n1", ())}).as_of("n1") == 64512
