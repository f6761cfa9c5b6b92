"""What loss tests count with, where a host has gone and the kernel's own echo replies wait for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address

import pytest

from lab import pinger

pytestmark = pytest.mark.lab

PORT = "7007"
SECONDS = 2.0
STUCK = """
import socket, struct, sys, time

def checked(packet):
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total & 0xFFFF) + (total >> 16)
    return packet[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + packet[4:]

transparent = 19
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as asking:
    asking.setsockopt(socket.SOL_IP, transparent, 1)
    asking.bind((sys.argv[1], 0))
    for number in range(100_000):
        asking.sendto(checked(struct.pack("!BBHHHI", 8, 0, 0, 7, 0, number)), (sys.argv[2], 0))
        time.sleep(0.002)
"""
"""Echo requests in the name of a host that answers no ARP: whoever replies has replies that wait for it."""


class Pair:
    """Two network namespaces with a cable between them."""

    def __init__(self, first: int, second: int, network: str) -> None:
        self.addresses = [str(IPv4Address(network) + number) for number in (1, 2)]
        self.nobody = str(IPv4Address(network) + 77)
        self._pids = (first, second)
        _ip("link", "add", "eth0", "netns", str(first), "type", "veth", "peer", "name", "eth0", "netns", str(second))
        for pid, address in zip(self._pids, self.addresses, strict=True):
            within = ("nsenter", "-t", str(pid), "-n", "ip")
            subprocess.run([*within, "address", "add", f"{address}/24", "dev", "eth0"], check=True)
            subprocess.run([*within, "link", "set", "eth0", "up"], check=True)

    def command(self, number: int, *command: str) -> list[str]:
        """A command at one end, on the one processor that all of this test takes."""
        within = ["nsenter", "-t", str(self._pids[number]), "-n"]
        return ["taskset", "-c", str(min(os.sched_getaffinity(0))), *within, *command]


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def pairs() -> Iterator[tuple[Pair, Pair]]:
    with ExitStack() as stack:
        holders = [stack.enter_context(running("unshare", "--net", "sh", "-c", "echo; read x")) for _ in range(4)]
        for holder in holders:
            assert holder.stdout
            holder.stdout.readline()
        one, two, three, four = (holder.pid for holder in holders)
        yield Pair(one, two, "10.8.0.0"), Pair(three, four, "10.9.0.0")


def test_a_host_that_has_gone_elsewhere_costs_no_ping(pairs: tuple[Pair, Pair]) -> None:
    measured, elsewhere = pairs
    own, other = measured.addresses
    asking = elsewhere.command(0, sys.executable, "-c", STUCK, elsewhere.nobody, elsewhere.addresses[1])
    by_the_kernel = measured.command(0, "ping", "-q", "-c", "100", "-i", "0.01", "-W", "1", other)
    with running(*asking), ExitStack() as stack:
        time.sleep(0.5)
        pingers = [
            stack.enter_context(running(*measured.command(number, sys.executable, pinger.__file__, ways)))
            for number, ways in enumerate((f"{own},{other},{PORT}", f"{other},{own},{PORT}"))
        ]
        assert [_line(each) for each in pingers] == ["ready\n"] * 2
        _say(pingers, "go")
        told = subprocess.run(by_the_kernel, capture_output=True, text=True, check=False).stdout
        time.sleep(SECONDS)
        _say(pingers, "stop")
        seen = [json.loads(_line(each))[0] for each in pingers]
    lost = re.search(r"(\d+) packets transmitted, (\d+) received", told)
    assert lost, told
    assert int(lost[2]) < int(lost[1]), "the kernel answers all: ICMP would do"
    assert [(each["lost"], each["sent"] > SECONDS / 0.02) for each in seen] == [([], True)] * 2


def _say(pingers: list[subprocess.Popen[str]], command: str) -> None:
    for each in pingers:
        assert each.stdin
        each.stdin.write(command + "\n")
        each.stdin.flush()


def _line(each: subprocess.Popen[str]) -> str:
    assert each.stdout
    return each.stdout.readline()
