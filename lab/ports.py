"""A block of loopback ports for each lab folder, so that two labs on one machine do not meet."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.plan import Plan

SIZE = 64
"""Ports in a block: five of the cluster, the rest for switches."""
_FIRST, _LAST = 20000, 32768
"""Blocks lie below Linux's ephemeral ports (net.ipv4.ip_local_port_range begins at 32768)."""
_FIXED = ("api", "etcd", "etcd-peer", "controller-manager")


@dataclass(frozen=True)
class Ports:
    """Ports of one lab on 127.0.0.1."""

    base: int

    @property
    def api(self) -> int:
        """kube-apiserver, HTTPS."""
        return self.base

    @property
    def etcd(self) -> int:
        """etcd, clients."""
        return self.base + 1

    @property
    def etcd_peer(self) -> int:
        """etcd, peers; it insists on one."""
        return self.base + 2

    @property
    def controller_manager(self) -> int:
        """kube-controller-manager, HTTPS."""
        return self.base + 3

    @property
    def front(self) -> int:
        """The front for Calico's programs, HTTPS: the last one, so that no switch gets another port because of it."""
        return self.base + SIZE - 1

    def ssh(self, plan: Plan) -> dict[str, int]:
        """A port for each switch, in the order of the plan; raises LabError when there are too many."""
        first = self.base + len(_FIXED)
        room = SIZE - len(_FIXED) - 1
        if len(plan.switches) > room:
            raise LabError(f"{len(plan.switches)} switches: the lab has ports for {room}")
        return {switch.name: first + number for number, switch in enumerate(plan.switches)}


@dataclass(frozen=True)
class Claim:
    """A block that nobody else can have while this object (its socket) lives."""

    ports: Ports
    lock: socket.socket


def candidates(folder: Path, kept: int | None) -> Iterator[int]:
    """First ports of all blocks: the kept one, then from the hash of the folder's path on, once around."""
    blocks = range(_FIRST, _LAST - SIZE + 1, SIZE)
    start = int.from_bytes(hashlib.sha256(str(folder).encode()).digest()[:4]) % len(blocks)
    if kept is not None and kept in blocks:
        yield kept
    yield from (block for block in (*blocks[start:], *blocks[:start]) if block != kept)


def claim(folder: Path, file: Path) -> Claim:
    """Take a free block, the same one as last time if possible, and keep it in ``file``; raises LabError."""
    for base in candidates(folder, _kept(file)):
        lock = _lock(base)
        if lock is None:
            continue
        if all(_free(port) for port in range(base, base + SIZE)):
            file.write_text(json.dumps({"base": base, "size": SIZE}) + "\n", encoding="utf-8")
            return Claim(Ports(base), lock)
        lock.close()
    raise LabError(f"no block of {SIZE} free ports on 127.0.0.1 between {_FIRST} and {_LAST}")


def _kept(file: Path) -> int | None:
    try:
        base = json.loads(file.read_text(encoding="utf-8"))["base"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return base if isinstance(base, int) else None


def _lock(base: int) -> socket.socket | None:
    """An abstract socket is a lock that the whole machine sees, leaves no file, and ends with its process."""
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        lock.bind(f"\0leafrack-lab-{base}")
    except OSError:
        lock.close()
        return None
    return lock


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
