"""A lab whose API server stores Calico's resources as native v3, with programs that know v1 only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.conftest import Lab
from tests.e2e.world import NODES, eventually, mesh_is_on

pytestmark = pytest.mark.lab

V1, V3 = "crd.projectcalico.org", "projectcalico.org"
PEER = "192.0.2.1"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The example on native v3. Tests put back what they change."""
    own = Lab(tmp_path_factory.mktemp("lab"), calico_api="v3")
    own.up()
    yield own
    own.down()


def manifest(kind: str, name: str, **spec: Any) -> str:
    """An object of Calico's as kubectl and calicoctl take it."""
    return json.dumps({"apiVersion": f"{V3}/v3", "kind": kind, "metadata": {"name": name}, "spec": spec})


def configured(lab: Lab, node: str) -> str:
    """What confd has written for BIRD."""
    return lab.exec(node, "cat", "/etc/calico/confd/config/bird.cfg")


def groups(lab: Lab) -> set[str]:
    """Groups of Calico's that are served."""
    listed = json.loads(lab.kubectl("get", "--raw", "/apis"))["groups"]
    return {each["name"] for each in listed} & {V1, V3}


def test_the_nodes_come_up_in_full_mesh(lab: Lab) -> None:
    assert mesh_is_on(lab)
    assert "calico-front" in lab.cli("status").stdout


def test_one_group_is_served_and_all_that_an_install_has_is_in_it(lab: Lab) -> None:
    assert groups(lab) == {V3}
    crds = json.loads(lab.kubectl("get", "crd", "-o", "json"))["items"]
    served = {crd["spec"]["group"]: crd for crd in crds}
    assert V1 not in served
    assert {crd["spec"]["versions"][0]["name"] for crd in crds if crd["spec"]["group"] == V3} == {"v3"}
    information = json.loads(lab.kubectl("get", "clusterinformations", "default", "-o", "json"))
    assert (information["apiVersion"], information["spec"]["datastoreReady"]) == (f"{V3}/v3", True)
    assert len(json.loads(lab.kubectl("get", "blockaffinities", "-o", "json"))["items"]) == len(NODES)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"peerSelector": "a == 'b'", "asNumber": 65000}, "asNumber and peerSelector exclude each other"),
        (
            {"peerIP": PEER, "asNumber": 65000, "keepOriginalNextHop": True, "nextHopMode": "Keep"},
            "keepOriginalNextHop and nextHopMode exclude each other",
        ),
    ],
)
def test_v3_refuses_what_v1_takes(lab: Lab, spec: dict[str, Any], words: str) -> None:
    done = lab.run("kubectl", "apply", "--server-side", "-f", "-", stdin=manifest("BGPPeer", "test", **spec))
    assert done.returncode == 1
    assert words in done.stderr


@pytest.mark.parametrize(
    "spec",
    [
        {"peerSelector": "a == 'b'"},
        {"peerIP": PEER, "asNumber": 65000, "keepOriginalNextHop": False, "nextHopMode": "Keep"},
        {"peerIP": PEER, "asNumber": 65000, "keepOriginalNextHop": True},
    ],
)
def test_v3_takes_what_says_one_thing(lab: Lab, spec: dict[str, Any]) -> None:
    lab.kubectl("create", "--dry-run=server", "-f", "-", stdin=manifest("BGPPeer", "test", **spec))


def test_a_peer_of_v3_reaches_bird_and_leaves_it_again(lab: Lab) -> None:
    peer = manifest("BGPPeer", "test", peerIP=PEER, asNumber=65000, nodeSelector="kubernetes.io/hostname == 'node1'")
    lab.kubectl("apply", "--server-side", "-f", "-", stdin=peer)
    assert eventually(lambda: f"neighbor {PEER} as 65000" in configured(lab, "node1"), 20)
    assert PEER not in configured(lab, "node2")
    lab.kubectl("patch", "bgppeer", "test", "--type=merge", "-p", '{"spec":{"asNumber":65001}}')
    assert eventually(lambda: f"neighbor {PEER} as 65001" in configured(lab, "node1"), 20)
    lab.kubectl("delete", "bgppeer", "test")
    assert eventually(lambda: PEER not in configured(lab, "node1"), 20)


def test_calicoctl_reads_and_writes_through_the_front_what_kubectl_sees_in_v3(lab: Lab) -> None:
    peer = {"peerIP": PEER, "asNumber": 65000, "nodeSelector": "a == 'nobody'"}
    made = json.loads(manifest("BGPPeer", "test", **peer))
    made["metadata"] |= {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    done = lab.run("calicoctl", "create", "-f", "-", stdin=json.dumps(made))
    assert done.returncode == 0, done.stderr
    try:
        stored = json.loads(lab.kubectl("get", "bgppeers", "test", "-o", "json"))
        assert (stored["apiVersion"], stored["spec"]) == (f"{V3}/v3", peer)
        assert (stored["metadata"]["labels"], stored["metadata"]["annotations"]) == ({"a": "b"}, {"c": "d"})
        assert re.search(rf"^test\s+{re.escape(PEER)}\s", lab.run("calicoctl", "get", "bgppeer").stdout, re.MULTILINE)
        read = yaml.safe_load(lab.run("calicoctl", "get", "bgppeer", "test", "-o", "yaml").stdout)
        read["spec"]["asNumber"] = 65001
        done = lab.run("calicoctl", "apply", "-f", "-", stdin=yaml.safe_dump(read))
        assert done.returncode == 0, done.stderr
        stored = json.loads(lab.kubectl("get", "bgppeers", "test", "-o", "json"))
        assert stored["spec"] == {**peer, "asNumber": 65001}
        assert stored["metadata"]["labels"] == {"a": "b"}
    finally:
        assert lab.run("calicoctl", "delete", "bgppeer", "test").returncode == 0
    assert lab.kubectl("get", "bgppeers", "-o", "name") == ""
    assert lab.run("calicoctl", "get", "nodes").stdout.split()[1:] == list(NODES)


def test_a_node_status_is_filled_and_keeps_its_labels_and_its_owner(lab: Lab) -> None:
    owner = json.loads(lab.kubectl("get", "bgpconfigurations", "default", "-o", "json"))
    request = json.loads(
        manifest("CalicoNodeStatus", "test", node="node1", classes=["Agent", "BGP", "Routes"], updatePeriodSeconds=1)
    )
    reference = {key: owner["metadata"][key] for key in ("name", "uid")}
    request["metadata"] |= {
        "labels": {"a": "b"},
        "ownerReferences": [{**reference, "apiVersion": f"{V3}/v3", "kind": "BGPConfiguration"}],
    }
    lab.kubectl("create", "-f", "-", stdin=json.dumps(request))

    def stored() -> dict[str, Any]:
        return dict(json.loads(lab.kubectl("get", "caliconodestatus", "test", "-o", "json")))

    try:
        assert eventually(lambda: stored().get("status", {}).get("bgp", {}).get("numberEstablishedV4") == 5, 20)
        found = stored()
        assert found["metadata"]["labels"] == {"a": "b"}
        assert found["metadata"]["ownerReferences"] == request["metadata"]["ownerReferences"]
        assert "annotations" not in found["metadata"]
        assert found["metadata"]["generation"] == 1, "the spec was written"
    finally:
        lab.kubectl("delete", "caliconodestatus", "test")


@pytest.mark.parametrize(
    ("resource", "verb", "allowed"),
    [
        ("bgppeers.projectcalico.org", "list", "yes"),
        ("caliconodestatuses.projectcalico.org/status", "update", "yes"),
        ("bgppeers.projectcalico.org", "delete", "no"),
        ("bgppeers.crd.projectcalico.org", "list", "no"),
    ],
)
def test_calico_node_has_its_rights_in_the_group_that_there_is(
    lab: Lab, resource: str, verb: str, allowed: str
) -> None:
    name, _, subresource = resource.partition("/")
    asked = ("auth", "can-i", verb, name, *([f"--subresource={subresource}"] if subresource else []))
    done = lab.run("kubectl", *asked, "--as", "system:serviceaccount:kube-system:calico-node")
    assert done.stdout.strip() == allowed


def test_a_front_that_ends_comes_back_and_changes_reach_bird_again(lab: Lab) -> None:
    holder = lab.state["holder"]["pid"]
    with open(f"/proc/{holder}/root/run/lab/cluster/calico-front.pid", encoding="utf-8") as file:  # noqa: PTH123
        lab.run("kill", "-9", file.read().strip())
    peer = manifest("BGPPeer", "test", peerIP=PEER, asNumber=65000, nodeSelector="kubernetes.io/hostname == 'node1'")
    lab.kubectl("apply", "--server-side", "-f", "-", stdin=peer)
    assert eventually(lambda: f"neighbor {PEER} as 65000" in configured(lab, "node1"), 60)
    lab.kubectl("delete", "bgppeer", "test")
    assert lab.cli("status").returncode == 0


def test_another_api_is_another_lab(lab: Lab) -> None:
    done = lab.cli("up")
    assert done.returncode == 1
    assert done.stderr == "the lab is up with --calico-api v3, not v1; run 'python -m lab down' first\n"


def test_a_lab_without_v1_has_nothing_to_migrate(lab: Lab) -> None:
    done = lab.cli("migrate-calico", "begin")
    assert done.returncode == 1
    assert done.stderr == "only a lab that was started with --calico-api migrating can migrate\n"
