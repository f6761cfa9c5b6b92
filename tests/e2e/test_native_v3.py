"""The example on native v3 CRDs of Calico: up after a killed run, drift, a foreign peer, a lost state, down, adoption.

The tests stand in the order of that life.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lab.project import Project
from lab.site import Site, example, running
from leafrack.fabric import names
from leafrack.fabric.load import load_fabric
from leafrack.world.calico import Group
from tests.conftest import DEV_FABRIC, Lab
from tests.e2e import by_hand
from tests.e2e.killed import Moment, clear
from tests.e2e.world import bgp_peer, eventually, mesh_is_on, objects, snapshot

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.nightly(twin="tests/e2e/test_migration.py"),
]

V3 = Group.V3
UP = ("--skip-preview", "--suppress-outputs")
QUIET = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
DRIFT = 7
PEER = ("patch", V3.bgp_peers, "rr1-to-leaf1-peer", "--type=merge", "-p")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example on native v3, nothing applied."""
    with running(tmp_path_factory.mktemp("native"), example(), calico_api="v3") as own:
        yield own


@pytest.fixture(scope="module")
def lab(site: Site) -> Lab:
    """Its lab."""
    return site.lab


@pytest.fixture(scope="module")
def before(lab: Lab) -> dict[str, Any]:
    """The world before leafrack."""
    return snapshot(lab)


@pytest.fixture(scope="module")
def fabric(lab: Lab, site: Site, before: dict[str, Any]) -> Project:
    """The example, applied by the deployer of config/rbac.yaml in a run that goes on where a killed one stopped."""
    project = site.project
    going = project.start("up", "--yes", *UP)
    try:
        going.reaches(lambda: "rr1-to-leaf1-peer" in lab.kubectl("get", V3.bgp_peers, "-o", "name"))
    finally:
        os.kill(going.pid, signal.SIGKILL)
        clear(going.pid)
    assert going.end().code != 0
    given = (f"{name}={value}" for name, value in project.env.items())
    assert lab.run("env", *given, sys.executable, "-m", "tools", "unlock").returncode == 0
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


def specs(lab: Lab) -> dict[str, Any]:
    """Specs of the BGPPeers and of the BGPConfiguration."""
    kinds = f"{V3.bgp_peers},bgpconfigurations.{V3}"
    return {
        each["metadata"]["name"]: each["spec"] for each in json.loads(lab.kubectl("get", kinds, "-o", "json"))["items"]
    }


def without_marks(lab: Lab) -> dict[str, Any]:
    """The world but for the mark on what was put right."""
    found = snapshot(lab)
    for thing in found.values():
        if isinstance(thing, dict):
            thing["metadata"].get("annotations", {}).pop(names.RERUN_ANNOTATION, None)
    return found


def test_all_that_is_made_is_in_v3_and_works(site: Site, fabric: Project) -> None:
    kinds = {type_ for type_ in fabric.resources().values() if "projectcalico" in type_}
    assert kinds == {
        f"kubernetes:{V3.api_version}:{kind}" for kind in ("BGPPeer", "BGPFilter", "BGPConfigurationPatch")
    }
    rows = site.rows()
    assert rows
    assert [row for row in rows if not row["ok"]] == []


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
    # The mark by which Pulumi wrote objects again, after the killed run too, is part of the state: it would go with it.
    for what in (V3.bgp_peers, f"bgpfilters.{V3}", f"bgpconfigurations.{V3}", "nodes"):
        lab.kubectl("annotate", what, "--all", f"{names.RERUN_ANNOTATION}-")
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


def test_what_was_configured_by_hand_is_adopted_and_nothing_is_touched(site: Site, lab: Lab) -> None:
    by_hand.configure_all(lab)
    by_hand.established(lab)
    project = site.project
    file = project.folder / "dc1.yaml"
    found = lab.run("python", "-m", "leafrack", "adopt", file, *by_hand.reaching(lab, project.folder))
    assert found.stdout + found.stderr == f"{file}: written; no remarks\n"
    assert by_hand.meaning(load_fabric(file)) == by_hand.meaning(load_fabric(DEV_FABRIC))
    stood, written = by_hand.sessions(lab), specs(lab)
    project.configure(fabric=str(file), overlay=None)
    done = project.up(*UP)
    assert done.code == 0, done.said
    assert set(done.changes()) == {"created"}, done.said
    now = specs(lab)
    assert set(now) == set(written)
    assert all(spec.items() <= now[name].items() for name, spec in written.items()), (written, now)
    assert by_hand.reset(stood, by_hand.sessions(lab)) == []
    project.check(*QUIET)
