"""A leaf whose jobs were run in another way before: what the state has of that stays, and nothing of it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components import state
from leafrack.platforms import Task
from tests.components import test_fabric
from tests.components.test_by_hand import LOCAL, REMOTE, URN, commands
from tests.components.test_fabric import Resource
from tests.components.test_played import played_by
from tests.world import toy_switch

OWN = {"frr": REMOTE, toy_switch.NAME: LOCAL}


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    pulumi.runtime.reset_options()


def made(monkeypatch: pytest.MonkeyPatch, platform: str, *held: str) -> dict[tuple[str, str], Resource]:
    """What there is of leaf01 by name and type, where the state has resources of these types of it."""
    found: list[Resource] = []

    class Seen(Resource):
        def __init__(self, request: Any) -> None:
            super().__init__(request)
            found.append(self)

    urns = [URN.format(kind, f"leaf01-{task}") for kind in held for task in Task]
    monkeypatch.setattr(test_fabric, "Resource", Seen)
    monkeypatch.setattr(state, "_resources", lambda: {urn: {} for urn in urns})
    toy_switch.register(monkeypatch, toy_switch.platform())
    played_by(platform, {})
    return {(one.name, one.type): one for one in found if one.name.startswith("leaf01-") and "Command" in one.type}


@pytest.mark.parametrize("platform", OWN)
def test_what_ran_a_leafs_jobs_before_runs_nothing_beside_what_runs_them_now(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OWN[platform]
    (other,) = set(OWN.values()) - {own}
    found = made(monkeypatch, platform, other)
    now = {(f"leaf01-{task}", own) for task in Task}
    # The one without a delete may go.
    before = {(f"leaf01-{task}", other) for task in (Task.SESSIONS, Task.AS_NUMBERS)}
    assert set(found) == now | before
    for key in before:
        assert commands(found[key]) == {}
        assert "stdin" not in found[key].inputs
        assert found[key].ignores == set(), "an update that is left as it was would still run"
        assert found[key].parent == "leaf01", "or it would be another resource"
    assert {"create", "delete"} <= set(commands(found["leaf01-sessions", own]))


@pytest.mark.parametrize("platform", OWN)
def test_it_stays_for_as_long_as_the_state_has_it_and_where_there_was_none_there_is_none(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, both = OWN[platform], tuple(OWN.values())
    assert {kind for _, kind in made(monkeypatch, platform, *both)} == set(both)
    pulumi.runtime.reset_options()
    assert {kind for _, kind in made(monkeypatch, platform, own)} == {own}
    pulumi.runtime.reset_options()
    assert {kind for _, kind in made(monkeypatch, platform)} == {own}
