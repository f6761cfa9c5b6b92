"""Pings every 10 ms from some addresses of one host, answered by the pinger of the other; what came back, as JSON.

``pinger.py OWN,OTHER,PORT ...`` is run inside the host's network namespace, and one with the addresses in turn inside
the other's. It speaks lines on its standard input and output: it says ``ready``, pings from ``go`` to ``stop``, prints
what it saw, and answers the others until its input ends. Only the standard library, so that it starts at once.

It is UDP and not ICMP, because the kernel answers echo requests with one socket a processor for all network namespaces
(Linux, ``ipv4_icmp_sk`` in net/ipv4/icmp.c). Replies that wait for the MAC address of a host that has gone fill its
buffer, and until they are given up no namespace of that processor answers a ping: a leaf that dies in one lab would be
packets lost in another one. It is not iputils' ping either: that one sends every 16 ms when told 10 (it sleeps in ticks
of a 250 Hz kernel) or burns a processor for it, and takes what is still under way at the end for lost.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TextIO

INTERVAL = 0.01
"""Seconds between two pings to one address; a busy machine may make them more, and none is sent twice."""
LINGER = 2.0
"""Seconds to wait for answers after the last ping: late is not lost."""
_BUFFER = 1 << 21
"""Bytes, as the kernel counts them: pings of ten seconds for a pinger that a busy machine lets wait."""
_RCVBUFFORCE, _SNDBUFFORCE = 33, 32
"""Socket options of Linux that go beyond ``net.core.rmem_max`` and ``wmem_max``, for root."""
_PACKET = struct.Struct("!BI")
_PING, _ANSWER = 0, 1


@dataclass
class Way:
    """One direction: pings by their number, as times, and the numbers that were answered."""

    own: str
    other: str
    port: int
    socket: socket.socket
    sent: list[float] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)

    def send(self, now: float) -> None:
        """The next ping; what the kernel has no route for is a ping without an answer."""
        number = len(self.sent)
        self.sent.append(now)
        self._out(_PING, number)

    def receive(self) -> None:
        """All that has come: answer pings, note answers."""
        while True:
            try:
                packet = self.socket.recv(64)
            except BlockingIOError:
                return
            if len(packet) == _PACKET.size:
                kind, number = _PACKET.unpack(packet)
                if kind == _PING:
                    self._out(_ANSWER, number)
                elif number < len(self.sent):
                    self.answered.add(number)

    def _out(self, kind: int, number: int) -> None:
        try:
            self.socket.sendto(_PACKET.pack(kind, number), (self.other, self.port))
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


def _way(own: str, other: str, port: int) -> Way:
    # A socket for each way: packets that wait for one host that has gone hold up no other.
    made = socket.socket(socket.AF_INET6 if ":" in own else socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER)
    made.setsockopt(socket.SOL_SOCKET, _SNDBUFFORCE, _BUFFER)
    made.setblocking(False)  # noqa: FBT003 - the socket's own
    made.bind((own, port))
    return Way(own, other, port, made)


def _said(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


class Pinger:
    """The ways of one host, from ``go`` to the end of the input."""

    def __init__(self, ways: list[Way], commands: TextIO) -> None:
        self._ways = ways
        self._commands = commands
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(commands, selectors.EVENT_READ)
        for way in ways:
            self._waiting.register(way.socket, selectors.EVENT_READ, way)

    def _turn(self, seconds: float) -> bool:
        """Whether a command came while packets were served for at most so many seconds."""
        told = False
        for key, _ in self._waiting.select(max(0.0, seconds)):
            if key.data is None:
                told = True
            else:
                key.data.receive()
        return told

    def _serve_until_told(self) -> None:
        while not self._turn(1.0):
            pass
        self._commands.readline()

    def run(self) -> None:
        """Ping from ``go`` to ``stop``, wait for what is late, tell, and answer the others until the input ends."""
        self._serve_until_told()
        due = time.time()
        while not self._turn(due - time.time()):
            now = time.time()
            if now >= due:
                for way in self._ways:
                    way.send(now)
                due = max(due + INTERVAL, now)
        self._commands.readline()
        end = time.time() + LINGER
        while time.time() < end and any(len(way.answered) < len(way.sent) for way in self._ways):
            # Whoever waits for commands has no more of them before it has read what we saw.
            self._turn(LINGER / 20)
        _said(json.dumps([way.summary() for way in self._ways]))
        self._serve_until_told()


def main(arguments: list[str]) -> None:
    """A way for each argument ``OWN,OTHER,PORT``; the other's pinger has to be bound before the first ping goes."""
    ways = []
    for argument in arguments:
        own, other, port = argument.split(",")
        ways.append(_way(own, other, int(port)))
    _said("ready")
    Pinger(ways, sys.stdin).run()


if __name__ == "__main__":
    main(sys.argv[1:])
