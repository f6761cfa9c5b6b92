"""Whether the state of the running stack is of this leafrack, asked before anything is registered."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pulumi
from pulumi.runtime.settings import get_monitor

from leafrack.commands.switch import kept
from leafrack.platforms import Task
from leafrack.platforms.seals import Seals
from leafrack.world.calico import Group

from .outputs import OUTPUT_VERSION

_LEAF_TYPE = "leafrack:index:LeafSwitch$command:remote:Command::"
_OF_A_LEAF = re.compile(r".*leafrack:index:LeafSwitch\$(?P<type>[^$]+?)::(?P<name>[^:]+)")
REMOTE, LOCAL = "command:remote:Command", "command:local:Command"


def stale_state() -> str | None:
    """What is wrong with the state of the running stack, and what to do; ``None`` where it is right.

    A leafrack before 0.2 had a resource for every neighbour of a leaf. Their deletes would come after a green update,
    and would cut every session that it has just seen.
    """
    try:
        stale = _is_stale()
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one
        why = (str(error).splitlines() or [""])[0]
        return f"the state of this stack cannot be read ({why}): nothing was changed; run it again"
    if not stale:
        return None
    return (
        "the state of this stack was written by another version of leafrack, and its deletes would cut sessions that "
        "stand: nothing was changed. State is a cache: `pulumi state delete --all`, then `pulumi up` adopts all of it"
    )


def written_group() -> Group:
    """The group that the last update wrote to, for a preview that cannot ask the cluster; v1 where none is known."""
    try:
        urns = list(_read("pulumi:pulumi:readStackResourceOutputs", "stackName"))
    except Exception:  # noqa: BLE001 - the SDK raises no narrower one
        return Group.V1
    return Group.V3 if any(f"kubernetes:{Group.V3.api_version}:" in urn for urn in urns) else Group.V1


def kinds_of(name: str) -> tuple[str, ...]:
    """Types of the resources of a leaf that the running stack's state has under a name.

    Of a state that cannot be read it is taken to have one that runs on the leaf.
    """
    try:
        return _kinds(get_monitor()).get(name, ())
    except Exception:  # noqa: BLE001 - the SDK raises no narrower one
        return (REMOTE,)


def handed_before() -> Mapping[str, str]:
    """What the last update gave out for each leaf by hand, from the outputs of the running stack."""
    try:
        racks = (_read("pulumi:pulumi:readStackOutputs", "name").get("leafrack") or {}).get("racks") or {}
        leaves = {name: leaf for rack in racks.values() for name, leaf in rack["leaves"].items()}
    except Exception:  # noqa: BLE001 - the SDK raises no narrower one
        return {}
    return {name: leaf["byHand"]["text"] for name, leaf in leaves.items() if "byHand" in leaf}


def seals(leaves: Iterable[str]) -> Mapping[str, Seals]:
    """What the last update has kept of passwords that leaves do not show: the outputs of their commands, by leaf.

    Of a state that cannot be read nothing is known, as if it was lost.
    """
    wanted = tuple(leaves)
    try:
        outputs = _read("pulumi:pulumi:readStackResourceOutputs", "stackName") if wanted else {}
    except Exception:  # noqa: BLE001 - the SDK raises no narrower one
        return {}
    of_leaves = ((_OF_A_LEAF.fullmatch(urn), each) for urn, each in outputs.items())
    said = {found["name"]: (each.get("outputs") or {}).get("stdout") or "" for found, each in of_leaves if found}
    return {leaf: kept(said.get(f"{leaf}-{Task.SESSIONS}", "")) for leaf in wanted}


@lru_cache(maxsize=1)
def _kinds(_monitor: object) -> Mapping[str, tuple[str, ...]]:
    """Types of what leaves have, by name, read once in a run: each has a monitor of its own."""
    found = map(_OF_A_LEAF.fullmatch, _read("pulumi:pulumi:readStackResourceOutputs", "stackName"))
    kinds: dict[str, tuple[str, ...]] = {}
    for each in filter(None, found):
        kinds[each["name"]] = (*kinds.get(each["name"], ()), each["type"])
    return kinds


def _is_stale() -> bool:
    outputs = _read("pulumi:pulumi:readStackOutputs", "name")
    version = (outputs.get("leafrack") or {}).get("version")
    if version is not None:
        return bool(version != OUTPUT_VERSION)
    # An update that was broken off has no outputs yet.
    return any(map(_is_of_another_layout, _read("pulumi:pulumi:readStackResourceOutputs", "stackName")))


def _is_of_another_layout(urn: str) -> bool:
    _, found, name = urn.partition(_LEAF_TYPE)
    return bool(found) and not name.endswith(tuple(f"-{task}" for task in Task))


def _read(function: str, key: str) -> Mapping[str, Any]:
    """Outputs of the stack as its last run left them; nothing where there was none. The engine itself answers.

    ``key`` is what a function calls the stack's name; without it the engine panics (pulumi:
    pkg/resource/deploy/builtins.go). An engine that writes the same state to a file just now may find half of it there:
    it is asked again.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for pause in (0.1, 0.2, 0.4, 0.8, 1.6, None):
        try:
            value = pulumi.runtime.invoke(function, {key: name}).value
            return (value or {}).get("outputs") or {}
        except Exception:  # the SDK raises no narrower one
            if pause is None:
                raise
            time.sleep(pause)
    return {}
