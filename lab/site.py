"""A lab, a project on it, and the fabric as it is declared at the moment: what is changed and applied again."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lab.handle import Lab
from lab.paths import DEFAULT_FABRIC
from lab.plan import Plan, plan_of
from lab.project import PATIENCE, Project, Run, environment, settings
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric

Values = dict[str, Any]


def example() -> Values:
    """The example's fabric file as values, to be changed."""
    whole: Values = yaml.safe_load(DEFAULT_FABRIC.read_text(encoding="utf-8"))
    return whole


class Site:
    """A lab that is built once, and a fabric file that may say less than what the lab has."""

    def __init__(self, lab: Lab, folder: Path, whole: Mapping[str, Any], patience: float = PATIENCE) -> None:
        self.lab = lab
        self.whole = whole
        """What the lab is built for."""
        self.declared: Values = copy.deepcopy(dict(whole))
        """What the program's fabric file says once it is written again."""
        self.file = folder / "declared.yaml"
        self.overlay = folder / "overlay.yaml"
        self._ssh: Values = yaml.safe_load((lab.dir / "overlay.yaml").read_text(encoding="utf-8"))["racks"]
        for rack in self._ssh.values():
            for leaf in rack["leaves"].values():
                leaf["ssh"]["identityFile"] = str(lab.dir / "ssh" / "id_ed25519")
        self.write()
        chosen = {**settings(lab.dir), "fabric": str(self.file), "overlay": str(self.overlay)}
        self.project = Project.make(folder / "project", environment(), chosen, patience)

    @property
    def racks(self) -> Values:
        """The racks that are declared, to be changed."""
        racks: Values = self.declared["racks"]
        return racks

    @property
    def fabric(self) -> Fabric:
        """What is declared, as the program loads it."""
        return load_fabric(self.file, self.overlay)

    @property
    def plan(self) -> Plan:
        """What the lab has: addresses and pod blocks of all nodes."""
        return plan_of(self.lab.fabric)

    def write(self) -> None:
        """Put what is declared into the files that the program reads."""
        self.file.write_text(yaml.safe_dump(self.declared, sort_keys=False), encoding="utf-8")
        overlay = {
            name: {"leaves": {leaf: self._ssh[name]["leaves"][leaf] for leaf in rack["leaves"]}}
            for name, rack in self.racks.items()
        }
        self.overlay.write_text(yaml.safe_dump({"racks": overlay}), encoding="utf-8")

    def pin(self, rack: str, leaf: str, key: str) -> None:
        """Give a leaf another host key in the overlay."""
        self._ssh[rack]["leaves"][leaf]["ssh"]["hostKey"] = key

    def hide(self, rack: str, leaf: str) -> None:
        """Give nobody a way to log in to a leaf."""
        del self._ssh[rack]["leaves"][leaf]["ssh"]

    def up(self, **env: str) -> Run:
        """``pulumi up`` of what is declared now, without a preview before it."""
        self.write()
        return self.project.up("--skip-preview", "--suppress-outputs", **env)

    def applied(self, **env: str) -> Run:
        """As ``up``; the test fails if that does."""
        run = self.up(**env)
        assert run.code == 0, run.said
        return run

    def destroyed(self) -> Run:
        """``pulumi destroy``; the test fails if that does."""
        run = self.project.destroy()
        assert run.code == 0, run.said
        return run

    def rows(self) -> list[Values]:
        """What ``leafrack status`` says of the fabric as it is declared."""
        given = ("--fabric", self.file, "--overlay", self.overlay, "--kubeconfig", self.lab.dir / "kubeconfig")
        done = self.lab.run("python", "-m", "leafrack", "status", "--json", *given)
        assert done.stdout, done.stderr
        found: list[Values] = json.loads(done.stdout)["rows"]
        return found


@contextmanager
def running(
    folder: Path, whole: Mapping[str, Any], calico_api: str = "v1", patience: float = PATIENCE
) -> Iterator[Site]:
    """A lab for the values of a fabric file, ended afterwards; nothing of it is applied yet.

    ``patience`` is seconds for one command of the engine: a large fabric needs more of them.
    """
    file = folder / "lab.yaml"
    file.write_text(yaml.safe_dump(dict(whole), sort_keys=False), encoding="utf-8")
    lab = Lab(folder / "lab", file, calico_api)
    lab.up()
    try:
        yield Site(lab, folder, whole, patience)
    finally:
        lab.down()
