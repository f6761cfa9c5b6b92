"""Switches that take connections, or log somebody in, and say nothing more, or never end: the look has its bounds."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf

import pytest

from leafrack.errors import UnreadableError
from leafrack.world import conversation
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint
from leafrack.world.ssh import read_all
from tests.ssh_servers import CANNOT_READ, KEYS, Servers, line

PATIENCE = 0.7


class Way:
    """A way to a server on which nothing passes any more after so many bytes of the server's; nobody hangs up."""

    def __init__(self, port: int, most: float) -> None:
        self.passed = 0
        self._most, self._ends = most, list[socket.socket]()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, args=(port,))
        self._thread.start()

    def _serve(self, port: int) -> None:
        near, far = self._server.accept()[0], socket.create_connection(("127.0.0.1", port))
        self._ends += (near, far)
        back = threading.Thread(target=self._carry, args=(far, near))
        back.start()
        with suppress(OSError):
            while read := near.recv(65536):
                if self.passed <= self._most:
                    far.sendall(read)
        back.join()

    def _carry(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while read := far.recv(65536):
                self.passed += len(read)
                if self.passed <= self._most:
                    near.sendall(read)
            near.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End it."""
        for each in self._ends:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in (*self._ends, self._server):
            each.close()


@contextmanager
def way(port: int, most: float = inf) -> Iterator[Way]:
    """A way for some time."""
    made = Way(port, most)
    try:
        yield made
    finally:
        made.close()


def asked(port: int, patience: float = PATIENCE) -> tuple[UnreadableError, float]:
    """Why a switch cannot be read, and the seconds that it took."""
    key = line(KEYS["ssh-ed25519"])
    endpoint = Endpoint(name="leaf01", host="127.0.0.1", port=port, user="root", platform="frr", host_key=key)
    begun = time.monotonic()
    state = read_all([endpoint], Credentials(), timeout=patience)["leaf01"]
    assert isinstance(state, UnreadableError)
    return state, time.monotonic() - begun


@pytest.mark.parametrize("before_the_end", [3000, 1500, 700, *range(550, 0, -100)])
def test_one_that_freezes_anywhere_is_left_after_its_time(servers: Servers, before_the_end: int) -> None:
    with way(servers.switch()) as free:
        error, _ = asked(free.port)
    assert error.why.endswith(CANNOT_READ)
    with way(servers.switch(), free.passed - before_the_end) as freezing:
        error, took = asked(freezing.port)
    assert error.why == f"no answer from 127.0.0.1 port {freezing.port} within its time"
    assert not error.refused
    assert took < 3 * PATIENCE


@pytest.mark.parametrize("complains", [False, True])
def test_one_that_never_ends_what_it_says_is_left_at_the_bound(
    complains: bool,  # noqa: FBT001
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "LARGEST_ANSWER", 2**20)
    with way(servers.endless(complains=complains)) as free:
        error, took = asked(free.port, 20)
    many = f"127.0.0.1 port {free.port} answers more than 1 MiB when it is read: too many routes, or no switch"
    assert str(error) == f"leaf01: {many}"
    assert error.refused
    assert took < 10
    # What is on its way when it is left: the window of SSH and the buffers of the system.
    assert free.passed < 2**24
