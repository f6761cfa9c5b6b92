"""Reading switches over SSH, by way of jump hosts too, all at once, each within a bound of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import asyncssh

from leafrack.errors import UnreadableError
from leafrack.platforms import PlayedPlatform, ShelledPlatform, SwitchState, platform_of, played
from leafrack.world.conversation import Conversation, CutError, SaidError, run, talk
from leafrack.world.login import TIMEOUT, Credentials, Tunnels, log_in, place, reason
from leafrack.world.model import Endpoint, Report, ReportedSession

AT_ONCE = 32
"""Connections open at the same time: a bound for the machine that asks, not for the switches."""


def read_all(
    endpoints: Iterable[Endpoint], credentials: Credentials, *, timeout: float = TIMEOUT, routes: bool = True
) -> Mapping[str, SwitchState | UnreadableError]:
    """State of each switch by name, or why there is none; never raises for a switch.

    Without ``routes`` a platform may leave its tables out: of a large fabric they are megabytes a switch.
    """

    async def gather() -> dict[str, SwitchState | UnreadableError]:
        turn = asyncio.Semaphore(AT_ONCE)
        wanted = list(endpoints)
        async with Tunnels(credentials, timeout) as tunnels:

            async def one(endpoint: Endpoint) -> SwitchState | UnreadableError:
                async with turn:
                    try:
                        tunnel = await tunnels.to(endpoint)
                        return await _read(endpoint, credentials, timeout, tunnel, routes=routes)
                    except UnreadableError as error:
                        return error

            return dict(zip((e.name for e in wanted), await asyncio.gather(*map(one, wanted)), strict=True))

    # A thread of its own: a Pulumi program has an event loop running already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, gather()).result()


def report(name: str, state: SwitchState | UnreadableError) -> Report:
    """A switch's state in the common form."""
    if isinstance(state, UnreadableError):
        return Report(name=name, failure=state.why)
    return Report(
        name=name,
        as_number=state.as_number,
        routes=state.routes,
        sessions=tuple(
            ReportedSession(
                reporter=name,
                peer=peer.address,
                state=peer.state,
                peer_as=peer.remote_as,
                uptime=peer.uptime,
                last_error=peer.last_error,
            )
            for peer in state.neighbours.values()
        ),
    )


async def _read(
    endpoint: Endpoint,
    credentials: Credentials,
    patience: float,
    tunnel: asyncssh.SSHClientConnection | None,
    *,
    routes: bool,
) -> SwitchState:
    platform = platform_of(endpoint.platform)
    try:
        connection = await log_in(endpoint, credentials, patience, tunnel)
        try:
            if isinstance(platform, PlayedPlatform):
                conversation = talk(endpoint, platform, connection, patience=patience)
                await identify(endpoint, platform, conversation)
                return await read_state(endpoint, platform, conversation, platform.reads)
            command = platform.read if routes else platform.read_without_routes or platform.read
            return await _of_shell(endpoint, platform, connection, patience, command)
        finally:
            # Not closed but left: a switch that has frozen would be waited for.
            connection.abort()
    except (asyncssh.Error, OSError, TimeoutError) as error:
        why, refused = reason(endpoint, error)
        raise UnreadableError(endpoint.name, why, refused=refused) from None


async def _of_shell(
    endpoint: Endpoint,
    platform: ShelledPlatform,
    connection: asyncssh.SSHClientConnection,
    patience: float,
    command: str,
) -> SwitchState:
    # One bound for all of it: asyncssh's own begins when the switch has let the command begin.
    async with asyncio.timeout(patience):
        status, answer, complaint = await run(endpoint, connection, command)
    if status != 0:
        said = (complaint or answer).strip().splitlines()
        raise _refuses(endpoint, said[-1] if said else f"exit status {status}")
    return _parsed(endpoint, platform, answer)


async def identify(endpoint: Endpoint, platform: PlayedPlatform, conversation: Conversation) -> None:
    """Raise :class:`UnreadableError` unless a box is of the platform that the fabric file says."""
    look = platform.dialogue.identity
    try:
        said = await conversation.ask(look.command)
    except SaidError as error:
        said = error.why
    except CutError as error:
        raise _away(endpoint, error) from None
    if not re.search(look.pattern, said, re.MULTILINE):
        first = next((line.strip() for line in said.splitlines() if line.strip()), "nothing")
        is_none = f"{place(endpoint)} is no {platform.title}: to `{look.command}` it says {first[:120]!r}"
        raise UnreadableError(endpoint.name, f"{is_none}; correct the leaf's platform or its address", refused=True)


async def read_state(
    endpoint: Endpoint, platform: PlayedPlatform, conversation: Conversation, commands: Iterable[str]
) -> SwitchState:
    """What a box of a played platform runs; raises :class:`UnreadableError`."""
    answers: dict[str, str] = {}
    for command in commands:
        tolerated = platform.unread.get(command, "")
        try:
            answer = await conversation.ask(command, tolerated=tolerated)
        except SaidError as error:
            raise _refuses(endpoint, str(error)) from None
        except CutError as error:
            raise _away(endpoint, error) from None
        off = tolerated and re.search(tolerated, answer, re.MULTILINE)
        answers[command] = "" if off else answer
    for command in platform.besides(answers):
        try:
            answers[command] = await conversation.ask(command)
        except SaidError:
            answers[command] = ""
        except CutError as error:
            raise _away(endpoint, error) from None
    return _parsed(endpoint, platform, played.joined(answers.items()))


def _parsed(endpoint: Endpoint, platform: ShelledPlatform | PlayedPlatform, answer: str) -> SwitchState:
    try:
        return platform.parse(answer)
    except ValueError as error:
        raise UnreadableError(endpoint.name, str(error), refused=True) from None


def _refuses(endpoint: Endpoint, said: str) -> UnreadableError:
    return UnreadableError(endpoint.name, f"the switch refuses to be read: {said}", refused=True)


def _away(endpoint: Endpoint, error: CutError) -> UnreadableError:
    return UnreadableError(endpoint.name, f"{place(endpoint)}: {error}")
