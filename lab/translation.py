"""What a program says in Calico's v1 and an API server hears in native v3, and back: paths and JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lab.calico import NODE_STATUSES, V1, V1_GROUP, V3, V3_GROUP

METADATA = "projectcalico.org/metadata"
"""Where a program that stores v1 puts labels, annotations and owners, as JSON (backend/k8s/resources/resources.go)."""
_LIFTED = ("ownerReferences", "finalizers")
_NAMED = frozenset({"apiVersion", "groupVersion"})
_WAY = frozenset(
    {"metadata", "ownerReferences", "managedFields", "items", "object", "groups", "versions", "preferredVersion"}
)
"""Keys below which a group and version stands: of objects, lists, watch events and discovery; never those of a spec."""
_PATH = re.compile(rf"^/apis/{re.escape(V1_GROUP)}(/v1)?(?=[/?]|$)")
_STATUS = re.compile(rf"^/apis/{re.escape(V3_GROUP)}/v3/{NODE_STATUSES}/[^/?]+(?=\?|$)")


def is_calico(target: str) -> bool:
    """Whether a request, by its path and query as a v1 program says it, is for Calico's resources or for discovery."""
    return bool(_PATH.match(target)) or lists_groups(target)


def lists_groups(target: str) -> bool:
    """Whether it asks which groups there are."""
    return target.partition("?")[0].rstrip("/") == "/apis"


def is_watch(target: str) -> bool:
    """Whether the answer is a line for each event."""
    return re.search(r"[?&]watch=(1|true)(&|$)", target) is not None


def path(target: str) -> str:
    """Path and query of v1 as those of v3; others as they are."""
    return _PATH.sub(lambda found: f"/apis/{V3 if found[1] else V3_GROUP}", target, count=1)


def status_of(method: str, target: str) -> str | None:
    """Where v3 takes the status of an object that is replaced as a whole at a v3 path; None if it has no such place."""
    found = _STATUS.match(target)
    return f"{found[0]}/status{target[found.end() :]}" if method == "PUT" and found else None


def to_v3(document: Any) -> Any:
    """An object that a v1 program writes, with the metadata that it keeps in an annotation where v3 has them."""
    return _renamed(lifted(document), {V1: V3})


def to_v1(document: Any) -> Any:
    """An answer of the API server: an object, a list, an event of a watch, or discovery."""
    if isinstance(document, dict) and document.get("kind") == "APIGroupList":
        # While both are served, v1's own is hidden: behind this front there is no way to it.
        groups = [_group(group) for group in document["groups"] if group["name"] != V1_GROUP]
        return {**document, "groups": groups}
    if isinstance(document, dict) and document.get("kind") == "APIGroup":
        return _group(document)
    return _renamed(document, {V3: V1})


def line_to_v1(line: bytes) -> bytes:
    """A line of a watch."""
    return json.dumps(to_v1(json.loads(line)), separators=(",", ":")).encode() + b"\n"


def lifted(document: Any) -> Any:
    """An object with labels, annotations, owners and finalizers in its metadata, whoever has put them where."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    annotations = dict((metadata or {}).get("annotations") or {})
    if metadata is None or METADATA not in annotations:
        return document
    kept: Mapping[str, Any] = json.loads(annotations.pop(METADATA))
    found = {key: value for key, value in metadata.items() if key not in {"annotations", "labels"}}
    labels = {**(metadata.get("labels") or {}), **(kept.get("labels") or {})}
    annotations |= kept.get("annotations") or {}
    own = {"labels": labels, "annotations": annotations, **{key: kept.get(key) for key in _LIFTED}}
    return {**document, "metadata": {**found, **{key: value for key, value in own.items() if value}}}


def _group(group: Mapping[str, Any]) -> Mapping[str, Any]:
    if group["name"] != V3_GROUP:
        return group
    version = {"groupVersion": V1, "version": V1.rpartition("/")[2]}
    return {**group, "name": V1_GROUP, "versions": [version], "preferredVersion": version}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: names.get(each, each) if key in _NAMED else _renamed(each, names) if key in _WAY else each
        for key, each in value.items()
    }
