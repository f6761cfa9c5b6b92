"""``config/rbac.yaml`` on a real API server: what the deployer may do is listed here, and it may do nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from lightkube.models.authorization_v1 import (
    NonResourceAttributes,
    ResourceAttributes,
    SelfSubjectAccessReviewSpec,
)
from lightkube.resources.authorization_v1 import SelfSubjectAccessReview

from leafrack.world.calico import Group
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster
from tests.conftest import Lab
from tests.e2e.world import group as group_of
from tests.e2e.world import snapshot

pytestmark = pytest.mark.lab

CALICO = Group.V1.value
RBAC = "rbac.authorization.k8s.io"
READ = {"get", "list", "watch"}
WRITE = {"create", "patch", "update"}
ALLOWED: dict[str, set[str]] = {
    "nodes": READ | {"patch"},
    f"bgppeers.{CALICO}": READ | WRITE | {"delete"},
    f"bgpfilters.{CALICO}": READ | WRITE | {"delete"},
    f"caliconodestatuses.{CALICO}": READ | WRITE | {"delete"},
    f"bgpconfigurations.{CALICO}": READ | WRITE,
    f"ippools.{CALICO}": READ,
    f"blockaffinities.{CALICO}": READ,
    f"clusterinformations.{CALICO}": READ,
    "customresourcedefinitions.apiextensions.k8s.io": {"get", "list"},
    # What every user may ask of an API server: who am I, and what may I do? (system:basic-user)
    "selfsubjectaccessreviews.authorization.k8s.io": {"create"},
    "selfsubjectrulesreviews.authorization.k8s.io": {"create"},
    "selfsubjectreviews.authentication.k8s.io": {"create"},
}
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
SPECIAL = [
    *(("impersonate", resource) for resource in ("users", "groups", "serviceaccounts", "uids.authentication.k8s.io")),
    *((verb, f"{kind}.{RBAC}") for verb in ("bind", "escalate") for kind in ("roles", "clusterroles")),
    *((verb, "signers.certificates.k8s.io") for verb in ("approve", "sign")),
    ("*", "*"), ("*", "nodes"), ("get", "*.*"),
]  # fmt: skip
"""Rights that the API server asks for beside those of its resources."""


@pytest.fixture(scope="module", params=["v1", "v3"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The example with Calico's resources in either group."""
    own = Lab(tmp_path_factory.mktemp("lab"), calico_api=request.param)
    own.up()
    yield own
    own.down()


def here(lab: Lab, text: str) -> str:
    """A text that names Calico's resources in v1, in the group that the lab's Calico uses."""
    own = group_of(lab)
    return text.replace(Group.V1.api_version, own.api_version).replace(CALICO, own.value)


class Deployer:
    """What the user of the context ``leafrack`` may do, as the API server says."""

    def __init__(self, lab: Lab) -> None:
        self.connection = Connection(Cluster(kubeconfig=str(lab.dir / "kubeconfig"), context="leafrack"))

    def may(self, verb: str, resource: str, *, name: str = "", namespace: str = "") -> bool:
        plain, _, subresource = resource.partition("/")
        plain, _, group = plain.partition(".")
        attributes = ResourceAttributes(
            verb=verb, resource=plain, group=group, subresource=subresource, name=name, namespace=namespace
        )
        return self._ask(SelfSubjectAccessReviewSpec(resourceAttributes=attributes))

    def may_at(self, verb: str, path: str) -> bool:
        return self._ask(SelfSubjectAccessReviewSpec(nonResourceAttributes=NonResourceAttributes(verb=verb, path=path)))

    def _ask(self, spec: SelfSubjectAccessReviewSpec) -> bool:
        status = self.connection.client.create(SelfSubjectAccessReview(spec=spec)).status
        assert status is not None
        return bool(status.allowed)


@pytest.fixture(scope="module")
def deployer(lab: Lab) -> Deployer:
    return Deployer(lab)


@pytest.fixture(scope="module")
def resources(lab: Lab) -> set[str]:
    """Everything that the API server serves, subresources too: ``nodes/status``, ``ippools.crd.projectcalico.org``."""
    groups = json.loads(lab.kubectl("get", "--raw", "/apis"))["groups"]
    versions = [(each["name"], version["groupVersion"]) for each in groups for version in each["versions"]]
    found = {each["name"] for each in json.loads(lab.kubectl("get", "--raw", "/api/v1"))["resources"]}
    for group, version in versions:
        for each in json.loads(lab.kubectl("get", "--raw", f"/apis/{version}"))["resources"]:
            name, slash, sub = each["name"].partition("/")
            found.add(f"{name}.{group}{slash}{sub}")
    return found


def test_the_deployer_may_do_exactly_what_the_role_lists_with_anything_that_is_served(
    deployer: Deployer, resources: set[str], lab: Lab
) -> None:
    policies = here(lab, f"globalnetworkpolicies.{CALICO}")
    assert {"secrets", "nodes/status", "nodes/proxy", policies} <= resources
    for namespace in ("", "kube-system", "default"):
        found = {
            resource: may
            for resource in resources
            if (may := {verb for verb in VERBS if deployer.may(verb, resource, namespace=namespace)})
        }
        assert found == {here(lab, resource): may for resource, may in ALLOWED.items()}


@pytest.mark.parametrize(("verb", "resource"), SPECIAL)
def test_it_has_none_of_the_rights_that_lead_to_all_others(deployer: Deployer, verb: str, resource: str) -> None:
    assert not deployer.may(verb, resource)
    assert not deployer.may(verb, resource, namespace="kube-system")


def test_of_the_secrets_it_may_read_and_patch_its_own_and_no_other(deployer: Deployer) -> None:
    def rights(name: str, namespace: str) -> set[str]:
        return {verb for verb in VERBS if deployer.may(verb, "secrets", name=name, namespace=namespace)}

    assert rights("leafrack-bgp", "kube-system") == {"get", "patch"}
    assert rights("leafrack-bgp", "default") == set()
    assert rights("another", "kube-system") == set()


def test_of_daemon_sets_and_config_maps_it_may_read_those_of_calico_node_and_no_other(deployer: Deployer) -> None:
    def rights(resource: str, name: str, namespace: str = "calico-system") -> set[str]:
        return {verb for verb in VERBS if deployer.may(verb, resource, name=name, namespace=namespace)}

    # In every namespace: a step is not told calico-node's.
    for namespace in ("kube-system", "calico-system"):
        assert rights("daemonsets.apps", "calico-node", namespace) == {"get", "list"}
    assert rights("daemonsets.apps", "calico-node", namespace="") == {"get", "list"}
    assert rights("daemonsets.apps", "another") == set()
    assert rights("configmaps", "calico-config") == {"get"}
    assert rights("configmaps", "another") == set()


ONLY_NAMED = {
    f"felixconfigurations.{CALICO}": ("default", "node.node1"),
    "installations.operator.tigera.io": ("default", "another"),
}
"""Resources of which it may read one, and another that it may not."""


@pytest.mark.parametrize(("resource", "objects"), ONLY_NAMED.items(), ids=ONLY_NAMED)
def test_of_what_decides_beside_it_it_may_read_just_the_one_that_does(
    deployer: Deployer, resource: str, objects: tuple[str, str]
) -> None:
    one, another = ({verb for verb in VERBS if deployer.may(verb, resource, name=name)} for name in objects)
    assert one == {"get"}
    assert another == set()


@pytest.mark.parametrize("path", ["/metrics", "/logs", "/configz", "/debug/pprof"])
def test_what_is_no_resource_is_closed(deployer: Deployer, path: str) -> None:
    assert not deployer.may_at("get", path)


def manifest(kind: str, name: str, api: str = "v1", **rest: Any) -> str:
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, **rest})


TO_BE_ADMIN = {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": RBAC}
MYSELF = [{"kind": "User", "name": "leafrack", "apiGroup": RBAC}]
ALL = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
POD = {"containers": [{"name": "x", "image": "x"}]}
APPLY = ("apply", "--server-side", "--force-conflicts", "-f", "-")
CREATE = ("create", "-f", "-")
MERGE = ("--type=merge", "-p")
LABELLED = '{"metadata":{"labels":{"a":"b"}}}'

ATTEMPTS: dict[str, tuple[tuple[str, ...], str]] = {
    "make a node": (CREATE, manifest("Node", "phantom")),
    "make a node by patching it": (APPLY, manifest("Node", "phantom")),
    "delete a node": (("delete", "node", "node3"), ""),
    "report a node's status": (
        ("patch", "node", "node3", "--subresource=status", "-p", '{"status":{"capacity":{"cpu":"99"}}}'), "",
    ),
    "talk to a kubelet": (("get", "--raw", "/api/v1/nodes/node1/proxy/pods"), ""),
    "list secrets": (("get", "secrets", "-A"), ""),
    "read another secret": (("get", "secret", "another", "-n", "kube-system"), ""),
    "make a secret": ((*CREATE, "-n", "kube-system"), manifest("Secret", "mine")),
    "patch another secret": (("patch", "secret", "another", "-n", "kube-system", "-p", '{"stringData":{"a":"b"}}'), ""),
    "delete its own secret": (("delete", "secret", "leafrack-bgp", "-n", "kube-system"), ""),
    "take a service account's token": (("create", "token", "calico-node", "-n", "kube-system"), ""),
    "list all daemon sets": (("get", "daemonsets", "-A"), ""),
    "read another config map": (("get", "configmap", "kubeadm-config", "-n", "kube-system"), ""),
    "make a pod": ((*CREATE, "-n", "default"), manifest("Pod", "mine", spec=POD)),
    "make a role": ((*CREATE, "-n", "kube-system"), manifest("Role", "mine", f"{RBAC}/v1", rules=ALL)),
    "become cluster-admin": (
        CREATE, manifest("ClusterRoleBinding", "mine", f"{RBAC}/v1", roleRef=TO_BE_ADMIN, subjects=MYSELF),
    ),
    "widen its own role": (APPLY, manifest("ClusterRole", "leafrack", f"{RBAC}/v1", rules=ALL)),
    "be somebody else": (("get", "nodes", "--as", "admin"), ""),
    "be of the masters": (("get", "secrets", "-A", "--as", "leafrack", "--as-group", "system:masters"), ""),
    "be a service account": (("get", "pods", "-A", "--as", "system:serviceaccount:kube-system:calico-node"), ""),
    "make an IPPool": (CREATE, manifest("IPPool", "mine", f"{CALICO}/v1", spec={"cidr": "10.9.0.0/16"})),
    "change an IPPool": (
        ("patch", f"ippools.{CALICO}", "default-ipv4-ippool", *MERGE, '{"spec":{"disabled":true}}'), "",
    ),
    "delete an IPPool": (("delete", f"ippools.{CALICO}", "default-ipv4-ippool"), ""),
    "make a policy for all": (CREATE, manifest("GlobalNetworkPolicy", "mine", f"{CALICO}/v1", spec={})),
    "change Felix": (APPLY, manifest("FelixConfiguration", "default", f"{CALICO}/v1", spec={"bpfEnabled": True})),
    "list what Felix is told of each node": (("get", f"felixconfigurations.{CALICO}"), ""),
    "read another DaemonSet": (("get", "daemonset", "kube-proxy", "-n", "kube-system"), ""),
    "delete the BGP configuration": (("delete", f"bgpconfigurations.{CALICO}", "default"), ""),
    "delete all peers with one call": (("delete", "--raw", f"/apis/{CALICO}/v1/bgppeers"), ""),
    "delete a CRD": (("delete", "crd", f"bgppeers.{CALICO}"), ""),
    "change a CRD": (("patch", "crd", f"bgppeers.{CALICO}", *MERGE, LABELLED), ""),
    "free a block": (("delete", f"blockaffinities.{CALICO}", "--all"), ""),
}  # fmt: skip


def world(lab: Lab) -> dict[str, Any]:
    """What leafrack may touch as it reads, and of what it may not touch the version of every object."""
    kinds = "namespaces,pods,serviceaccounts,clusterroles,clusterrolebindings,crd"
    calico = ",".join(f"{kind}.{CALICO}" for kind in ("ippools", "blockaffinities", "felixconfigurations"))
    listed = json.loads(lab.kubectl("get", here(lab, f"{kinds},{calico}"), "-A", "-o", "json"))["items"]
    versions = {f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"] for each in listed}
    return {**snapshot(lab), "versions": versions}


@pytest.fixture(scope="module")
def before(lab: Lab) -> Iterator[dict[str, Any]]:
    """The world before the first attempt, with a secret of somebody else's for the deployer to fail on."""
    lab.kubectl("create", "secret", "generic", "another", "-n", "kube-system", "--from-literal=a=b")
    yield world(lab)
    lab.kubectl("delete", "secret", "another", "-n", "kube-system")


def tried(lab: Lab, command: tuple[str, ...], stdin: str) -> subprocess.CompletedProcess[str]:
    """A command of kubectl's as the deployer."""
    words = (here(lab, word) for word in command)
    return lab.run("kubectl", "--context", "leafrack", *words, stdin=here(lab, stdin))


@pytest.mark.parametrize(("command", "stdin"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_it_is_forbidden_to(command: tuple[str, ...], stdin: str, lab: Lab, before: dict[str, Any]) -> None:
    done = tried(lab, command, stdin)
    assert done.returncode != 0
    assert "forbidden" in done.stderr.lower(), done.stderr


PEER = manifest("BGPPeer", "test-rbac", f"{CALICO}/v1", spec={"nodeSelector": "a == 'nobody'", "peerIP": "192.0.2.1"})
FILTER = manifest("BGPFilter", "test-rbac", f"{CALICO}/v1", spec={})
ASKED = {"node": "node1", "classes": ["BGP"], "updatePeriodSeconds": 0}
STATUS = manifest("CalicoNodeStatus", "test-rbac", f"{CALICO}/v1", spec=ASKED)
NEEDS: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "label and annotate a node and take it back": [
        (("label", "node", "node3", "rr-group=rr1"), ""),
        (("annotate", "node", "node3", "projectcalico.org/ASNumber=64512"), ""),
        (("label", "node", "node3", "rr-group-"), ""),
        (("annotate", "node", "node3", "projectcalico.org/ASNumber-"), ""),
    ],
    **{
        f"make, change and delete a {kind}": [
            (APPLY, text),
            (("patch", f"{plural}.{CALICO}", "test-rbac", *MERGE, LABELLED), ""),
            (("delete", f"{plural}.{CALICO}", "test-rbac"), ""),
        ]
        for kind, plural, text in (
            ("BGPPeer", "bgppeers", PEER),
            ("BGPFilter", "bgpfilters", FILTER),
            ("CalicoNodeStatus", "caliconodestatuses", STATUS),
        )
    },
    "change the BGP configuration": [
        (("patch", f"bgpconfigurations.{CALICO}", "default", *MERGE, '{"spec":{"asNumber":64512}}'), ""),
        (("patch", f"bgpconfigurations.{CALICO}", "default", *MERGE, '{"spec":{"asNumber":null}}'), ""),
    ],
    "read and patch its own secret": [
        (("get", "secret", "leafrack-bgp", "-n", "kube-system"), ""),
        (("patch", "secret", "leafrack-bgp", "-n", "kube-system", "-p", '{"stringData":{"a":"b"}}'), ""),
        (("patch", "secret", "leafrack-bgp", "-n", "kube-system", "-p", '{"data":null}'), ""),
    ],
    "read what calico-node is told": [
        (("get", "--raw", "/apis/apps/v1/daemonsets?fieldSelector=metadata.name%3Dcalico-node"), ""),
    ],
    "read what a preflight looks at": [
        (("get", f"felixconfigurations.{CALICO}", "default", "--ignore-not-found"), ""),
        (("get", "daemonset", "calico-node", "-n", "kube-system", "--ignore-not-found"), ""),
        (("get", f"nodes,ippools.{CALICO},blockaffinities.{CALICO},clusterinformations.{CALICO},crd"), ""),
    ],
}  # fmt: skip


@pytest.mark.parametrize("commands", NEEDS.values(), ids=NEEDS)
def test_it_can(commands: list[tuple[tuple[str, ...], str]], lab: Lab, before: dict[str, Any]) -> None:
    for command, stdin in commands:
        done = tried(lab, command, stdin)
        assert done.returncode == 0, done.stderr


def test_all_of_that_has_left_the_cluster_as_it_was(lab: Lab, before: dict[str, Any]) -> None:
    assert world(lab) == before
