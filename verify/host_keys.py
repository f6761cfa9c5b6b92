"""``python -m verify.host_keys FABRIC.yaml``: which host keys the leaves show, held against those that are pinned.

It writes nothing: what a switch shows over the network is worth pinning only once it was compared with the switch's own
console, and that is for a person.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import yaml
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config import Fabric, FabricError
from config.checks.ssh import HOST_KEY_TYPES
from config.load import load_fabric
from verify import expected
from verify.errors import UnreadableError
from verify.model import Endpoint
from verify.switches import AT_ONCE, TIMEOUT, reason

_LOOK = """\
# Before you trust a key, compare its fingerprint with the switch's own console: ssh-keygen -lf on its public host key.
# These lines refine the fabric file, as an overlay or in it:"""


_RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")


@dataclass(frozen=True)
class Shown:
    """The host key that a leaf shows: the public key in two words, as ``ssh.hostKey`` takes it."""

    endpoint: Endpoint
    key: str
    fingerprint: str

    @property
    def verdict(self) -> str:
        """``same``, ``DIFFERENT`` or ``not pinned``."""
        pinned = self.endpoint.host_key
        if pinned is None:
            return "not pinned"
        return "same" if pinned.split()[:2] == self.key.split() else "DIFFERENT"


def ask(endpoints: Sequence[Endpoint], *, timeout: float = TIMEOUT) -> list[Shown | UnreadableError]:
    """The host key of each switch, all asked at once, each within ``timeout`` seconds, or why there is none."""

    async def gather() -> list[Shown | UnreadableError]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(endpoint: Endpoint) -> Shown | UnreadableError:
            async with turn:
                try:
                    return await asyncio.wait_for(_shown(endpoint), timeout)
                except (asyncssh.Error, OSError, TimeoutError) as error:
                    return UnreadableError(endpoint.name, _reason(endpoint, error))

        return list(await asyncio.gather(*map(one, endpoints)))

    # As in read_all: asyncio.run takes the event loop of the thread that it runs in away from others.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, gather()).result()


async def _shown(endpoint: Endpoint) -> Shown:
    # A server shows one key a connection, the first of these types that it has: that of the pinned key goes first. RSA
    # goes last, so that a server which has nothing else is told from one that hangs up.
    pinned = (endpoint.host_key or HOST_KEY_TYPES[0]).split()[0]
    kinds = [pinned, *(kind for kind in HOST_KEY_TYPES if kind != pinned), *_RSA]
    key = await asyncssh.get_server_host_key(
        endpoint.host, endpoint.port, server_host_key_algs=kinds, config=None, tunnel=None, proxy_command=None
    )
    if key is None or key.get_algorithm() not in HOST_KEY_TYPES:
        raise asyncssh.KeyExchangeFailed("no host key that can be pinned")
    line = " ".join(key.export_public_key("openssh").decode().split()[:2])
    return Shown(endpoint, line, key.get_fingerprint())


def _reason(endpoint: Endpoint, error: Exception) -> str:
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return f"{endpoint.host} port {endpoint.port} has no ed25519 or ECDSA host key: make one, RSA cannot be pinned"
    return reason(endpoint, error)[0]


def show(fabric: Fabric, shown: Sequence[Shown], console: Console) -> None:
    """Print a table of all keys, then the YAML of those that the fabric file does not have."""
    rack_of = {leaf: rack for rack, declared in fabric.racks.items() for leaf in declared.leaves}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("rack", "leaf", "endpoint", "host key"):
        table.add_column(heading)
    table.add_column("SHA256 fingerprint", no_wrap=True)
    table.add_column("pinned", no_wrap=True)
    colours = {"same": "green", "DIFFERENT": "bold red", "not pinned": "yellow"}
    for each in shown:
        where = f"{each.endpoint.host} port {each.endpoint.port}"
        verdict = Text(each.verdict, colours[each.verdict])
        name = each.endpoint.name
        table.add_row(rack_of[name], name, where, each.key.split()[0], each.fingerprint, verdict)
    if shown:
        console.print(table)
    racks: dict[str, dict[str, dict[str, object]]] = {}
    for each in shown:
        if each.verdict != "same":
            leaves = racks.setdefault(rack_of[each.endpoint.name], {}).setdefault("leaves", {})
            leaves[each.endpoint.name] = {"ssh": {"hostKey": each.key}}
    if racks:
        text = yaml.safe_dump({"racks": racks}, sort_keys=False, width=2**16)
        console.print(Text(f"{_LOOK}\n{text}"), soft_wrap=True, end="")


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when every leaf answered and none differs from its pinned key, 1 otherwise, 2 without a fabric."""
    parser = argparse.ArgumentParser(prog="python -m verify.host_keys", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("fabric", metavar="FABRIC.yaml", type=Path, help="fabric file whose leaves are asked")
    parser.add_argument("--overlay", metavar="OVERLAY.yaml", type=Path, help="second file, laid over the fabric file")
    chosen = parser.parse_args(given)
    try:
        fabric = load_fabric(chosen.fabric, chosen.overlay)
    except FabricError as error:
        print(error, file=sys.stderr)
        return 2
    answers = ask(expected.endpoints(fabric))
    shown = [answer for answer in answers if isinstance(answer, Shown)]
    away = [answer for answer in answers if isinstance(answer, UnreadableError)]
    show(fabric, shown, Console())
    for each in shown:
        if each.verdict == "DIFFERENT":
            host = f"{each.endpoint.host} port {each.endpoint.port}"
            pinned = asyncssh.import_public_key(each.endpoint.host_key or "").get_fingerprint()
            print(
                f"{each.endpoint.name}: the host key of {host} is {each.fingerprint}, pinned is {pinned}: another "
                "machine answers, or the switch was replaced; look before you trust it",
                file=sys.stderr,
            )
    if away:
        print(f"no host key from {'; '.join(map(str, away))}", file=sys.stderr)
    return 1 if away or any(each.verdict == "DIFFERENT" for each in shown) else 0


if __name__ == "__main__":
    sys.exit(main())
