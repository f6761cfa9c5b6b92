"""The example on native v3 CRDs of Calico: up, drift, a lost state, a foreign peer, down; as on v1.

The tests stand in the order of that life.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leafrack.fabric import names
from leafrack.world.calico import Group
from tests.conftest import Lab
from tests.e2e.killed import Moment
from tests.e2e.project import Project, environment, settings
from tests.e2e.world import bgp_peer, eventually, mesh_is_on, objects, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.timeout(900)]

V3 = Group.V3
UP = ("--skip-preview", "--suppress-outputs")
QUIET = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
DRIFT = 7
PEER = ("patch", V3.bgp_peers, "rr1-to-leaf1-peer", "--type=merge", "-p")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The example on native v3, nothing applied."""
    own = Lab(tmp_path_factory.mktemp("lab"), calico_api="v3")
    own.up()
    yield own
    own.down()


@pytest.fixture(scope="module")
def before(lab: Lab) -> dict[str, Any]:
    """The world before leafrack."""
    return snapshot(lab)


@pytest.fixture(scope="module")
def fabric(lab: Lab, before: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example, applied by the deployer of config/rbac.yaml."""
    project = Project.make(tmp_path_factory.mktemp("pulumi") / "project", environment(), settings(lab.dir))
    done = project.up(*UP)
    assert done.code == 0, done.said
    return project


def stored(lab: Lab) -> dict[str, Any]:
    """Metadata of every object, with what the API server counts of its changes."""
    listed = json.loads(lab.kubectl("get", objects(lab), "-o", "json", "--show-managed-fields"))["items"]
    for each in listed:
        if each["metadata"]["name"].endswith("-to-node-peer"):
            # The step that widened its selector owns that. An update with a lost state becomes an owner too.
            del each["metadata"]["managedFields"], each["metadata"]["resourceVersion"]
    return {f"{each['kind']}/{each['metadata']['name']}": each["metadata"] for each in listed}


def without_marks(lab: Lab) -> dict[str, Any]:
    """The world but for the mark on what was put right."""
    found = snapshot(lab)
    for thing in found.values():
        if isinstance(thing, dict):
            thing["metadata"].get("annotations", {}).pop(names.RERUN_ANNOTATION, None)
    return found


def test_all_that_is_made_is_in_v3_and_works(lab: Lab, fabric: Project) -> None:
    kinds = {type_ for type_ in fabric.resources().values() if "projectcalico" in type_}
    assert kinds == {
        f"kubernetes:{V3.api_version}:{kind}" for kind in ("BGPPeer", "BGPFilter", "BGPConfigurationPatch")
    }
    done = lab.run("python", "-m", "leafrack", "status", "--json", "--kubeconfig", lab.dir / "kubeconfig")
    rows = json.loads(done.stdout)["rows"]
    assert rows
    assert [row for row in rows if not row["ok"]] == [], done.stderr


def test_a_preview_after_it_is_quiet(fabric: Project) -> None:
    fabric.check(*QUIET)


def test_a_peer_that_was_changed_by_hand_is_seen_and_put_right(lab: Lab, fabric: Project) -> None:
    whole = without_marks(lab)
    lab.kubectl(*PEER, json.dumps({"spec": {"asNumber": 65099, "maxRestartTime": "30s"}}))
    seen = fabric.pulumi(*QUIET)
    assert seen.code == DRIFT, seen.said
    assert "BGPPeer rr1-to-leaf1-peer has asNumber=65099 instead of 65009" in seen.said
    remove = f"kubectl patch {V3.bgp_peers} rr1-to-leaf1-peer --type=json"
    assert f"has maxRestartTime=30s, which this file does not give it: {remove}" in seen.said
    lab.kubectl(*PEER, json.dumps({"spec": {"maxRestartTime": None}}))
    done = fabric.up(*UP, "--refresh")
    assert done.code == 0, done.said
    assert without_marks(lab) == whole


def test_somebody_elses_peer_is_named_with_the_command_for_this_group(lab: Lab, fabric: Project) -> None:
    clash = bgp_peer("theirs", V3.api_version, peerIP="172.20.0.254", asNumber=65009, nodeSelector="rr-id == 'rr1'")
    lab.kubectl("apply", "--server-side", "-f", "-", stdin=clash)
    try:
        done = fabric.up(*UP)
        assert done.code != 0
        assert f"kubectl delete {V3.bgp_peers} theirs" in done.said
    finally:
        lab.kubectl("delete", V3.bgp_peers, "theirs")


def test_a_lost_state_is_made_up_for_and_nothing_is_touched(lab: Lab, fabric: Project) -> None:
    # The mark by which Pulumi wrote the peer again is part of the state: without a state it would go.
    lab.kubectl("annotate", V3.bgp_peers, "rr1-to-leaf1-peer", f"{names.RERUN_ANNOTATION}-")
    stands, stood, known = stored(lab), Moment.of(lab), fabric.resources()
    for file in (fabric.folder / "state" / ".pulumi" / "stacks" / "leafrack").glob("dev.json*"):
        file.unlink()
    fabric.check("stack", "select", "dev", "--create")
    done = fabric.up(*UP)
    assert done.code == 0, done.said
    assert stored(lab) == stands
    assert stood.lost_until(Moment.of(lab)) == []
    assert fabric.resources() == known


def test_a_destroy_leaves_nothing(lab: Lab, fabric: Project, before: dict[str, Any]) -> None:
    done = fabric.destroy()
    assert done.code == 0, done.said
    assert snapshot(lab) == before
    assert eventually(lambda: mesh_is_on(lab))
