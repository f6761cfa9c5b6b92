"""A fake box for a test, in the test's own process: SSH on a port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncssh

from lab.fakes.box import Fake
from lab.fakes.server import Server


@dataclass(frozen=True)
class Served:
    """Where a box answers."""

    fake: Fake[Any]
    port: int
    host_key: str
    """As in ``hostKey`` of a fabric file."""

    loop: asyncio.AbstractEventLoop

    def reboot(self) -> None:
        """The box starts again, now."""

        async def again() -> None:
            self.fake.reboot()

        asyncio.run_coroutine_threadsafe(again(), self.loop).result()


@contextmanager
def serving(fake: Fake[Any], authorized: str | None = None) -> Iterator[Served]:
    """A box that has booted; ends with the context. Without ``authorized`` everybody may log in."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = Server(fake, key, authorized)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncssh.SSHAcceptor:
        fake.boot()
        return await asyncssh.listen("127.0.0.1", 0, **server.options)

    async def end(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        server.cut()
        await acceptor.wait_closed()
        # Connections that have just been cut are still on their way out.
        await asyncio.sleep(0.02)

    acceptor = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    try:
        public = " ".join(key.export_public_key().decode().split()[:2])
        yield Served(fake, acceptor.get_port(), public, loop)
    finally:
        asyncio.run_coroutine_threadsafe(end(acceptor), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
