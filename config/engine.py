"""What the SDK tells the engine while the program runs: all but its debug messages."""

from __future__ import annotations

import os
from typing import Any

from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS

KEEP = "LEAFRACK_SDK_DEBUG"
"""Environment variable that keeps the debug messages, for ``pulumi --debug``."""


class WithoutDebugMessages:
    """The engine's service, less what the SDK says for its own makers."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def Log(self, request: engine_pb2.LogRequest) -> Any:  # noqa: N802 - as the service has it
        """A message, unless it is one for debugging."""
        return None if request.severity == engine_pb2.DEBUG else self._engine.Log(request)


def without_debug_messages() -> None:
    """Let the SDK keep its debug messages to itself, unless ``LEAFRACK_SDK_DEBUG`` is set.

    The SDK says four of them for each resource, waits for the engine to take each one, and the engine writes them to a
    log of its own. For hundreds of leaves that is a third of a preview. The SDK takes an engine of one's own
    (``pulumi.runtime.Settings``); nothing of it is patched.
    """
    if SETTINGS.engine is not None and not os.environ.get(KEEP):
        SETTINGS.engine = WithoutDebugMessages(SETTINGS.engine)
