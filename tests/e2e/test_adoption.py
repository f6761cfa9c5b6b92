"""A fabric configured by hand is found, described, and taken over by the first ``up`` without anything noticing.

The tests stand in the order in which an operator would do it; what was established before is looked at once, at the end
of the first update.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.pings import Pings
from lab.project import Project, Run, environment, settings
from leafrack.fabric.load import load_fabric
from tests.conftest import DEV_FABRIC, Lab
from tests.e2e import by_hand
from tests.e2e.by_hand import LEAVES, Sessions, in_bird, meaning, reaching, reset, sessions
from tests.e2e.world import NODES, eventually, peers, routes, running

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.loss]

PAIRS = [("node1", "node2"), ("node1", "node3"), ("node2", "node3"), ("node1", "node4"), ("node3", "node6")]
"""Within a rack and across, reflectors and members; both directions of each are pinged."""
SENT_AT_LEAST = 200


@dataclass
class Site:
    """The lab, the file that was found, and what the first update did to what was there."""

    lab: Lab
    folder: Path
    said: str
    before: Sessions
    project: Project

    @property
    def file(self) -> Path:
        return self.folder / "dc1.yaml"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("adoption")
    lab = Lab(folder / "lab")
    lab.up()
    try:
        by_hand.configure_all(lab)
        by_hand.established(lab)
        discovered = lab.run("python", "-m", "leafrack", "adopt", folder / "dc1.yaml", *reaching(lab, folder))
        chosen = {**settings(lab.dir), "fabric": str(folder / "dc1.yaml"), "overlay": None}
        kept = {key: value for key, value in chosen.items() if value is not None}
        project = Project.make(folder / "project", environment(), kept)
        yield Site(lab, folder, discovered.stdout + discovered.stderr, sessions(lab), project)
    finally:
        lab.down()


def test_the_file_that_is_found_means_what_the_example_means(site: Site) -> None:
    assert site.said == f"{site.file}: written; no remarks\n"
    assert meaning(load_fabric(site.file)) == meaning(load_fabric(DEV_FABRIC))


def test_the_file_passes_the_check_and_names_where_each_value_was_found(site: Site) -> None:
    checked = site.lab.run("python", "-m", "leafrack", "check", site.file)
    assert checked.returncode == 0, checked.stderr
    assert "  rr1:  # label rr-group of its nodes" in site.file.read_text()


def test_finding_it_again_writes_the_same_and_never_over_a_file_that_is_there(site: Site) -> None:
    (site.folder / "again").mkdir()
    again = site.folder / "again" / "dc1.yaml"
    options = reaching(site.lab, site.folder)
    assert site.lab.run("python", "-m", "leafrack", "adopt", again, *options).returncode == 0
    assert again.read_text() == site.file.read_text()
    refused = site.lab.run("python", "-m", "leafrack", "adopt", again, *options)
    assert (refused.returncode, "is there already" in refused.stderr) == (2, True)
    again.unlink()


def test_finding_it_changes_nothing(site: Site) -> None:
    assert all("leafrack" not in running(site.lab, leaf) for leaf in LEAVES)
    assert reset(site.before, sessions(site.lab)) == []


@pytest.fixture(scope="module")
def taken_over(site: Site) -> tuple[Run, list[str]]:
    """The first update, and what was lost while it ran."""
    with Pings(site.lab, PAIRS) as pings:
        run = site.project.up("--suppress-outputs")
    # The preview and the update: Pulumi knows of nothing yet, and adopts.
    assert re.search(r"\+ \d+ to create\n", run.said), run.said
    assert set(run.changes()) == {"created"}, run.said
    assert min(loss.sent for loss in pings.losses) > SENT_AT_LEAST
    return run, [str(loss) for loss in pings.losses if loss.lost]


def test_the_first_update_takes_over_and_loses_no_packet(taken_over: tuple[Run, list[str]]) -> None:
    run, lost = taken_over
    assert run.code == 0, run.said
    assert lost == []


def test_no_session_was_reset_by_it(site: Site, taken_over: tuple[Run, list[str]]) -> None:
    assert reset(site.before, sessions(site.lab)) == []


def test_there_is_no_peer_twice(site: Site, taken_over: tuple[Run, list[str]]) -> None:
    listed = json.loads(site.lab.kubectl("get", "bgppeers.crd.projectcalico.org", "-o", "json"))["items"]
    assert sorted(peer["metadata"]["name"] for peer in listed) == [
        "rr1-to-leaf1-peer",
        "rr1-to-node-peer",
        "rr2-to-leaf2-peer",
        "rr2-to-node-peer",
    ]
    assert {leaf: len(peers(site.lab, leaf)) for leaf in LEAVES} == dict.fromkeys(LEAVES, 3)


def test_what_is_there_is_leafracks_now_and_nothing_more_is_to_do(
    site: Site, taken_over: tuple[Run, list[str]]
) -> None:
    assert " neighbor 172.20.0.11 description leafrack rr1 node1" in running(site.lab, "leaf01")
    preview = site.project.pulumi("preview", "--refresh", "--expect-no-changes")
    assert preview.code == 0, preview.said


def _left(lab: Lab) -> str:
    objects = "bgpconfigurations.crd.projectcalico.org,bgppeers.crd.projectcalico.org"
    return lab.kubectl("get", objects, "-o", "yaml") + str({node: in_bird(lab, node) for node in NODES})


def test_a_destroy_ends_in_calicos_full_mesh(site: Site, taken_over: tuple[Run, list[str]]) -> None:
    run = site.project.destroy()
    assert run.code == 0, run.said
    assert "leafrack" not in running(site.lab, "leaf01")
    assert eventually(lambda: all(len(in_bird(site.lab, node)) == 5 for node in NODES)), _left(site.lab)
    assert eventually(lambda: {"10.233.64.0/26"} <= routes(site.lab, "node2"))
