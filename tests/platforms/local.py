"""Jobs of played platforms whose commands run on this machine, or inside namespaces, with no SSH between."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from leafrack.platforms import Job, PlayedPlatform, SwitchState, Way
from leafrack.world.conversation import Exec
from leafrack.world.model import Endpoint
from leafrack.world.player import Done, Player
from leafrack.world.ssh import identify, read_state

Run = Callable[[str, str], "subprocess.CompletedProcess[str]"]
"""Runs a shell command with text on its standard input."""


class _Local(Exec):
    def __init__(self, endpoint: Endpoint, platform: PlayedPlatform, run: Run) -> None:
        connection: Any = None
        super().__init__(endpoint, platform, connection, (), platform.dialogue.slow)
        self._ran = run

    async def run(self, command: str, stdin: str) -> tuple[int | None, str, str]:
        """As over SSH."""
        done = await asyncio.to_thread(self._ran, command, stdin)
        return done.returncode, done.stdout, done.stderr


def endpoint(name: str) -> Endpoint:
    """A leaf that is nowhere."""
    return Endpoint(name="leaf01", platform=name, host="192.0.2.1", port=22, user="root")


def play(name: str, platform: PlayedPlatform, run: Run, job: Job, way: Way) -> Done:
    """Play a job; raises ``PlayError``."""
    leaf = endpoint(name)

    @asynccontextmanager
    async def connect() -> AsyncIterator[_Local]:
        box = _Local(leaf, platform, run)
        await identify(leaf, platform, box)
        yield box

    return asyncio.run(Player(leaf, platform, job, way, connect).play({}))


def read(name: str, platform: PlayedPlatform, run: Run) -> SwitchState:
    """What it runs."""
    leaf = endpoint(name)
    return asyncio.run(read_state(leaf, platform, _Local(leaf, platform, run), platform.reads))
