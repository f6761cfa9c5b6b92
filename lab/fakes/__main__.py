"""A fake box in a leaf's namespaces: ``python -m lab.fakes PLATFORM HOME``, started by the leaf's first process.

HOME has the keys that sshd would read (``host_key``, ``authorized_keys``). Connections come over its socket
``ssh.sock``, each as a descriptor (lab/sshd.py). ``faults.json`` there is what goes wrong (lab/fakes/faults.py). While
there is a file ``waits``, FRR calls no new neighbour and waits to be called.
SIGUSR1 starts the box again with its saved configuration.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import asyncssh

from lab.fakes import FAKES, SOCKET, STARTUP
from lab.fakes.frr import FrrSpeaker
from lab.fakes.server import Server
from lab.fakes.settling import SettlingSpeaker


def server(platform: str, home: Path) -> Server:
    """The box, which has booted, and who lets people in."""
    startup = Path(STARTUP)
    kind = FAKES[platform]
    speaker = FrrSpeaker(lambda: not (home / "waits").exists())
    fake = kind.box(os.environ["HOST"], speaker, startup.read_text(encoding="utf-8"), startup)
    fake.boot()
    if kind.by_line:
        fake.speaker = SettlingSpeaker(fake.speaker, fake.clock)
    key = asyncssh.import_private_key((home / "host_key").read_bytes())
    authorized = (home / "authorized_keys").read_text(encoding="utf-8")
    return Server(fake, key, authorized, home / "faults.json")


async def main(door: socket.socket, serves: Server, ready: Path) -> None:
    """Answer until the process ends."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, serves.reboot)
    loop.call_soon(ready.touch)
    running: set[asyncio.Task[None]] = set()
    while True:
        await _readable(loop, door)
        _, descriptors, _, _ = socket.recv_fds(door, 1, 1)
        for descriptor in descriptors:
            task = loop.create_task(_serve(socket.socket(fileno=descriptor), serves))
            running.add(task)
            task.add_done_callback(running.discard)


async def _readable(loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
    """Wait for a message without taking it: asyncio takes no descriptors."""
    there = asyncio.Event()
    loop.add_reader(door.fileno(), there.set)
    await there.wait()
    loop.remove_reader(door.fileno())


async def _serve(connection: socket.socket, serves: Server) -> None:
    try:
        await asyncssh.run_server(connection, **serves.options)
    except (asyncssh.Error, OSError) as error:
        print(f"a connection ended: {error}", file=sys.stderr)


def door(path: Path) -> socket.socket:
    """Where connections come in."""
    path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    found.bind(str(path))
    found.setblocking(False)  # noqa: FBT003 - as the socket's method is
    return found


if __name__ == "__main__":
    own = Path(sys.argv[2])
    asyncio.run(main(door(own / SOCKET), server(sys.argv[1], own), own / "fake.ready"))
