"""The gate: ``python -m verify.gate forward|back`` waits until the sessions on its standard input are Established.

A gate is a resource of the Pulumi graph. Its standard input (:class:`Guarded`, as JSON) says what it guards, so that
it runs again only when that changes; secrets come through the environment. It exits 0 when everything holds, and
otherwise 1 with a line for each session that does not.
"""

from __future__ import annotations

import os
import sys
import time

from pydantic import ValidationError

from config.errors import printable
from verify import compare, observe
from verify.cluster import Reader
from verify.errors import UnreadableError
from verify.model import Cluster, End, Endpoint, Kind, Row, Session, Value
from verify.patient import PATIENCE
from verify.switches import Credentials

WAIT = 180.0
"""Seconds that a gate waits: BIRD's own timers (connect retry 5 s, error wait up to 30 s) fit in five times."""
WAIT_VARIABLE = "LEAFRACK_GATE_WAIT"
"""Environment variable with another number of seconds, for fabrics that are slower or operators who are not patient."""
HOLD = 3.0
"""Seconds that sessions must have been seen Established without a break."""


class Guarded(Value):
    """What a gate waits for: on the way forward, and on the way back when what stands behind it was removed.

    A gate with nothing to wait for in a direction is open.
    """

    name: str
    forward: tuple[Session, ...]
    back: tuple[Session, ...] = ()
    endpoints: tuple[Endpoint, ...]
    cluster: Cluster
    made_by: str = ""
    """Digest of the configuration that makes the sessions: with another one they are to be seen again."""


def run(guarded: Guarded, direction: str, *, wait: float = WAIT, hold: float = HOLD) -> tuple[Row, ...]:
    """Rows that do not hold after the wait: none when the gate is open."""
    expected = guarded.forward if direction == "forward" else way_back(guarded)
    if not expected:
        return ()
    credentials = Credentials.from_environment()
    leaves = {end.name for session in expected for end in (session.near, session.far)}
    endpoints = [endpoint for endpoint in guarded.endpoints if endpoint.name in leaves]

    until = time.monotonic() + wait

    def look() -> tuple[Row, ...]:
        patience = min(PATIENCE, max(0.0, until - time.monotonic()))
        found = observe.reports(expected, endpoints, guarded.cluster, credentials, patience=patience)
        return compare.sessions(expected, found)

    return tuple(row for row in observe.until_all_hold(look, wait=wait, hold=hold) if not row.ok)


def way_back(guarded: Guarded) -> tuple[Session, ...]:
    """Sessions of the mesh where it is on; where a rack leaves a fabric that goes on without it, those of its nodes.

    A node that has left the cluster, or is there with another address, has no session to wait for.
    """
    if not guarded.back:
        return ()
    reader = Reader(guarded.cluster)
    nodes = {name: state.addresses for name, state in reader.nodes().items()}
    beside = Kind.NODE if reader.mesh_enabled() else Kind.MESH
    kept = guarded.back
    if any(session.kind is Kind.MESH for session in kept):
        kept = tuple(session for session in kept if session.kind is not beside)
    return tuple(
        session for session in kept if all(end.address in nodes.get(end.name, ()) for end in _of_nodes(session))
    )


def _of_nodes(session: Session) -> tuple[End, ...]:
    """Ends of a session that are nodes of the cluster."""
    return (session.near,) if session.kind is Kind.LEAF else (session.near, session.far)


def main(arguments: list[str]) -> int:
    """Exit code of the gate; the lines that name what is missing go to standard error."""
    if arguments not in (["forward"], ["back"]):
        print("usage: python -m verify.gate forward|back < what-it-guards.json", file=sys.stderr)
        return 2
    try:
        guarded = Guarded.model_validate_json(sys.stdin.read())
    except ValidationError as error:
        print(f"verify.gate: cannot read what to guard: {error.error_count()} errors in it", file=sys.stderr)
        return 2
    given = os.environ.get(WAIT_VARIABLE, "")
    if given and not given.isdecimal():
        print(printable(f"{WAIT_VARIABLE}={given!r}: say a number of seconds"), file=sys.stderr)
        return 2
    try:
        missing = run(guarded, arguments[0], wait=float(given or WAIT))
    except UnreadableError as error:
        print(f"{guarded.name}: {error}", file=sys.stderr)
        return 1
    for row in missing:
        print(f"{guarded.name}: {row}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
