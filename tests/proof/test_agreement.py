"""What the proof predicts against the routing tables of a real fabric, route by route.

Fabrics that the program builds are built by ``pulumi up``; those that it refuses, or does not know yet, by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.paths import DEFAULT_FABRIC
from proof import prove
from tests.e2e.project import CLONE, Project, environment
from tests.proof.fabrics import Values, changed, fabric, rack, values
from tests.proof.real import Lab, configure_by_hand, differences, fail, predicted, running

PATIENCE = 90.0
"""Seconds for BIRD's and FRR's own timers after the last change."""
STALE = 120.0
"""Seconds for which BIRD keeps the routes of a lost FRR: the restart time that FRR sends (RFC 4724 §3)."""


@dataclass(frozen=True)
class Case:
    """A fabric: what the lab is built for, how it is configured, what is changed by hand, and who has failed."""

    name: str
    file: Values
    pulumi: bool = False
    proved: bool = True
    change: Values | None = None
    failed: str = ""

    @property
    def declared(self) -> Values:
        """What is configured and predicted; the lab itself needs a file that passes all checks."""
        return changed(self.file, **(self.change or {}))


CASES = [
    Case("example", yaml.safe_load(DEFAULT_FABRIC.read_text()), pulumi=True),
    Case(
        "redundant-leaves",
        values({f"rr{n}": rack(n, leaves=2, spines=1) for n in (1, 2)}, spines=1),
        pulumi=True,
    ),
    Case("three-racks-two-spines", values(3, spines=2), pulumi=True),
    Case("dual-stack", values(2, spines=1, versions=(4, 6)), pulumi=True),
    Case("ipv6-only", values(2, spines=1, versions=(6,))),
    Case("one-reflector", values({f"rr{n}": rack(n, reflectors=1, members=2, spines=1) for n in (1, 2)}, spines=1)),
    Case(
        "same-as-behind-different-leaves",
        values(2, spines=1),
        proved=False,
        change={"racks__rr2__asNumber": 64512},
    ),
    Case(
        "rack-with-the-spines-as",
        values(2, spines=1),
        proved=False,
        change={"racks__rr2__asNumber": 65201},
    ),
    Case(
        "no-reflectors",
        values({"rr1": rack(1, spines=1), "rr2": rack(2, reflectors=2, members=0, spines=1)}, spines=1),
        proved=False,
        change={
            "racks__rr2__reflectors": {},
            "racks__rr2__members": {"n2a": "172.21.0.11", "n2b": "172.21.0.12"},
        },
    ),
    Case("top-of-rack", values(2, spines=1), change={"interconnect": "top-of-rack"}),
    Case("full-mesh-in-one-rack", values(2, spines=1), change={"racks__rr1__interconnect": "full-mesh"}),
    Case("mesh-of-all-racks", values(2, spines=1), change={"interconnect": "full-mesh"}),
    Case(
        "mesh-of-all-racks-in-one-as",
        values(2, spines=1),
        proved=False,
        change={"interconnect": "full-mesh", "racks__rr2__asNumber": 64512},
    ),
    Case("lost-reflector", values(2, spines=1), failed="n1a"),
    Case("lost-only-reflector", values({"rr1": rack(1, reflectors=1, spines=1)}, spines=1), failed="n1a"),
    Case(
        "lost-leaf-of-a-pair",
        values({f"rr{n}": rack(n, leaves=2, spines=1) for n in (1, 2)}, spines=1),
        failed="leaf1",
    ),
    Case("lost-spine", values(2, spines=2), failed="spine1"),
    Case(
        "three-ways-and-redundant-leaves",
        values({f"rr{n}": rack(n, leaves=2, spines=2) for n in (1, 2, 3)}, spines=2),
        change={"racks__rr2__interconnect": "full-mesh", "racks__rr3__interconnect": "top-of-rack"},
    ),
]


@pytest.mark.lab
@pytest.mark.toolchain
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_routing_tables_are_the_predicted_ones(case: Case, tmp_path: Path) -> None:
    declared = fabric(case.declared)
    with running(tmp_path, case.file) as lab:
        if case.pulumi:
            apply(lab, tmp_path)
        else:
            configure_by_hand(lab, declared)
        if case.failed:
            assert not differences(lab, predicted(declared), PATIENCE)[1]
            fail(lab, case.failed)
        compared, lines = differences(lab, predicted(declared, case.failed), PATIENCE + STALE)
        assert not lines, "\n".join(lines)
        assert compared
    assert (not prove(declared).unreachable) == case.proved


def apply(lab: Lab, folder: Path) -> None:
    """``pulumi up`` of the clone's program; the overlay sends its SSH sessions to the lab and nowhere else."""
    assert CLONE.joinpath("lab").is_dir()
    settings = {
        "fabric": str(lab.file),
        "overlay": f"{lab.folder}/overlay.yaml",
        "kubeconfig": f"{lab.folder}/kubeconfig",
        "kubeContext": "leafrack",
    }
    run = Project.make(folder / "project", environment(), settings).up()
    assert run.code == 0, run.said[-3000:]
