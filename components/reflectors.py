"""The step that makes the route reflectors of a rack, as a resource."""

from __future__ import annotations

import pulumi

from leafrack.commands.reflectors import Reflectors, Turn
from leafrack.fabric import names
from leafrack.sessions import expected
from leafrack.sessions.model import Phase
from leafrack.world.fields import Target

from .gate import judging
from .python import Run, run
from .scope import Resources, Scope, field_manager


def reflectors(scope: Scope, rack: str, depends_on: Resources) -> pulumi.Resource:
    """Resource that exists once every reflector of a rack has its cluster ID and is seen whole.

    The cluster ID of a reflector is its own (IPv4, or lowest 32 bits of its IPv6) address. With an ID for each, a
    member that has lost one of its sessions is still reflected to all (RFC 4456 §7).
    """
    fabric = scope.fabric
    ids = {node: names.cluster_id(addresses) for node, addresses in fabric.reflectors_of(rack).items()}
    turns = tuple(
        Turn(
            node=node,
            cluster_id=cluster_id,
            forward=expected.of_reflector(fabric, rack, node, Phase.LINKED),
            back=expected.of_former_reflector(fabric, rack, node),
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
        stdin=wanted.model_dump_json(),
        environment=scope.access.environment(),
        previous=True,
        rerun=scope.watch.rerun(drifted),
    )
    return run(scope, f"{rack}-reflectors", asked, depends_on)
