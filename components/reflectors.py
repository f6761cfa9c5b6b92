"""The step that makes the route reflectors of a rack, as a resource."""

from __future__ import annotations

import pulumi

from leafrack.commands.reflectors import Reflectors, Turn
from leafrack.fabric import Fabric, names
from leafrack.sessions import by_label, expected
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import Phase
from leafrack.world.fields import Target

from .gate import judging
from .python import Run, run
from .scope import Resources, Scope, field_manager

_OF_LABELS = {"turns": {"__all__": {"by_label", "back_by_label"}}}


def reflectors(scope: Scope, rack: str, depends_on: Resources) -> pulumi.Resource:
    """Resource that exists once every reflector of a rack has its cluster ID and is seen whole.

    The cluster ID of a reflector is its own (IPv4, or lowest 32 bits of its IPv6) address. With an ID for each, a
    member that has lost one of its sessions is still reflected to all (RFC 4456 §7).
    """
    fabric = scope.fabric
    ids = cluster_ids(fabric, rack)
    turns = tuple(
        Turn(
            node=node,
            cluster_id=cluster_id,
            forward=expected.of_reflector(fabric, rack, node, Phase.LINKED),
            back=expected.of_former_reflector(fabric, rack, node),
            **_by_label(fabric, rack, node),
        )
        for node, cluster_id in ids.items()
    )
    sessions = [session for turn in turns for session in (*turn.forward, *turn.back)]
    wanted = Reflectors(
        rack=rack,
        manager=field_manager("reflectors"),
        cluster=scope.access.cluster,
        endpoints=judging(fabric, sessions),
        turns=turns,
    )
    comparison = scope.watch.comparison
    drifted = comparison.of_fields(Target.NODE_ANNOTATION, names.CLUSTER_ID_ANNOTATION, ids)
    asked = Run(
        command="reflectors",
        # Most racks are without: what they are given stays as it was before there were any with.
        stdin=wanted.model_dump_json(exclude=None if fabric.by_label(rack) else _OF_LABELS),
        environment=scope.access.environment(),
        previous=True,
        rerun=scope.watch.rerun(drifted),
    )
    return run(scope, f"{rack}-reflectors", asked, depends_on)


def cluster_ids(fabric: Fabric, rack: str) -> dict[str, str]:
    """Cluster ID of each reflector of a rack."""
    return {node: names.cluster_id(addresses) for node, addresses in fabric.reflectors_of(rack).items()}


def _by_label(fabric: Fabric, rack: str, node: str) -> dict[str, tuple[ByLabel, ...]]:
    if fabric.by_label(rack) is None:
        return {}
    return {
        "by_label": (by_label.of_reflector(fabric, rack, node, Phase.LINKED),),
        "back_by_label": (by_label.of_former_reflector(fabric, rack, node),),
    }
