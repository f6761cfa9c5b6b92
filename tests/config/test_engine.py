"""What the SDK tells the engine while the program runs."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pytest
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS

from config.engine import KEEP, without_debug_messages


class Engine:
    """Takes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - as the service has it
        self.told.append(request.message)

    def GetRootResource(self, _: object) -> str:  # noqa: N802 - as the service has it
        return "the stack"


@pytest.fixture
def engine() -> Iterator[Engine]:
    before, own = SETTINGS.engine, Engine()
    SETTINGS.engine = own
    yield own
    SETTINGS.engine = before


def say_all() -> None:
    for say in (pulumi.log.debug, pulumi.log.info, pulumi.log.warn, pulumi.log.error):
        say(say.__name__)


def test_the_engine_hears_all_but_debug_messages(engine: Engine) -> None:
    without_debug_messages()
    say_all()
    assert engine.told == ["info", "warn", "error"]
    assert SETTINGS.engine.GetRootResource(None) == "the stack"


def test_whoever_debugs_the_sdk_keeps_them(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP, "1")
    without_debug_messages()
    say_all()
    assert engine.told == ["debug", "info", "warn", "error"]


def test_without_an_engine_there_is_nothing_to_keep_from_it(engine: Engine) -> None:
    SETTINGS.engine = None
    without_debug_messages()
    assert SETTINGS.engine is None
    assert engine.told == []
