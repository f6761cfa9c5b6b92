"""Which of Calico's resources a cluster stores, and which fields its version has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from leafrack.fabric import names
from leafrack.world.calico import Documents, Group, find

HOLDS_FORMATS = (1, 36)
"""Kubernetes whose API server holds numbers of custom resources to their ``format``."""


@dataclass(frozen=True)
class CalicoApi:
    """Calico's API in a cluster: the group of the stored resources (empty without Calico), fields of its BGPPeer.

    ``next_hop_mode`` is ``nextHopMode`` (before it there was ``keepOriginalNextHop`` only), ``local_as_number`` is
    ``localASNumber``: both since Calico 3.31. ``filters`` are those of a BGPPeer and the BGPFilters that they name,
    since Calico 3.26; ``ttl_security`` is ``ttlSecurity``. ``large_as_numbers``: whether the API server takes those
    above 2147483647, for which the CRDs' ``format: int32`` has no room.

    ``reverse_peering`` is ``reversePeering``, since Calico 3.31 (and 3.30.7), ``keepalive_time`` is ``keepaliveTime``,
    since 3.32. ``lacking_lists`` are those lists of BGPConfiguration that leafrack writes and this version does not
    have. ``broken_lists`` are those that the API server refuses in server-side apply: sets of objects, as Calico 3.32.0
    has them (projectcalico/calico, issue 12700).
    """

    group: str = Group.V1
    next_hop_mode: bool = True
    local_as_number: bool = True
    filters: bool = True
    ttl_security: bool = True
    large_as_numbers: bool = True
    reverse_peering: bool = True
    keepalive_time: bool = False
    lacking_lists: frozenset[str] = frozenset()
    broken_lists: frozenset[str] = frozenset()
    unknown: str = ""
    """What of the group could not be read, in a line."""

    @property
    def stored(self) -> Group:
        """The group to write to; that of most clusters where there is none."""
        return Group(self.group) if self.group else Group.V1

    @classmethod
    def read(cls, reader: Documents) -> CalicoApi:
        """Ask the API server's discovery and its OpenAPI, which everybody may read who is logged in.

        Raises :class:`UnreadableError`, also while Calico is being migrated from one group to the other.
        """
        found = find(reader)
        if found.group is None:
            return cls._with("", frozenset())
        api = cls._of(found.group, reader)
        return replace(api, unknown=found.unknown)

    @classmethod
    def _of(cls, group: Group, reader: Documents) -> CalicoApi:
        schemas = reader.document(f"/openapi/v3/apis/{group.api_version}").get("components", {}).get("schemas", {})
        kinds = {
            kind.get("kind"): schema.get("properties", {}).get("spec", {}).get("properties", {})
            for schema in schemas.values()
            for kind in schema.get("x-kubernetes-group-version-kind", ())
        }
        if "BGPPeer" not in kinds:
            return cls._with("", frozenset())
        bounded = kinds["BGPPeer"].get("asNumber", {}).get("format") == "int32" and _holds_formats(reader)
        found = cls._with(group, frozenset(kinds["BGPPeer"]), filters="BGPFilter" in kinds)
        lists = kinds.get("BGPConfiguration") or {}
        return replace(
            found,
            large_as_numbers=not bounded,
            # Without any field nothing is known of it: the API server does not tell.
            lacking_lists=frozenset(names.CONFIGURATION_LISTS) - lists.keys() if lists else frozenset(),
            broken_lists=frozenset(name for name, schema in lists.items() if _is_set_of_objects(schema)),
        )

    @classmethod
    def _with(cls, group: str, fields: frozenset[str], *, filters: bool = False) -> CalicoApi:
        return cls(
            group,
            next_hop_mode="nextHopMode" in fields,
            local_as_number="localASNumber" in fields,
            filters=filters and "filters" in fields,
            ttl_security="ttlSecurity" in fields,
            reverse_peering="reversePeering" in fields,
            keepalive_time="keepaliveTime" in fields,
        )


def _is_set_of_objects(schema: Mapping[str, Any]) -> bool:
    """Whether a list is declared as a set, for which server-side apply needs scalars (smd: associative list)."""
    return schema.get("x-kubernetes-list-type") == "set" and (schema.get("items") or {}).get("type") == "object"


def _holds_formats(reader: Documents) -> bool:
    version = reader.document("/version")
    # Vendors append to it: "36+".
    numbers = [re.match("[0-9]+", str(version.get(part, ""))) for part in ("major", "minor")]
    return tuple(int(number[0]) if number else 0 for number in numbers) >= HOLDS_FORMATS
