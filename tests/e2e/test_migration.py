"""Calico's migration from v1 to native v3 CRDs in the middle of a stack's life.

The tests stand in the order of that life.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.project import Run
from lab.site import Site, example, running
from leafrack.fabric import names
from leafrack.world.calico import Group
from tests.conftest import Lab
from tests.e2e.killed import Moment
from tests.e2e.world import eventually, mesh_is_on, objects, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.timeout(900)]

UP = ("up", "--yes", "--skip-preview", "--suppress-outputs")
DESTROY = ("destroy", "--yes", "--skip-preview")
MOVING = (
    "cluster: Calico's resources are being moved to projectcalico.org/v3, and what is written to "
    "crd.projectcalico.org/v1 has no effect any more: nothing was changed; wait until `kubectl get "
    "datastoremigrations` says Complete"
)
LEFT_BY_MIGRATION = (
    "asNumber", "logSeverityScreen", "serviceClusterIPs", "serviceExternalIPs", "serviceLoadBalancerIPs",
    "communities", "prefixAdvertisements",
    "serviceLoadBalancerAggregation",  # the API server's default
)  # fmt: skip
"""Fields of BGPConfiguration that Calico's copy owns besides leafrack: a destroy gives them up (docs/calico-api.md)."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example on v1 CRDs, in a lab that can migrate; nothing applied."""
    with running(tmp_path_factory.mktemp("migration"), example(), calico_api="migrating") as own:
        yield own


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, Any]:
    """The world before leafrack."""
    return snapshot(site.lab)


@pytest.fixture(scope="module")
def stood(site: Site, before: dict[str, Any]) -> Moment:
    """Sessions of the applied fabric before the migration."""
    site.applied()
    return Moment.of(site.lab)


def migrate(lab: Lab, step: str) -> None:
    done = lab.cli("migrate-calico", step)
    assert done.returncode == 0, done.stderr


def versions(lab: Lab) -> dict[str, str]:
    """What the API server counts of the changes of every object."""
    listed = json.loads(lab.kubectl("get", objects(lab), "-o", "json"))["items"]
    return {f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"] for each in listed}


def refused(run: Run, words: str) -> None:
    assert run.code != 0, run.said
    assert words in " ".join(run.said.split()), run.said
    assert "Traceback" not in run.said


def test_while_it_is_under_way_nothing_is_written_and_every_command_says_why(site: Site, stood: Moment) -> None:
    migrate(site.lab, "begin")
    stands, leaf = versions(site.lab), site.lab.exec("leaf01", "vtysh", "-c", "show running-config")
    for command in (("preview",), UP, DESTROY):
        refused(site.project.pulumi(*command), MOVING)
    assert versions(site.lab) == stands
    assert site.lab.exec("leaf01", "vtysh", "-c", "show running-config") == leaf
    assert stood.lost_until(Moment.of(site.lab)) == []


def test_a_destroy_before_an_update_fails_at_its_first_step(site: Site, stood: Moment) -> None:
    migrate(site.lab, "end")
    stands, known = versions(site.lab), site.project.resources()
    run = site.project.pulumi(*DESTROY)
    refused(run, "Calico has moved to projectcalico.org/v3 since the last `pulumi up`, and deleting by the state would")
    refused(run, "nothing was changed; run `pulumi up` first")
    assert versions(site.lab) == stands
    gates = {name for name, type_ in known.items() if type_ == "command:local:Command" and name.endswith("-gate")}
    assert set(known) - set(site.project.resources()) <= gates, "only gates without a way back are gone"
    assert stood.lost_until(Moment.of(site.lab)) == []


def test_a_rack_that_leaves_with_the_first_update_is_refused(site: Site) -> None:
    rack = site.racks.pop("rr2")
    try:
        refused(site.up(), "rr2-to-leaf2-peer and rr2-to-node-peer are no longer of this file, and Calico has moved")
    finally:
        site.racks["rr2"] = rack
        site.write()


def test_the_next_update_goes_on_and_resets_nothing(site: Site, stood: Moment) -> None:
    run = site.applied()
    assert "replaced" not in run.changes()
    assert "deleted" not in run.changes()
    assert run.changes()["updated"] == len([type_ for type_ in site.project.resources().values() if "calico" in type_])
    types = {type_ for type_ in site.project.resources().values() if "projectcalico" in type_}
    assert types == {
        f"kubernetes:{Group.V3.api_version}:{kind}" for kind in ("BGPPeer", "BGPFilter", "BGPConfigurationPatch")
    }
    assert stood.lost_until(Moment.of(site.lab)) == []
    assert all(row["ok"] for row in site.rows())


def test_then_a_preview_is_quiet(site: Site) -> None:
    site.project.check("preview", "--refresh", "--expect-no-changes")


def test_a_destroy_ends_in_the_mesh_with_nothing_of_leafracks_left(site: Site, before: dict[str, Any]) -> None:
    site.destroyed()
    after, was = snapshot(site.lab), dict(before)
    for found in (after, was):
        configuration = found.pop("BGPConfiguration/default")
        assert "nodeToNodeMeshEnabled" not in configuration["spec"]
        assert set(configuration["spec"]) <= set(LEFT_BY_MIGRATION)
        assert names.API_VERSION_ANNOTATION not in configuration["metadata"].get("annotations", {})
    assert after == was
    assert site.project.resources() == {}
    assert eventually(lambda: mesh_is_on(site.lab))
