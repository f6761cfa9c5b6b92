"""What goes wrong while ``up`` runs ends in a line that names it, with every pod reachable, and the next one goes on.

One fabric from the full mesh to the end, an accident at each step: the tests stand in its order. Pings run through
all of it within the racks; between them no pod reaches another before the leaves have the routes of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.pings import Pings, lines
from lab.project import Going, Project, Run
from lab.tables import without_a_route
from tests.conftest import Lab
from tests.e2e.world import NODES, configure, eventually, peers, running, snapshot

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.loss,
    pytest.mark.nightly(twin="tests/e2e/test_failing_gate.py"),
]

IMPATIENT = {"LEAFRACK_GATE_WAIT": "20"}
AS_NUMBERS = {"leaf01": 65009, "leaf02": 65010}
PASSWORD = "Correct-Horse-7"
EVERYWHERE = [("node1", "node2"), ("node1", "node3"), ("node4", "node5"), ("node4", "node6")]
WITHOUT_NODE5 = [pair for pair in EVERYWHERE if "node5" not in pair]
UP = ("up", "--yes", "--skip-preview", "--suppress-outputs")


@pytest.fixture(scope="module")
def before(site: Lab) -> dict[str, Any]:
    """The world before leafrack; the mesh of a fresh install takes its seconds."""
    assert eventually(lambda: not without_a_route(site, NODES)), without_a_route(site, NODES)
    return snapshot(site)


@contextmanager
def nothing_lost(lab: Lab, pairs: list[tuple[str, str]]) -> Iterator[None]:
    """The body's time is one in which every ping between the pods of some pairs came back."""
    with Pings(lab, pairs) as pings:
        yield
    assert lines(pings.losses) == []


def started(project: Project, **env: str) -> Going:
    return project.start(*UP, env=env)


def as_it_appears(lab: Lab, going: Going, leaf: str, address: str, *typed: str) -> None:
    """Somebody types into a leaf what breaks a session, as soon as its neighbour is there."""
    going.reaches(lambda: f"neighbor {address} description leafrack" in running(lab, leaf))
    configure(lab, leaf, f"router bgp {AS_NUMBERS[leaf]}", *typed)


def mended(lab: Lab, leaf: str, address: str, *typed: str) -> None:
    """The cause is gone; BIRD tries a session that was refused again after up to half a minute."""
    configure(lab, leaf, f"router bgp {AS_NUMBERS[leaf]}", *typed)
    assert eventually(lambda: peers(lab, leaf)[address]["state"] == "Established")


def stopped_by(run: Run, session: str) -> None:
    """The engine failed, and the operator reads which session it was: that one, no other, once, in a line."""
    assert run.code != 0, run.said
    named = [line.strip() for line in run.said.splitlines() if "↔" in line and "waiting for" not in line]
    assert len(named) == 1, run.said
    assert f"{session} – expected Established" in named.pop()
    assert "Traceback" not in run.said
    assert PASSWORD not in run.said


def mesh_stays(lab: Lab) -> bool:
    return "false" not in lab.run("calicoctl", "get", "bgpconfig").stdout


def test_a_leaf_that_refuses_a_session_is_named_and_nothing_is_lost(
    site: Lab, project: Project, before: dict[str, Any]
) -> None:
    with nothing_lost(site, EVERYWHERE):
        going = started(project, **IMPATIENT)
        as_it_appears(site, going, "leaf01", "172.20.0.11", "neighbor 172.20.0.11 shutdown")
        stopped_by(going.end(), "node1 ↔ leaf01")
    assert mesh_stays(site)
    # Its rack is the canary: of the other one nothing has been begun.
    assert running(site, "leaf02") == before["leaf02"]
    assert [snapshot(site, ())[f"Node/node{n}"] for n in (4, 5, 6)] == [before[f"Node/node{n}"] for n in (4, 5, 6)]
    assert not [name for name in project.resources() if name.startswith(("rr2-", "leaf02-", "node4-", "node6-"))]


def test_a_password_that_only_the_leaf_has_is_named_and_nothing_is_lost(site: Lab, project: Project) -> None:
    mended(site, "leaf01", "172.20.0.11", "no neighbor 172.20.0.11 shutdown")
    with nothing_lost(site, EVERYWHERE):
        going = started(project, **IMPATIENT)
        as_it_appears(site, going, "leaf02", "173.20.0.11", f"neighbor 173.20.0.11 password {PASSWORD}")
        stopped_by(going.end(), "node4 ↔ leaf02")
    assert mesh_stays(site)


def test_a_password_that_only_the_node_has_is_named_and_nothing_is_lost(site: Lab, project: Project) -> None:
    project.check("config", "set", "--secret", "--path", "leafrack:bgpPasswords.rr2", PASSWORD)
    with nothing_lost(site, EVERYWHERE):
        going = started(project, **IMPATIENT)
        going.reaches(lambda: "neighbor 173.20.0.12 password" in running(site, "leaf02"))
        configure(site, "leaf02", "router bgp 65010", "no neighbor 173.20.0.12 password")
        stopped_by(going.end(), "node5 ↔ leaf02")
    assert mesh_stays(site)


def test_a_reflector_that_is_down_is_named_and_the_others_lose_nothing(site: Lab, project: Project) -> None:
    mended(site, "leaf02", "173.20.0.12", f"neighbor 173.20.0.12 password {PASSWORD}")
    # runit, or the lab in its place, would start it again at once.
    site.exec("node5", "sh", "-c", "mount --bind /bin/false $(command -v bird)")
    site.exec("node5", "birdc", "-s", "/var/run/calico/bird.ctl", "down")
    with nothing_lost(site, WITHOUT_NODE5):
        stopped_by(started(project, **IMPATIENT).end(), "node5 ↔ leaf02")
    assert mesh_stays(site)


def test_an_update_interrupted_in_the_middle_of_a_wave_loses_nothing(site: Lab, project: Project) -> None:
    site.exec("node5", "sh", "-c", "umount $(command -v bird)")
    assert eventually(lambda: not without_a_route(site, NODES)), without_a_route(site, NODES)
    with nothing_lost(site, EVERYWHERE):
        going = started(project)
        going.reaches(lambda: "RouteReflectorClusterID" in site.kubectl("get", "node", "node1", "-o", "yaml"))
        going.interrupt()
        run = going.end()
    assert run.code != 0
    assert "Traceback" not in run.said
    assert mesh_stays(site)


def test_the_next_update_finishes_what_all_of_them_began(site: Lab, project: Project) -> None:
    with nothing_lost(site, [("node1", "node2"), ("node1", "node3")]):
        run = project.up("--skip-preview")
    assert run.code == 0, run.said
    options = ("--fabric", site.fabric_file, "--overlay", site.dir / "overlay.yaml")
    verified = site.run("python", "-m", "leafrack", "status", "--kubeconfig", site.dir / "kubeconfig", *options)
    assert verified.returncode == 0, verified.stdout
    project.check("preview", "--expect-no-changes")


def test_a_destroy_interrupted_and_run_again_takes_everything_back(
    site: Lab, project: Project, before: dict[str, Any]
) -> None:
    with nothing_lost(site, [("node1", "node2"), ("node1", "node3")]):
        going = project.start("destroy", "--yes", "--skip-preview")
        # As the engine says it: by the time that calicoctl had been asked, all might be over.
        going.reaches(lambda: "Command mesh deleted" in going.so_far)
        going.interrupt()
        interrupted = going.end()
        assert mesh_stays(site)
        again = project.destroy()
    assert interrupted.code != 0, interrupted.said
    assert "Traceback" not in interrupted.said
    assert again.code == 0, again.said
    assert snapshot(site) == before
    assert project.resources() == {}
