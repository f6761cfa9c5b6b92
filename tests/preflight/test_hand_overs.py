"""How many hand-overs a preview announces for a leaf by hand, and what a drift check says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from leafrack.fabric import Fabric, hand_over, names
from leafrack.platforms import Feature, SessionState, SwitchState
from leafrack.preflight import hand_overs
from leafrack.preflight.drift import Comparison
from leafrack.world.cluster import PeerState
from leafrack.world.model import Report, ReportedSession
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState, Observed
from tests import handed
from tests.handed import LEAF, RACK
from tests.platforms import made_up

RENDER = "`leafrack render leaf02 FABRIC.yaml`"
NO_ANY = {Feature.ANY_AS: "it takes one AS a neighbour"}


def cluster(as_number: int) -> ClusterState:
    annotations = {names.AS_NUMBER_ANNOTATION: str(as_number)}
    return ClusterState({node: NodeState(node, (), annotations=annotations) for node in ("node4", "node5")})


def told(fabric: Fabric, now: int = 64512, before: str | None = None, state: SwitchState | None = None) -> list[str]:
    switches = {} if state is None else {LEAF: state}
    comparison = Comparison(fabric, Observed(cluster(now), switches))
    return [str(each) for each in hand_overs.notices(comparison, {} if before is None else {LEAF: before})]


def test_a_leaf_is_handed_over_once_and_not_again_without_a_change() -> None:
    fabric = handed.fabric()
    assert told(fabric) == [f"racks.rr2.leaves.leaf02: this update waits for one hand-over: {RENDER}"]
    text = hand_over.text_of(fabric, RACK, LEAF)
    assert told(fabric, 64513, before=text) == []
    assert len(told(fabric, 64513, before=f"{text}more")) == 1


def test_a_leaf_that_is_read_decides_by_itself() -> None:
    fabric = handed.fabric(ssh=True)
    assert told(fabric, state=handed.state(fabric)) == []
    assert told(fabric, state=handed.state(fabric, 64513)) == [], "as leafrack had it"
    assert len(told(fabric, state=SwitchState(65010), before=hand_over.text_of(fabric, RACK, LEAF))) == 1


TWICE: Mapping[str, tuple[int, str | int | None, int | None, str]] = {
    "the first update": (64512, None, None, "two hand-overs"),
    "the first was handed over": (64512, None, 64512, "one hand-over, because"),
    "both were": (64512, None, 64513, "one hand-over, because"),
    "nothing changes": (64513, 64513, None, ""),
    "something else than the AS changes": (64513, "other", None, "one hand-over: `"),
    "the rack had another AS": (64600, 64600, None, "one hand-over, because"),
    "the rack had another AS, and more changes": (64600, "other", None, "two hand-overs"),
}


@pytest.mark.parametrize(("now", "before", "has", "said"), TWICE.values(), ids=TWICE)
def test_two_are_announced_where_the_as_changes_and_the_platform_knows_no_any_as(
    now: int, before: str | int | None, has: int | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up.register(monkeypatch, cannot=NO_ANY)
    fabric = handed.fabric(ssh=has is not None, platform=made_up.NAME)
    text = hand_over.text_of(fabric, RACK, LEAF, before) if isinstance(before, int) else before
    lines = told(fabric, now, text, None if has is None else handed.state(fabric, has))
    assert len(lines) == bool(said)
    assert said in "".join(lines)
    if said == "two hand-overs":
        start = "--start" if now == 64512 else f"--start={now}"
        assert f"first `leafrack render leaf02 FABRIC.yaml {start}`, and {RENDER} once rr2-finished-gate" in lines[0]


def test_an_as_that_only_leaves_see_has_changed_once_the_peers_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up.register(monkeypatch, cannot=NO_ANY)
    local = {"as_number": None, "local_as_number": 64999}
    fabric = handed.fabric(platform=made_up.NAME, rack=local)
    before = hand_over.text_of(fabric, RACK, LEAF)
    peer = PeerState(names.leaf_peer(fabric, RACK, LEAF, 4), {"localASNumber": 64999})
    for peers, lines in (((), 1), ((peer,), 0)):
        comparison = Comparison(fabric, Observed(replace(cluster(64512), peers=peers)))
        assert len(list(hand_overs.notices(comparison, {LEAF: before}))) == lines


def report(node: str, **changed: Any) -> Report:
    session = {"reporter": node, "peer": "173.20.0.254", "state": SessionState.ESTABLISHED, **changed}
    return Report(name=node, sessions=(ReportedSession.model_validate(session),))


def test_a_drift_check_hears_the_nodes_and_reads_the_leaf() -> None:
    fabric = handed.fabric(ssh=True)
    reports = {"node4": report("node4", state=SessionState.ACTIVE), "node5": report("node5")}
    state = handed.state(fabric, description="theirs")
    found = hand_overs.differences(
        Comparison(fabric, Observed(ClusterState(), {LEAF: state}, reports=reports)), RACK, LEAF
    )
    assert found == (
        "leaf02: neighbour 173.20.0.11 has `description theirs` instead of `description leafrack rr2 node4`",
        "node4 ↔ leaf02 – expected Established with AS 65010, found Active",
    )
    assert hand_overs.differences(Comparison(fabric), RACK, LEAF) == (), "what was not asked differs in nothing"
