"""What the proof predicts against the routing tables of a real fabric, route by route.

The example and a fabric with a rack of each kind are built by ``pulumi up``; the others, also those that it refuses, by
hand, those of one file one after the other in one lab.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from lab.fabrics import Values, rack, values
from lab.paths import CLONE, DEFAULT_FABRIC
from lab.plan import plan_of
from lab.project import Project, environment
from leafrack.proof import prove
from leafrack.proof.model import Kind
from leafrack.proof.sessions import standing
from leafrack.proof.topology import topology
from tests.proof.by_hand import clear, configure_by_hand
from tests.proof.fabrics import changed, edited, fabric
from tests.proof.real import Lab, Table, differences, fail, predicted, restore, running

PATIENCE = 90.0
"""Seconds for BIRD's and FRR's own timers after the last change."""


@dataclass(frozen=True)
class Case:
    """A fabric: what the lab is built for, how it is configured, what is changed by hand, and who has failed.

    ``whole`` is whether all pods are in all tables. ``leaves`` is what the leaves are made to do otherwise.
    """

    name: str
    file: Values
    pulumi: bool = False
    whole: bool = True
    change: Values = field(default_factory=dict)
    leaves: Values = field(default_factory=dict)
    failed: str = ""

    @property
    def declared(self) -> Values:
        """What is configured and predicted; the lab itself needs a file that passes all checks."""
        return changed(self.file, **self.change)


TWO = values(2, spines=1)
DUAL = values(2, spines=1, versions=(4, 6))
REDUNDANT = values({f"rr{n}": rack(n, leaves=2, spines=1) for n in (1, 2)}, spines=1)
THREE = values(3, spines=2)
PAIRS = changed(
    values(2, spines=2, versions=(4, 6)),
    **{
        f"racks__rr{rack}__leaves__leaf{rack}__uplinks__spine{spine}": {
            "address": [f"10.254.{spine}.{2 * rack + 1}", f"fd01:{spine}::{2 * rack + 1:x}"],
            "peerAddress": [f"10.254.{spine}.{2 * rack}", f"fd01:{spine}::{2 * rack:x}"],
        }
        for rack in (1, 2)
        for spine in (1, 2)
    },
)
"""Links as RFC 3021 and RFC 6164 have them."""
EVERYTHING = changed(
    values({f"rr{n}": rack(n, leaves=2, spines=2, versions=(4, 6)) for n in (1, 2, 3)}, spines=2, versions=(4, 6)),
    racks__rr1__asNumber=None,
    racks__rr1__localASNumber=64513,
    racks__rr2__asNumber=None,
    racks__rr2__interconnect="full-mesh",
    racks__rr3__interconnect="top-of-rack",
)

ONE_AS = {"racks__rr2__asNumber": 64512}
LOCAL_AS = {"racks__rr2__asNumber": None, "racks__rr2__localASNumber": 64513}
OVERRIDE = {"racks__rr1__leaves__leaf1__asOverride": True, "racks__rr2__leaves__leaf2__asOverride": True}
ONE_REFLECTOR = {
    f"racks__rr{number}__{kind}": {f"n{number}{letter}": f"172.{19 + number}.0.{host}" for letter, host in nodes}
    for number in (1, 2)
    for kind, nodes in (("reflectors", [("a", 11)]), ("members", [("b", 12), ("c", 13)]))
}
"""Cases of one file follow each other: they share a lab."""
CASES = [
    Case("example", yaml.safe_load(DEFAULT_FABRIC.read_text()), pulumi=True),
    Case("dual-stack", DUAL),
    Case("dual-stack-top-of-rack", DUAL, change={"interconnect": "top-of-rack"}),
    Case("dual-stack-full-mesh-in-one-rack", DUAL, change={"racks__rr1__interconnect": "full-mesh"}),
    Case("ipv6-only", values(2, spines=1, versions=(6,))),
    Case("one-reflector", TWO, change=ONE_REFLECTOR),
    Case("same-as-behind-different-leaves", TWO, whole=False, change=ONE_AS),
    Case("same-as-and-as-override", TWO, change=ONE_AS | OVERRIDE),
    Case("rack-with-the-spines-as", TWO, whole=False, change={"racks__rr2__asNumber": 65201}),
    Case("rack-with-its-leafs-as", TWO, change={"racks__rr2__asNumber": 65102}),
    Case(
        "no-reflectors",
        TWO,
        whole=False,
        change={
            "racks__rr2__reflectors": {},
            "racks__rr2__members": {"n2a": "172.21.0.11", "n2b": "172.21.0.12"},
        },
    ),
    Case("local-as", TWO, change=LOCAL_AS),
    Case("local-as-not-replaced-by-the-leaf", TWO, whole=False, change=LOCAL_AS, leaves={"remove_private_as": False}),
    Case(
        "local-as-of-a-public-as",
        TWO,
        whole=False,
        change={**LOCAL_AS, "asNumber": 100, "racks__rr1__asNumber": 100},
    ),
    Case(
        "same-local-as",
        TWO,
        whole=False,
        change={**LOCAL_AS, "racks__rr1__asNumber": None, "racks__rr1__localASNumber": 64513},
    ),
    Case("reflector-mesh", TWO, change={"reflectorMesh": True}),
    Case("reflector-mesh-with-ttl-security", TWO, change={"reflectorMesh": True, "ttlSecurity": True}),
    Case("reflector-mesh-in-one-as", TWO, change=ONE_AS | {"reflectorMesh": True}),
    Case("top-of-rack", TWO, change={"interconnect": "top-of-rack"}),
    Case("top-of-rack-in-one-as", TWO, change=ONE_AS | {"interconnect": "top-of-rack"}),
    Case(
        "top-of-rack-without-as-override",
        TWO,
        whole=False,
        change={"interconnect": "top-of-rack"},
        leaves={"as_override": False},
    ),
    Case("full-mesh-in-one-rack", TWO, change={"racks__rr1__interconnect": "full-mesh"}),
    Case("mesh-of-all-racks", TWO, change=ONE_AS | {"interconnect": "full-mesh"}),
    Case(
        "mesh-of-all-racks-and-leaves-that-send-subnets",
        TWO,
        change=ONE_AS | {"interconnect": "full-mesh"},
        leaves={"sends": None},
    ),
    Case(
        "mesh-of-all-racks-that-accept-subnets",
        TWO,
        whole=False,
        change=ONE_AS | {"interconnect": "full-mesh", "acceptCIDRs": ["172.16.0.0/12"]},
        leaves={"sends": None},
    ),
    Case("mesh-of-racks-with-an-as-each", TWO, change={"interconnect": "full-mesh"}),
    Case("lost-reflector", TWO, failed="n1a"),
    Case("lost-only-reflector", TWO, whole=False, change=ONE_REFLECTOR, failed="n1a"),
    Case("redundant-leaves", REDUNDANT),
    Case("lost-leaf-of-a-pair", REDUNDANT, failed="leaf1"),
    Case("uplinks-that-are-pairs-of-addresses", PAIRS),
    Case("three-racks-two-spines", THREE),
    Case("lost-spine", THREE, failed="spine1"),
    Case("three-ways-two-families-two-leaves", EVERYTHING, pulumi=True),
]


BY_PULUMI = pytest.mark.nightly(twin="tests/e2e/test_any_fabric.py")


@dataclass
class Ground:
    """The lab of the case before, for as long as the cases are about the same file."""

    folder: Path
    lab: Lab | None = None
    file: Values = field(default_factory=dict)
    number: int = 0
    stack: ExitStack = field(default_factory=ExitStack)

    def take(self, case: Case) -> Lab:
        """A lab for a case, without sessions to leaves."""
        if self.lab is not None and self.file == case.file and not case.pulumi:
            clear(self.lab)
            return self.lab
        self.end()
        self.number, self.file = self.number + 1, case.file
        self.lab = self.stack.enter_context(running(self.folder / str(self.number), case.file))
        return self.lab

    def end(self) -> None:
        """End the lab."""
        self.lab = None
        self.stack.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    one = Ground(tmp_path_factory.mktemp("labs"))
    yield one
    one.end()


@pytest.mark.lab
@pytest.mark.toolchain
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "case",
    [pytest.param(one, id=one.name, marks=BY_PULUMI if one.pulumi else ()) for one in CASES],
)
def test_the_routing_tables_are_the_predicted_ones(case: Case, ground: Ground, tmp_path: Path) -> None:
    declared = fabric(case.declared)
    made = edited(topology(declared), Kind.LEAF, Kind.NODE, **case.leaves)
    lab = ground.take(case)
    if case.pulumi:
        apply(lab, tmp_path)
    else:
        configure_by_hand(lab, declared, **case.leaves)
    before, after = (predicted(declared, standing(one, {})) for one in (made, made.without(case.failed)))
    if case.failed:
        assert not differences(lab, before, PATIENCE)[1]
        fail(lab, case.failed)
    try:
        compared, lines = differences(lab, after, PATIENCE)
    finally:
        if case.failed and not restore(lab, case.failed):
            ground.end()
    logging.getLogger(__name__).info("%s: %d of %d routes as predicted", case.name, compared - len(lines), compared)
    assert not lines, "\n".join(lines)
    assert compared
    assert whole(case, after) == case.whole


def whole(case: Case, tables: Mapping[str, Table]) -> bool:
    """Whether every pod block is in every table with a way to it."""
    nodes = [node for node in plan_of(fabric(case.declared)).nodes if node.name != case.failed]
    return all(
        table.get(block, ("unreachable",)) != ("unreachable",)
        for name, table in tables.items()
        for node in nodes
        for block in node.blocks
    )


@pytest.mark.parametrize("case", [one for one in CASES if not one.leaves and not one.failed], ids=lambda one: one.name)
def test_the_proof_refuses_the_fabrics_whose_tables_are_not_whole(case: Case) -> None:
    assert (not prove(fabric(case.declared)).unreachable) == case.whole


def apply(lab: Lab, folder: Path) -> None:
    """``pulumi up`` of the clone's program; the overlay sends its SSH sessions to the lab and nowhere else."""
    assert CLONE.joinpath("lab").is_dir()
    settings = {
        "fabric": str(lab.file),
        "overlay": f"{lab.folder}/overlay.yaml",
        "kubeconfig": f"{lab.folder}/kubeconfig",
        "kubeContext": "leafrack",
    }
    run = Project.make(folder / "project", environment(), settings).up("--skip-preview")
    assert run.code == 0, run.said[-3000:]
