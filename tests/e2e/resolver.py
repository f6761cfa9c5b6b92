"""A resolver of a test's own, for the processes of one run: it answers for a few names, or is silent."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_INSTEAD = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
_A, _NO_SUCH_NAME = 1, 3


class Resolver:
    """A DNS server (RFC 1035) that has ``names``, all of them 127.0.0.1, and no others."""

    def __init__(self, folder: Path) -> None:
        # Another one for each process that tests: the port cannot be chosen.
        address = f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
        self.names: set[str] = set()
        self.is_silent = False
        self._server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._server.bind((address, 53))
        self._file = folder / "resolv.conf"
        self._file.write_text(f"nameserver {address}\noptions timeout:1 attempts:1\n", encoding="utf-8")
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def under(self) -> tuple[str, ...]:
        """What a command is run by to ask this resolver: a mount namespace with its resolv.conf."""
        return ("unshare", "--mount", "sh", "-c", _INSTEAD, str(self._file))

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                asked, who = self._server.recvfrom(4096)
                if not asked:
                    return
                if not self.is_silent:
                    self._server.sendto(self._answer(asked), who)

    def _answer(self, asked: bytes) -> bytes:
        end = asked.index(0, 12) + 5
        question = asked[12:end]
        known = _name(question) in self.names
        has = known and int.from_bytes(question[-4:-2]) == _A
        found = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton("127.0.0.1") if has else b""
        said = 0x8580 if known else 0x8580 | _NO_SUCH_NAME
        return asked[:2] + said.to_bytes(2) + b"\0\1" + has.to_bytes(2) + bytes(4) + question + found

    def close(self) -> None:
        """End it."""
        # A close alone does not wake who waits to read: this does, with nothing.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def _name(question: bytes) -> str:
    labels, rest = list[str](), question
    while length := rest[0]:
        labels.append(rest[1 : 1 + length].decode("ascii", "replace"))
        rest = rest[1 + length :]
    return ".".join(labels).lower()


@contextmanager
def resolver(folder: Path) -> Iterator[Resolver]:
    """A resolver for some time."""
    made = Resolver(folder)
    try:
        yield made
    finally:
        made.close()
