"""Logging in to switches, by way of jump hosts too: credentials, host keys, and errors as an operator reads them."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Self

import asyncssh

from leafrack.errors import UnreadableError
from leafrack.world.model import Endpoint, JumpHost

TIMEOUT = 10.0
"""Seconds for logging in to a jump host, again for connecting to a switch, and again for its answer."""
LARGEST_KEY = 2**16
"""Bytes of a private key; RSA of 16,384 bits needs a fifth of it."""

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


class Tunnels:
    """Connections to jump hosts: one to each, however many switches are behind it, closed at the end.

    A login that fails is tried once, and is the failure of every switch behind it: more tries would count towards a
    lock-out, and would each wait their time.
    """

    def __init__(self, credentials: Credentials, patience: float) -> None:
        """``patience`` bounds each login, in seconds; of ``credentials`` only the key is used."""
        self._credentials, self._patience = credentials, patience
        self._asked: dict[JumpHost, asyncio.Task[asyncssh.SSHClientConnection]] = {}

    async def __aenter__(self) -> Self:
        """Nothing is connected yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what was connected; a jump host that does not let go is left."""
        for task in self._asked.values():
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().abort()

    async def to(self, endpoint: Endpoint) -> asyncssh.SSHClientConnection | None:
        """Connection to the endpoint's jump host, ``None`` where it has none.

        Raises :class:`UnreadableError` for the endpoint.
        """
        jump = endpoint.jump
        if jump is None:
            return None
        if jump not in self._asked:
            self._asked[jump] = asyncio.create_task(asyncio.wait_for(self._login(jump), self._patience))
        try:
            return await self._asked[jump]
        except UnreadableError as error:
            why, refused = error.why, error.refused
        except (asyncssh.Error, OSError, TimeoutError) as error:
            why, refused = reason(jump, error)
        raise UnreadableError(endpoint.name, why, refused=refused, at_jump=True)

    def forget(self, endpoint: Endpoint) -> None:
        """Ask the endpoint's jump host anew the next time, after a failure that another try may cure."""
        if endpoint.jump is not None and (task := self._asked.pop(endpoint.jump, None)):
            task.cancel()
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().abort()

    async def _login(self, jump: JumpHost) -> asyncssh.SSHClientConnection:
        return await _connect(jump, _keys(str(jump), jump, self._credentials), None, None)


async def log_in(
    endpoint: Endpoint, credentials: Credentials, patience: float, tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    """Connection to a switch, through one to its jump host where it has one, within ``patience`` seconds.

    Raises :class:`UnreadableError` for a key that cannot be used, and what :func:`reason` takes.
    """
    login = _connect(endpoint, _keys(endpoint.name, endpoint, credentials), credentials.password, tunnel)
    return await asyncio.wait_for(login, patience)


async def _connect(
    hop: Endpoint | JumpHost,
    keys: list[asyncssh.SSHKey] | None,
    password: str | None,
    tunnel: asyncssh.SSHClientConnection | None,
) -> asyncssh.SSHClientConnection:
    where = f"[{hop.host}]:{hop.port}" if hop.port != 22 else hop.host
    known = asyncssh.import_known_hosts(f"{where} {hop.host_key}\n") if hop.host_key else None
    return await asyncssh.connect(
        hop.host,
        hop.port,
        tunnel=tunnel,
        username=hop.user,
        known_hosts=known,
        client_keys=keys,
        password=password,
        agent_path=None,
        config=None,
        keepalive_interval=5,
    )


def _keys(who: str, hop: Endpoint | JumpHost, credentials: Credentials) -> list[asyncssh.SSHKey] | None:
    text = private_key(who, hop.identity_file, credentials.private_key)
    try:
        return [asyncssh.import_private_key(text)] if text else None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        where = hop.identity_file or "leafrack:sshPrivateKey"
        why = f"{where} holds no private key that can be used (OpenSSH or PEM form, without a passphrase)"
        raise UnreadableError(who, why, refused=True) from None


def private_key(who: str, identity_file: str | None, otherwise: str | None) -> str | None:
    """Text of the private key for a switch or jump host: that of its ``identityFile``, else the one given for all.

    Raises :class:`UnreadableError` where the file cannot be read.
    """
    if identity_file is None:
        return otherwise
    try:
        return _key_text(Path(identity_file).expanduser())
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        reason = "no such user" if isinstance(error, RuntimeError) else getattr(error, "strerror", None) or "not text"
        raise UnreadableError(who, f"cannot read the private key {identity_file}: {reason}", refused=True) from None


def _key_text(path: Path) -> str:
    if not S_ISREG(path.stat().st_mode):
        # A device has no end, and a pipe none that comes.
        raise OSError(0, "not a regular file")
    with path.open("rb") as file:
        return file.read(LARGEST_KEY).decode()


def reason(hop: Endpoint | JumpHost, error: Exception) -> tuple[str, bool]:
    """What an operator reads of an error on the way to a switch, and whether it is a refusal that no waiting cures.

    With a jump host on the way it says which of the two it was.
    """
    if isinstance(error, asyncssh.ChannelOpenError) and isinstance(hop, Endpoint):
        return _not_forwarded(hop, error)
    where, key, secrets, wrong = (
        (str(hop), "jump.hostKey", "leafrack:sshPrivateKey", "another machine")
        if isinstance(hop, JumpHost)
        else (place(hop), "ssh.hostKey", "leafrack:sshPrivateKey, leafrack:sshPassword", "wrong switch")
    )
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return f"the host key of {where} is not the pinned one ({key}): {wrong}, or a replaced one", True
    if isinstance(error, asyncssh.PermissionDenied):
        what = "wrong key" if isinstance(hop, JumpHost) else "wrong key or password"
        return f"{where} refuses user {hop.user}: {what} ({hop.identity_file or secrets})", True
    if isinstance(error, TimeoutError):
        return f"no answer from {where} within its time", False
    if isinstance(error, OSError):
        # asyncio puts words of its own in the place of the system's.
        system = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        return f"cannot connect to {where}: {system.lower()}", False
    return f"SSH to {where} failed: {error}", False


def _not_forwarded(endpoint: Endpoint, error: asyncssh.ChannelOpenError) -> tuple[str, bool]:
    where = f"{endpoint.host} port {endpoint.port}"
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        allow = "allow it there (AllowTcpForwarding, PermitOpen, options of the key)"
        return f"{endpoint.jump} does not forward to {where}: {allow}", True
    return f"{endpoint.jump} cannot connect to {where}: {error.reason.lower()}", False


def place(endpoint: Endpoint) -> str:
    """Where a switch is, for an error about it."""
    where = f"{endpoint.host} port {endpoint.port}"
    return where if endpoint.jump is None else f"{where} (by way of {endpoint.jump})"
