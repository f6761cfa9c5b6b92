"""The gate: ``python -m leafrack gate forward|back`` waits until the sessions on its standard input are Established.

A gate is a resource of the Pulumi graph. Its standard input (:class:`Guarded`, as JSON) says what it guards, so that
it runs again only when that changes; secrets come through the environment. It exits 0 when everything holds, and
otherwise 1 with a line for each session that does not. Meanwhile it says what it waits for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from leafrack.commands import resource
from leafrack.commands.seen import Seen
from leafrack.errors import UnreadableError, printable, shown
from leafrack.sessions import by_label, compare
from leafrack.sessions import look as observe
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import ExpectedEnd, ExpectedSession, Row, SessionKind
from leafrack.world import migration
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Endpoint, Value
from leafrack.world.retry import PATIENCE

WAIT = 180.0
"""Seconds that a gate waits: BIRD's own timers (connect retry 5 s, error wait up to 30 s) fit in five times."""
WAIT_VARIABLE = "LEAFRACK_GATE_WAIT"
"""Environment variable with another number of seconds, for fabrics that are slower or operators who are not patient.

It goes before the fabric file's ``handOverWait`` too.
"""
HOLD = 1.0
"""Seconds that sessions must stand without a break, where they have begun just before.

Two BIRDs that connect to each other in the same moment may close both connections again.
"""
SETTLE = 3.0
"""Seconds from a change that resets sessions until a gate may open.

confd takes a second or two to give BIRD what the cluster says. A gate that opened before would have seen the old
sessions.
"""
QUIET = 10.0
"""Seconds until a gate says what it waits for, and until it says so again: most gates are open before."""
NAMED = 3
"""Sessions that such a line names; the rest it counts."""


class Guarded(Value):
    """What a gate waits for: on the way forward, and on the way back when what stands behind it was removed.

    A gate with nothing to wait for in a direction is open.
    """

    name: str
    forward: tuple[ExpectedSession, ...]
    back: tuple[ExpectedSession, ...] = ()
    endpoints: tuple[Endpoint, ...]
    cluster: Cluster
    settle: float = SETTLE
    """Seconds until it may open, where sessions reset before it."""
    hold: float = HOLD
    """Seconds that they must stand on the way forward: none where another gate or step has just seen them stand."""
    made_by: str = ""
    """Digest of the configuration that makes the sessions: with another one they are to be seen again."""
    manager: str = ""
    """Field manager of the stack, where the gate is the first thing on its way back."""
    by_hand: Mapping[str, str] = {}
    """Leaves among them that are configured by hand, each with the command that prints what it is to be given."""
    wait: float | None = None
    """Seconds to wait on the way forward, where somebody else has his time."""
    remembers: bool = False
    """Whether it looks at the racks alone that it has not seen before as they are now (:mod:`leafrack.commands.seen`).

    It is for the gates of the whole fabric: one more rack is no reason to ask every leaf and every reflector.
    """
    by_label: tuple[ByLabel, ...] = ()
    """Sessions of nodes that no file names: who they are, the gate asks the cluster each time it looks."""
    back_by_label: tuple[ByLabel, ...] = ()
    """The same for the way back."""

    def to_hand_over(self, missing: Iterable[Row]) -> tuple[str, ...]:
        """Leaves by hand that some sessions are missing to, each with what it is to be given."""
        leaves = {str(session): session.far.name for session in self.forward if session.kind is SessionKind.LEAF}
        named = dict.fromkeys(leaves.get(row.what, "") for row in missing)
        return tuple(f"{leaf}: hand it `{self.by_hand[leaf]}`" for leaf in named if leaf in self.by_hand)


class Waiting:
    """Says what a gate waits for: after :data:`QUIET` seconds, and again when other sessions are missing than said.

    Pulumi keeps the last line on screen, so a gate that reported waiting also reports success.
    """

    def __init__(
        self,
        name: str,
        wait: float,
        tell: Callable[[str], None],
        to_hand_over: Callable[[Iterable[Row]], Iterable[str]] = lambda _: (),
    ) -> None:
        self._name, self._tell, self._to_hand_over = name, tell, to_hand_over
        self._said: frozenset[str] = frozenset()
        self._next = time.monotonic() + QUIET
        self._until = time.monotonic() + wait

    @property
    def left(self) -> float:
        """Seconds that the gate still waits."""
        return max(0.0, self._until - time.monotonic())

    def ended(self, rows: Sequence[Row]) -> None:
        """Hear of the last look: of one at which something is missing the verdict tells."""
        if self._said and all(row.ok for row in rows):
            self._tell(f"{self._name}: all {len(rows)} sessions are {compare.ESTABLISHED}")

    def looked(self, rows: Sequence[Row]) -> None:
        """Hear of a look at which something was missing."""
        missing = [row for row in rows if not row.ok]
        names = frozenset(row.what for row in missing)
        if names == self._said or not self.left or time.monotonic() < self._next:
            return
        self._said, self._next = names, time.monotonic() + QUIET
        named = ", ".join(f"{row.what} (found {shown(row.found)})" for row in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        of = f"{len(missing)} of {len(rows)} sessions"
        handed = "".join(f"; {line}" for line in self._to_hand_over(missing))
        self._tell(f"{self._name}: waiting for {of}: {named}{more}{handed}; for up to {self.left:.0f} s more")


def run(guarded: Guarded, direction: str, tell: Callable[[str], None], *, wait: float = WAIT) -> tuple[Row, ...]:
    """Rows that do not hold after the wait: none when the gate is open. ``tell`` hears what is waited for."""
    named, labels = (guarded.forward, guarded.by_label) if direction == "forward" else way_back(guarded)
    if not named and not labels:
        return ()
    credentials = Credentials.from_environment()
    ends = [end.name for session in named for end in (session.near, session.far)]
    leaves = {*ends, *(end.name for each in labels for end in each.ends)}
    endpoints = [endpoint for endpoint in guarded.endpoints if endpoint.name in leaves]
    waiting = Waiting(guarded.name, wait, tell, guarded.to_hand_over)
    told: set[str] = set()

    def look() -> tuple[Row, ...]:
        patience, expected = min(PATIENCE, waiting.left), named
        if labels:
            reader = ClusterReader(Connection(guarded.cluster, patience=patience))
            nodes = reader.nodes_with(each.who for each in labels)
            found = by_label.resolved(labels, nodes)
            expected = (*named, *found.sessions)
            for line in (line for line in found.aside if line not in told):
                told.add(line)
                tell(f"{guarded.name}: {line}")
        reports = observe.reports(expected, endpoints, guarded.cluster, credentials, patience=patience)
        return compare.sessions(expected, reports)

    hold = guarded.hold if direction == "forward" else HOLD
    rows = observe.until_all_hold(look, wait=wait, hold=hold, settle=guarded.settle, tell=waiting.looked)
    waiting.ended(rows)
    return tuple(row for row in rows if not row.ok)


def way_back(guarded: Guarded) -> tuple[tuple[ExpectedSession, ...], tuple[ByLabel, ...]]:
    """Mesh sessions if the mesh is on; otherwise the sessions between the rack's nodes. Those by label beside them.

    The mesh is off where a rack leaves a fabric that goes on. A node that has left the cluster, or has another address
    there, has no session to wait for.
    """
    if not guarded.back and not guarded.back_by_label:
        return (), ()
    reader = ClusterReader(Connection(guarded.cluster))
    named = {end.name for session in guarded.back for end in _of_nodes(session)}
    named |= {end.name for each in guarded.back_by_label if each.kind is not SessionKind.LEAF for end in each.ends}
    nodes = {name: state.addresses for name, state in reader.nodes_named(named).items()}
    beside = SessionKind.NODE if reader.mesh_enabled() else SessionKind.MESH
    kept, labels = guarded.back, guarded.back_by_label
    if SessionKind.MESH in {*(session.kind for session in kept), *(each.kind for each in labels)}:
        kept = tuple(session for session in kept if session.kind is not beside)
        labels = tuple(each for each in labels if each.kind is not beside)
    there = (session for session in kept if all(end.address in nodes.get(end.name, ()) for end in _of_nodes(session)))
    return tuple(there), tuple(each.beside(nodes) for each in labels)


def _of_nodes(session: ExpectedSession) -> tuple[ExpectedEnd, ...]:
    """Ends of a session that are nodes of the cluster."""
    return (session.near,) if session.kind is SessionKind.LEAF else (session.near, session.far)


def patience(otherwise: float | None = None) -> float:
    """Seconds to wait: what the environment says, or ``otherwise``, or :data:`WAIT`.

    Raises ``ValueError`` where the environment has no number.
    """
    given = os.environ.get(WAIT_VARIABLE, "")
    if given and not given.isdecimal():
        raise ValueError(printable(f"{WAIT_VARIABLE}={given!r}: say a number of seconds"))
    return float(given or otherwise or WAIT)


def unseen(guarded: Guarded) -> Guarded:
    """A gate of just those racks that it has not seen as they are."""
    racks = Seen.of((*guarded.forward, *guarded.by_label)).but(Seen.before())
    return guarded.model_copy(
        update={
            "forward": tuple(each for each in guarded.forward if each.rack in racks),
            "by_label": tuple(each for each in guarded.by_label if each.rack in racks),
        }
    )


def missing(guarded: Guarded, direction: str) -> tuple[str, ...]:
    """A line for each session that does not hold after the wait."""
    try:
        if direction == "back" and guarded.manager:
            migration.refuse_way_back(ClusterReader(Connection(guarded.cluster)), guarded.manager)
        wait = patience(guarded.wait if direction == "forward" else None)
        if guarded.remembers and direction == "forward":
            guarded = unseen(guarded)
        rows = run(guarded, direction, resource.tell, wait=wait)
    except UnreadableError as error:
        return (f"{guarded.name}: {error}",)
    lines = (*map(str, compare.folded(rows)), *(f"waited for {line}" for line in guarded.to_hand_over(rows)))
    return tuple(f"{guarded.name}: {line}" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Exit code of the gate."""

    def forward(guarded: Guarded) -> Sequence[str]:
        lines = missing(guarded, "forward")
        if guarded.remembers and not lines:
            print(Seen.of((*guarded.forward, *guarded.by_label)).model_dump_json())
        return lines

    return resource.main("gate", arguments, Guarded, forward, lambda guarded: missing(guarded, "back"))
