"""A platform that nobody sells: FRR's writing and reading, with other properties, registered for a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from leafrack import platforms
from leafrack.platforms import Behaviour, Feature, Platform

NAME = "toyos"


class MadeUp:
    """Everything that FRR is, but for what a test gives it."""

    def __init__(self, behaviour: Behaviour | None = None, cannot: Mapping[Feature, str] | None = None) -> None:
        self.behaviour = behaviour or platforms.platform_of("frr").behaviour
        self.cannot = cannot or {}

    def __getattr__(self, name: str) -> Any:
        return getattr(platforms.platform_of("frr"), name)


def register(
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour | None = None,
    cannot: Mapping[Feature, str] | None = None,
) -> Platform:
    """The made-up platform, known for the rest of the test."""
    made: Any = MadeUp(behaviour, cannot)
    monkeypatch.setitem(platforms.BUILT_IN, NAME, made)
    found: Platform = made
    return found
