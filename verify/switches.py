"""Reading switches over SSH, all at once, each within a bound of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from config import Platform
from switches import SwitchState, dialect
from verify.errors import UnreadableError
from verify.model import Endpoint, Found, Report

TIMEOUT = 10.0
"""Seconds for connecting to a switch, and again for its answer."""
AT_ONCE = 32
"""Connections open at the same time: a bound for the machine that asks, not for the switches."""

PRIVATE_KEY_VARIABLE = "LEAFRACK_SSH_PRIVATE_KEY"
PASSWORD_VARIABLE = "LEAFRACK_SSH_PASSWORD"  # noqa: S105 - a name


@dataclass(frozen=True)
class Credentials:
    """What to log in to switches with; a leaf's own ``identityFile`` goes before ``private_key``."""

    private_key: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls) -> Credentials:
        """Credentials from the environment: the only way in for secrets besides a file."""
        return cls(os.environ.get(PRIVATE_KEY_VARIABLE) or None, os.environ.get(PASSWORD_VARIABLE) or None)


def read_all(
    endpoints: Iterable[Endpoint], credentials: Credentials, *, timeout: float = TIMEOUT
) -> Mapping[str, SwitchState | UnreadableError]:
    """State of each switch by name, or why there is none; never raises for a switch."""

    async def gather() -> dict[str, SwitchState | UnreadableError]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(endpoint: Endpoint) -> SwitchState | UnreadableError:
            async with turn:
                try:
                    return await _read(endpoint, credentials, timeout)
                except UnreadableError as error:
                    return error

        wanted = list(endpoints)
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
            Found(
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


async def _read(endpoint: Endpoint, credentials: Credentials, patience: float) -> SwitchState:
    platform = dialect(Platform(endpoint.platform))
    try:
        async with await asyncio.wait_for(_connect(endpoint, credentials), patience) as connection:
            answer = await connection.run(platform.read, timeout=patience, stdin=asyncssh.DEVNULL)
    except UnreadableError:
        raise
    except (asyncssh.Error, OSError, TimeoutError) as error:
        why, refused = reason(endpoint, error)
        raise UnreadableError(endpoint.name, why, refused=refused) from None
    if answer.exit_status != 0:
        said = str(answer.stderr or answer.stdout or "").strip().splitlines()
        why = f"the switch refuses to be read: {said[-1] if said else f'exit status {answer.exit_status}'}"
        raise UnreadableError(endpoint.name, why, refused=True)
    try:
        return platform.parse(str(answer.stdout or ""))
    except ValueError as error:
        raise UnreadableError(endpoint.name, str(error), refused=True) from None


async def _connect(endpoint: Endpoint, credentials: Credentials) -> asyncssh.SSHClientConnection:
    where = f"[{endpoint.host}]:{endpoint.port}" if endpoint.port != 22 else endpoint.host
    known = asyncssh.import_known_hosts(f"{where} {endpoint.host_key}\n") if endpoint.host_key else None
    return await asyncssh.connect(
        endpoint.host,
        endpoint.port,
        username=endpoint.user,
        known_hosts=known,
        client_keys=_keys(endpoint, credentials),
        password=credentials.password,
        agent_path=None,
        config=None,
        keepalive_interval=5,
    )


def _keys(endpoint: Endpoint, credentials: Credentials) -> list[asyncssh.SSHKey] | None:
    text = private_key(endpoint.name, endpoint.identity_file, credentials.private_key)
    try:
        return [asyncssh.import_private_key(text)] if text else None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        where = endpoint.identity_file or "leafrack:sshPrivateKey"
        why = f"{where} holds no private key that can be used (OpenSSH or PEM form, without a passphrase)"
        raise UnreadableError(endpoint.name, why, refused=True) from None


def private_key(who: str, identity_file: str | None, otherwise: str | None) -> str | None:
    """Text of the private key for a switch: that of its ``identityFile``, else the one given for all.

    Raises :class:`UnreadableError` where the file cannot be read.
    """
    if identity_file is None:
        return otherwise
    try:
        return Path(identity_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = f"cannot read the private key {identity_file}: {getattr(error, 'strerror', None) or 'not text'}"
        raise UnreadableError(who, why, refused=True) from None


def reason(endpoint: Endpoint, error: Exception) -> tuple[str, bool]:
    """What an operator reads of an error on the way to a switch, and whether it is a refusal that no waiting cures."""
    where = f"{endpoint.host} port {endpoint.port}"
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return f"the host key of {where} is not the pinned one (ssh.hostKey): wrong switch, or a replaced one", True
    if isinstance(error, asyncssh.PermissionDenied):
        tried = endpoint.identity_file or "leafrack:sshPrivateKey, leafrack:sshPassword"
        return f"{where} refuses user {endpoint.user}: wrong key or password ({tried})", True
    if isinstance(error, TimeoutError):
        return f"no answer from {where} within its time", False
    if isinstance(error, OSError):
        # asyncio puts words of its own in the place of the system's.
        system = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        return f"cannot connect to {where}: {system.lower()}", False
    return f"SSH to {where} failed: {error}", False
