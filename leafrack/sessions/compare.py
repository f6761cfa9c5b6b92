"""The verdict: a row for every expected session and for the routes of every place, with what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from leafrack.addresses import Network
from leafrack.fabric import Fabric, Rack
from leafrack.fabric.values import within
from leafrack.platforms import SessionState
from leafrack.sessions.model import ExpectedSession, Row, SessionKind
from leafrack.world.connection import CLUSTER
from leafrack.world.model import Report, ReportedSession

ESTABLISHED = SessionState.ESTABLISHED
NAMED = 4
"""Missing routes that a row names; the rest it counts."""


def sessions(expected: Iterable[ExpectedSession], reports: Mapping[str, Report]) -> tuple[Row, ...]:
    """A row per session, judged by the end that can tell most: the leaf of a leaf session, the reflector otherwise.

    Of a leaf that nobody has asked, because it is somebody else's, the node tells.
    """
    return tuple(_session(session, reports) for session in expected)


def _session(session: ExpectedSession, reports: Mapping[str, Report]) -> Row:
    to_leaf = session.kind is SessionKind.LEAF and session.far.name in reports
    judge, peer = (session.far, session.near) if to_leaf else (session.near, session.far)
    report = reports.get(judge.name, Report(name=judge.name, failure="not asked"))
    expected = f"{ESTABLISHED} with AS {' or '.join(map(str, session.far.as_numbers))}"
    if report.failure:
        return _unknown(session.rack, str(session), expected, report)
    found = _best(found for found in report.sessions if found.peer == peer.address)
    doubts = []
    if to_leaf and report.as_number is not None and report.as_number not in judge.as_numbers:
        doubts.append(f"{judge.name} says {report.as_number}")
    if found is None:
        return _row(session, expected, _with("no such session", doubts or [f"on {judge.name}"]), ok=False)
    kept = peer.keep and found.state == ESTABLISHED
    # A leaf says 0 of a neighbour that may have any AS until it has heard of it.
    if found.peer_as and found.peer_as not in peer.as_numbers and not kept:
        doubts.append(
            f"{judge.name} has {peer.name} as AS {found.peer_as}, not {' or '.join(map(str, peer.as_numbers))}"
        )
    state = found.state + (f", last error {found.last_error}" if found.last_error else "")
    return _row(session, expected, _with(state, doubts), ok=found.state == ESTABLISHED and not doubts)


def _best(candidates: Iterable[ReportedSession]) -> ReportedSession | None:
    # While mesh and explicit peers overlap, BIRD runs two protocols to the same peer and one stays Idle.
    return min(candidates, key=lambda found: found.state != ESTABLISHED, default=None)


def _with(text: str, doubts: list[str]) -> str:
    return f"{text} ({'; '.join(doubts)})" if doubts else text


def _row(session: ExpectedSession, expected: str, found: str, *, ok: bool) -> Row:
    return Row(rack=session.rack, what=str(session), expected=expected, found=found, ok=ok)


def routes(
    fabric: Fabric,
    blocks: Mapping[str, tuple[Network, ...]],
    reports: Mapping[str, Report],
    nodes: Collection[str],
    tunnelled: Iterable[Network] = (),
    *,
    alone: Iterable[Network] = (),
) -> tuple[Row, ...]:
    """A row per leaf and per node of ``nodes``: does its table hold all pod blocks, and on leaves the services?

    Nodes originate the service ranges themselves and keep them out of their kernel table, so only leaves are held
    to those (Calico's ``kernel`` export filter rejects them). Pods of ``tunnelled`` pools reach other racks inside of
    packets between nodes: a leaf needs no route to those of another rack. Of ranges ``alone`` nodes announce
    the addresses that services have, and not the whole.
    """
    # Without podCIDRs pods are in an overlay: neither leaves nor other nodes have routes of BGP to them.
    pods = {
        node: set(blocks.get(node, ()) if fabric.pod_cidrs else ())
        for rack in fabric.racks.values()
        for node in rack.nodes
    }
    everywhere = set[Network]().union(*pods.values())
    routed = {block for block in everywhere if not any(within(block, pool) for pool in tunnelled)}
    routed |= set(fabric.announced_whole) - set(alone)
    return tuple(
        _routes(rack, place, wanted, reports)
        for rack, declared in fabric.racks.items()
        for place, wanted in (
            *((leaf, routed.union(*(pods[node] for node in declared.nodes))) for leaf in _asked(declared)),
            *((node, everywhere - pods[node]) for node in declared.nodes if node in nodes),
        )
    )


def _routes(rack: str, place: str, wanted: set[Network], reports: Mapping[str, Report]) -> Row:
    report = reports.get(place, Report(name=place, failure="not asked"))
    missing = sorted(wanted - report.routes, key=str)
    found = f"{len(wanted) - len(missing)} of {len(wanted)}"
    expected = f"{len(wanted)} of {len(wanted)}"
    if report.failure:
        return _unknown(rack, f"routes on {place}", expected, report)
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        found += f", without {', '.join(map(str, missing[:NAMED]))}{more}"
    return Row(rack=rack, what=f"routes on {place}", expected=expected, found=found, ok=not missing)


def unknown_routes(fabric: Fabric, nodes: Collection[str], report: Report) -> tuple[Row, ...]:
    """The rows of :func:`routes` where the pod blocks cannot be read: ``report`` says why."""
    return tuple(
        _unknown(rack, f"routes on {place}", "all pod blocks", report)
        for rack, declared in fabric.racks.items()
        for place in (*_asked(declared), *(node for node in declared.nodes if node in nodes))
    )


def unknown(rack: str, what: str, report: Report) -> Row:
    """The row of something of which nothing is known, because ``report`` says nothing."""
    return _unknown(rack, what, "an answer", report)


def _asked(rack: Rack) -> tuple[str, ...]:
    """Leaves that can be asked for their routes."""
    return tuple(name for name, leaf in rack.leaves.items() if leaf.readable)


def _unknown(rack: str, what: str, expected: str, report: Report) -> Row:
    found = f"{report.silent} unreadable: {report.failure}"
    return Row(rack=rack, what=what, expected=expected, found=found, ok=False, silent=report.silent)


def folded(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows with each cause once: where who could tell does not answer, one row counts what that hides.

    The row of a cluster is of no rack.
    """
    of: dict[tuple[str, str], list[Row]] = {}
    for number, row in enumerate(rows):
        of.setdefault((row.silent, row.found) if row.silent else ("", str(number)), []).append(row)
    return tuple(hidden[0] if len(hidden) == 1 else _cause(hidden) for hidden in of.values())


def _cause(hidden: Sequence[Row]) -> Row:
    first = hidden[0]
    return Row(
        rack="" if first.silent == CLUSTER else first.rack,
        what=first.silent,
        expected="an answer",
        found=f"{first.found}; this hides {len(hidden)} sessions and routes",
        ok=False,
        silent=first.silent,
        hides=len(hidden),
    )
