"""What the SDK tells the engine while the program runs: all but debug messages and the stacks behind its resources.

The SDK takes an engine and a monitor of one's own (``pulumi.runtime.Settings``); nothing of it is patched.
"""

from __future__ import annotations

import os
from typing import Any

from pulumi.runtime.proto import engine_pb2, resource_pb2
from pulumi.runtime.settings import SETTINGS

KEEP = "LEAFRACK_SDK_DEBUG"
"""Environment variable that keeps all of it, for ``pulumi --debug``."""


class WithoutDebugMessages:
    """The engine's service, less what the SDK says for its own makers."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def Log(self, request: engine_pb2.LogRequest) -> Any:  # noqa: N802 - as the service has it
        """A message, unless it is one for debugging."""
        return None if request.severity == engine_pb2.DEBUG else self._engine.Log(request)


class WithoutStackTraces:
    """The service that resources are registered with, less the stack of Python that made each one."""

    def __init__(self, monitor: Any) -> None:
        self._monitor = monitor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._monitor, name)

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802 - the service's own
        """Register a resource; its line in the program (``sourcePosition``) is told, who called that is not."""
        request.ClearField("stackTrace")
        return self._monitor.RegisterResource(request)


def quietly() -> None:
    """Let the SDK keep to itself what is for its own makers, unless ``LEAFRACK_SDK_DEBUG`` is set.

    It says four debug messages for each resource, waits for the engine to take each one, and the engine writes them to
    a log of its own: for hundreds of leaves a third of a preview. The stack of Python goes into the state, is a tenth
    of it there, and names folders of whoever ran the update last.
    """
    if os.environ.get(KEEP):
        return
    if SETTINGS.engine is not None:
        SETTINGS.engine = WithoutDebugMessages(SETTINGS.engine)
    if SETTINGS.monitor is not None:
        SETTINGS.monitor = WithoutStackTraces(SETTINGS.monitor)
