"""The life of fabrics that nobody thought of: up, changed to another on the same wiring, destroyed, as before.

CI tries one, of a fixed seed. ``make soak`` tries as many as ``LEAFRACK_FABRICS`` says; they have every pair of kinds
between them. ``LEAFRACK_SEED`` draws the same ones again: it stands in the name of each test. A fabric that fails is in
the test's temporary folder as ``declared.yaml``, to be kept as a case.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import fabrics
from lab.site import Site, running
from leafrack.fabric import Fabric
from leafrack.proof.sessions import standing
from leafrack.proof.topology import topology
from tests.e2e.world import eventually, snapshot
from tests.generated.choose import another, chosen, moves_of
from tests.generated.draw import MOST_NODES, Drawn, kinds_of
from tests.proof import real

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

FIXED_SEED = 17
"""Of a small fabric: five nodes behind three leaves, of which one listens in ranges that change."""
SEED = int(os.environ.get("LEAFRACK_SEED") or FIXED_SEED)
COUNT = int(os.environ.get("LEAFRACK_FABRICS") or 1)
PATIENCE = 90.0
"""Seconds for BIRD's and FRR's own timers after the last change."""
CONFIGURATION = ("bgpconfigurations.crd.projectcalico.org", "default")
REFUSALS = (
    "a rack moves to another interconnect with",
    "listen for its nodes now, and would forget them before they know its route",
    "move between names and ranges with",
    " between a name and a range with",
    "by annotation, and a rack by label is in AS",
)
"""What one update cannot do (leafrack.preflight.transitions, leafrack.preflight.by_label)."""


@cache
def drawn_now() -> list[Drawn]:
    """The fabrics of this run: drawn by who runs one, not by everybody who collects tests."""
    return chosen(SEED, COUNT, MOST_NODES)


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("number", range(COUNT), ids=lambda number: f"seed-{SEED}-{number}")
def test_a_fabric_goes_up_is_changed_and_comes_down_again(number: int, tmp_path: Path) -> None:
    drawn = drawn_now()[number]
    then = another(drawn, SEED + number)
    print("kinds:", ", ".join(sorted(kinds_of(drawn))))  # noqa: T201 - what pytest shows of a test that fails
    print("then:", ", ".join(sorted(kinds_of(then) | moves_of(drawn, then))))  # noqa: T201
    lives(drawn, then, tmp_path)


def lives(drawn: Drawn, then: Drawn, folder: Path) -> None:
    """Up, as declared, changed to the other one, as declared, destroyed, as before.

    Nodes carry the labels of both fabrics all the time: who gives labels does so beforehand, and takes none.
    """
    with running(folder, drawn.named) as site:
        for node, labels in joined(drawn.labels, then.labels).items():
            site.lab.kubectl("label", "node", node, *labels)
        site.declared = copy.deepcopy(drawn.file)
        switches = [switch.name for switch in site.plan.switches]
        if drawn.cluster_as is not None:
            patch = json.dumps({"spec": {"asNumber": drawn.cluster_as}})
            site.lab.kubectl("patch", *CONFIGURATION, "--type=merge", "-p", patch)
        before = snapshot(site.lab, switches)
        if drawn.cluster_as is not None:
            the_clusters_own_as_is_asked_for(site)
            assert snapshot(site.lab, switches) == before
        stands(site, drawn)
        refused = changes(site, then)
        print("refused:", refused)  # noqa: T201
        if refused is None:
            is_as_declared(site, then.named_fabric, changed=True)
        site.destroyed()
        assert eventually(lambda: snapshot(site.lab, switches) == before), "something is left"


def joined(*given: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Labels of each node, each once."""
    nodes = {node for each in given for node in each}
    return {node: tuple(dict.fromkeys(label for each in given for label in each.get(node, ()))) for node in nodes}


GIVES_UP_ITS_LOCAL_AS = """
name: dc1
interconnect: route-reflectors
asNumber: 64900
podCIDRs: [10.233.64.0/18]
spines: {}
racks:
  rr1:
    localASNumber: 64701
    leaves: {leaf1: {address: 172.20.0.254, asNumber: 65101, routerID: 2.2.0.1, uplinks: {}}}
    reflectors: {n1a: 172.20.0.11}
    members: {n1b: 172.20.0.12}
"""


@pytest.mark.nightly(twin="tests/platforms/test_conformance.py")
def test_a_rack_gives_up_its_local_as_and_takes_another_reflector_in_one_update(tmp_path: Path) -> None:
    with running(tmp_path, yaml.safe_load(GIVES_UP_ITS_LOCAL_AS)) as site:
        site.lab.kubectl("patch", *CONFIGURATION, "--type=merge", "-p", '{"spec": {"asNumber": 64900}}')
        site.applied()
        rack = site.declared["racks"]["rr1"]
        del rack["localASNumber"]
        rack["reflectors"] |= rack.pop("members")
        site.applied()
        is_as_declared(site, site.fabric, changed=True)


WIRED = fabrics.values({"rr1": fabrics.rack(1, leaves=2, reflectors=3, members=0)})
BY_LABEL = {"interconnect": "top-of-rack", "reflectors": {}, "members": {"label": "example.net/rack=rr1"}}


def by_label(**changed: Any) -> Drawn:
    """The rack by label, with what else is said of it."""
    kept = {key: value for key, value in WIRED["racks"]["rr1"].items() if key != "asNumber"}
    return Drawn({**WIRED, "racks": {"rr1": {**kept, **BY_LABEL, **changed}}}, wiring=WIRED)


@pytest.mark.nightly(twin="tests/e2e/test_any_fabric.py")
def test_ranges_give_way_to_others_that_overlap_them_and_to_a_name(tmp_path: Path) -> None:
    ranges = ["172.20.0.8/30", "172.20.0.12/30"]
    named = {"n1a": WIRED["racks"]["rr1"]["reflectors"]["n1a"]}
    lives(by_label(), by_label(listenRanges=ranges, reflectors=named), tmp_path)


def the_clusters_own_as_is_asked_for(site: Site) -> None:
    """A file with another AS than the cluster's is refused, and nothing is touched."""
    number = site.declared.pop("asNumber")
    run = site.up()
    assert run.code != 0
    assert f"are in AS {number} now" in run.said
    site.declared["asNumber"] = number


def stands(site: Site, drawn: Drawn) -> None:
    """Apply what is declared."""
    passwords(site, drawn)
    site.applied()
    is_as_declared(site, drawn.named_fabric)


def changes(site: Site, then: Drawn) -> str | None:
    """Apply another fabric: what it is refused for, where one update cannot do it and the documentation says so."""
    former, site.declared = site.declared, copy.deepcopy(then.file)
    passwords(site, then)
    run = site.up()
    if run.code == 0:
        return None
    refusal = next((each for each in REFUSALS if each in run.said), None)
    assert refusal is not None, run.said
    assert set(run.changes()) <= {"unchanged", "errored"}, run.said  # the stack itself has the error
    site.declared = former
    site.write()
    return refusal


def passwords(site: Site, drawn: Drawn) -> None:
    """Give the racks that are to have one a password, and take it from the others."""
    for rack in drawn.file["racks"]:
        path = f"leafrack:bgpPasswords.{rack}"
        site.project.pulumi("config", "rm", "--path", path)
        if rack in drawn.passwords:
            site.project.check("config", "set", "--secret", "--path", path, drawn.passwords[rack])


def is_as_declared(site: Site, declared: Fabric, *, changed: bool = False) -> None:
    """Every session and route is there, the tables are the predicted ones, and nothing is left to do.

    ``declared`` has those nodes by name that a label selects: they are what the prediction is about.
    """
    assert eventually(lambda: [row for row in site.rows() if not row["ok"]] == []), site.rows()
    lab = real.Lab(site.lab.dir, site.file, declared)
    predicted = real.predicted(declared, standing(topology(declared), {}))
    compared, lines = real.differences(lab, predicted, PATIENCE, changed=changed)
    assert lines == []
    assert compared
    preview = site.project.pulumi("preview", "--refresh", "--expect-no-changes")
    assert preview.code == 0, preview.said
