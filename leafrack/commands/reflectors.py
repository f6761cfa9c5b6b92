"""The step that makes the reflectors of a rack, one after the other: ``python -m leafrack reflectors forward|back``.

A cluster ID turns a node into a route reflector, and its sessions reset for it. So each reflector gets its ID only when
the one before it is seen whole. A node that is no reflector any more gives up its ID, and then its label, after the
others were seen. On the way back the reflectors go in reverse order, and each is seen in the mesh before the next.

While the mesh is on, the BGPPeer between nodes and reflectors selects only those that have their ID: a node with an ID
has no part in the mesh. Were it to select others, both nodes would have two BIRD protocols for one neighbour, its own
and that of the mesh. Only one of them runs, and BIRD 1.6 gives a connection to the first one of that address, which is
the mesh's. Once both ends run their own, each closes the other's connections, for ever.

A session starts at both ends in the same moment, and BIRD 1.6 lets both connect two seconds later. With graceful
restart each takes the other's connection for a restart and drops its own, several times in a row. So a new reflector
starts its sessions once more, a second later: it gets its ID in two goes, first one that stands for the same
(docs/develop/decisions/0020-a-reflector-starts-later.md).

Standard input is :class:`Reflectors` as JSON. ``forward`` prints which node has which cluster ID, and reads that of the
last time from the environment (pulumi-command's ``addPreviousOutputInEnv``).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from leafrack.commands import resource
from leafrack.commands.gate import SETTLE, Guarded, missing
from leafrack.commands.step import LATER, VALUES, cluster_ids, previous
from leafrack.fabric import names
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import ExpectedSession
from leafrack.world import fields, migration
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.fields import Fields, Target, Values
from leafrack.world.model import Cluster, Endpoint, Value


class Turn(Value):
    """One reflector: its cluster ID, the sessions that it has with it, and those without it on the way back."""

    node: str
    cluster_id: str
    forward: tuple[ExpectedSession, ...]
    back: tuple[ExpectedSession, ...]
    by_label: tuple[ByLabel, ...] = ()
    """The same of nodes that no file names, with it."""
    back_by_label: tuple[ByLabel, ...] = ()


class Reflectors(Value):
    """The reflectors of a rack in the order in which they are made."""

    rack: str
    manager: str
    cluster: Cluster
    endpoints: tuple[Endpoint, ...]
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Present:
    """What the cluster has before the step changes it."""

    mesh: bool
    """Whether Calico's mesh is on."""
    cluster_ids: Values
    """Cluster ID by node, of those in turn that have one."""
    peer: bool
    """Whether there is the BGPPeer between the rack's nodes and reflectors."""

    def reflects(self, turn: Turn) -> bool:
        """Whether a node has its ID, or has had the first go of it."""
        return self.cluster_ids.get(turn.node) in (turn.cluster_id, names.ROUTER_ID)


def present(wanted: Reflectors) -> Present:
    """What the cluster has now."""
    reader = ClusterReader(Connection(wanted.cluster))
    ids = {
        name: node.annotations.get(names.CLUSTER_ID_ANNOTATION)
        for name, node in reader.nodes_named([turn.node for turn in wanted.turns]).items()
    }
    return Present(
        mesh=reader.mesh_enabled(),
        cluster_ids={name: cluster_id for name, cluster_id in ids.items() if cluster_id},
        peer=any(peer.name == names.node_peer(wanted.rack) for peer in reader.peers()),
    )


def forward(wanted: Reflectors, before: Values) -> Sequence[str]:
    """Make every reflector in its turn, then let go of those of ``before``; a line for each session that is missing."""
    world = present(wanted)
    reflecting = [turn for turn in wanted.turns if world.reflects(turn)]
    if world.mesh:
        _select(wanted, reflecting)
    for turn in wanted.turns:
        starts = not world.reflects(turn) and _give_id(wanted, turn, names.ROUTER_ID)
        if world.mesh and turn not in reflecting:
            reflecting.append(turn)
            _select(wanted, reflecting)
        if starts:
            # From here on: only now have its neighbours started theirs with it.
            time.sleep(LATER)
        made = _give_id(wanted, turn, turn.cluster_id)
        # One that was a reflector before has not reset anything.
        seen = _guarded(wanted, turn.node, forward=turn.forward, by_label=turn.by_label, settle=SETTLE if made else 0.0)
        if lines := missing(seen, "forward"):
            return lines
    leaving = {node: value for node, value in before.items() if node not in {turn.node for turn in wanted.turns}}
    for node, cluster_id in leaving.items():
        fields.back(_cluster_ids(wanted, {node: cluster_id}), resource.tell)
        if lines := missing(_guarded(wanted, node, forward=tuple(_of(wanted, node))), "forward"):
            return lines
        fields.back(_labels(wanted, node), resource.tell)
    _give(wanted, names.reflector_selector(wanted.rack))
    return ()


def back(wanted: Reflectors) -> Sequence[str]:
    """Take the cluster IDs away, last one first, each node seen in the mesh before the next."""
    world = present(wanted)
    reflecting = [turn for turn in wanted.turns if world.reflects(turn)]
    for turn in reversed(wanted.turns):
        reflecting = [other for other in reflecting if other != turn]
        if world.mesh and world.peer:
            _select(wanted, reflecting)
        has = {turn.node: world.cluster_ids[turn.node] if world.reflects(turn) else turn.cluster_id}
        fields.back(_cluster_ids(wanted, has), resource.tell)
        if lines := missing(_guarded(wanted, turn.node, back=turn.back, back_by_label=turn.back_by_label), "back"):
            return lines
    return ()


def main(arguments: Sequence[str]) -> int:
    """Exit code of the step."""
    return resource.main("reflectors", arguments, Reflectors, _forward, _back)


def _forward(wanted: Reflectors) -> Sequence[str]:
    lines = forward(wanted, previous())
    if not lines:
        print(VALUES.dump_json({turn.node: turn.cluster_id for turn in wanted.turns}).decode())
    return lines


def _back(wanted: Reflectors) -> Sequence[str]:
    migration.refuse_way_back(ClusterReader(Connection(wanted.cluster)), wanted.manager)
    return back(wanted)


def _of(wanted: Reflectors, node: str) -> Iterator[ExpectedSession]:
    """Sessions of the reflectors that stay with a node that is none any more, where it stays in the rack."""
    for turn in wanted.turns:
        yield from (session for session in turn.forward if node in {session.near.name, session.far.name})


def _guarded(
    wanted: Reflectors,
    name: str,
    *,
    settle: float = SETTLE,
    **sessions: Any,
) -> Guarded:
    given = {"forward": (), **sessions}
    return Guarded(name=name, endpoints=wanted.endpoints, cluster=wanted.cluster, settle=settle, **given)


def _give_id(wanted: Reflectors, turn: Turn, cluster_id: str) -> bool:
    """Give a reflector a cluster ID; whether it had another one or none."""
    return bool(fields.forward(_cluster_ids(wanted, {turn.node: cluster_id}), resource.tell))


def _cluster_ids(wanted: Reflectors, values: Values) -> Fields:
    return cluster_ids(values, wanted.manager, wanted.cluster)


def _labels(wanted: Reflectors, node: str) -> Fields:
    return Fields(
        target=Target.NODE_LABEL,
        key=names.REFLECTOR_LABEL,
        values={node: wanted.rack},
        manager=wanted.manager,
        cluster=wanted.cluster,
    )


def _select(wanted: Reflectors, turns: Iterable[Turn]) -> None:
    """Let the rack's BGPPeer select some reflectors: by their IDs, so that another one's label adds nobody."""
    _give(wanted, names.some_reflectors_selector(wanted.rack, (turn.cluster_id for turn in turns)))


def _give(wanted: Reflectors, selector: str) -> None:
    values: Values = {names.node_peer(wanted.rack): selector}
    what = Fields(
        target=Target.PEER_SPEC, key="peerSelector", values=values, manager=wanted.manager, cluster=wanted.cluster
    )
    fields.forward(what, resource.tell)
