"""The two groups in which Calico stores its resources, and the CRDs of the newer one, made from the older one's."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

V1_GROUP, V3_GROUP = "crd.projectcalico.org", "projectcalico.org"
V1, V3 = f"{V1_GROUP}/v1", f"{V3_GROUP}/v3"

Object = dict[str, Any]


class CalicoApi(StrEnum):
    """What a lab's API server stores: v1, native v3, or v1 with all that it takes to change over."""

    V1 = "v1"
    V3 = "v3"
    MIGRATING = "migrating"

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups that Calico's own role is for."""
        return {self.V1: (V1_GROUP,), self.V3: (V3_GROUP,)}.get(self, (V3_GROUP, V1_GROUP))


NODE_STATUSES = "caliconodestatuses"
_WITH_STATUS = frozenset({NODE_STATUSES})
"""Plurals of which v3 has a status subresource and v1 has none (api/config/crd); of those that the lab uses."""
_RULES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "bgppeers": (
        (
            "asNumber and peerSelector exclude each other: the selected nodes have their own AS numbers",
            "!has(self.asNumber) || self.asNumber == 0 || !has(self.peerSelector) || self.peerSelector.size() == 0",
        ),
        (
            "keepOriginalNextHop and nextHopMode exclude each other: nextHopMode alone says it",
            "!has(self.nextHopMode) || !has(self.keepOriginalNextHop) || !self.keepOriginalNextHop",
        ),
    ),
}
"""What v3 refuses in a spec and v1 takes, as message and CEL (api/config/crd/projectcalico.org_bgppeers.yaml)."""


def crds(folder: Path) -> list[Object]:
    """All CRDs of a folder, as their files have them."""
    return [yaml.load(file.read_bytes(), yaml.CSafeLoader) for file in sorted(folder.glob("*.yaml"))]


def native(installed: Iterable[Object]) -> list[Object]:
    """The same CRDs with Calico's in group and version v3: schemas as they are, with v3's rules and subresources.

    IPAMConfig keeps its name, which is IPAMConfiguration in v3: nothing in a lab has one.
    """
    return [_native(crd) if crd["spec"]["group"] == V1_GROUP else crd for crd in installed]


def _native(crd: Object) -> Object:
    new = copy.deepcopy(crd)
    plural = new["spec"]["names"]["plural"]
    new["metadata"]["name"] = f"{plural}.{V3_GROUP}"
    new["spec"]["group"] = V3_GROUP
    (version,) = new["spec"]["versions"]
    version["name"] = V3.rpartition("/")[2]
    if plural in _WITH_STATUS:
        version["subresources"] = {"status": {}}
    if plural in _RULES:
        spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
        spec["x-kubernetes-validations"] = [{"message": message, "rule": rule} for message, rule in _RULES[plural]]
    return new
