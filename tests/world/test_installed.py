"""How Calico was installed, as the API server tells it, and as far as one may ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from leafrack.errors import UnreadableError
from leafrack.world.connection import Connection
from leafrack.world.installed import Installed
from leafrack.world.model import Cluster

CALICO = "/apis/crd.projectcalico.org/v1"
INFORMATION, FELIX = f"{CALICO}/clusterinformations/default", f"{CALICO}/felixconfigurations/default"
INSTALLATION = "/apis/operator.tigera.io/v1/installations/default"


def daemon_set(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/daemonsets/calico-node"


def spec(**given: Any) -> dict[str, Any]:
    return {"metadata": {"name": "default"}, "spec": given}


def with_environment(*env: Mapping[str, Any]) -> dict[str, Any]:
    """A DaemonSet in which calico-node has these variables, and a container beside it has others."""
    beside = {"name": "beside", "env": [{"name": "AS", "value": "1"}]}
    containers = [beside, {"name": "calico-node", "env": list(env)}]
    pod = {"metadata": {}, "spec": {"containers": containers}}
    return {"metadata": {"name": "calico-node"}, "spec": {"selector": {}, "template": pod}}


class Server(httpx2.BaseTransport):
    """An API server that has some objects; a number in the place of one is the code that it answers."""

    def __init__(self, objects: Mapping[str, dict[str, Any] | int], groups: tuple[str, ...]) -> None:
        self.objects = {"/apis": {"groups": [{"name": name} for name in groups]}, **objects}
        self.asked: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/readyz":
            return httpx2.Response(200, text="ok")
        self.asked.append(request.url.path)
        found = self.objects.get(request.url.path, 404)
        if isinstance(found, int):
            status = {"kind": "Status", "apiVersion": "v1", "message": "not for you", "code": found}
            return httpx2.Response(found, json=status)
        return httpx2.Response(200, json=found)


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    config: dict[str, Any] = {
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example.org:6443"}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config), encoding="utf-8")
    return Cluster(kubeconfig=str(tmp_path / "kubeconfig"), context="c")


def read(
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    objects: Mapping[str, dict[str, Any] | int],
    *groups: str,
    namespace: str | None = None,
) -> tuple[Installed, list[str]]:
    server = Server(objects, groups)
    monkeypatch.setattr(httpx2, "HTTPTransport", lambda **_: server)
    return Installed.read(Connection(cluster, patience=0), namespace), server.asked


AS, FROM = {"name": "AS", "value": "64512"}, {"name": "AS", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}
OPERATOR = "operator.tigera.io"
NETWORK = {"bgp": "Enabled", "ipPools": [{"cidr": "10.9.0.0/16", "encapsulation": "IPIP"}]}
DAEMON_SET, OF_FELIX, OF_OPERATOR = "DaemonSet calico-node", "FelixConfiguration default", "Installation default"
CLUSTERS: Mapping[str, tuple[Mapping[str, dict[str, Any] | int], tuple[str, ...], Installed]] = {
    "by manifests": (
        {
            INFORMATION: spec(calicoVersion="v3.31.7"),
            daemon_set("kube-system"): with_environment({"name": "IP", "value": "autodetect"}, AS),
            FELIX: spec(programClusterRoutes="Disabled"),
        },
        (),
        Installed("v3.31.7", "kube-system", {"IP": "autodetect", "AS": "64512"}, {"programClusterRoutes": "Disabled"}),
    ),
    "by the operator": (
        {daemon_set("calico-system"): with_environment(FROM, {"name": "B"}), INSTALLATION: spec(calicoNetwork=NETWORK)},
        (OPERATOR,),
        Installed(namespace="calico-system", environment={"AS": None, "B": ""}, network=NETWORK),
    ),
    "by the operator, without a word on the network": (
        {daemon_set("calico-system"): with_environment(), INSTALLATION: spec()},
        (OPERATOR,),
        Installed(namespace="calico-system", network={}),
    ),
    "an operator without an Installation": ({}, (OPERATOR,), Installed()),
    "nothing of it": ({}, (), Installed()),
    "no right to any of it": (
        {
            INFORMATION: 403,
            daemon_set("kube-system"): 403,
            daemon_set("calico-system"): 403,
            FELIX: 403,
            INSTALLATION: 403,
        },
        (OPERATOR,),
        Installed(unknown=("ClusterInformation default", DAEMON_SET, OF_FELIX, OF_OPERATOR)),
    ),
    "no right where it is not": (
        {daemon_set("kube-system"): 403, daemon_set("calico-system"): with_environment()},
        (),
        Installed(namespace="calico-system"),
    ),
}


@pytest.mark.parametrize(("objects", "groups", "found"), CLUSTERS.values(), ids=CLUSTERS)
def test_it_is_read_how_calico_was_installed(
    objects: Mapping[str, dict[str, Any] | int],
    groups: tuple[str, ...],
    found: Installed,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read(cluster, monkeypatch, objects, *groups)[0] == found


def test_a_namespace_that_the_file_names_is_looked_at_first(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = {daemon_set(where): with_environment() for where in ("kube-system", "calico-system", "mine")}
    found, asked = read(cluster, monkeypatch, everywhere, namespace="mine")
    assert found.namespace == "mine"
    assert [path for path in asked if "daemonsets" in path] == [daemon_set("mine")]


def test_without_an_operator_nobody_asks_for_its_installation(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked = read(cluster, monkeypatch, {INSTALLATION: 403})
    assert (found, INSTALLATION in asked) == (Installed(), False)


def test_an_api_server_that_fails_is_no_calico_without_anything(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnreadableError, match="API server"):
        read(cluster, monkeypatch, {FELIX: 400})


def test_only_pools_with_an_encapsulation_are_the_operators_to_bring_back() -> None:
    pools = [
        {"cidr": "10.9.0.0/16", "encapsulation": "IPIP"},
        {"cidr": "10.8.0.0/16", "encapsulation": "None"},
        {"cidr": "10.7.0.0/16"},
        {"cidr": "what", "encapsulation": "VXLAN"},
        {"encapsulation": "VXLAN"},
    ]
    assert Installed(network={"ipPools": pools}).encapsulated == {ip_network("10.9.0.0/16"): "IPIP"}
    assert replace(Installed(), network={}).encapsulated == Installed().encapsulated == {}
