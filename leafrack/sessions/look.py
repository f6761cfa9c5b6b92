"""Asking everything that can tell of some sessions: their leaves over SSH, their reflectors through the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

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
    also: Iterable[str] = (),
    patience: float = PATIENCE,
) -> Mapping[str, Report]:
    """What every leaf and every node that can judge one of the sessions says; ``also`` names further nodes.

    Sessions to a leaf without an endpoint are judged by their nodes.
    ``patience`` are the seconds for which an API server that is away is asked again.
    """
    found = {name: switches.report(name, state) for name, state in switches.read_all(endpoints, credentials).items()}
    by_nodes = (s.near.name for s in expected if s.kind is not SessionKind.LEAF or s.far.name not in found)
    judges = dict.fromkeys([*by_nodes, *also])
    if judges:
        try:
            found |= ClusterWriter(Connection(cluster, patience=patience)).statuses(judges)
        except UnreadableError as error:
            found |= {name: Report(name=name, failure=error.why, blame=error.who) for name in judges}
    return found


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
