"""The verdict in the operator's words."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.addresses import Network
from leafrack.fabric.load import load_fabric
from leafrack.platforms import SessionState
from leafrack.sessions import compare
from leafrack.sessions.model import ExpectedEnd, ExpectedSession, SessionKind
from leafrack.world.model import Report, ReportedSession
from tests import handed

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


BY_NODE = ReportedSession(reporter="node1", peer=LEAF01.address, state=SessionState.ESTABLISHED)
HOLDS = {
    "Established on the node, where nobody asks the leaf": (TO_LEAF, Report(name="node1", sessions=(BY_NODE,))),
    "Established on the leaf with both AS numbers": (TO_LEAF, leaf(state="Established")),
    "Established between nodes": (TO_NODE, node("Established")),
    "the mesh's protocol beside ours idles": (TO_NODE, node("Idle", "Established")),
}


@pytest.mark.parametrize(("session", "report"), HOLDS.values(), ids=HOLDS)
def test_a_session_holds_when(session: ExpectedSession, report: Report) -> None:
    (row,) = compare.sessions([session], {report.name: report})
    assert row.ok, row


FAILS = {
    "the node says so of a leaf that nobody asks": (
        TO_LEAF,
        Report(name="node1", sessions=(BY_NODE.model_copy(update={"state": SessionState.ACTIVE}),)),
        "node1 ↔ leaf01 – expected Established with AS 65009, found Active",
    ),
    "a node that nobody can ask stands for such a leaf": (
        TO_LEAF,
        Report(name="node1", failure="no answer"),
        "node1 ↔ leaf01 – expected Established with AS 65009, found node1 unreadable: no answer",
    ),
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


def test_a_leaf_that_nobody_may_ask_is_not_held_to_its_routes() -> None:
    away = Report(name="cluster", failure="is away")
    for fabric, asked in ((handed.fabric(), {"leaf01"}), (handed.fabric(ssh=True), {"leaf01", "leaf02"})):
        rows = {row.what.removeprefix("routes on ") for row in compare.routes(fabric, {}, {}, [])}
        assert rows == asked
        assert {row.what.removeprefix("routes on ") for row in compare.unknown_routes(fabric, [], away)} == asked


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


def away(who: str, *reports: str, blame: str = "") -> dict[str, Report]:
    return {name: Report(name=name, failure=f"{who} is away", blame=blame) for name in reports}


def test_who_does_not_answer_is_said_once_with_what_that_hides() -> None:
    fabric = load_fabric(Path("config/fabrics/dev.yaml"))
    reports = away("leaf01", "leaf01")
    on_leaf01 = compare.sessions([TO_LEAF, TO_LEAF], reports)
    routes = compare.routes(fabric, {}, reports, [])
    rows = compare.folded((*on_leaf01, *compare.sessions([TO_NODE], {}), *routes))
    assert [(row.rack, row.what, row.hides, row.counts) for row in rows] == [
        ("rr1", "leaf01", 3, 3),
        ("rr1", "node1 ↔ node3", 0, 1),
        ("rr2", "routes on leaf02", 0, 1),
    ]
    said = "leaf01 – expected an answer, found leaf01 unreadable: leaf01 is away; this hides 3 sessions and routes"
    assert str(rows[0]) == said
    assert not rows[0].ok
    assert set(rows[0].model_dump()) == {"rack", "what", "expected", "found", "ok", "hides"}


def test_a_cluster_that_is_away_hides_what_its_nodes_and_blocks_would_tell() -> None:
    fabric = load_fabric(Path("config/fabrics/dev.yaml"))
    reports = away("it", "node1", blame="cluster")
    rows = compare.sessions([TO_NODE, TO_NODE], reports)
    routes = compare.unknown_routes(fabric, ["node1"], reports["node1"])
    (row,) = compare.folded((*rows, *routes))
    # Both leaves, and the node that is asked.
    assert (row.rack, row.what, row.hides, row.ok) == ("", "cluster", 2 + 3, False)
    assert row.found == "cluster unreadable: it is away; this hides 5 sessions and routes"


def test_what_hides_nothing_else_stays_as_it_is() -> None:
    rows = compare.sessions([TO_LEAF], away("leaf01", "leaf01"))
    assert compare.folded(rows) == rows


LOAD_BALANCERS = (ip_network("192.0.2.0/24"), ip_network("192.0.3.1/32"))


@pytest.mark.parametrize(
    ("changes", "alone", "wanted"),
    [
        ({}, (), {"10.233.0.0/18"}),
        ({"service_load_balancer_ips": LOAD_BALANCERS}, (), {"10.233.0.0/18", "192.0.2.0/24"}),
        ({"service_load_balancer_ips": LOAD_BALANCERS}, LOAD_BALANCERS, {"10.233.0.0/18"}),
        ({"service_external_ips": LOAD_BALANCERS}, (), {"10.233.0.0/18", "192.0.2.0/24"}),
        ({"service_external_ips": LOAD_BALANCERS, "pod_cidrs": ()}, (), {"10.233.0.0/18", "192.0.2.0/24"}),
    ],
)
def test_a_leaf_is_to_have_every_range_that_nodes_announce_as_a_whole(
    changes: dict[str, Any], alone: tuple[Network, ...], wanted: set[str]
) -> None:
    fabric = load_fabric(Path("config/fabrics/dev.yaml")).model_copy(update=changes)
    blocks = {} if fabric.pod_cidrs else {"node1": (ip_network("10.244.0.0/26"),)}
    report = Report(name="leaf01", routes=frozenset(map(ip_network, wanted)))
    rows = {row.what: row for row in compare.routes(fabric, blocks, {"leaf01": report}, (), alone=alone)}
    assert rows["routes on leaf01"].ok
    assert rows["routes on leaf01"].found == f"{len(wanted)} of {len(wanted)}"
