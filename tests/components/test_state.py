"""A state of an older layout, or one that cannot be read, is said in a line before anything is registered."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import state
from leafrack.commands.switch import SEALS
from leafrack.platforms.seals import Seal
from leafrack.world.calico import Group

OLD, UNREAD = "the state of this stack was written by another version", "the state of this stack cannot be read"
LEAF = "urn:pulumi:dev::leafrack::leafrack:index:LeafSwitch$command:remote:Command::"
SEEN: Mapping[str, tuple[Any, Any, str | None]] = {
    "a new stack": ({}, {}, None),
    "this layout": ({"leafrack": {"version": 2.0}}, {}, None),
    "an older one": ({"leafrack": {"version": 1.0}}, {}, OLD),
    "an older one that was broken off": ({}, {f"{LEAF}leaf01-prefix-lists": {}}, OLD),
    "this one, broken off": ({}, {f"{LEAF}leaf01-sessions": {}}, None),
    "one that is never whole": (ValueError("failed to load checkpoint: EOF\nmore"), {}, UNREAD),
}


@pytest.mark.parametrize(("outputs", "resources", "said"), SEEN.values(), ids=SEEN)
def test_what_is_said_of_a_state(monkeypatch: pytest.MonkeyPatch, outputs: Any, resources: Any, said: str) -> None:
    def invoke(function: str, _: Any) -> Any:
        if isinstance(outputs, Exception):
            raise outputs
        return SimpleNamespace(value={"outputs": outputs if function.endswith("StackOutputs") else resources})

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    monkeypatch.setattr("time.sleep", lambda _: None)
    for part in ("organization", "project", "stack"):
        monkeypatch.setattr(pulumi, f"get_{part}", lambda: "x")
    found = state.stale_state()
    assert found == said if said is None else str(found).startswith(said)
    assert "\n" not in str(found)


ON_V3 = "urn:pulumi:dev::leafrack::leafrack:index:Fabric$kubernetes:projectcalico.org/v3:BGPPeer::rr1-to-leaf1-peer"
ON_V1 = ON_V3.replace("projectcalico.org/v3", "crd.projectcalico.org/v1")


@pytest.mark.parametrize(
    ("resources", "group"),
    [({}, Group.V1), ({ON_V1: {}}, Group.V1), ({ON_V3: {}}, Group.V3), (ValueError("no state"), Group.V1)],
    ids=["a new stack", "v1", "v3", "one that cannot be read"],
)
def test_a_preview_without_the_cluster_goes_by_the_group_of_the_last_update(
    monkeypatch: pytest.MonkeyPatch, resources: Any, group: Group
) -> None:
    def invoke(_function: str, _given: Any) -> Any:
        if isinstance(resources, Exception):
            raise resources
        return SimpleNamespace(value={"outputs": resources})

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    monkeypatch.setattr("time.sleep", lambda _: None)
    for part in ("organization", "project", "stack"):
        monkeypatch.setattr(pulumi, f"get_{part}", lambda: "x")
    assert state.written_group() is group


PLAYED = LEAF.replace("remote:Command", "local:Command")
SEAL = Seal.of(ip_address("172.20.0.11"), "s3cret", "3 5f1a")
KEPT = SEALS.dump_json({ip_address("172.20.0.11"): SEAL}).decode()
STATES: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "what the last update kept": (
        {
            f"{PLAYED}leaf01-sessions": {"outputs": {"stdout": KEPT}},
            f"{PLAYED}leaf01-retired": {"outputs": {"stdout": "{}"}},
            f"{PLAYED}leaf02-sessions": {"outputs": {"stdout": KEPT}},
            "urn:pulumi:dev::leafrack::leafrack:index:Fabric$command:local:Command::leaf01-sessions": {
                "outputs": {"stdout": "{}"}
            },
        },
        {"leaf01": {ip_address("172.20.0.11"): SEAL}},
    ),
    "nothing that was kept": (
        {f"{PLAYED}leaf01-sessions": {"outputs": {"stdout": ""}}},
        {"leaf01": {}},
    ),
    "an output that is none of ours": (
        {f"{PLAYED}leaf01-sessions": {"outputs": {"stdout": "Last login: Sat"}}},
        {"leaf01": {}},
    ),
    "a command that has not ended yet": (
        {f"{PLAYED}leaf01-sessions": {"outputs": None}},
        {"leaf01": {}},
    ),
    "a new stack": ({}, {"leaf01": {}}),
    "one that cannot be read": (ValueError("no state"), {}),
}


@pytest.mark.parametrize(("resources", "found"), STATES.values(), ids=STATES)
def test_what_was_kept_of_passwords_is_what_the_commands_of_the_leaves_have_put_out(
    monkeypatch: pytest.MonkeyPatch, resources: Any, found: Mapping[str, Any]
) -> None:
    def read(function: str, _: str) -> Any:
        assert function == "pulumi:pulumi:readStackResourceOutputs"
        if isinstance(resources, Exception):
            raise resources
        return resources

    monkeypatch.setattr(state, "_read", read)
    assert state.seals(["leaf01"]) == found


def test_a_state_is_not_read_for_leaves_that_keep_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_read", lambda *_: pytest.fail("it was read"))
    assert state.seals([]) == {}
