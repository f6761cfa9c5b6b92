"""The step that makes the reflectors of a rack, one after the other: ``python -m leafrack reflectors forward|back``.

A cluster ID turns a node into a route reflector, and its sessions reset for it. So each reflector gets its ID only when
the one before it is seen whole. A node that is no reflector any more gives up its ID, and then its label, after the
others were seen. On the way back the reflectors go in reverse order, and each is seen in the mesh before the next.

Standard input is :class:`Reflectors` as JSON. ``forward`` prints which node has which cluster ID, and reads that of the
last time from the environment (pulumi-command's ``addPreviousOutputInEnv``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leafrack.commands import resource
from leafrack.commands.gate import Guarded, missing
from leafrack.commands.step import VALUES, previous
from leafrack.fabric import names
from leafrack.sessions.model import ExpectedSession
from leafrack.world import fields
from leafrack.world.fields import Fields, Target, Values
from leafrack.world.model import Cluster, Endpoint, Value


class Turn(Value):
    """One reflector: its cluster ID, the sessions that it has with it, and those without it on the way back."""

    node: str
    cluster_id: str
    forward: tuple[ExpectedSession, ...]
    back: tuple[ExpectedSession, ...]


class Narrow(Value):
    """The BGPPeer between nodes and reflectors, which goes in two turns on the way back.

    Each of its sessions gives way to one of the mesh, which takes seconds. Were they to go all at once, a member would
    have no session to any reflector meanwhile, and so its leaf no route to its pods. So those of all reflectors but one
    go first, and are seen in the mesh.
    """

    peer: str
    all_reflectors: str
    one_reflector: str
    back: tuple[ExpectedSession, ...]


class Reflectors(Value):
    """The reflectors of a rack in the order in which they are made."""

    rack: str
    manager: str
    cluster: Cluster
    endpoints: tuple[Endpoint, ...]
    turns: tuple[Turn, ...]
    narrow: Narrow | None = None


def forward(wanted: Reflectors, before: Values) -> Sequence[str]:
    """Make every reflector in its turn, then let go of those of ``before``; a line for each session that is missing."""
    if wanted.narrow is not None:
        # After a way back that was broken off it may be narrow.
        fields.forward(_selector(wanted, wanted.narrow), resource.tell)
    for turn in wanted.turns:
        fields.forward(_cluster_ids(wanted, {turn.node: turn.cluster_id}), resource.tell)
        if lines := missing(_guarded(wanted, turn.node, forward=turn.forward), "forward"):
            return lines
    leaving = {node: value for node, value in before.items() if node not in {turn.node for turn in wanted.turns}}
    for node, cluster_id in leaving.items():
        fields.back(_cluster_ids(wanted, {node: cluster_id}), resource.tell)
        if lines := missing(_guarded(wanted, node, forward=tuple(_of(wanted, node))), "forward"):
            return lines
        fields.back(_labels(wanted, node), resource.tell)
    return ()


def back(wanted: Reflectors) -> Sequence[str]:
    """Take the cluster IDs away, last one first, each node seen in the mesh before the next."""
    for turn in reversed(wanted.turns):
        fields.back(_cluster_ids(wanted, {turn.node: turn.cluster_id}), resource.tell)
        if lines := missing(_guarded(wanted, turn.node, back=turn.back), "back"):
            return lines
    if wanted.narrow is None:
        return ()
    fields.back(_selector(wanted, wanted.narrow), resource.tell)
    return missing(_guarded(wanted, wanted.rack, back=wanted.narrow.back), "back")


def main(arguments: Sequence[str]) -> int:
    """Exit code of the step."""
    return resource.main("reflectors", arguments, Reflectors, _forward, back)


def _forward(wanted: Reflectors) -> Sequence[str]:
    lines = forward(wanted, previous())
    if not lines:
        print(VALUES.dump_json({turn.node: turn.cluster_id for turn in wanted.turns}).decode())
    return lines


def _of(wanted: Reflectors, node: str) -> Iterator[ExpectedSession]:
    """Sessions of the reflectors that stay with a node that is none any more, where it stays in the rack."""
    for turn in wanted.turns:
        yield from (session for session in turn.forward if node in {session.near.name, session.far.name})


def _guarded(
    wanted: Reflectors, name: str, *, forward: tuple[ExpectedSession, ...] = (), back: tuple[ExpectedSession, ...] = ()
) -> Guarded:
    return Guarded(name=name, forward=forward, back=back, endpoints=wanted.endpoints, cluster=wanted.cluster)


def _cluster_ids(wanted: Reflectors, values: Values) -> Fields:
    return Fields(
        target=Target.NODE_ANNOTATION,
        key=names.CLUSTER_ID_ANNOTATION,
        values=values,
        manager=wanted.manager,
        cluster=wanted.cluster,
    )


def _labels(wanted: Reflectors, node: str) -> Fields:
    return Fields(
        target=Target.NODE_LABEL,
        key=names.REFLECTOR_LABEL,
        values={node: wanted.rack},
        manager=wanted.manager,
        cluster=wanted.cluster,
    )


def _selector(wanted: Reflectors, narrow: Narrow) -> Fields:
    return Fields(
        target=Target.PEER_SPEC,
        key="peerSelector",
        values={narrow.peer: narrow.all_reflectors},
        leave={narrow.peer: narrow.one_reflector},
        manager=wanted.manager,
        cluster=wanted.cluster,
    )
