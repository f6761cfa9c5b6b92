"""A leaf that somebody configures by hand: nothing runs on it, all else waits as it would, and it may come and go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest

from components import state
from components.rerun import VARIABLE
from leafrack.commands.gate import Guarded
from leafrack.fabric import Fabric, Interconnect
from leafrack.platforms import Feature, SessionState, SwitchState
from leafrack.platforms.state import AnyAs
from leafrack.world.model import Report, ReportedSession
from leafrack.world.observed import ClusterState, Observed
from tests import handed
from tests.components.test_fabric import Registered, behind, given, register
from tests.handed import LEAF
from tests.labelled import LABELS
from tests.platforms import made_up

URN = "urn:pulumi:test::leafrack::leafrack:index:Fabric$leafrack:index:LeafRack$leafrack:index:LeafSwitch${}::{}"
REMOTE, LOCAL = "command:remote:Command", "command:local:Command"


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    pulumi.runtime.reset_options()


def made(fabric: Fabric, observed: Observed | None = None, password: str = "") -> Registered:
    passwords: Mapping[str, pulumi.Input[str]] = {"rr2": password} if password else {}
    return register(passwords, observed, racks=fabric.racks)


def gate(made: Registered, name: str) -> Guarded:
    return Guarded.model_validate_json(given(made[name]))


def commands(resource: Any) -> dict[str, str]:
    return {when: resource.inputs[when] for when in ("create", "update", "delete") if when in resource.inputs}


def holding(monkeypatch: pytest.MonkeyPatch, *urns: str) -> None:
    """What the state of the stack has."""
    monkeypatch.setattr(state, "_read", lambda *_: {urn: {} for urn in urns})


def test_nothing_is_made_for_the_leaf_but_its_last_words() -> None:
    found = made(handed.fabric())
    of_leaf = {name: resource.type for name, resource in found.items() if name.startswith(f"{LEAF}-")}
    assert of_leaf == {f"{LEAF}-by-hand": LOCAL}
    assert set(commands(found[f"{LEAF}-by-hand"])) == {"delete"}
    assert commands(found[f"{LEAF}-by-hand"])["delete"].endswith(" -m leafrack hand-over back")
    assert json.loads(given(found[f"{LEAF}-by-hand"])) == {
        "leaf": LEAF,
        "neighbours": ["173.20.0.11", "173.20.0.12"],
        "lists": ["LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT", "LEAFRACK-dc1-AS"],
        "peers": ["rr2-to-leaf2-peer"],
        "cluster": {"kubeconfig": "kube", "context": "c"},
    }
    assert {"leaf01-sessions", "leaf01-retired", "leaf01-as-numbers"} <= set(found)


def test_its_last_words_are_of_the_ranges_too_where_nodes_have_no_names() -> None:
    rack: dict[str, Any] = {"as_number": None, "interconnect": Interconnect.TOP_OF_RACK, "members": {}}
    found = made(handed.fabric(rack={**rack, "label": LABELS["rr2"]}))
    told = json.loads(given(found[f"{LEAF}-by-hand"]))["neighbours"]
    assert told == ["173.20.0.0/24 (group LEAFRACK-dc1-NODES)", "173.20.0.11", "173.20.0.12"]


def test_what_waited_for_the_leaf_waits_in_the_same_order() -> None:
    ours, by_hand = register({}), made(handed.fabric())
    of_leaf = {f"{LEAF}-sessions", f"{LEAF}-retired", f"{LEAF}-as-numbers", f"{LEAF}-by-hand"}
    for name in set(ours) & set(by_hand):
        assert behind(ours, name) - of_leaf == behind(by_hand, name) - of_leaf, name
    assert f"{LEAF}-by-hand" in behind(by_hand, "rr2-to-leaf2-peer"), "it speaks once the peer is gone"


def test_gates_ask_the_nodes_and_say_what_is_to_be_handed_over() -> None:
    for fabric in (handed.fabric(), handed.fabric(ssh=True)):
        found = made(fabric)
        connected = gate(found, "connected-2-gate")
        assert [each.name for each in gate(found, "linked-gate").endpoints] == ["leaf01"]
        assert connected.endpoints == ()
        assert (connected.by_hand, connected.wait) == ({LEAF: "leafrack render leaf02 FABRIC.yaml"}, 1800.0)
        assert gate(found, "rr2-finished-gate").by_hand == connected.by_hand
        turns = json.loads(given(found["rr2-reflectors"]))
        assert turns["endpoints"] == []
        assert "by_hand" not in given(found["connected-1-gate"]), "others are given what they were"


def test_the_first_of_two_hand_overs_is_named_until_the_racks_as_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up.register(monkeypatch, cannot={Feature.ANY_AS: "one AS a neighbour"})
    found = made(handed.fabric(platform=made_up.NAME))
    said = {name: gate(found, f"{name}-gate").by_hand[LEAF] for name in ("connected-2", "linked", "rr2-finished")}
    first, last = "leafrack render leaf02 FABRIC.yaml --start", "leafrack render leaf02 FABRIC.yaml"
    assert said == {"connected-2": first, "linked": first, "rr2-finished": last}


def test_on_a_destroy_nobody_waits_for_the_leaf() -> None:
    found = made(handed.fabric())
    back = gate(found, "switched-over-gate").back
    assert {session.far.name for session in back} == {"leaf01"}


def test_a_gate_sees_the_sessions_again_when_another_text_is_to_be_handed_over() -> None:
    digests = {
        gate(made(fabric, password=password), "connected-2-gate").made_by
        for fabric, password in (
            (handed.fabric(), ""),
            (handed.fabric(as_override=True), ""),
            (handed.fabric(), "s3cret"),
            (handed.fabric(), "0ther"),
        )
    }
    assert len(digests) == 4


HELD = {
    "none": ([], {}),
    "those of a leaf with a shell": (
        [URN.format(REMOTE, f"{LEAF}-{task}") for task in ("sessions", "retired", "as-numbers")],
        {f"{LEAF}-sessions": REMOTE, f"{LEAF}-as-numbers": REMOTE},
    ),
    "those of a leaf that is played": (
        [URN.format(LOCAL, f"{LEAF}-sessions"), URN.format(LOCAL, f"{LEAF}-by-hand")],
        {f"{LEAF}-sessions": LOCAL},
    ),
    "those of another leaf": ([URN.format(REMOTE, "leaf022-sessions"), URN.format(REMOTE, "leaf01-sessions")], {}),
}


@pytest.mark.parametrize(("urns", "kept"), HELD.values(), ids=HELD)
def test_what_leafrack_had_on_the_leaf_stays_in_the_state_without_commands(
    urns: list[str], kept: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    holding(monkeypatch, *urns)
    found = made(handed.fabric())
    of_leaf = {name: each for name, each in found.items() if name.startswith(f"{LEAF}-") and "by-hand" not in name}
    assert {name: each.type for name, each in of_leaf.items()} == kept
    for each in of_leaf.values():
        assert commands(each) == {}
        assert "stdin" not in each.inputs
        assert each.ignores == set(), "an update that is left as it was would still run"
        assert each.parent == LEAF, "or it would be another resource"


def test_of_a_state_that_cannot_be_read_everything_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(*_: object) -> Any:
        raise ValueError

    monkeypatch.setattr(state, "_read", unread)
    assert commands(made(handed.fabric())[f"{LEAF}-sessions"]) == {}


def test_what_differs_is_told_and_only_the_gates_of_the_rack_look_again() -> None:
    fabric = handed.fabric(ssh=True)
    found = made(fabric, Observed(switches={LEAF: handed.state(fabric, description="theirs")}))
    again = {
        name
        for name, resource in found.items()
        if resource.type == LOCAL and resource.inputs.get("environment", {}).get(VARIABLE)
    }
    assert again == {"connected-2-gate", "rr2-finished-gate"}


def test_sessions_that_nodes_report_down_are_seen_again() -> None:
    fabric = handed.fabric()
    session = ReportedSession.model_validate({"reporter": "node4", "peer": "173.20.0.254", "state": SessionState.IDLE})
    reports = {"node4": Report(name="node4", sessions=(session,))}
    found = made(fabric, Observed(ClusterState(), reports=reports))
    assert found["connected-2-gate"].inputs["environment"].get(VARIABLE)


STANDS: Mapping[str, tuple[SwitchState, bool]] = {
    "with any AS, in the right one": (handed.state(handed.fabric()), True),
    "one of them": (handed.state(handed.fabric(), 64513, set_as=AnyAs.EXTERNAL), True),
    "pinned": (handed.state(handed.fabric(), 64513), False),
    "with any AS, before the rack has its own": (
        SwitchState(65010, {a: s for a, s in handed.state(handed.fabric(), remote_as=64512).neighbours.items()
                            if s.remote_as == 64512}),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "stays"), STANDS.values(), ids=STANDS)
def test_a_leaf_that_comes_back_keeps_neighbours_that_stand_with_any_as(found: SwitchState, stays: bool) -> None:  # noqa: FBT001
    ours = register({}, Observed(ClusterState(), {LEAF: found}))
    numbers = given(ours[f"{LEAF}-as-numbers"])
    assert ("173.20.0.11 any any " in numbers) is stays
    assert ("173.20.0.11 any 64513 " in numbers) is not stays
    assert ("delete" in ours[f"{LEAF}-as-numbers"].inputs) is not stays
    assert "173.20.0.11 any 64513 " in given(ours[f"{LEAF}-sessions"]), "that is no change of the sessions"


def test_what_was_handed_over_the_last_time_is_known_from_the_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = {"leaf01": {"asNumber": 65009}, LEAF: {"byHand": {"platform": "frr", "text": "x\n"}}}
    monkeypatch.setattr(state, "_outputs", lambda: {"leafrack": {"racks": {"rr2": {"leaves": leaves}}}})
    assert state.handed_before() == {LEAF: "x\n"}
    odds: list[Any] = [{}, {"leafrack": None}, {"leafrack": {"racks": {"rr2": {}}}}]
    for odd in odds:
        monkeypatch.setattr(state, "_outputs", lambda odd=odd: odd)
        assert state.handed_before() == {}
