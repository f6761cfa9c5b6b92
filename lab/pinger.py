"""Echo requests every 10 ms from some addresses of one host, until SIGINT; which came back is printed as JSON.

``pinger.py OWN,OTHER OWN,OTHER ...`` is run inside the host's network namespace. It is not iputils' ping because that
one sends every 16 ms when told 10 (it sleeps in ticks of a 250 Hz kernel) or burns a processor for it, and takes what
is still under way at the end for lost. Only the standard library, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise

INTERVAL = 0.01
"""Seconds between two echo requests to one address; a busy machine may make them more, and none is sent twice."""
LINGER = 2.0
"""Seconds to wait for answers after the last request: late is not lost."""
_BUFFER = 1 << 20
_IDENTIFIERS = 1 << 16
_RAW, _ICMP_FILTER, _ICMP6_FILTER = 255, 1, 1
_ECHO = {4: (8, 0), 6: (128, 129)}
"""Types of request and reply by IP version (RFC 792, RFC 4443 §4)."""


@dataclass
class Way:
    """One direction: requests by their number, as times, and the numbers that were answered."""

    own: str
    other: str
    socket: socket.socket
    identifier: int
    sent: list[float] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)

    @property
    def version(self) -> int:
        """IP version."""
        return 6 if ":" in self.other else 4

    def send(self, now: float) -> None:
        """The next request; what the kernel has no route for is a request without an answer."""
        packet = struct.pack("!BBHHHI", _ECHO[self.version][0], 0, 0, self.identifier, 0, len(self.sent))
        self.sent.append(now)
        try:
            self.socket.sendto(_with_checksum(packet) if self.version == 4 else packet, (self.other, 0))
        except OSError:
            return

    def summary(self) -> dict[str, object]:
        """How many went, when those without an answer did, how long the way was interrupted, and not yet or no more."""
        lost = [number for number in range(len(self.sent)) if number not in self.answered]
        first, last = min(self.answered, default=len(self.sent)), max(self.answered, default=-1)
        between = sorted(self.answered)
        return {
            "own": self.own,
            "other": self.other,
            "sent": len(self.sent),
            "lost": [self.sent[number] for number in lost],
            "gap": max((self.sent[b] - self.sent[a] for a, b in pairwise(between) if b > a + 1), default=0.0),
            "before": first,
            "after": len(self.sent) - 1 - last,
        }


def _with_checksum(packet: bytes) -> bytes:
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total & 0xFFFF) + (total >> 16)
    return packet[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + packet[4:]


def _socket(own: str) -> socket.socket:
    if ":" in own:
        made = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        wanted = bytearray(b"\xff" * 32)
        wanted[_ECHO[6][1] // 8] = 0xFF ^ (1 << _ECHO[6][1] % 8)
        made.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, bytes(wanted))
    else:
        made = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        made.setsockopt(_RAW, _ICMP_FILTER, struct.pack("=I", ~1 & 0xFFFFFFFF))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    made.setblocking(False)  # noqa: FBT003 - the socket's own
    made.bind((own, 0))
    return made


def _receive(ways: dict[int, Way], ready: socket.socket) -> None:
    while True:
        try:
            packet = ready.recv(256)
        except BlockingIOError:
            return
        body = packet[20:] if ready.family == socket.AF_INET else packet
        if len(body) >= 12:
            identifier, _, number = struct.unpack("!HHI", body[4:12])
            way = ways.get(identifier)
            if way is not None and number < len(way.sent):
                way.answered.add(number)


def main(arguments: list[str]) -> None:
    """Ping until SIGINT, then wait for what is late, then tell."""
    pairs = [argument.split(",") for argument in arguments]
    sockets = {own: _socket(own) for own, _ in pairs}
    # What comes late for a pinger before this one is not an answer to this one.
    first = int.from_bytes(os.urandom(2))
    ways = [Way(own, other, sockets[own], (first + number) % _IDENTIFIERS) for number, (own, other) in enumerate(pairs)]
    by_identifier = {way.identifier: way for way in ways}
    stopping: list[float] = []
    signal.signal(signal.SIGINT, lambda *_: stopping.append(time.time()))
    waiting = selectors.DefaultSelector()
    for each in sockets.values():
        waiting.register(each, selectors.EVENT_READ)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    due = time.time()
    while not stopping or time.time() < stopping[0] + LINGER:
        now = time.time()
        if now >= due and not stopping:
            for way in ways:
                way.send(now)
            due = max(due + INTERVAL, now)
        if stopping and all(len(way.answered) == len(way.sent) for way in ways):
            break
        for key, _ in waiting.select(LINGER / 20 if stopping else max(0.0, due - time.time())):
            _receive(by_identifier, key.fileobj)  # type: ignore[arg-type]
    sys.stdout.write(json.dumps([way.summary() for way in ways]))


if __name__ == "__main__":
    main(sys.argv[1:])
