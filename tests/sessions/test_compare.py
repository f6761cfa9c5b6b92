"""The verdict in the operator's words."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from leafrack.fabric.load import load_fabric
from leafrack.platforms import SessionState
from leafrack.sessions import compare
from leafrack.sessions.model import ExpectedEnd, ExpectedSession, SessionKind
from leafrack.world.model import Report, ReportedSession

NODE1 = ExpectedEnd(name="node1", address=ip_address("172.20.0.11"), as_numbers=(64512,))
NODE3 = ExpectedEnd(name="node3", address=ip_address("172.20.0.13"), as_numbers=(64512,))
LEAF01 = ExpectedEnd(name="leaf01", address=ip_address("172.20.0.254"), as_numbers=(65009,))
TO_LEAF = ExpectedSession(kind=SessionKind.LEAF, rack="rr1", near=NODE1, far=LEAF01)
TO_NODE = ExpectedSession(kind=SessionKind.NODE, rack="rr1", near=NODE1, far=NODE3)


def leaf(*, as_number: int = 65009, **found: object) -> Report:
    session = ReportedSession.model_validate({"reporter": "leaf01", "peer": "172.20.0.11", "peer_as": 64512, **found})
    return Report(name="leaf01", as_number=as_number, sessions=(session,))


def node(*states: str) -> Report:
    peer = ip_address("172.20.0.13")
    return Report(
        name="node1",
        sessions=tuple(ReportedSession(reporter="node1", peer=peer, state=SessionState(state)) for state in states),
    )


HOLDS = {
    "Established on the leaf with both AS numbers": (TO_LEAF, leaf(state="Established")),
    "Established between nodes": (TO_NODE, node("Established")),
    "the mesh's protocol beside ours idles": (TO_NODE, node("Idle", "Established")),
}


@pytest.mark.parametrize(("session", "report"), HOLDS.values(), ids=HOLDS)
def test_a_session_holds_when(session: ExpectedSession, report: Report) -> None:
    (row,) = compare.sessions([session], {report.name: report})
    assert row.ok, row


FAILS = {
    "the leaf has another AS": (
        TO_LEAF,
        leaf(as_number=65019, state="Idle", last_error="OPEN Message Error/Bad Peer AS"),
        (
            "node1 ↔ leaf01 – expected Established with AS 65009, "
            "found Idle, last error OPEN Message Error/Bad Peer AS (leaf01 says 65019)"
        ),
    ),
    "the leaf has the node with another AS": (
        TO_LEAF,
        leaf(state="Active", peer_as=64999),
        "node1 ↔ leaf01 – expected Established with AS 65009, found Active (leaf01 has node1 as AS 64999, not 64512)",
    ),
    "the leaf has no such neighbour": (
        TO_LEAF,
        Report(name="leaf01", as_number=65009),
        "node1 ↔ leaf01 – expected Established with AS 65009, found no such session (on leaf01)",
    ),
    "the leaf cannot be read": (
        TO_LEAF,
        Report(name="leaf01", failure="no answer from 127.0.0.1 port 2201 within its time"),
        (
            "node1 ↔ leaf01 – expected Established with AS 65009, "
            "found leaf01 unreadable: no answer from 127.0.0.1 port 2201 within its time"
        ),
    ),
    "the node reports nothing": (
        TO_NODE,
        Report(name="node1"),
        "node1 ↔ node3 – expected Established with AS 64512, found no such session (on node1)",
    ),
    "the session is not up": (
        TO_NODE,
        node("Active"),
        "node1 ↔ node3 – expected Established with AS 64512, found Active",
    ),
}


@pytest.mark.parametrize(("session", "report", "line"), FAILS.values(), ids=FAILS)
def test_a_session_fails_with_a_line_that_says_what_was_found_when(
    session: ExpectedSession, report: Report, line: str
) -> None:
    (row,) = compare.sessions([session], {report.name: report})
    assert not row.ok
    assert str(row) == line


def test_missing_routes_are_counted_and_the_first_are_named() -> None:
    fabric = load_fabric(Path("config/fabrics/dev.yaml"))
    nodes = [name for rack in fabric.racks.values() for name in rack.nodes]
    blocks = {name: (ip_network(f"10.233.64.{64 * i}/26"),) for i, name in enumerate(nodes[:4])}
    everything = frozenset(block for found in blocks.values() for block in found) | {ip_network("10.233.0.0/18")}
    reports = {name: Report(name=name, routes=everything) for name in ("leaf01", "node1", "node2", "node4", "node5")}
    reports["leaf02"] = Report(name="leaf02", routes=everything - {ip_network("10.233.0.0/18"), *blocks["node2"]})
    rows = {row.what: row for row in compare.routes(fabric, blocks, reports, ["node1", "node2", "node4", "node5"])}
    assert rows["routes on leaf01"].ok
    assert rows["routes on node1"].found == "3 of 3", "its own block is no route that it must learn"
    assert rows["routes on leaf02"].found == "3 of 5, without 10.233.0.0/18, 10.233.64.64/26"
    assert not rows["routes on leaf02"].ok


def test_a_leaf_needs_no_route_to_pods_of_other_racks_that_come_through_tunnels() -> None:
    fabric = load_fabric(Path("config/fabrics/dev.yaml"))
    blocks = {
        "node1": (ip_network("10.233.64.0/26"), ip_network("10.233.96.0/26")),
        "node4": (ip_network("10.233.64.64/26"),),
    }
    services = ip_network("10.233.0.0/18")
    reports = {"leaf01": Report(name="leaf01", routes=frozenset({services, *blocks["node1"]}))}

    def on_leaf01(*tunnelled: str) -> str:
        rows = compare.routes(fabric, blocks, reports, [], [ip_network(pool) for pool in tunnelled])
        return next(row.found for row in rows if row.what == "routes on leaf01")

    assert on_leaf01("10.233.64.0/19") == "3 of 3"
    assert on_leaf01("10.233.96.0/19", "fd10::/48") == "3 of 4, without 10.233.64.64/26"
    reports["leaf01"] = Report(name="leaf01", routes=frozenset({services}))
    assert on_leaf01("10.233.64.0/18") == "1 of 3, without 10.233.64.0/26, 10.233.96.0/26"
