"""Requests for a node's status: each is deleted by whoever made it, or by the next one ten minutes later."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx2
import pytest
from lightkube import ApiError
from lightkube.generic_resource import GenericGlobalResource
from lightkube.models.meta_v1 import ObjectMeta

from leafrack.world import node_status
from leafrack.world.calico import Group
from tests.clock import Clock

GROUP = Group.V1
CalicoNodeStatus = GROUP.resources.node_status
OLD = timedelta(minutes=11)
BY_CALICO = {"projectcalico.org/metadata": json.dumps({"labels": {"app.kubernetes.io/managed-by": "leafrack"}})}
OURS = {"app.kubernetes.io/managed-by": "leafrack"}


class Requests:
    """An API server with CalicoNodeStatuses, and a calico-node that fills them and writes their labels elsewhere."""

    def __init__(
        self, *there: GenericGlobalResource, lost: tuple[str, ...] = (), ahead: timedelta = timedelta()
    ) -> None:
        self._ahead = ahead
        """What the API server's clock is ahead of ours."""
        self.there = {(each.metadata or ObjectMeta()).name or "": each for each in there}
        self._lost = lost
        """Names that somebody else deletes between our list and our delete."""

    def list(self, kind: type, labels: Mapping[str, str] | None = None) -> Iterator[GenericGlobalResource]:
        for each in [*self.there.values()]:
            has = (each.metadata or ObjectMeta()).labels or {}
            if (labels or {}).items() <= has.items():
                yield each

    def create(self, made: GenericGlobalResource) -> GenericGlobalResource:
        assert made.metadata is not None
        assert made.metadata.labels == OURS
        made.metadata.labels, made.metadata.annotations = {}, BY_CALICO
        made.metadata.creationTimestamp = datetime.now(UTC) + self._ahead
        self.there[made.metadata.name or ""] = made
        return made

    def get(self, kind: type, name: str) -> GenericGlobalResource:
        status = {"lastUpdated": "now", "bgp": {"peersV4": [{"peerIP": "172.20.0.254", "state": "Established"}]}}
        assert name in self.there
        return CalicoNodeStatus(metadata=ObjectMeta(name=name), status=status)

    def delete(self, kind: type, name: str) -> None:
        if name in self._lost:
            answer = {"code": 404, "message": "not found"}
            raise ApiError(response=httpx2.Response(404, json=answer, request=httpx2.Request("DELETE", "http://x")))
        del self.there[name]


def request(
    name: str = "leafrack-0a1b2c3d-node1",
    node: Any = "node1",
    *,
    age: timedelta = OLD,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> GenericGlobalResource:
    created = datetime.now(UTC) - age
    metadata = ObjectMeta(
        name=name, creationTimestamp=created, labels=dict(labels or {}), annotations=dict(annotations or {})
    )
    return CalicoNodeStatus(metadata=metadata, spec={"node": node, "classes": ["BGP"], "updatePeriodSeconds": 1})


LEFT = {
    "one that calico-node has not filled": request(labels=OURS),
    "one that calico-node has filled and so taken its labels": request(annotations=BY_CALICO),
    "one with labels of others too": request(labels={"a": "b"}, annotations=BY_CALICO),
    "one of a node with a long name": request(f"leafrack-0a1b2c3d-{'n' * 236}", "n" * 250, annotations=BY_CALICO),
}
KEPT = {
    "one of a run that is at work": partial(request, age=timedelta(minutes=9), annotations=BY_CALICO),
    "one of the operator's": partial(request, "node1", annotations=BY_CALICO),
    "one that is called like ours": partial(request),
    "one that is managed by us but not called so": partial(request, "leafrack-node1", labels=OURS),
    "one for another node than its name says": partial(request, node="node2", labels=OURS),
    "one for no node": partial(request, node=None, labels=OURS),
    "one of another manager": partial(request, annotations={"projectcalico.org/metadata": '{"labels":{"a":"b"}}'}),
    "one with words of Calico that cannot be read": partial(request, annotations={"projectcalico.org/metadata": "{"}),
    "one with other words of Calico": partial(request, annotations={"projectcalico.org/metadata": '["labels"]'}),
    "one with labels that are none": partial(request, annotations={"projectcalico.org/metadata": '{"labels": "x"}'}),
}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_a_request_whose_owner_died_is_swept(left: GenericGlobalResource) -> None:
    server = Requests(left)
    node_status.sweep(server, GROUP, datetime.now(UTC))  # type: ignore[arg-type]
    assert server.there == {}


@pytest.mark.parametrize("made", KEPT.values(), ids=KEPT)
def test_no_other_request_is_touched(made: Callable[[], GenericGlobalResource]) -> None:
    # Its age counts from here, not from when the tests were collected.
    kept = made()
    server = Requests(kept)
    node_status.sweep(server, GROUP, datetime.now(UTC))  # type: ignore[arg-type]
    assert list(server.there.values()) == [kept]


@pytest.mark.parametrize("hours", [-3, 3, 24 * 365 * 30])
def test_age_is_counted_by_the_clock_of_the_api_server(hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    ahead = timedelta(hours=hours)
    left = request(age=OLD - ahead, labels=OURS)
    at_work = request("leafrack-00000000-node1", age=timedelta(minutes=9) - ahead, labels=OURS)
    server = Requests(left, at_work, ahead=ahead)
    node_status.ask(server, GROUP, ["node1"])  # type: ignore[arg-type]
    assert list(server.there.values()) == [at_work]


def test_two_runs_that_sweep_the_same_do_not_fail() -> None:
    first, second = request(labels=OURS), request("leafrack-00000000-node1", labels=OURS)
    server = Requests(first, second, lost=("leafrack-0a1b2c3d-node1",))
    node_status.sweep(server, GROUP, datetime.now(UTC))  # type: ignore[arg-type]
    assert "leafrack-00000000-node1" not in server.there


def test_what_is_asked_is_deleted_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    server = Requests()
    found = node_status.ask(server, GROUP, ["node1", "node2"])  # type: ignore[arg-type]
    assert {str(each.peer) for report in found.values() for each in report.sessions} == {"172.20.0.254"}
    assert server.there == {}

    def killed(*_given: object) -> None:
        assert all(re.fullmatch(r"leafrack-[0-9a-f]{8}-node1", name) for name in server.there)
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "get", killed)
    with pytest.raises(KeyboardInterrupt):
        node_status.ask(server, GROUP, ["node1"])  # type: ignore[arg-type]
    assert server.there == {}


PARTS: Mapping[str, tuple[dict[str, Any], list[tuple[str, str]], str]] = {
    "nothing but its time": ({"lastUpdated": "now"}, [], ""),
    "keys without values": ({"lastUpdated": "now", "bgp": None, "routes": None}, [], ""),
    "empty tables": ({"lastUpdated": "now", "bgp": {"peersV4": []}, "routes": {"routesV4": None}}, [], ""),
    "a session without a state, and one without an address": (
        {"lastUpdated": "now", "bgp": {"peersV6": [{"peerIP": "fd00::1"}, {"state": "Established"}]}},
        [("fd00::1", "unknown")],
        "",
    ),
    "a session that closes, and one in a state that nobody knows": (
        {
            "lastUpdated": "now",
            "bgp": {"peersV4": [{"peerIP": "10.0.0.1", "state": "Close"}, {"peerIP": "10.0.0.2", "state": "Odd"}]},
        },
        [("10.0.0.1", "Idle"), ("10.0.0.2", "unknown")],
        "",
    ),
    "routes without a destination, and such that are not in the kernel": (
        {"lastUpdated": "now", "routes": {"routesV4": [{"type": "FIB"}, {"type": "RIB", "destination": "10.0.0.0/8"}]}},
        [],
        "",
    ),
    "no time": ({"bgp": {"peersV4": []}}, [], "calico-node on it has not reported its sessions within 15 s"),
    "no status": ({}, [], "calico-node on it has not reported its sessions within 15 s"),
}


@pytest.mark.parametrize(("status", "sessions", "failure"), PARTS.values(), ids=PARTS)
def test_a_status_with_parts_missing_is_a_result(
    status: dict[str, Any], sessions: list[tuple[str, str]], failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_status, "time", Clock())
    server = Requests()
    monkeypatch.setattr(server, "get", lambda _kind, _name: CalicoNodeStatus(status=status))
    (report,) = node_status.ask(server, GROUP, ["node1"]).values()  # type: ignore[arg-type]
    assert [(str(each.peer), each.state) for each in report.sessions] == sessions
    assert (report.routes, report.failure) == (frozenset(), failure)
    assert server.there == {}


def test_silent_nodes_hold_up_nobody_else_and_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(node_status, "time", clock)
    nodes = [f"node{number}" for number in range(100)]
    silent = {f"node{number}" for number in range(0, 80, 2)}

    class Some(Requests):
        most = 0

        def get(self, kind: type, name: str) -> GenericGlobalResource:
            self.most = max(self.most, len(self.there))
            asked = super().get(kind, name)
            return CalicoNodeStatus(status={}) if name.split("-", 2)[2] in silent else asked

    server = Some()
    found = node_status.ask(server, GROUP, nodes)  # type: ignore[arg-type]
    assert set(found) == set(nodes)
    assert {name for name, report in found.items() if report.failure} == silent
    assert server.most == node_status.AT_ONCE
    assert server.there == {}
    # Forty that say nothing, ten at a time: and the sixty others meanwhile.
    assert clock.now < 4 * node_status.STATUS_TIMEOUT + 10


def test_routes_are_asked_of_those_nodes_alone_whose_tables_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    server = Requests()
    asked: dict[str, list[str]] = {}
    create = server.create

    def noted(made: GenericGlobalResource) -> GenericGlobalResource:
        asked[made["spec"]["node"]] = made["spec"]["classes"]
        return create(made)

    monkeypatch.setattr(server, "create", noted)
    node_status.ask(server, GROUP, ["node1", "node2"], tables=["node2"])  # type: ignore[arg-type]
    assert asked == {"node1": ["BGP"], "node2": ["BGP", "Routes"]}
