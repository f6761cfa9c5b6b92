"""A session that cannot come up: the update stops at its gate, what worked before still works, the next one goes on."""

from __future__ import annotations

import pytest

from lab.project import Project
from tests.conftest import Lab
from tests.e2e.world import configure, eventually, loses_nothing, node_status

pytestmark = [pytest.mark.e2e, pytest.mark.lab]


def test_a_session_that_stays_away_stops_the_update_before_the_mesh_goes(site: Lab, project: Project) -> None:
    # The leaf says another AS of its own to the node: a line that leafrack says nothing about, and so leaves alone.
    # Described as one of its own, because an AS that it finds with anybody else's is said before.
    ours = "neighbor 173.20.0.11 description leafrack rr2 node4"
    another = "neighbor 173.20.0.11 local-as 65123"
    configure(site, "leaf02", "router bgp 65010", "neighbor 173.20.0.11 remote-as 64512", ours, another)
    going = project.start("up", "--yes", "--skip-preview", env={"LEAFRACK_GATE_WAIT": "20"})
    going.reaches(lambda: waits_for(going.so_far, "node4 ↔ leaf02"))
    assert going.is_running
    assert "– expected Established" not in going.so_far
    run = going.end()
    assert run.code != 0
    named = [line for line in run.said.splitlines() if "node4 ↔ leaf02 –" in line]
    assert len(named) == 1, run.said
    assert "expected Established with AS 65010, found" in named[0]
    assert "last error" in named[0]
    assert "Traceback" not in run.said
    assert "bgp-configuration" not in project.resources()
    assert "false" not in site.run("calicoctl", "get", "bgpconfig").stdout
    assert eventually(lambda: mesh_on_and_leaf(site))
    assert loses_nothing(site, "node1", "node3")
    assert loses_nothing(site, "node3", "node2")

    configure(site, "leaf02", "router bgp 65010", f"no {another}")
    again = project.up("--skip-preview")
    assert again.code == 0, again.said
    assert node_status(site, "node4")["173.20.0.254"] == "Established"
    assert "false" in site.run("calicoctl", "get", "bgpconfig").stdout
    assert loses_nothing(site, "node3", "node6")


def waits_for(said: str, session: str) -> bool:
    """Whether a gate has said that it waits for a session, in the line that shows how it goes."""
    lines = [line for line in said.splitlines() if "-gate " in line and ": waiting for " in line]
    return any(f"{session} (found " in line for line in lines)


def mesh_on_and_leaf(lab: Lab) -> bool:
    """Whether the nodes of rr1 have the mesh; its reflectors have their leaf besides."""
    return all(list(node_status(lab, node).values()).count("Established") >= 5 for node in ("node1", "node2", "node3"))
