"""A state of an older layout, or one that cannot be read, is said in a line before anything is registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

import pulumi
import pytest
from pulumi.runtime.proto import resource_pb2

from components import state
from leafrack.commands.switch import SEALS
from leafrack.platforms.seals import Seal
from leafrack.world.calico import Group

OLD, UNREAD = "the state of this stack was written by another version", "the state of this stack cannot be read"
LEAF = "urn:pulumi:dev::leafrack::leafrack:index:LeafSwitch$command:remote:Command::"
STACK = "urn:pulumi:dev::leafrack::pulumi:pulumi:Stack::leafrack-dev"


def outputs(version: float) -> dict[str, Any]:
    return {STACK: {"type": "pulumi:pulumi:Stack", "outputs": {"leafrack": {"version": version}}}}


NO_OUTPUTS: dict[str, Any] = {STACK: {"type": "pulumi:pulumi:Stack", "outputs": {}}}
SEEN: Mapping[str, tuple[Any, str | None]] = {
    "a new stack": ({}, None),
    "this layout": (outputs(2), None),
    "an older one": (outputs(1), OLD),
    "an older one that was broken off": ({**NO_OUTPUTS, f"{LEAF}leaf01-prefix-lists": {}}, OLD),
    "this one, broken off": ({**NO_OUTPUTS, f"{LEAF}leaf01-sessions": {}}, None),
    "one that is never whole": (ValueError("failed to load checkpoint: EOF\nmore"), UNREAD),
}


class Engine:
    """An engine that fails a few times, then tells the resources of a state."""

    def __init__(self, resources: Any, failures: int = 0) -> None:
        self.asked: list[Any] = []
        self._resources, self._failures = resources, failures

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        self.asked.append(request)
        if isinstance(self._resources, Exception):
            raise self._resources
        if len(self.asked) <= self._failures:
            msg = "failed to load checkpoint: EOF"
            raise ValueError(msg)
        answer = resource_pb2.ResourceInvokeResponse()
        getattr(answer, "return").update({"name": "x/x/x", "outputs": self._resources})
        return answer


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    monkeypatch.setattr("time.sleep", lambda _: None)
    for part in ("organization", "project", "stack"):
        monkeypatch.setattr(pulumi, f"get_{part}", lambda: "x")

    def made(resources: Any, failures: int = 0) -> Engine:
        found = Engine(resources, failures)
        monkeypatch.setattr(state, "get_monitor", lambda: found)
        return found

    return made


@pytest.mark.parametrize(("resources", "said"), SEEN.values(), ids=SEEN)
def test_what_is_said_of_a_state(engine: Callable[..., Engine], resources: Any, said: str) -> None:
    engine(resources)
    found = state.stale_state()
    assert found == said if said is None else str(found).startswith(said)
    assert "\n" not in str(found)


def test_a_state_is_read_once_in_a_run_and_again_where_the_engine_found_half_of_it(
    engine: Callable[..., Engine],
) -> None:
    read = engine({**outputs(2), f"{LEAF}leaf01-sessions": {"type": state.REMOTE}}, failures=2)
    state.read_ahead()
    assert state.stale_state() is None
    assert state.kinds_of("leaf01-sessions") == (state.REMOTE,)
    assert state.handed_before() == {}
    assert len(read.asked) == 3, "twice in vain"
    assert [dict(each.args.items()) for each in read.asked] == [{"stackName": "x/x/x"}] * 3


ON_V3 = "urn:pulumi:dev::leafrack::leafrack:index:Fabric$kubernetes:projectcalico.org/v3:BGPPeer::rr1-to-leaf1-peer"
ON_V1 = ON_V3.replace("projectcalico.org/v3", "crd.projectcalico.org/v1")


@pytest.mark.parametrize(
    ("resources", "group"),
    [({}, Group.V1), ({ON_V1: {}}, Group.V1), ({ON_V3: {}}, Group.V3), (ValueError("no state"), Group.V1)],
    ids=["a new stack", "v1", "v3", "one that cannot be read"],
)
def test_a_preview_without_the_cluster_goes_by_the_group_of_the_last_update(
    engine: Callable[..., Engine], resources: Any, group: Group
) -> None:
    engine(resources)
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
    engine: Callable[..., Engine], resources: Any, found: Mapping[str, Any]
) -> None:
    engine(resources)
    assert state.seals(["leaf01"]) == found


def test_a_state_is_not_read_for_leaves_that_keep_nothing(engine: Callable[..., Engine]) -> None:
    read = engine({})
    assert state.seals([]) == {}
    assert not read.asked
