"""A fabric configured by hand is found, described, and taken over by the first ``up`` without anything noticing.

The tests stand in the order in which an operator would do it; what was established before is looked at once, at the end
of the first update.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from tests.conftest import DEV_FABRIC, Lab
from tests.e2e import by_hand
from tests.e2e.loss import Pings
from tests.e2e.project import Project, Run, environment, settings
from tests.e2e.world import NODES, eventually, peers, routes, running

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.loss]

LEAVES = ("leaf01", "leaf02")
PAIRS = [("node1", "node2"), ("node1", "node3"), ("node2", "node3"), ("node1", "node4"), ("node3", "node6")]
"""Within a rack and across, reflectors and members; both directions of each are pinged."""
SENT_AT_LEAST = 200
SETTLED = 10.0
"""Seconds after the last session is up, for routes and BIRD's own states."""
CLOCK = 2
"""Seconds by which two looks at the same session may differ; one that was reset takes longer to come back."""
PATIENCE = 120.0


@dataclass(frozen=True)
class Sessions:
    """When each session came up: on the leaves by FRR's clock, on the nodes by BIRD's."""

    leaves: dict[str, dict[str, int]]
    nodes: dict[str, dict[str, str]]


def sessions(lab: Lab) -> Sessions:
    since = "peerUptimeEstablishedEpoch"
    return Sessions(
        {leaf: {peer: each[since] for peer, each in peers(lab, leaf).items()} for leaf in LEAVES},
        {node: _birds(lab, node) for node in NODES},
    )


def reset(before: Sessions, after: Sessions) -> list[str]:
    """Sessions that did not stay up; FRR and BIRD count back from now, so that their times may be a second off."""
    on_leaves = [
        f"{leaf}: {peer}"
        for leaf, all_ in before.leaves.items()
        for peer, since in all_.items()
        if abs(after.leaves[leaf].get(peer, 0) - since) > CLOCK
    ]
    on_nodes = [
        f"{node}: {name}"
        for node, all_ in before.nodes.items()
        for name, since in all_.items()
        if abs(_seconds(after.nodes[node].get(name, "0:0:0")) - _seconds(since)) > CLOCK
    ]
    return on_leaves + on_nodes


def _seconds(time_of_day: str) -> int:
    hours, minutes, seconds = map(int, time_of_day.split(":"))
    return 3600 * hours + 60 * minutes + seconds


def _birds(lab: Lab, node: str) -> dict[str, str]:
    said = lab.exec(node, "birdc", "-s", "/var/run/calico/bird.ctl", "show", "protocols")
    return dict(re.findall(r"^(\S+) +BGP +\S+ +up +(\S+) +Established", said, re.MULTILINE))


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
        until = time.monotonic() + PATIENCE
        while not eventually(lambda: _all_up(lab), 30):
            assert time.monotonic() < until, sessions(lab)
            _part(lab)
        time.sleep(SETTLED)
        discovered = lab.run("python", "-m", "leafrack", "adopt", folder / "dc1.yaml", *_reaching(lab, folder))
        chosen = {**settings(lab.dir), "fabric": str(folder / "dc1.yaml"), "overlay": None}
        kept = {key: value for key, value in chosen.items() if value is not None}
        project = Project.make(folder / "project", environment(), kept)
        yield Site(lab, folder, discovered.stdout + discovered.stderr, sessions(lab), project)
    finally:
        lab.down()


def _all_up(lab: Lab) -> bool:
    on_leaves = [each for leaf in LEAVES for each in peers(lab, leaf).values()]
    # A reflector has sessions to its leaf, the other reflector and its member; a member to both reflectors.
    wanted = {"node1": 3, "node2": 3, "node3": 2, "node4": 3, "node5": 3, "node6": 2}
    return (
        len(on_leaves) == 6
        and all(each["state"] == "Established" for each in on_leaves)
        and all(len(_birds(lab, node)) == count for node, count in wanted.items())
    )


def _part(lab: Lab) -> None:
    """Let a node whose sessions do not come up wait: two BIRDs that try in one moment close each other's attempts."""
    control = ("birdc", "-s", "/var/run/calico/bird.ctl")
    for node in NODES:
        said = lab.exec(node, *control, "show", "protocols")
        waiting = re.findall(r"^(\S+) +BGP +\S+ +start ", said, re.MULTILINE)
        for verb in ("disable", "enable"):
            for protocol in waiting:
                lab.exec(node, *control, verb, protocol)
            time.sleep(2 if waiting else 0)


def _reaching(lab: Lab, folder: Path) -> list[str]:
    """How the operator says where the leaves are: the lab's own endpoints, in a small file."""
    racks = yaml.safe_load((lab.dir / "overlay.yaml").read_text())["racks"]
    leaves = {name: dict(leaf["ssh"]) for rack in racks.values() for name, leaf in rack["leaves"].items()}
    for ssh in leaves.values():
        ssh["identityFile"] = str(lab.dir / "ssh" / "id_ed25519")
    (folder / "leaves.yaml").write_text(yaml.safe_dump(leaves))
    cluster = ["--kubeconfig", str(lab.dir / "kubeconfig"), "--context", "leafrack"]
    return ["--leaves", str(folder / "leaves.yaml"), *cluster]


def meaning(fabric: Fabric) -> dict[str, Any]:
    """A fabric without its name and how to log in to its leaves."""
    found = fabric.model_dump(mode="json", exclude={"name"})
    for rack in found["racks"].values():
        for leaf in rack["leaves"].values():
            del leaf["ssh"]
    return found


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
    options = _reaching(site.lab, site.folder)
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
    return lab.kubectl("get", objects, "-o", "yaml") + str({node: _birds(lab, node) for node in NODES})


def test_a_destroy_ends_in_calicos_full_mesh(site: Site, taken_over: tuple[Run, list[str]]) -> None:
    run = site.project.destroy()
    assert run.code == 0, run.said
    assert "leafrack" not in running(site.lab, "leaf01")
    assert eventually(lambda: all(len(_birds(site.lab, node)) == 5 for node in NODES)), _left(site.lab)
    assert eventually(lambda: {"10.233.64.0/26"} <= routes(site.lab, "node2"))
