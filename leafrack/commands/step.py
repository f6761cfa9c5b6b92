"""The step that owns a field of some objects: ``python -m leafrack step forward|back``.

Standard input is :class:`Fields` as JSON. ``forward`` prints what it owns, and reads that of the last time from the
environment (pulumi-command's ``addPreviousOutputInEnv``), to take the field away from objects that are no longer named.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from leafrack.commands import resource
from leafrack.fabric import names
from leafrack.world import fields, migration
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.fields import Fields, Target, Values
from leafrack.world.model import Cluster

LATER = 1.0
"""Seconds between the two goes in which a reflector gets its cluster ID.

Calico's template has BIRD connect two seconds after a session has started (``connect delay time 2``). BIRD 1.6 counts
whole seconds: it connects after one second at the earliest, if something wakes it, and after two if it is left alone.
The second go wakes the reflector: before its own time has come, and so that its neighbours connect before it does.
"""
APART = 0.85
"""Seconds between the first and the last reflector of a rack that start their sessions again.

All do after the members have started theirs, and before these connect: that takes two seconds. The further apart two
reflectors are, the rarer they connect to each other in the same moment.
"""
PREVIOUS_VARIABLE = "PULUMI_COMMAND_STDOUT"

VALUES = TypeAdapter(Values)
"""What a step owns, as it prints it and reads it back."""


class Owned(Fields):
    """A field of some objects, and the reflectors among them where all their sessions reset by it."""

    cluster_ids: Mapping[str, str] = {}
    """Cluster ID by node, of those that start their sessions later than the rack's other nodes."""
    cluster_ids_manager: str = ""
    """Field manager of these."""


def main(arguments: Sequence[str]) -> int:
    """Exit code of the step."""
    return resource.main("step", arguments, Owned, _forward, _back)


def _forward(wanted: Owned) -> None:
    given = fields.forward(wanted, resource.tell, previous())
    if wanted.cluster_ids:
        _start_again(wanted, given)
    print(VALUES.dump_json(wanted.values).decode())


def _start_again(wanted: Owned, reset: Collection[str]) -> None:
    """Have the reflectors among nodes whose sessions reset start these again, one after the other.

    By two goes of the cluster ID, as a new one does (docs/develop/decisions/0020-a-reflector-starts-later.md). Where an
    earlier run was broken off between them, the second is still to come.
    """
    begun = time.monotonic()
    starting = [node for node in wanted.cluster_ids if node in reset]
    between = APART / max(1, len(starting) - 1)
    goes = [(number * between, node, names.ROUTER_ID) for number, node in enumerate(starting)]
    goes += [(at + LATER, node, wanted.cluster_ids[node]) for at, node, _ in goes]
    goes += [(0.0, node, cluster_id) for node, cluster_id in wanted.cluster_ids.items() if node not in reset]
    for at, node, cluster_id in sorted(goes):
        time.sleep(max(0.0, begun + at - time.monotonic()))
        one = cluster_ids({node: cluster_id}, wanted.cluster_ids_manager, wanted.cluster)
        fields.forward(one, resource.tell)


def cluster_ids(values: Values, manager: str, cluster: Cluster) -> Fields:
    """Cluster IDs of nodes, as Calico reads them (annotation ``projectcalico.org/RouteReflectorClusterID``)."""
    return Fields(
        target=Target.NODE_ANNOTATION,
        key=names.CLUSTER_ID_ANNOTATION,
        values=values,
        manager=manager,
        cluster=cluster,
    )


def _back(wanted: Fields) -> None:
    migration.refuse_way_back(ClusterReader(Connection(wanted.cluster)), wanted.manager)
    fields.back(wanted, resource.tell)


def previous() -> Values:
    """What the step owned the last time that it ran; nothing where it never did."""
    try:
        return VALUES.validate_json(os.environ.get(PREVIOUS_VARIABLE) or "{}")
    except ValidationError:
        return {}
