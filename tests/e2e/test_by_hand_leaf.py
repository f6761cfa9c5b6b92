"""A leaf that another team configures beside one of leafrack's: handed over, changed, given and taken back, left.

The test plays the network team: what `leafrack render` prints goes into the leaf's own shell, and nothing else does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.project import Project
from leafrack.errors import PREFIXES, ProblemKind
from tests.conftest import DEV_FABRIC, Lab
from tests.e2e.world import SWITCHES, eventually, peers, running

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.nightly(twin="tests/components/test_by_hand.py"),
]

CHECK = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
DRIFT = 7
BY_HAND = PREFIXES[ProblemKind.BY_HAND]


class Team:
    """Who writes the fabric file, and the team whose leaves are in it."""

    def __init__(self, lab: Lab, project: Project) -> None:
        self.lab, self.project = lab, project
        self.file, self.overlay = project.folder / "declared.yaml", project.folder / "overlay.yaml"
        self.declared: dict[str, Any] = yaml.safe_load(DEV_FABRIC.read_text(encoding="utf-8"))
        self._ssh = yaml.safe_load((lab.dir / "overlay.yaml").read_text(encoding="utf-8"))["racks"]
        project.configure(fabric=str(self.file), overlay=str(self.overlay))
        project.settings.update(fabric=str(self.file), overlay=str(self.overlay))

    def write(self, *by_hand: str, read: bool = True) -> None:
        """Declare whose leaves are whose; those by hand with a login only where they may be read."""
        racks: dict[str, Any] = {}
        for rack, leaf in (("rr1", "leaf01"), ("rr2", "leaf02")):
            if rack in self.declared["racks"]:
                key = str(self.lab.dir / "ssh" / "id_ed25519")
                ssh = {"ssh": {**self._ssh[rack]["leaves"][leaf]["ssh"], "identityFile": key}}
                ours = leaf not in by_hand
                values = ssh if ours else {"apply": "by-hand", **(ssh if read else {})}
                racks[rack] = {"leaves": {leaf: values}}
        self.file.write_text(yaml.safe_dump(self.declared, sort_keys=False), encoding="utf-8")
        self.overlay.write_text(yaml.safe_dump({"racks": racks}), encoding="utf-8")

    def render(self, leaf: str, *more: str) -> tuple[int, str]:
        """What `leafrack render` prints for a leaf."""
        given: tuple[str | Path, ...] = (leaf, self.file, "--overlay", self.overlay, *more)
        done = self.lab.run("python", "-m", "leafrack", "render", *given)
        return done.returncode, done.stdout

    def enter(self, leaf: str, text: str) -> None:
        """Type a text into a leaf."""
        typed = f"configure terminal\n{text}end\n"
        self.lab.run("python", "-m", "lab", "exec", leaf, "--", "vtysh", stdin=typed).check_returncode()

    def status(self) -> list[str]:
        """Rows of `leafrack status` that do not hold."""
        done = self.lab.run(
            "python", "-m", "leafrack", "status", "--fabric", self.file, "--overlay", self.overlay,
            "--kubeconfig", self.lab.dir / "kubeconfig", "--json",
        )  # fmt: skip
        rows: list[dict[str, Any]] = yaml.safe_load(done.stdout)["rows"]
        return [f"{row['what']}: {row['found']}" for row in rows if not row["ok"]]

    def since(self) -> dict[str, Any]:
        """When each session of both leaves came up, in seconds; the switch rounds what it counts back from now."""
        found = ((leaf, who, peer) for leaf in ("leaf01", "leaf02") for who, peer in peers(self.lab, leaf).items())
        return {f"{leaf} {who}": pytest.approx(peer["peerUptimeEstablishedEpoch"], abs=2) for leaf, who, peer in found}


def stands_since(team: Team, up: dict[str, Any]) -> bool:
    """Whether these sessions have been up since then."""
    now = team.since()
    return all(now[key].expected == at for key, at in up.items())


def lines(said: str, beginning: str) -> list[str]:
    """What a run warned of."""
    warned = [line.strip().removeprefix("warning: ") for line in said.splitlines()]
    return [line.removeprefix(beginning) for line in warned if line.startswith(beginning)]


def test_a_leaf_of_another_team_beside_one_of_leafracks(site: Lab, project: Project) -> None:  # noqa: PLR0915
    team = Team(site, project)
    before = {name: running(site, name) for name in SWITCHES}

    # An update waits for what the nodes report, and says what for.
    team.write("leaf02", read=False)
    going = project.start("up", "--yes")
    going.reaches(lambda: "leaf02: hand it `leafrack render leaf02 FABRIC.yaml`; for up to" in going.so_far, 200)
    assert "racks.rr2.leaves.leaf02: this update waits for one hand-over: `leafrack render leaf02" in going.so_far
    assert running(site, "leaf02") == before["leaf02"]
    code, text = team.render("leaf02")
    assert code == 0
    team.enter("leaf02", text)
    run = going.end()
    assert run.code == 0, run.said
    assert eventually(lambda: team.status() == []), team.status()
    made = project.resources()
    assert {name for name in made if name.startswith("leaf02-")} == {"leaf02-by-hand"}
    assert project.output()["racks"]["rr2"]["leaves"]["leaf02"]["byHand"] == {"platform": "frr", "text": text}

    # One goes, the other comes, and the fabric changes: no session resets, and one limit is to be handed over.
    up = team.since()
    team.declared["maximumPrefix"] = 100
    team.write("leaf01")
    run = project.up("--skip-preview", "--suppress-outputs")
    assert run.code == 0, run.said
    assert "maximum-prefix" not in running(site, "leaf01")
    assert running(site, "leaf02").count("maximum-prefix 100") == 2
    seen = project.pulumi(*CHECK)
    assert seen.code == DRIFT, seen.said
    assert "racks.rr1.leaves.leaf01: this update waits for one hand-over" in seen.said
    assert "leaf02: this update waits" not in seen.said
    lacks = "lacks `maximum-prefix 100 restart 1`"
    assert lines(seen.said, BY_HAND) == [f"leaf01: neighbour 172.20.0.1{n} {lacks}" for n in (1, 2)], seen.said
    code, text = team.render("leaf01", "--diff")
    assert code == 1
    team.enter("leaf01", text)
    assert team.render("leaf01", "--diff") == (0, "")
    seen = project.pulumi(*CHECK)
    assert seen.code == 0, seen.said
    assert stands_since(team, up)

    # A rack leaves, and then the rest: nobody waits for a leaf by hand, and what it keeps is said.
    kept = running(site, "leaf01")
    left = "nobody waits for it; what is to be taken away there by hand: neighbours"
    _, remove = team.render("leaf01", "--remove")
    del team.declared["racks"]["rr1"]
    team.write("leaf02")
    run = project.up("--skip-preview", "--suppress-outputs")
    assert run.code == 0, run.said
    assert f"leaf01: {left} 172.20.0.11, 172.20.0.12; prefix lists" in run.said
    assert f"leaf02: {left}" not in run.said
    assert running(site, "leaf01") == kept
    assert stands_since(team, {key: at for key, at in up.items() if key.startswith("leaf02")})
    _, remove_rest = team.render("leaf02", "--remove")
    run = project.destroy()
    assert run.code == 0, run.said
    assert f"leaf02: {left} 173.20.0.11, 173.20.0.12; prefix lists" in run.said
    team.enter("leaf01", remove)
    team.enter("leaf02", remove_rest)
    assert {name: running(site, name) for name in SWITCHES} == before
