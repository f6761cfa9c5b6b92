"""Whether the state of the running stack is of this leafrack, asked before anything is registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from leafrack.platforms import Task

from .outputs import OUTPUT_VERSION

_LEAF_TYPE = "leafrack:index:LeafSwitch$command:remote:Command::"


def stale_state() -> str | None:
    """What is wrong with the state of the running stack, and what to do; ``None`` where it is right.

    A leafrack before 0.2 had a resource for every neighbour of a leaf. Their deletes would come after a green update,
    and would cut every session that it has just seen.
    """
    outputs = _read("pulumi:pulumi:readStackOutputs")
    version = (outputs.get("leafrack") or {}).get("version")
    if version == OUTPUT_VERSION:
        return None
    # An update that was broken off has no outputs yet.
    old = [urn for urn in _read("pulumi:pulumi:readStackResourceOutputs") if _is_of_another_layout(urn)]
    if version is None and not old:
        return None
    return (
        "the state of this stack was written by another version of leafrack, and its deletes would cut sessions that "
        "stand: nothing was changed. State is a cache: `pulumi state delete --all`, then `pulumi up` adopts all of it"
    )


def _is_of_another_layout(urn: str) -> bool:
    _, found, name = urn.partition(_LEAF_TYPE)
    return bool(found) and not name.endswith(tuple(f"-{task}" for task in Task))


def _read(function: str) -> Mapping[str, Any]:
    """Outputs of the stack as its last run left them; nothing where there was none."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    value = pulumi.runtime.invoke(function, {"name": name}).value
    return (value or {}).get("outputs") or {}
