"""Which group the cluster's Calico uses, by what its API server serves and by what calico-node is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from lightkube.core.resource import api_info

from leafrack.errors import UnreadableError
from leafrack.fabric import names
from leafrack.world import migration
from leafrack.world.calico import FoundGroup, Group, find
from leafrack.world.cluster import PeerState

V1, V3 = Group.V1.value, Group.V3.value
INFORMATION = "/apis/crd.projectcalico.org/v1/clusterinformations/default"
NODES = "/apis/apps/v1/daemonsets?fieldSelector=metadata.name%3Dcalico-node"
REFUSED = UnreadableError("cluster", "the API server refuses it: 403 Forbidden", refused=True)
AWAY = UnreadableError("cluster", "cannot reach the API server")


class Server:
    """An API server that serves some groups, and documents; what it refuses is there as an error."""

    def __init__(self, *groups: str, **documents: Mapping[str, Any] | UnreadableError) -> None:
        self.asked: list[str] = []
        paths = {"information": INFORMATION, "nodes": NODES, "config": "/api/v1/namespaces/calico-system/configmaps/a"}
        self._documents = {paths[name]: each for name, each in documents.items()}
        self._documents["/apis"] = {"groups": [{"name": name} for name in ("apps", *groups)]}

    def document(self, path: str) -> Mapping[str, Any]:
        self.asked.append(path)
        found = self._documents.get(path, {})
        if isinstance(found, UnreadableError):
            raise found
        return found


def told(*env: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    """The DaemonSet calico-node with an environment."""
    container = {"name": "calico-node", "env": list(env), **more}
    template = {"spec": {"containers": [container]}}
    return {"items": [{"metadata": {"namespace": "calico-system"}, "spec": {"template": template}}]}


def variable(value: str) -> Mapping[str, Any]:
    return {"name": "CALICO_API_GROUP", "value": value}


OF_CONFIG = {"name": "CALICO_API_GROUP", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "group"}}}
NOT_SAID = "it may not be read what CALICO_API_GROUP of the DaemonSet calico-node says: taken for "
AS_V1, AS_V3 = FoundGroup(Group.V1), FoundGroup(Group.V3)
UNSURE = FoundGroup(Group.V1, f"{NOT_SAID}crd.projectcalico.org/v1")
READY = {"spec": {"datastoreReady": True}}
LOCKED = {"spec": {"datastoreReady": False}}

CLUSTERS: dict[str, tuple[Server, FoundGroup]] = {
    "no Calico": (Server(), FoundGroup(None)),
    "v1 CRDs": (Server(V1), AS_V1),
    "native v3 CRDs": (Server(V3), AS_V3),
    "Calico's API server in front of v1 CRDs": (Server(V3, V1, information=READY), AS_V1),
    "the same where nobody has written a ClusterInformation": (Server(V3, V1), AS_V1),
    "the same, told that it is v1": (Server(V3, V1, nodes=told(variable("crd.projectcalico.org/v1"))), AS_V1),
    "the same with a word that Calico does not know": (Server(V3, V1, nodes=told(variable("v3"))), AS_V1),
    "the same, told nothing": (Server(V3, V1, nodes=told(variable(""))), AS_V1),
    "both, and calico-node is told to use v3": (
        Server(V3, V1, information=READY, nodes=told({"name": "A", "value": "b"}, variable("projectcalico.org/v3"))),
        AS_V3,
    ),
    "the same by a ConfigMap": (
        Server(V3, V1, nodes=told(OF_CONFIG), config={"data": {"group": "projectcalico.org/v3"}}), AS_V3,
    ),
    "the same by all of a ConfigMap": (
        Server(
            V3, V1,
            nodes=told(envFrom=[{"configMapRef": {"name": "a"}}]),
            config={"data": {"CALICO_API_GROUP": "projectcalico.org/v3"}},
        ),
        AS_V3,
    ),
    "a ConfigMap that does not say it": (Server(V3, V1, nodes=told(OF_CONFIG)), AS_V1),
    "no right to read the DaemonSet": (
        Server(V3, V1, nodes=REFUSED), UNSURE,
    ),
    "no right to read its ConfigMap": (
        Server(V3, V1, nodes=told(OF_CONFIG), config=REFUSED), UNSURE,
    ),
    "no right to read either": (
        Server(V3, V1, information=REFUSED, nodes=REFUSED),
        FoundGroup(
            Group.V1,
            "it may not be read whether a migration to projectcalico.org/v3 is under way (ClusterInformation) and what "
            "CALICO_API_GROUP of the DaemonSet calico-node says: taken for crd.projectcalico.org/v1",
        ),
    ),
    "a lock of v1 CRDs alone is no migration": (Server(V1, information=LOCKED), AS_V1),
}  # fmt: skip


@pytest.mark.parametrize(("server", "found"), CLUSTERS.values(), ids=CLUSTERS)
def test_the_group_is_the_one_that_calico_itself_uses(server: Server, found: FoundGroup) -> None:
    assert find(server) == found


@pytest.mark.parametrize(
    "server",
    [
        Server(V3, V1, information=LOCKED),
        Server(V3, V1, information=LOCKED, nodes=told(variable("projectcalico.org/v3"))),
        Server(V3, V1, information=LOCKED, nodes=REFUSED),
    ],
    ids=["copies or has failed", "waits for its object to be deleted", "with a DaemonSet that may not be read"],
)
def test_while_a_migration_is_under_way_nothing_is_found_and_the_line_says_what_ends_it(server: Server) -> None:
    with pytest.raises(UnreadableError) as failed:
        find(server)
    assert failed.value.refused, "no waiting cures it"
    assert str(failed.value) == (
        "cluster: Calico's resources are being moved to projectcalico.org/v3, and what is written to "
        "crd.projectcalico.org/v1 has no effect any more: nothing was changed; wait until `kubectl get "
        "datastoremigrations` says Complete, delete that object (the old CRDs go with it), then run `pulumi up`"
    )


@pytest.mark.parametrize("server", [Server(V3, V1, nodes=AWAY), Server(V3, V1, information=AWAY)])
def test_an_api_server_that_is_away_meanwhile_is_not_taken_for_one_that_refuses(server: Server) -> None:
    with pytest.raises(UnreadableError, match="cannot reach the API server"):
        find(server)


@pytest.mark.parametrize("groups", [(), (V1,), (V3,)])
def test_where_there_is_no_choice_nothing_but_the_groups_is_asked_for(groups: tuple[str, ...]) -> None:
    server = Server(*groups)
    find(server)
    assert server.asked == ["/apis"]


def test_the_resources_of_a_group_are_served_in_its_version() -> None:
    kinds = {group: api_info(group.resources.bgp_peer).resource for group in Group}
    assert {group: (kind.api_version, kind.kind) for group, kind in kinds.items()} == {
        Group.V1: ("crd.projectcalico.org/v1", "BGPPeer"),
        Group.V3: ("projectcalico.org/v3", "BGPPeer"),
    }


OURS = {"pulumi.com/patchFieldManager": "leafrack:leafrack/dev"}
MARKED = {**OURS, names.API_VERSION_ANNOTATION: "projectcalico.org/v3"}
PEERS = (
    PeerState("copied", annotations=OURS),
    PeerState("written", annotations=MARKED),
    PeerState("of-another-stack", annotations={"pulumi.com/patchFieldManager": "leafrack:leafrack/de"}),
    PeerState("of-somebody"),
)


@pytest.mark.parametrize("manager", ["leafrack:leafrack/dev", "leafrack:leafrack/dev:local-as-number"])
def test_a_copy_of_the_migration_is_ours_and_without_the_mark_of_an_update(manager: str) -> None:
    assert migration.copied(PEERS, Group.V3, manager) == ("copied",)
    assert migration.copied(PEERS, Group.V1, manager) == (), "there was nowhere to come from"
