"""The step that annotates nodes, against a real API server: it acts only where something is to be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leafrack.errors import UnreadableError
from leafrack.world.fields import Fields, Target, back, forward
from leafrack.world.model import Cluster
from tests.conftest import Lab

pytestmark = pytest.mark.lab

KEY = "example.org/step"
MANAGER = "leafrack:test/step:cluster-id"


@pytest.fixture
def cluster(lab: Lab) -> Iterator[Cluster]:
    yield Cluster(kubeconfig=str(lab.dir / "kubeconfig"), context="leafrack")
    lab.kubectl("annotate", "nodes", "--all", f"{KEY}-", "example.org/theirs-")


@pytest.fixture
def wanted(cluster: Cluster) -> Fields:
    return Fields(
        target=Target.NODE_ANNOTATION,
        key=KEY,
        values={"node1": "172.20.0.11", "node2": "172.20.0.12"},
        manager=MANAGER,
        cluster=cluster,
    )


def metadata(lab: Lab, node: str) -> dict[str, Any]:
    return dict(json.loads(lab.kubectl("get", "node", node, "-o", "json", "--show-managed-fields"))["metadata"])


def value(lab: Lab, node: str) -> str | None:
    found: str | None = metadata(lab, node)["annotations"].get(KEY)
    return found


def test_forward_gives_every_node_its_value_under_a_manager_of_its_own(lab: Lab, wanted: Fields) -> None:
    told: list[str] = []
    forward(wanted, told.append)
    assert [value(lab, node) for node in ("node1", "node2", "node3")] == ["172.20.0.11", "172.20.0.12", None]
    assert MANAGER in {field["manager"] for field in metadata(lab, "node1")["managedFields"]}
    assert told == [f"node1: {KEY} is 172.20.0.11", f"node2: {KEY} is 172.20.0.12"]


def test_forward_a_second_time_sends_nothing(lab: Lab, wanted: Fields) -> None:
    forward(wanted, lambda _: None)
    before = [metadata(lab, node)["resourceVersion"] for node in ("node1", "node2")]
    told: list[str] = []
    forward(wanted, told.append)
    assert [metadata(lab, node)["resourceVersion"] for node in ("node1", "node2")] == before
    assert told == []


def test_forward_takes_a_value_over_that_was_set_by_hand(lab: Lab, wanted: Fields) -> None:
    lab.kubectl("annotate", "node", "node1", f"{KEY}=192.0.2.1")
    forward(wanted, lambda _: None)
    assert value(lab, "node1") == "172.20.0.11"


def test_back_takes_away_ours_and_leaves_other_annotations(lab: Lab, wanted: Fields) -> None:
    lab.kubectl("annotate", "node", "node1", "example.org/theirs=keep")
    before = metadata(lab, "node1")["annotations"]
    forward(wanted, lambda _: None)
    back(wanted, lambda _: None)
    assert metadata(lab, "node1")["annotations"] == before
    assert value(lab, "node2") is None


def test_back_leaves_a_value_that_is_not_the_one_it_gave(lab: Lab, wanted: Fields) -> None:
    forward(wanted, lambda _: None)
    lab.kubectl("annotate", "--overwrite", "node", "node1", f"{KEY}=192.0.2.1")
    back(wanted, lambda _: None)
    assert value(lab, "node1") == "192.0.2.1"


def test_back_on_nodes_that_have_nothing_of_it_sends_nothing(lab: Lab, wanted: Fields) -> None:
    before = metadata(lab, "node1")["resourceVersion"]
    back(wanted, lambda _: None)
    assert metadata(lab, "node1")["resourceVersion"] == before


def test_a_missing_node_is_named_and_nothing_is_sent(lab: Lab, wanted: Fields) -> None:
    before = metadata(lab, "node1")["resourceVersion"]
    phantom = wanted.model_copy(update={"values": {**wanted.values, "node7": "172.20.0.17"}})
    with pytest.raises(UnreadableError) as raised:
        forward(phantom, lambda _: None)
    assert str(raised.value) == "cluster: has no node node7: nothing was changed"
    assert metadata(lab, "node1")["resourceVersion"] == before
    back(phantom, lambda _: None)  # a node that is gone needs nothing taken back


def test_back_turns_the_mesh_on_again_whoever_turned_it_off(lab: Lab, cluster: Cluster) -> None:
    what = ("bgpconfigurations.crd.projectcalico.org", "default")
    mesh = Fields(
        target=Target.BGP_CONFIGURATION_SPEC, key="nodeToNodeMeshEnabled", values={"default": False}, manager=MANAGER,
        cluster=cluster,
    )  # fmt: skip
    lab.kubectl("patch", *what, "--type", "merge", "--patch", '{"spec": {"nodeToNodeMeshEnabled": false}}')
    told: list[str] = []
    forward(mesh, told.append)
    assert told == [], "it is off already"
    back(mesh, told.append)
    spec = json.loads(lab.kubectl("get", *what, "-o", "json"))["spec"]
    assert "nodeToNodeMeshEnabled" not in spec


def test_a_label_of_somebody_else_becomes_the_steps_as_well_and_stays_when_the_other_gives_it_up(
    lab: Lab, cluster: Cluster
) -> None:
    label = {"metadata": {"labels": {"rr-id": "rr1"}}, "apiVersion": "v1", "kind": "Node"}

    def other(content: dict[str, Any]) -> None:
        node = {**content, "metadata": {"name": "node3", **content.get("metadata", {})}}
        given = ("apply", "--server-side", "--field-manager", "other", "-f", "-")
        lab.kubectl(*given, stdin=json.dumps(node))

    wanted = Fields(target=Target.NODE_LABEL, key="rr-id", values={"node3": "rr1"}, manager=MANAGER, cluster=cluster)
    other(label)
    forward(wanted, lambda _: None)
    other({"apiVersion": "v1", "kind": "Node"})
    assert metadata(lab, "node3")["labels"].get("rr-id") == "rr1"
    before = metadata(lab, "node3")["resourceVersion"]
    forward(wanted, lambda _: None)
    assert metadata(lab, "node3")["resourceVersion"] == before, "a second time sends nothing"
    back(wanted, lambda _: None)
    assert "rr-id" not in metadata(lab, "node3")["labels"]


def test_forward_gives_a_peer_another_selector_whoever_owns_that(lab: Lab, cluster: Cluster) -> None:
    def selector() -> str:
        found = lab.kubectl("get", "bgppeers.crd.projectcalico.org", "step", "-o", "json")
        return str(json.loads(found)["spec"]["peerSelector"])

    spec = {"nodeSelector": "rr-group == 'x'", "peerSelector": "rr-id == 'x'"}
    peer = {"apiVersion": "crd.projectcalico.org/v1", "kind": "BGPPeer", "metadata": {"name": "step"}, "spec": spec}
    lab.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(peer))
    try:
        for wanted in ("rr-id == 'x' && a == 'b'", "rr-id == 'x'"):
            what = Fields(
                target=Target.PEER_SPEC, key="peerSelector", values={"step": wanted}, manager=MANAGER, cluster=cluster
            )
            forward(what, lambda _: None)
            assert selector() == wanted
    finally:
        lab.kubectl("delete", "bgppeers.crd.projectcalico.org", "step")
