"""What the SDK tells the engine while the program runs."""

from __future__ import annotations

import pulumi
import pytest
from pulumi.runtime.proto import engine_pb2, resource_pb2, source_pb2
from pulumi.runtime.settings import SETTINGS

from config.engine import KEEP, quietly


class Engine:
    """Takes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - as the service has it
        self.told.append(request.message)

    def GetRootResource(self, _: object) -> str:  # noqa: N802 - as the service has it
        return "the stack"


class Monitor:
    """Registers whatever it is asked to."""

    def __init__(self) -> None:
        self.asked: list[resource_pb2.RegisterResourceRequest] = []

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> str:  # noqa: N802 - the service's own
        self.asked.append(request)
        return "a resource"

    def Invoke(self, _: object) -> str:  # noqa: N802 - as the service has it
        return "an answer"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(SETTINGS, "engine", own := Engine())
    return own


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Monitor:
    monkeypatch.setattr(SETTINGS, "monitor", own := Monitor())
    return own


def request() -> resource_pb2.RegisterResourceRequest:
    here = source_pb2.SourcePosition(uri="file:///home/ann/leafrack/__main__.py", line=24)
    stack = source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=here)])
    return resource_pb2.RegisterResourceRequest(name="rack1", sourcePosition=here, stackTrace=stack)


def say_all() -> None:
    for say in (pulumi.log.debug, pulumi.log.info, pulumi.log.warn, pulumi.log.error):
        say(say.__name__)


def test_the_engine_hears_all_but_debug_messages(engine: Engine) -> None:
    quietly()
    say_all()
    assert engine.told == ["info", "warn", "error"]
    assert SETTINGS.engine.GetRootResource(None) == "the stack"


def test_whoever_debugs_the_sdk_keeps_them(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEP, "1")
    quietly()
    say_all()
    assert engine.told == ["debug", "info", "warn", "error"]


def test_a_resource_is_registered_without_the_stack_of_python_that_made_it(engine: Engine, monitor: Monitor) -> None:
    quietly()
    assert SETTINGS.monitor.RegisterResource(request()) == "a resource"
    (asked,) = monitor.asked
    assert (asked.name, asked.sourcePosition.line) == ("rack1", 24)
    assert not asked.HasField("stackTrace")
    assert SETTINGS.monitor.Invoke(None) == "an answer"


def test_whoever_debugs_the_sdk_keeps_the_stack(
    engine: Engine, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEEP, "1")
    quietly()
    SETTINGS.monitor.RegisterResource(request())
    (asked,) = monitor.asked
    assert asked.HasField("stackTrace")


def test_without_an_engine_there_is_nothing_to_keep_from_it(engine: Engine, monitor: Monitor) -> None:
    SETTINGS.engine = SETTINGS.monitor = None
    quietly()
    assert (SETTINGS.engine, SETTINGS.monitor) == (None, None)
    assert engine.told == []
