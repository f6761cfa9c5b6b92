"""State is a cache: without it, or with one of an hour ago, ``up`` finds the same fabric and touches nothing of it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.pings import Pings
from lab.site import Site, example, running
from leafrack.fabric.names import RERUN_ANNOTATION
from tests.conftest import Lab
from tests.e2e.killed import Moment
from tests.e2e.tables import missing
from tests.e2e.world import SWITCHES, eventually, snapshot
from tests.e2e.world import running as configuration

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.loss, pytest.mark.nightly(twin="tests/e2e/test_killed.py")]

_CALICO = "crd.projectcalico.org"
OBJECTS = f"nodes,bgppeers.{_CALICO},bgpconfigurations.{_CALICO}"
UP = ("up", "--yes", "--skip-preview", "--suppress-outputs")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example with a node more, nothing applied."""
    whole = example()
    whole["racks"]["rr1"]["members"]["node7"] = "172.20.0.17"
    with running(tmp_path_factory.mktemp("lost"), whole) as own:
        yield own


@pytest.fixture(scope="module")
def before(bare: Site) -> dict[str, Any]:
    """The world before leafrack."""
    return snapshot(bare.lab)


@pytest.fixture(scope="module")
def site(bare: Site, before: dict[str, Any]) -> Site:
    """The fabric as it stands after an update took the node away and brought a service range.

    ``checkpoint`` beside its files is the state from before that update.
    """
    bare.applied()
    shutil.copy(state(bare), bare.file.with_name("checkpoint"))
    del bare.racks["rr1"]["members"]["node7"]
    bare.declared["serviceClusterIPs"].append("10.234.0.0/24")
    bare.applied()
    # The mark by which Pulumi wrote the ranges is part of the state, not of the fabric: without a state it would go.
    bare.lab.kubectl("annotate", f"bgpconfigurations.{_CALICO}", "default", f"{RERUN_ANNOTATION}-")
    return bare


def state(site: Site) -> Path:
    """The file that Pulumi keeps the stack's state in."""
    return site.project.folder / "state" / ".pulumi" / "stacks" / "leafrack" / "dev.json"


def locks(site: Site) -> list[Path]:
    return list((site.project.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def as_it_stands(lab: Lab) -> dict[str, Any]:
    """Every object with what the API server counts of its changes, every switch word for word."""
    listed = json.loads(lab.kubectl("get", OBJECTS, "-o", "json", "--show-managed-fields"))["items"]
    for each in listed:
        if each["metadata"]["name"].endswith("-to-node-peer"):
            # The step that widened its selector owns that. An update with a lost state becomes an owner too.
            del each["metadata"]["managedFields"], each["metadata"]["resourceVersion"]
    return {
        **{f"{each['kind']}/{each['metadata']['name']}": each["metadata"] for each in listed},
        **{name: configuration(lab, name) for name in SWITCHES},
    }


def unlock(site: Site) -> tuple[int, str]:
    given = (f"{name}={value}" for name, value in site.project.env.items())
    done = site.lab.run("env", *given, sys.executable, "-m", "tools", "unlock")
    return done.returncode, done.stdout + done.stderr


def test_a_second_update_at_once_fails_clearly_and_the_first_finds_a_lost_state_as_it_stands(site: Site) -> None:
    stands, stood = as_it_stands(site.lab), Moment.of(site.lab)
    known = site.project.resources()
    for file in state(site).parent.glob("dev.json*"):
        file.unlink()
    site.project.check("stack", "select", "dev", "--create")
    first = site.project.start(*UP)
    first.reaches(lambda: bool(locks(site)))
    second = site.project.pulumi(*UP)
    code, said = unlock(site)
    whose = f"process {first.pid} of "
    run = first.end()
    assert second.code != 0
    assert f"(pid {first.pid})" in second.said, second.said
    assert "Traceback" not in second.said
    assert (code, whose in said) == (1, True), said
    assert run.code == 0, run.said
    assert as_it_stands(site.lab) == stands
    assert stood.lost_until(Moment.of(site.lab)) == []
    assert site.project.resources() == known
    assert locks(site) == []


def test_an_update_with_the_state_of_an_hour_ago_touches_nothing(site: Site) -> None:
    stands, stood = as_it_stands(site.lab), Moment.of(site.lab)
    known = site.project.resources()
    shutil.copy(site.file.with_name("checkpoint"), state(site))
    site.applied()
    assert as_it_stands(site.lab) == stands
    assert stood.lost_until(Moment.of(site.lab)) == []
    assert site.project.resources() == known


def test_a_truncated_state_is_told_and_the_copy_that_pulumi_keeps_goes_on(site: Site) -> None:
    stands, stood = as_it_stands(site.lab), Moment.of(site.lab)
    whole = state(site).read_text(encoding="utf-8")
    state(site).write_text(whole[: len(whole) // 2], encoding="utf-8")
    run = site.up()
    assert run.code != 0, run.said
    assert "error: failed to load checkpoint" in run.said, run.said
    assert "Traceback" not in run.said
    assert as_it_stands(site.lab) == stands
    # As docs/errors.md has it.
    state(site).with_name("dev.json.bak").rename(state(site))
    site.applied()
    assert as_it_stands(site.lab) == stands
    assert stood.lost_until(Moment.of(site.lab)) == []
    site.project.check("preview", "--refresh", "--expect-no-changes")


def test_a_state_of_an_older_layout_is_refused_and_dropped_without_a_lost_packet(site: Site) -> None:
    stands, stood, known = as_it_stands(site.lab), Moment.of(site.lab), site.project.resources()
    exported = json.loads(site.project.check("stack", "export").said)
    for resource in exported["deployment"]["resources"]:
        if resource["type"] == "pulumi:pulumi:Stack":
            resource["outputs"]["leafrack"]["version"] = 1
    old = site.project.folder / "old.json"
    old.write_text(json.dumps(exported), encoding="utf-8")
    site.project.check("stack", "import", "--file", str(old))
    with Pings(site.lab, [("node1", "node3"), ("node3", "node6")]) as pings:
        for command in (("preview",), UP):
            refused = site.project.pulumi(*command)
            assert refused.code != 0
            lines = [each for each in refused.said.splitlines() if "written by another version" in each]
            (line,) = {each.partition("error: ")[2] for each in lines}
            assert "`pulumi state delete --all`, then `pulumi up`" in line
            assert "Traceback" not in refused.said
        assert as_it_stands(site.lab) == stands
        site.project.check("state", "delete", "--all", "--yes")
        site.applied()
    assert pings.losses
    assert [str(loss) for loss in pings.losses if loss.lost] == []
    assert as_it_stands(site.lab) == stands
    assert stood.lost_until(Moment.of(site.lab)) == []
    assert site.project.resources() == known
    site.project.check("preview", "--refresh", "--expect-no-changes")


def test_a_destroy_after_all_of_it_leaves_nothing(site: Site, before: dict[str, Any]) -> None:
    site.destroyed()
    assert snapshot(site.lab) == before
    assert site.project.resources() == {}
    assert eventually(lambda: missing(site.lab, site.fabric) != [])
