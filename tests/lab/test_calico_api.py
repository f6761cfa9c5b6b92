"""What the lab makes of Calico's CRDs and of a fresh install's objects where v3 is native."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lab.calico import CalicoApi, native
from lab.cluster import objects
from lab.fabrics import values
from lab.plan import plan_of
from tests.proof.fabrics import fabric


def crd(group: str, plural: str, kind: str) -> dict[str, Any]:
    """A CRD as Calico's files have it."""
    schema = {"properties": {"spec": {"type": "object", "properties": {"asNumber": {"type": "integer"}}}}}
    return {
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}, "served": True}],
        },
    }


PEERS = crd("crd.projectcalico.org", "bgppeers", "BGPPeer")
STATUSES = crd("crd.projectcalico.org", "caliconodestatuses", "CalicoNodeStatus")
POLICIES = crd("policy.networking.k8s.io", "adminnetworkpolicies", "AdminNetworkPolicy")


def test_a_native_crd_has_the_same_names_and_fields_in_group_and_version_v3() -> None:
    before = copy.deepcopy(PEERS)
    (made,) = native([PEERS])
    assert before == PEERS
    assert made["metadata"]["name"] == "bgppeers.projectcalico.org"
    assert (made["spec"]["group"], made["spec"]["names"]) == ("projectcalico.org", PEERS["spec"]["names"])
    (version,) = made["spec"]["versions"]
    assert version["name"] == "v3"
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    rules = spec.pop("x-kubernetes-validations")
    assert spec == before["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert {word for rule in rules for word in rule["message"].split()} >= {"asNumber", "keepOriginalNextHop"}
    assert "subresources" not in version


def test_the_status_of_a_node_has_a_place_of_its_own_and_no_rules() -> None:
    (version,) = native([STATUSES])[0]["spec"]["versions"]
    assert version["subresources"] == {"status": {}}
    assert "x-kubernetes-validations" not in version["schema"]["openAPIV3Schema"]["properties"]["spec"]


def test_what_is_not_calicos_stays() -> None:
    assert native([POLICIES]) == [POLICIES]


@pytest.mark.parametrize(
    ("api", "version", "groups", "statuses"),
    [
        ("v1", "crd.projectcalico.org/v1", ["crd.projectcalico.org"], ["caliconodestatuses"]),
        (
            "v3",
            "projectcalico.org/v3",
            ["projectcalico.org"],
            ["caliconodestatuses", "caliconodestatuses/status"],
        ),
        (
            "migrating",
            "crd.projectcalico.org/v1",
            ["projectcalico.org", "crd.projectcalico.org"],
            ["caliconodestatuses", "caliconodestatuses/status"],
        ),
    ],
)
def test_an_install_is_in_one_version_and_calico_node_has_rights_where_it_will_read(
    api: str, version: str, groups: list[str], statuses: list[str]
) -> None:
    found = objects(plan_of(fabric(values(2, spines=1))), CalicoApi(api))
    assert {each["apiVersion"] for each in found if "projectcalico.org" in each["apiVersion"]} == {version}
    (role,) = (each for each in found if each["kind"] == "ClusterRole")
    calico = [rule for rule in role["rules"] if "projectcalico.org" in "".join(rule["apiGroups"])]
    assert [rule["apiGroups"] for rule in calico] == [groups] * 3
    assert [rule["resources"] for rule in calico if rule["verbs"] == ["update"]] == [statuses]
    information = next(each for each in found if each["kind"] == "ClusterInformation")
    assert information["spec"]["datastoreReady"] is True
