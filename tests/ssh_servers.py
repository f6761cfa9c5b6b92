"""SSH servers of this process: switches with host keys of their own, and jump hosts in front of them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncssh

KEYS = {kind: asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")}
OTHER = asyncssh.generate_private_key("ssh-ed25519")
USER = asyncssh.generate_private_key("ssh-ed25519")
"""What logs in to a jump host."""
CANNOT_READ = "vtysh: no such command"
"""What a switch answers to whatever it is told: it was reached."""


def line(key: asyncssh.SSHKey) -> str:
    """A public key in two words."""
    return " ".join(key.export_public_key("openssh").decode().split()[:2])


def text(key: asyncssh.SSHKey) -> str:
    """A private key as it stands in a file."""
    return key.export_private_key("openssh").decode()


@dataclass
class Seen:
    """What a jump host was asked for: who logged in, whether with a password, where to."""

    logins: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    ways: list[tuple[str, int]] = field(default_factory=list)


class Servers:
    """SSH servers on free ports, each with host keys of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._open: list[asyncssh.SSHAcceptor] = []

    def start(self, *kinds: str) -> int:
        """A server with these host keys that lets nobody in; returns its port."""
        return self._listen(server_host_keys=[KEYS[kind] for kind in kinds])

    def switch(self) -> int:
        """A switch that lets anybody in and cannot be read; returns its port."""

        def refuse(process: asyncssh.SSHServerProcess[str]) -> None:
            process.stderr.write(f"{CANNOT_READ}\n")
            process.exit(1)

        return self._listen(server_factory=_Open, server_host_keys=[KEYS["ssh-ed25519"]], process_factory=refuse)

    def endless(self, *, complains: bool = False) -> int:
        """A switch that lets anybody in and never ends what it says; returns its port."""

        async def stream(process: asyncssh.SSHServerProcess[str]) -> None:
            to = process.stderr if complains else process.stdout
            with suppress(OSError, asyncssh.Error):
                while not process.is_closing():
                    to.write("{" * 2**16)
                    await to.drain()

        return self._listen(server_factory=_Open, server_host_keys=[KEYS["ssh-ed25519"]], process_factory=stream)

    def box(self, factory: Any) -> int:
        """A switch that lets anybody in and talks by ``factory`` (asyncssh's process factory); returns its port."""
        return self._listen(
            server_factory=_Open,
            server_host_keys=[KEYS["ssh-ed25519"]],
            process_factory=factory,
            # A terminal of a switch's own: what it echoes and when, it says itself.
            line_editor=False,
        )

    def jump_host(self, *, forwards: bool = True) -> tuple[int, Seen]:
        """A jump host that lets in who has the key ``USER``; returns its port and what it will see."""
        seen = Seen()
        return self._listen(server_factory=lambda: _Jump(seen, forwards), server_host_keys=[KEYS["ssh-ed25519"]]), seen

    def stop(self) -> None:
        """End them all."""

        async def close() -> None:
            for server in self._open:
                server.close()
                await server.wait_closed()
            # Connections that the helper has just left are still on their way out.
            await asyncio.sleep(0.05)

        self._run(close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _listen(self, **options: Any) -> int:
        async def listen() -> asyncssh.SSHAcceptor:
            return await asyncssh.listen("127.0.0.1", 0, **options)

        server = self._run(listen())
        self._open.append(server)
        return int(server.get_port())

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


class _Open(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False


class _Jump(asyncssh.SSHServer):
    def __init__(self, seen: Seen, forwards: bool) -> None:  # noqa: FBT001
        self._seen, self._forwards = seen, forwards

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key == USER.convert_to_public()

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._seen.passwords.append(password)
        return False

    def auth_completed(self) -> None:
        self._seen.logins.append("in")

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self._seen.ways.append((dest_host, dest_port))
        if not self._forwards:
            # As OpenSSH with AllowTcpForwarding no; False would be a switch that refuses.
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        return True


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])
