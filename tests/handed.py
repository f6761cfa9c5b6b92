"""The example fabric with a leaf that somebody configures by hand, and what such a leaf answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from leafrack.fabric import Fabric, Ssh, hand_over
from leafrack.fabric.load import load_fabric
from leafrack.fabric.switch import Apply
from leafrack.platforms import NeighbourState, SessionState, SwitchState, platform_of
from leafrack.platforms.differences import wanted
from leafrack.platforms.state import AnyAs
from tests.conftest import DEV_FABRIC

RACK, LEAF = "rr2", "leaf02"
"""Nodes node4 and node5 peer with it; they change from AS 64512 to 64513."""


def fabric(*, ssh: bool = False, rack: dict[str, Any] | None = None, **leaf: Any) -> Fabric:
    """The example, its second leaf by hand; with ``ssh`` it may be read."""
    whole = load_fabric(DEV_FABRIC)
    login = {"ssh": Ssh()} if ssh else {}
    changed = whole.racks[RACK].leaves[LEAF].model_copy(update={"apply": Apply.BY_HAND, **login, **leaf})
    of_rack = whole.racks[RACK].model_copy(update={"leaves": {LEAF: changed}, **(rack or {})})
    return whole.model_copy(update={"racks": {**whole.racks, RACK: of_rack}})


def state(of: Fabric, every_as: int | AnyAs | None = AnyAs.EXTERNAL, **changed: Any) -> SwitchState:
    """The leaf with all that it is given, and its first neighbour changed."""
    job, platform = hand_over.job(of, RACK, LEAF), platform_of("frr")
    found = [
        NeighbourState(
            **vars(wanted(each)),
            address=each.address,
            remote_as=64513,
            state=SessionState.ESTABLISHED,
            set_as=every_as,
        )
        for each in job.neighbours
    ]
    found[0] = replace(found[0], **changed)
    lists, paths = platform.entries(job.lists), platform.right_paths(job.paths)
    return SwitchState(65010, {each.address: each for each in found}, lists=lists, paths=paths)
