"""Which of Calico's resources a cluster stores, and which fields its version has."""

from __future__ import annotations

from dataclasses import dataclass

from leafrack.fabric.names import CALICO_GROUP
from leafrack.world.cluster import ClusterReader

NATIVE_GROUP = "projectcalico.org"
"""Of Calico's own API server in front of the v1 CRDs, or of native v3 CRDs where there are no others."""


@dataclass(frozen=True)
class CalicoApi:
    """Calico's API in a cluster: the group of the stored resources (empty without Calico), fields of its BGPPeer.

    ``next_hop_mode`` is ``nextHopMode`` (before it there was ``keepOriginalNextHop`` only), ``local_as_number`` is
    ``localASNumber``: both since Calico 3.31. ``filters`` are those of a BGPPeer and the BGPFilters that they name,
    since Calico 3.26; ``ttl_security`` is ``ttlSecurity``.
    """

    group: str = CALICO_GROUP
    next_hop_mode: bool = True
    local_as_number: bool = True
    filters: bool = True
    ttl_security: bool = True

    @classmethod
    def read(cls, reader: ClusterReader) -> CalicoApi:
        """Ask the API server's discovery and its OpenAPI, which everybody may read who is logged in.

        The group is found as Calico does it: native v3 CRDs where only their group is there (libcalico-go:
        lib/backend/k8s/discovery.go). Raises :class:`UnreadableError`.
        """
        groups = {group.get("name") for group in reader.document("/apis").get("groups", ())}
        if CALICO_GROUP not in groups:
            return cls._with(NATIVE_GROUP if NATIVE_GROUP in groups else "", frozenset())
        schemas = reader.document(f"/openapi/v3/apis/{CALICO_GROUP}/v1").get("components", {}).get("schemas", {})
        kinds = {
            kind.get("kind"): frozenset(schema.get("properties", {}).get("spec", {}).get("properties", {}))
            for schema in schemas.values()
            for kind in schema.get("x-kubernetes-group-version-kind", ())
        }
        if "BGPPeer" not in kinds:
            return cls._with("", frozenset())
        return cls._with(CALICO_GROUP, kinds["BGPPeer"], filters="BGPFilter" in kinds)

    @classmethod
    def _with(cls, group: str, fields: frozenset[str], *, filters: bool = False) -> CalicoApi:
        return cls(
            group,
            next_hop_mode="nextHopMode" in fields,
            local_as_number="localASNumber" in fields,
            filters=filters and "filters" in fields,
            ttl_security="ttlSecurity" in fields,
        )
