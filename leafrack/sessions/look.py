"""Asking everything that can tell of some sessions: their leaves over SSH, their reflectors through the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from leafrack.errors import UnreadableError
from leafrack.sessions.model import ExpectedSession, Row, SessionKind
from leafrack.world import ssh as switches
from leafrack.world.connection import Connection
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Endpoint, Report
from leafrack.world.retry import PATIENCE
from leafrack.world.writer import ClusterWriter

POLL = 0.5
"""Seconds between two looks while waiting."""
PATIENT_POLL = 1.0
"""The same once ``EAGER`` seconds have passed: each look is a login to every leaf."""
SHORTEST = 0.1
"""The same where little is left of a time to wait."""
EAGER = 15.0
"""Seconds within which BIRD's sessions are back after a reset, if nothing is in their way."""


def reports(
    expected: Iterable[ExpectedSession],
    endpoints: Iterable[Endpoint],
    cluster: Cluster,
    credentials: Credentials,
    *,
    patience: float = PATIENCE,
    routes: bool = False,
    tables: Collection[str] = (),
) -> Mapping[str, Report]:
    """What every leaf and every node that can judge one of the sessions says, and the nodes of ``tables`` of theirs.

    Sessions to a leaf without an endpoint are judged by their nodes.
    ``patience`` are the seconds for which an API server that is away is asked again. Without ``routes`` no leaf needs
    to tell of them: they are most of every answer.
    """
    asked = tuple(endpoints)
    readable = {endpoint.name for endpoint in asked}
    by_nodes = (s.near.name for s in expected if s.kind is not SessionKind.LEAF or s.far.name not in readable)
    judges = dict.fromkeys([*by_nodes, *tables])
    # Side by side: what is asked of nodes is mostly waited for.
    with ThreadPoolExecutor(1) as beside:
        leaves = beside.submit(_of_leaves, asked, credentials, routes=routes)
        nodes = _of_nodes(judges, cluster, patience, tables) if judges else {}
        return {**leaves.result(), **nodes}


def _of_leaves(endpoints: Iterable[Endpoint], credentials: Credentials, *, routes: bool) -> Mapping[str, Report]:
    found = switches.read_all(endpoints, credentials, routes=routes)
    return {name: switches.report(name, state) for name, state in found.items()}


def _of_nodes(nodes: Iterable[str], cluster: Cluster, patience: float, tables: Collection[str]) -> Mapping[str, Report]:
    try:
        return ClusterWriter(Connection(cluster, patience=patience)).statuses(nodes, tables=tables)
    except UnreadableError as error:
        return {name: Report(name=name, failure=error.why, blame=error.who) for name in nodes}


def until_all_hold(
    look: Callable[[], Sequence[Row]],
    *,
    wait: float,
    hold: float = 0.0,
    settle: float = 0.0,
    tell: Callable[[Sequence[Row]], None] | None = None,
) -> Sequence[Row]:
    """Rows of the last look: the first at which all hold and have held for ``hold`` seconds, or the one after ``wait``.

    No look counts as the last before ``settle`` seconds have passed. ``tell`` hears of every look that fails.
    """
    started = time.monotonic()
    since: float | None = None
    left = 0.0
    while True:
        rows = look()
        now = time.monotonic()
        if all(row.ok for row in rows):
            since = now if since is None else since
            left = max(hold - (now - since), settle - (now - started))
            if left <= 0:
                return rows
        else:
            since = None
            if tell is not None:
                tell(rows)
            if now - started >= wait:
                return rows
        poll = POLL if now - started < EAGER else PATIENT_POLL
        time.sleep(poll if since is None else min(POLL, max(SHORTEST, left)))
