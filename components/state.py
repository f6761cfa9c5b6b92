"""What the last run left in the state of the running stack, read once, and before anything is registered.

The engine answers: it reads and tells all of a state, which for hundreds of leaves takes it seconds. So it is asked as
early as can be (:func:`read_ahead`), and meanwhile the program looks at the world.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from leafrack.commands.switch import kept
from leafrack.platforms import Task
from leafrack.platforms.seals import Seals
from leafrack.world.calico import Group

from .outputs import OUTPUT_VERSION

_LEAF_TYPE = "leafrack:index:LeafSwitch$command:remote:Command::"
_OF_A_LEAF = re.compile(r".*leafrack:index:LeafSwitch\$(?P<type>[^$]+?)::(?P<name>[^:]+)")
_STACK = re.compile(r"urn:pulumi:[^:]+::[^:]+::pulumi:pulumi:Stack::.*")
REMOTE, LOCAL = "command:remote:Command", "command:local:Command"

_ALL = "pulumi:pulumi:readStackResourceOutputs"
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, None)
"""Seconds before an engine that could not read its state is asked again."""
_KEPT = 1
"""Runs of which the state is known: each has a monitor of its own."""


def read_ahead() -> None:
    """Begin to read the state; whoever asks for something of it waits for the rest."""
    _begun(get_monitor())


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
        urns = list(_resources())
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
        racks = (_outputs().get("leafrack") or {}).get("racks") or {}
        leaves = {name: leaf for rack in racks.values() for name, leaf in rack["leaves"].items()}
    except Exception:  # noqa: BLE001 - the SDK raises no narrower one
        return {}
    return {name: leaf["byHand"]["text"] for name, leaf in leaves.items() if "byHand" in leaf}


def seals(leaves: Iterable[str]) -> Mapping[str, Seals]:
    """What the last update has kept of passwords that leaves do not show: the outputs of their commands, by leaf.

    Of a state that cannot be read nothing is known, as if it was lost.
    """
    wanted = tuple(leaves)
    names = {f"{leaf}-{Task.SESSIONS}" for leaf in wanted}
    said: dict[str, str] = {}
    try:
        found = _resources() if wanted else {}
        for urn in found:
            if (of := _OF_A_LEAF.fullmatch(urn)) and of["name"] in names:
                said[of["name"]] = (found[urn].get("outputs") or {}).get("stdout") or ""
    except Exception:  # noqa: BLE001 - the SDK raises no narrower one
        return {}
    return {leaf: kept(said.get(f"{leaf}-{Task.SESSIONS}", "")) for leaf in wanted}


@lru_cache(maxsize=_KEPT)
def _kinds(_monitor: object) -> Mapping[str, tuple[str, ...]]:
    """Types of what leaves have, by name."""
    kinds: dict[str, tuple[str, ...]] = {}
    for each in filter(None, map(_OF_A_LEAF.fullmatch, _resources())):
        kinds[each["name"]] = (*kinds.get(each["name"], ()), each["type"])
    return kinds


def _is_stale() -> bool:
    version = (_outputs().get("leafrack") or {}).get("version")
    if version is not None:
        return bool(version != OUTPUT_VERSION)
    # An update that was broken off has no outputs yet.
    return any(map(_is_of_another_layout, _resources()))


def _is_of_another_layout(urn: str) -> bool:
    _, found, name = urn.partition(_LEAF_TYPE)
    return bool(found) and not name.endswith(tuple(f"-{task}" for task in Task))


def _outputs() -> Mapping[str, Any]:
    """Outputs of the stack as its last run left them; nothing where there was none."""
    found = _resources()
    stack = next(filter(_STACK.fullmatch, found), None)
    return {} if stack is None else found[stack].get("outputs") or {}


def _resources() -> Mapping[str, Mapping[str, Any]]:
    """``type`` and ``outputs`` of each resource by its URN, as the last run left them; nothing where there was none."""
    return _begun(get_monitor()).result()


@lru_cache(maxsize=_KEPT)
def _begun(monitor: Any) -> Future[Mapping[str, Mapping[str, Any]]]:
    # Here, for the SDK knows them in this thread only.
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    thread = ThreadPoolExecutor(1)
    reading = thread.submit(_read, monitor, stack)
    thread.shutdown(wait=False)
    return reading


class _Found(Mapping[str, Mapping[str, Any]]):
    """An answer of the engine, of which most is never looked at: each resource is made Python's when it is."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __getitem__(self, urn: str) -> Mapping[str, Any]:
        found = rpc.unwrap_rpc_secret(rpc.deserialize_property(self._answer[urn]))
        # One secret output makes the SDK wrap all outputs of a resource as one.
        return {key: rpc.unwrap_rpc_secret(value) for key, value in found.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._answer.fields)

    def __len__(self) -> int:
        return len(self._answer.fields)


def _read(monitor: Any, stack: str) -> Mapping[str, Mapping[str, Any]]:
    """Ask the engine; without the key ``stackName`` it panics (pulumi: pkg/resource/deploy/builtins.go).

    An engine that writes the same state to a file just now may find half of it there: it is asked again.
    """
    request = resource_pb2.ResourceInvokeRequest(tok=_ALL, acceptResources=True)
    request.args.update({"stackName": stack})
    for pause in _PAUSES:
        try:
            answer = getattr(monitor.Invoke(request), "return")
            return _Found(answer["outputs"]) if "outputs" in answer.fields else {}
        except Exception:  # the SDK raises no narrower one
            if pause is None:
                raise
            time.sleep(pause)
    return {}
