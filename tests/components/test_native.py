"""A fabric on native v3 CRDs of Calico beside the same on v1 CRDs: what differs of it, and what must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest

from leafrack.fabric import Interconnect
from leafrack.world.calico import Group
from leafrack.world.calico_api import CalicoApi
from tests.components.test_fabric import Registered, guarded, of_calico, register

PREFIX = {group: f"kubernetes:{group.api_version}:" for group in Group}
OTHER = {Group.V1: Group.V3, Group.V3: Group.V1}
OBJECTS = {
    "rr1-to-leaf1-peer", "rr1-to-node-peer", "rr2-to-leaf2-peer", "rr2-to-node-peer", "rr1-leaf-filter",
    "rr2-leaf-filter", "bgp-configuration",
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Iterator[Mapping[Group, Registered]]:
    yield {group: register({}, of_calico(CalicoApi(group))) for group in Group}
    pulumi.runtime.reset_options()


def of_calicos(registered: Registered, group: Group) -> dict[str, str]:
    """Kinds of Calico's objects in a group, by name of their resource."""
    prefix = PREFIX[group]
    return {name: each.type.removeprefix(prefix) for name, each in registered.items() if each.type.startswith(prefix)}


@pytest.mark.parametrize("group", Group)
def test_every_object_of_calico_is_in_the_group_that_was_found(made: Mapping[Group, Registered], group: Group) -> None:
    kinds = of_calicos(made[group], group)
    assert set(kinds) == OBJECTS
    assert {made[group][name].inputs["apiVersion"] for name in OBJECTS} == {group.api_version}
    assert of_calicos(made[group], OTHER[group]) == {}


@pytest.mark.parametrize("group", Group)
def test_each_is_the_same_resource_that_it_was_in_the_other_group(
    made: Mapping[Group, Registered], group: Group
) -> None:
    other = PREFIX[OTHER[group]]
    for name, kind in of_calicos(made[group], group).items():
        assert made[group][name].aliases == {f"{other}{kind}"}, name
    rest = {name for name, each in made[group].items() if each.aliases} - OBJECTS
    assert rest == set(), "nodes and commands know no group"


def without_group(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs without what names a group, and without the random token of what differs in an empty world."""
    metadata = dict(inputs.get("metadata") or {})
    metadata["annotations"] = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != "leafrack/api-version"
    }
    return {**inputs, "apiVersion": "", "environment": {}, "metadata": metadata, "update": ""}


def test_nothing_else_differs_so_no_gate_and_no_step_runs_again_after_a_migration(
    made: Mapping[Group, Registered],
) -> None:
    v1, v3 = made[Group.V1], made[Group.V3]
    names = {name for each_group in (v1, v3) for name, each in each_group.items() if each.type != "pulumi:pulumi:Stack"}
    for name in names:
        resource = v1[name]
        assert without_group(resource.inputs) == without_group(v3[name].inputs), name
        assert (resource.waits_for, resource.ignores) == (v3[name].waits_for, v3[name].ignores), name
    texts = [each.inputs["stdin"] for each in v3.values() if each.type == "command:local:Command"]
    assert not any(group.api_version in text for text in texts for group in Group)


def test_an_update_marks_what_it_writes_on_native_crds_and_leaves_v1_as_it_was(
    made: Mapping[Group, Registered],
) -> None:
    def mark(group: Group, name: str) -> str | None:
        found: str | None = made[group][name].inputs["metadata"]["annotations"].get("leafrack/api-version")
        return found

    peers = {name for name, kind in of_calicos(made[Group.V3], Group.V3).items() if kind == "BGPPeer"}
    assert {mark(Group.V3, name) for name in peers} == {"projectcalico.org/v3"}
    assert {mark(Group.V1, name) for name in OBJECTS} == {None}


@pytest.fixture
def _no_leftovers() -> Iterator[None]:
    yield
    pulumi.runtime.reset_options()


@pytest.mark.usefixtures("_no_leftovers")
def test_what_a_destroy_begins_with_looks_whether_it_would_leave_something_behind() -> None:
    def starts(registered: Registered) -> set[str]:
        """What nothing that runs a command or writes stands behind: the first to go."""
        acts = {name for name, each in registered.items() if each.inputs.get("delete") or "apiVersion" in each.inputs}
        behind: set[str] = set()
        for name in acts:
            ahead = [name]
            while ahead:
                for wanted in registered[ahead.pop()].waits_for - behind:
                    behind.add(wanted)
                    ahead.append(wanted)
        return {name for name in acts - behind if registered[name].type.startswith(("command:", "kubernetes:"))}

    racks = register({})
    assert starts(racks) == {"rr2-local-as-number"}
    assert "manager" not in guarded(racks, "switched-over-gate"), "its input stays as it was"
    mesh = register({}, interconnect=Interconnect.FULL_MESH)
    assert starts(mesh) == {"switched-over-gate"}
    assert guarded(mesh, "switched-over-gate")["manager"] == "leafrack:leafrack/test"
