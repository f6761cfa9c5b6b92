"""``leafrack host-keys FABRIC.yaml``: which host keys leaves and jump hosts show, held against the pinned ones.

It writes nothing: what a switch shows over the network is worth pinning only once it was compared with the switch's own
console, and that is for a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import asyncssh
import yaml
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leafrack.commands import command_line
from leafrack.commands.command_line import FAILS, HOLDS
from leafrack.errors import FabricError, UnreadableError
from leafrack.fabric import Fabric
from leafrack.fabric.checks.ssh import HOST_KEY_TYPES
from leafrack.fabric.load import load_fabric
from leafrack.world.login import TIMEOUT, Credentials, Tunnels, reason
from leafrack.world.model import Endpoint, JumpHost, endpoints
from leafrack.world.ssh import AT_ONCE

_LOOK = """\
# Before you trust a key, compare its fingerprint with the switch's own console: ssh-keygen -lf on its public host key.
# These lines refine the fabric file, as an overlay or in it:"""


SAME, DIFFERENT, NOT_PINNED = "same", "different", "not pinned"
_RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")


@dataclass(frozen=True)
class Shown:
    """The host key that a leaf or jump host shows: the public key in two words, as ``hostKey`` takes it."""

    endpoint: Endpoint | JumpHost
    key: str
    fingerprint: str

    @property
    def verdict(self) -> str:
        """``same``, ``different`` or ``not pinned``."""
        pinned = self.endpoint.host_key
        if pinned is None:
            return NOT_PINNED
        return SAME if pinned.split()[:2] == self.key.split() else DIFFERENT


def ask(
    endpoints: Sequence[Endpoint], credentials: Credentials, *, timeout: float = TIMEOUT
) -> list[Shown | UnreadableError]:
    """The host keys of jump hosts and of the switches, all asked at once, or why there is none.

    Each within ``timeout`` seconds, the login to a jump host besides: with its key of ``credentials``, switches behind
    it are asked without a login.
    """

    async def gather() -> list[Shown | UnreadableError]:
        turn = asyncio.Semaphore(AT_ONCE)
        wanted: list[Endpoint | JumpHost] = [*_jump_hosts(endpoints), *endpoints]
        async with Tunnels(credentials, timeout) as tunnels:

            async def one(asked: Endpoint | JumpHost) -> Shown | UnreadableError:
                async with turn:
                    try:
                        tunnel = await tunnels.to(asked) if isinstance(asked, Endpoint) else None
                        return await asyncio.wait_for(_shown(asked, tunnel), timeout)
                    except UnreadableError as error:
                        return error
                    except (asyncssh.Error, OSError, TimeoutError) as error:
                        return UnreadableError(_name(asked), _reason(asked, error))

            return list(await asyncio.gather(*map(one, wanted)))

    # As in read_all: asyncio.run takes the event loop of the thread that it runs in away from others.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, gather()).result()


def _jump_hosts(endpoints: Sequence[Endpoint]) -> Iterable[JumpHost]:
    return dict.fromkeys(endpoint.jump for endpoint in endpoints if endpoint.jump is not None)


async def _shown(endpoint: Endpoint | JumpHost, tunnel: asyncssh.SSHClientConnection | None) -> Shown:
    # A server shows one key a connection, the first of these types that it has: that of the pinned key goes first. RSA
    # goes last, so that a server which has nothing else is told from one that hangs up.
    pinned = (endpoint.host_key or HOST_KEY_TYPES[0]).split()[0]
    kinds = [pinned, *(kind for kind in HOST_KEY_TYPES if kind != pinned), *_RSA]
    key = await asyncssh.get_server_host_key(
        endpoint.host, endpoint.port, server_host_key_algs=kinds, config=None, tunnel=tunnel, proxy_command=None
    )
    if key is None or key.get_algorithm() not in HOST_KEY_TYPES:
        raise asyncssh.KeyExchangeFailed("no host key that can be pinned")
    line = " ".join(key.export_public_key("openssh").decode().split()[:2])
    return Shown(endpoint, line, key.get_fingerprint())


def _name(asked: Endpoint | JumpHost) -> str:
    return asked.name if isinstance(asked, Endpoint) else "jump host"


def _reason(endpoint: Endpoint | JumpHost, error: Exception) -> str:
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
    colours = {SAME: "green", DIFFERENT: "bold red", NOT_PINNED: "yellow"}
    for each in shown:
        where = f"{each.endpoint.host} port {each.endpoint.port}"
        verdict = Text(each.verdict.upper() if each.verdict == DIFFERENT else each.verdict, colours[each.verdict])
        name = _name(each.endpoint)
        rack = rack_of[name] if isinstance(each.endpoint, Endpoint) else ""
        table.add_row(rack, name, where, each.key.split()[0], each.fingerprint, verdict)
    if shown:
        console.print(table)
    lines = _to_paste(fabric, {each.endpoint: each.key for each in shown if each.verdict != SAME})
    if lines:
        text = yaml.safe_dump(lines, sort_keys=False, width=2**16)
        console.print(Text(f"{_LOOK}\n{text}"), soft_wrap=True, end="")


def _to_paste(fabric: Fabric, keys: Mapping[Endpoint | JumpHost, str]) -> dict[str, Any]:
    """Where the fabric file takes these keys: a jump host's wherever it is declared."""

    def of(asked: Endpoint | JumpHost | None) -> dict[str, Any]:
        return {"hostKey": keys[asked]} if asked is not None and asked in keys else {}

    racks: dict[str, Any] = {}
    for rack, declared in fabric.racks.items():
        for endpoint in endpoints(fabric, [rack]):
            jump = of(JumpHost.of(declared.leaves[endpoint.name].ssh.jump))
            if ssh := of(endpoint) | ({"jump": jump} if jump else {}):
                racks.setdefault(rack, {"leaves": {}})["leaves"][endpoint.name] = {"ssh": ssh}
    jump = of(JumpHost.of(fabric.jump))
    return ({"jump": jump} if jump else {}) | ({"racks": racks} if racks else {})


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when all answered and none differs from its pinned key, 1 otherwise, 2 without a fabric."""
    parser = command_line.parser(
        "host-keys",
        holds="all have answered, and none shows another key than the pinned one",
        fails="one has not answered, or shows another key",
        unusable="the fabric file cannot be used",
        more="It writes nothing: compare a\nfingerprint with the switch's own console before you pin it.",
    )
    command_line.add_fabric(parser, "whose leaves to ask")
    command_line.add_json(parser, "the keys")
    chosen = parser.parse_args(given)
    try:
        fabric = load_fabric(chosen.fabric, chosen.overlay)
    except FabricError as error:
        return command_line.unusable(error, as_json=chosen.json)
    answers = ask(endpoints(fabric), Credentials.from_environment())
    shown = [answer for answer in answers if isinstance(answer, Shown)]
    away = [answer for answer in answers if isinstance(answer, UnreadableError)]
    different = [each for each in shown if each.verdict == DIFFERENT]
    ok = not away and not different
    if chosen.json:
        command_line.answer(document(fabric, shown, away, ok=ok))
    else:
        show(fabric, shown, Console())
    command_line.complain(*map(_alarm, different))
    if away:
        reasons: dict[str, list[str]] = {}
        for unread in away:
            reasons.setdefault(unread.why, []).append(unread.who)
        told = "; ".join(f"{', '.join(who)}: {why}" for why, who in reasons.items())
        command_line.complain(f"no host key from {told}")
    return HOLDS if ok else FAILS


def _alarm(shown: Shown) -> str:
    pinned = asyncssh.import_public_key(shown.endpoint.host_key or "").get_fingerprint()
    return (
        f"{_name(shown.endpoint)}: the host key of {shown.endpoint.host} port {shown.endpoint.port} is "
        f"{shown.fingerprint}, pinned is {pinned}: another machine answers, or it was replaced; look before you trust "
        "it"
    )


def document(fabric: Fabric, shown: Sequence[Shown], away: Sequence[UnreadableError], *, ok: bool) -> dict[str, Any]:
    """The keys for a machine; a jump host is no leaf and has no name."""
    return {
        "fabric": fabric.name,
        "ok": ok,
        "keys": [
            {
                "leaf": each.endpoint.name if isinstance(each.endpoint, Endpoint) else None,
                "host": each.endpoint.host,
                "port": each.endpoint.port,
                "hostKey": each.key,
                "fingerprint": each.fingerprint,
                "verdict": each.verdict,
            }
            for each in shown
        ],
        "unreadable": [{"who": error.who, "why": error.why} for error in away],
    }
