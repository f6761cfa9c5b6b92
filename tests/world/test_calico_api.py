"""Which Calico a cluster has, from what its API server says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from leafrack.fabric import names
from leafrack.world.calico_api import CalicoApi
from leafrack.world.cluster import ClusterReader
from leafrack.world.nodes import Node, NodeState, node_state


class Documents(ClusterReader):
    """An API server that serves discovery and OpenAPI from a mapping."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents

    def document(self, path: str) -> Mapping[str, Any]:
        found = self._documents.get(path, {})
        assert isinstance(found, dict)
        return found


def api_server(
    *groups: str,
    fields: tuple[str, ...] | None = None,
    more: tuple[str, ...] = (),
    configuration: Mapping[str, Any] | None = None,
) -> Documents:
    """An API server with these groups, a BGPPeer and a BGPConfiguration with these fields of their specs, and more."""
    schemas: dict[str, Any] = {
        f"io.calico.{kind}": {"x-kubernetes-group-version-kind": [{"kind": kind}]} for kind in ("IPPool", *more)
    }
    if fields is not None:
        schemas["io.calico.BGPPeer"] = {
            "properties": {"spec": {"properties": {key: {"type": "string"} for key in fields}}},
            "x-kubernetes-group-version-kind": [{"group": "crd.projectcalico.org", "kind": "BGPPeer"}],
        }
    if configuration is not None:
        schemas["io.calico.BGPConfiguration"] = {
            "properties": {"spec": {"properties": configuration}},
            "x-kubernetes-group-version-kind": [{"group": "crd.projectcalico.org", "kind": "BGPConfiguration"}],
        }
    return Documents(
        {
            "/apis": {"groups": [{"name": name} for name in groups]},
            f"/openapi/v3/apis/{V1 if V1 in groups else NATIVE}/{'v1' if V1 in groups else 'v3'}": {
                "components": {"schemas": schemas}
            },
        }
    )


V1, NATIVE = "crd.projectcalico.org", "projectcalico.org"
OLD = ("peerIP", "keepOriginalNextHop")
NEW = (*OLD, "nextHopMode", "localASNumber", "filters", "ttlSecurity", "reversePeering")
NOTHING = CalicoApi(
    "", next_hop_mode=False, local_as_number=False, filters=False, ttl_security=False, reverse_peering=False
)
OBJECTS: Mapping[str, Any] = {"type": "array", "items": {"type": "object", "properties": {"cidr": {}}}}
ATOMIC: Mapping[str, Any] = dict.fromkeys(names.CONFIGURATION_LISTS, OBJECTS)
SETS = {name: {**OBJECTS, "x-kubernetes-list-type": "set"} for name in ATOMIC}
HALF = dict.fromkeys(names.CONFIGURATION_LISTS[:3], OBJECTS)
WORDS = {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}
CLUSTERS = {
    "Calico 3.31": (api_server("apps", V1, fields=NEW, more=("BGPFilter",)), CalicoApi(V1)),
    "with Calico's API server": (api_server(NATIVE, V1, fields=NEW, more=("BGPFilter",)), CalicoApi(V1)),
    "Calico 3.32.0, whose lists are sets of objects": (
        api_server(
            V1,
            fields=(*NEW, "keepaliveTime"),
            more=("BGPFilter",),
            configuration={**SETS, "ignoredInterfaces": WORDS, "asNumber": {"type": "integer"}},
        ),
        CalicoApi(V1, keepalive_time=True, broken_lists=frozenset(names.CONFIGURATION_LISTS)),
    ),
    "Calico 3.32.1": (
        api_server(V1, fields=(*NEW, "keepaliveTime"), more=("BGPFilter",), configuration=ATOMIC),
        CalicoApi(V1, keepalive_time=True),
    ),
    "a BGPConfiguration without communities": (
        api_server(V1, fields=NEW, more=("BGPFilter",), configuration=HALF),
        CalicoApi(V1, lacking_lists=frozenset({"communities", "prefixAdvertisements"})),
    ),
    "Calico 3.29": (
        api_server(V1, fields=(*OLD, "filters", "ttlSecurity"), more=("BGPFilter",)),
        CalicoApi(V1, next_hop_mode=False, local_as_number=False, reverse_peering=False),
    ),
    "an old Calico": (api_server(V1, fields=OLD), replace(NOTHING, group=V1)),
    "filters that nothing defines": (api_server(V1, fields=NEW), CalicoApi(V1, filters=False)),
    "native v3 CRDs": (api_server(NATIVE, fields=NEW, more=("BGPFilter",)), CalicoApi(NATIVE)),
    "native v3 CRDs of an older Calico": (
        api_server(NATIVE, fields=(*OLD, "filters"), more=("BGPFilter",)),
        CalicoApi(NATIVE, next_hop_mode=False, local_as_number=False, ttl_security=False, reverse_peering=False),
    ),
    "half of the native v3 CRDs": (api_server(NATIVE), NOTHING),
    "no Calico": (api_server("apps"), NOTHING),
    "half of Calico's CRDs": (api_server(V1), NOTHING),
}


@pytest.mark.parametrize(("server", "api"), CLUSTERS.values(), ids=CLUSTERS)
def test_group_and_fields_are_those_that_the_api_server_has(server: Documents, api: CalicoApi) -> None:
    assert CalicoApi.read(server) == api


def node(**metadata: Any) -> NodeState:
    made = Node.from_dict({"metadata": {"name": "node1", **metadata}})
    return node_state(made)


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        ('{"a": "calicoctl", "b": "calicoctl"}', {"a": "node", "b": "calicoctl"}),
        ('{"b": "calicoctl", "c": 1}', {"a": "node"}),
        ("[]", {"a": "node"}),
        ("{", {"a": "node"}),
        ("", {"a": "node"}),
    ],
)
def test_labels_given_through_calicoctl_count_after_those_of_the_node(given: str, labels: dict[str, str]) -> None:
    assert node(labels={"a": "node"}, annotations={"projectcalico.org/labels": given}).calico_labels == labels


def test_it_is_read_who_set_a_label_of_ours() -> None:
    entries = [
        {"manager": "leafrack:leafrack/dev", "fieldsV1": {"f:metadata": {"f:labels": {"f:rr-group": {}}}}},
        {"manager": "kubectl-label", "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:rr-id": {}, "f:x": {}}}}},
        {"manager": "kubelet", "fieldsV1": {"f:status": {}}},
    ]
    assert node(managedFields=entries).managers == {
        "rr-group": frozenset(["leafrack:leafrack/dev"]),
        "rr-id": frozenset(["kubectl-label"]),
    }


@pytest.mark.parametrize(
    ("minor", "format_", "takes"),
    [
        ("35", "int32", True),
        ("36", "int32", False),
        ("37+", "int32", False),
        ("36", "int64", True),
        ("", "int32", True),
    ],
)
def test_whether_an_as_number_above_31_bits_is_taken_is_asked_of_the_api_server(
    minor: str, format_: str, *, takes: bool
) -> None:
    server = api_server(V1, fields=NEW, more=("BGPFilter",))
    spec = server.document("/openapi/v3/apis/crd.projectcalico.org/v1")["components"]["schemas"]["io.calico.BGPPeer"]
    spec["properties"]["spec"]["properties"]["asNumber"] = {"type": "integer", "format": format_}
    version = {"/version": {"major": "1", "minor": minor}}
    found = CalicoApi.read(Documents({path: server.document(path) for path in DOCUMENTS} | version))
    assert found == CalicoApi(V1, large_as_numbers=takes)


DOCUMENTS = ("/apis", "/openapi/v3/apis/crd.projectcalico.org/v1")
