"""What the lab's front makes of paths, objects, lists, events and discovery, both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab import translation
from lab.calico import V1, V3

V1_PATH, V3_PATH = f"/apis/{V1}", f"/apis/{V3}"


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        (f"{V1_PATH}/bgppeers", f"{V3_PATH}/bgppeers"),
        (
            f"{V1_PATH}/bgppeers?watch=true&fieldSelector=metadata.name%3Da",
            f"{V3_PATH}/bgppeers?watch=true&fieldSelector=metadata.name%3Da",
        ),
        (f"{V1_PATH}/namespaces/a/networkpolicies/b", f"{V3_PATH}/namespaces/a/networkpolicies/b"),
        (V1_PATH, V3_PATH),
        (f"{V1_PATH}?timeout=32s", f"{V3_PATH}?timeout=32s"),
        ("/apis/crd.projectcalico.org", "/apis/projectcalico.org"),
        ("/apis", "/apis"),
        ("/api/v1/nodes", "/api/v1/nodes"),
        (f"{V3_PATH}/bgppeers", f"{V3_PATH}/bgppeers"),
        ("/apis/crd.projectcalico.org/v1beta1/x", "/apis/projectcalico.org/v1beta1/x"),
        ("/apis/crd.projectcalico.organic/v1/x", "/apis/crd.projectcalico.organic/v1/x"),
        (f"/api/v1/namespaces/a/configmaps/x?in={V1_PATH}", f"/api/v1/namespaces/a/configmaps/x?in={V1_PATH}"),
    ],
)
def test_a_path_of_v1_becomes_the_one_of_v3_and_no_other_is_touched(asked: str, there: str) -> None:
    assert translation.path(asked) == there


@pytest.mark.parametrize(
    ("asked", "translated"),
    [
        (f"{V1_PATH}/bgppeers?watch=1", True),
        ("/apis/crd.projectcalico.org", True),
        ("/apis", True),
        ("/apis?timeout=32s", True),
        ("/apis/apps/v1/daemonsets", False),
        ("/api/v1/nodes?watch=true", False),
        (f"{V3_PATH}/bgppeers", False),
    ],
)
def test_only_calicos_resources_and_the_list_of_groups_are_translated(asked: str, translated: bool) -> None:  # noqa: FBT001
    assert translation.is_calico(asked) is translated


@pytest.mark.parametrize(
    ("query", "watches"),
    [("?watch=true", True), ("?a=b&watch=1&c=d", True), ("?watch=false", False), ("?limit=1", False), ("", False)],
)
def test_a_watch_is_known_by_its_query(query: str, watches: bool) -> None:  # noqa: FBT001
    assert translation.is_watch(f"{V1_PATH}/bgppeers{query}") is watches


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("PUT", f"{V3_PATH}/caliconodestatuses/a", f"{V3_PATH}/caliconodestatuses/a/status"),
        (
            "PUT",
            f"{V3_PATH}/caliconodestatuses/a?fieldManager=m",
            f"{V3_PATH}/caliconodestatuses/a/status?fieldManager=m",
        ),
        ("PUT", f"{V3_PATH}/caliconodestatuses/a/status", None),
        ("POST", f"{V3_PATH}/caliconodestatuses", None),
        ("PUT", f"{V3_PATH}/bgppeers/a", None),
    ],
)
def test_a_status_that_is_written_with_its_object_has_a_place_of_its_own_in_v3(
    method: str, target: str, status: str | None
) -> None:
    assert translation.status_of(method, target) == status


def peer(version: str, **metadata: Any) -> dict[str, Any]:
    """A BGPPeer."""
    spec = {"apiVersion": V1, "peerIP": "192.0.2.1", "metadata": {"apiVersion": V3}}
    return {"apiVersion": version, "kind": "BGPPeer", "metadata": {"name": "a", **metadata}, "spec": spec}


def owned(version: str) -> dict[str, Any]:
    """A BGPPeer with an owner of Calico's and one of the cluster's, fields of two managers, and words in its labels."""
    return peer(
        version,
        labels={"apiVersion": V1, "other": V3},
        ownerReferences=[{"apiVersion": version, "kind": "BGPFilter", "name": "f"}, {"apiVersion": "v1", "name": "n"}],
        managedFields=[{"apiVersion": version, "manager": "m", "fieldsV1": {"f:spec": {}}}],
    )


def listed(version: str) -> dict[str, Any]:
    """A list of them."""
    return {
        "apiVersion": version,
        "kind": "BGPPeerList",
        "metadata": {"resourceVersion": "7"},
        "items": [owned(version)],
    }


RESOURCES = [{"name": "bgppeers", "kind": "BGPPeer", "group": "", "namespaced": False}]
DOCUMENTS = {
    "an object": owned,
    "a list": listed,
    "an event": lambda version: {"type": "MODIFIED", "object": owned(version)},
    "a bookmark": lambda version: {
        "type": "BOOKMARK",
        "object": {"apiVersion": version, "kind": "BGPPeer", "metadata": {"resourceVersion": "9"}},
    },
    "the resources of a group": lambda version: {
        "apiVersion": "v1",
        "kind": "APIResourceList",
        "groupVersion": version,
        "resources": RESOURCES,
    },
    "an error": lambda _version: {"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 410},
    "the end of a watch": lambda _version: {"type": "ERROR", "object": {"apiVersion": "v1", "kind": "Status"}},
    "a patch of operations": lambda _version: [{"op": "add", "path": "/metadata/labels/a", "value": V1}],
    "a patch without a version": lambda _version: {"metadata": {"labels": {"a": "b"}}},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_names_the_other_version_and_nothing_of_a_spec_or_a_label_changes(document: Any) -> None:
    assert translation.to_v1(document(V3)) == document(V1)
    assert translation.to_v3(document(V1)) == document(V3)


def test_a_line_of_a_watch_stays_a_line() -> None:
    event = {"type": "ADDED", "object": peer(V3, annotations={"a": "two\nlines\u2028three\x85"})}
    line = translation.line_to_v1(json.dumps(event).encode())
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line)["object"]["apiVersion"] == V1
    assert json.loads(line)["object"]["metadata"] == event["object"]["metadata"]  # type: ignore[index]


def group(name: str, version: str) -> dict[str, Any]:
    """A group in discovery."""
    served = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [served], "preferredVersion": served}


def test_a_group_of_v3_is_listed_as_v1() -> None:
    found = {"kind": "APIGroupList", "groups": [group("apps", "v1"), group("projectcalico.org", "v3")]}
    assert translation.to_v1(found)["groups"] == [group("apps", "v1"), group("crd.projectcalico.org", "v1")]
    alone = {"kind": "APIGroup", "apiVersion": "v1", **group("projectcalico.org", "v3")}
    assert translation.to_v1(alone) == {"kind": "APIGroup", "apiVersion": "v1", **group("crd.projectcalico.org", "v1")}


def test_of_both_groups_one_is_listed() -> None:
    both = {"kind": "APIGroupList", "groups": [group("crd.projectcalico.org", "v1"), group("projectcalico.org", "v3")]}
    assert translation.to_v1(both)["groups"] == [group("crd.projectcalico.org", "v1")]


def test_what_a_v1_program_keeps_in_an_annotation_is_metadata_in_v3() -> None:
    kept = {
        "labels": {"app.kubernetes.io/managed-by": "leafrack", "a": "new"},
        "annotations": {"leafrack/next-hop": "kept"},
        "ownerReferences": [{"apiVersion": V1, "kind": "BGPFilter", "name": "f", "uid": "u"}],
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    written = peer(
        V1,
        resourceVersion="7",
        labels={"a": "old", "projectcalico.org/x": "y"},
        annotations={"projectcalico.org/metadata": json.dumps(kept), "projectcalico.org/z": "z"},
    )
    assert translation.to_v3(written)["metadata"] == {
        "name": "a",
        "resourceVersion": "7",
        "labels": {"a": "new", "projectcalico.org/x": "y", "app.kubernetes.io/managed-by": "leafrack"},
        "annotations": {"leafrack/next-hop": "kept", "projectcalico.org/z": "z"},
        "ownerReferences": [{"apiVersion": V3, "kind": "BGPFilter", "name": "f", "uid": "u"}],
    }


def test_an_empty_annotation_leaves_no_metadata_behind() -> None:
    written = peer(V1, annotations={"projectcalico.org/metadata": '{"creationTimestamp":null}'})
    assert translation.to_v3(written)["metadata"] == {"name": "a"}
