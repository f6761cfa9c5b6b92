"""A conversation with a switch over a connection of its own, dialled until somebody answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncssh

from leafrack.errors import UnreadableError
from leafrack.platforms import PlayedPlatform
from leafrack.world.conversation import Conversation, talk
from leafrack.world.login import TIMEOUT, Credentials, Tunnels, log_in, reason
from leafrack.world.model import Endpoint
from leafrack.world.ssh import identify

TRIES = 3
"""Times that a switch is dialled; one that refuses, once: each try counts towards a lock-out."""
TRIES_BY_JUMP = 8
"""The same by way of a jump host: sshd drops some of many that come at once (MaxStartups)."""
_PAUSE = 1.0


@asynccontextmanager
async def connected(
    endpoint: Endpoint, platform: PlayedPlatform, credentials: Credentials, secrets: Iterable[str] = ()
) -> AsyncIterator[Conversation]:
    """A new connection to a switch, known to be of its platform; raises :class:`UnreadableError`."""
    async with Tunnels(credentials, TIMEOUT) as tunnels:
        connection = await _dialled(endpoint, credentials, tunnels)
        try:
            box = talk(endpoint, platform, connection, secrets)
            await identify(endpoint, platform, box)
            yield box
        finally:
            connection.abort()


async def _dialled(endpoint: Endpoint, credentials: Credentials, tunnels: Tunnels) -> asyncssh.SSHClientConnection:
    tries = TRIES if endpoint.jump is None else TRIES_BY_JUMP
    while True:
        tries -= 1
        try:
            return await log_in(endpoint, credentials, TIMEOUT, await tunnels.to(endpoint))
        except UnreadableError as error:
            failed = error
        except (asyncssh.Error, OSError, TimeoutError) as error:
            why, refused = reason(endpoint, error)
            failed = UnreadableError(endpoint.name, why, refused=refused)
        if failed.refused or tries <= 0:
            raise failed
        tunnels.forget(endpoint)
        await asyncio.sleep(_PAUSE)
