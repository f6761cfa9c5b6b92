"""Leaves that are somebody else's: what stands in the place of the resources by which leafrack writes to a leaf.

What the state holds of a leaf that was leafrack's own stays, without commands (components/kept.py). It has them again
when the leaf comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pulumi

from leafrack.commands.hand_over import HandedOver
from leafrack.fabric import Fabric, hand_over, names
from leafrack.fabric import leaf as leaves_of
from leafrack.sessions.by_label import ByLabel
from leafrack.sessions.model import ExpectedSession

from .python import Run, run
from .scope import Resources, Scope


def leaves(fabric: Fabric) -> dict[str, str]:
    """The rack of each leaf by hand."""
    return {
        name: rack for rack, declared in fabric.racks.items() for name, leaf in declared.leaves.items() if leaf.by_hand
    }


def waiting(
    fabric: Fabric, sessions: Iterable[ExpectedSession], labels: Iterable[ByLabel], *, first: bool
) -> dict[str, Any]:
    """What a gate is told of the leaves by hand that it waits for: what they are to be given, and how long it takes."""
    racks = leaves(fabric)
    far = [*(session.far.name for session in sessions), *(end.name for each in labels for end in each.ends)]
    named = dict.fromkeys(name for name in far if name in racks)
    if not named:
        return {}
    commands = {
        leaf: hand_over.command(leaf, first=first and leaves_of.needs_two(fabric, racks[leaf], leaf)) for leaf in named
    }
    return {"by_hand": commands, "wait": float(fabric.hand_over_wait)}


def bound(wait: float | None) -> pulumi.CustomTimeouts | None:
    """More than a gate with leaves by hand waits; Pulumi's own bound for a resource may be less."""
    seconds = None if wait is None else f"{wait + 600:.0f}s"
    return None if seconds is None else pulumi.CustomTimeouts(create=seconds, update=seconds)


def handed_over(scope: Scope, rack: str, leaf: str, depends_on: Resources) -> pulumi.Resource:
    """Resource of a leaf by hand, which does nothing; its delete says what somebody is to take away from the leaf."""
    fabric = scope.fabric
    wanted = hand_over.job(fabric, rack, leaf)
    told = HandedOver(
        leaf=leaf,
        neighbours=(
            *(f"{each.prefix} (group {each.group})" for each in wanted.listeners),
            *(str(each.address) for each in wanted.neighbours),
        ),
        lists=(*(each.name for each in wanted.lists), *([] if wanted.paths is None else [wanted.paths.name])),
        peers=tuple(
            names.leaf_peer(fabric, rack, leaf, address.version) for address in fabric.racks[rack].leaves[leaf].address
        ),
        cluster=scope.access.cluster,
    )
    asked = Run(command="hand-over", stdin=told.model_dump_json(), forward=False, update=False)
    return run(scope, f"{leaf}-by-hand", asked, depends_on)
