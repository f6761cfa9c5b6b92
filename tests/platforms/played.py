"""A switch whose jobs are played over SSH, in the place of one with a shell: a fake in namespaces of its own."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

import asyncssh

from lab.sshd import hand_over, sshd, write_sshd_config
from leafrack.addresses import Who
from leafrack.platforms import Job, SwitchState, Way
from leafrack.platforms.seals import Seal
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint
from leafrack.world.player import PlayError, play
from leafrack.world.shown import Shown
from leafrack.world.ssh import read_all
from tests.platforms import boxes

AS_NUMBER = 65009
_SHORT = 12.0
"""Seconds of a timer that is to run out; more than a job takes."""


def make_keys(home: Path) -> None:
    """Of the switch, and of who logs in: what sshd and fakes read."""
    host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    (home / "host_key").write_bytes(host.export_private_key())
    (home / "host_key.pub").write_bytes(host.export_public_key())
    (home / "user_key").write_bytes(user.export_private_key())
    (home / "authorized_keys").write_bytes(user.export_public_key())


@dataclass(frozen=True)
class PlayedBox(boxes.Box):
    """A fake that answers on a port of this machine."""

    port: int = 0
    seals: dict[Who, Seal] = field(default_factory=dict)
    """What Pulumi's state keeps of passwords."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        key = " ".join((self.home / "host_key.pub").read_text().split()[:2])
        return Endpoint(name="leaf01", platform=self.name, host="127.0.0.1", port=self.port, user="root", host_key=key)

    @property
    def credentials(self) -> Credentials:
        """What to log in with."""
        return Credentials((self.home / "user_key").read_text())

    def play(self, job: Job, way: Way = Way.FORWARD) -> subprocess.CompletedProcess[str]:
        """Play a job as the command does that Pulumi runs; of a cluster it knows nothing."""
        return self._played(job, way, None)

    def meets(self, job: Job) -> None:
        """Play a job that succeeds beside a cluster that knows the nodes."""
        done = self._played(job, Way.FORWARD, lambda who: {each: self.as_numbers()[each] for each in who})
        assert done.returncode == 0, done.stderr

    def _played(self, job: Job, way: Way, shown: Shown | None) -> subprocess.CompletedProcess[str]:
        try:
            done = play(self.endpoint, job, way, self.credentials, self.seals, shown=shown)
        except PlayError as error:
            return subprocess.CompletedProcess([], 1, "", str(error).removeprefix("leaf01: ") + "\n")
        self.seals.update(done.seals)
        return subprocess.CompletedProcess([], 0, "", "")

    @contextmanager
    def taking_back(self) -> Iterator[None]:
        """A box that takes nothing back but by its timer does so in seconds."""
        transaction = self.platform.transaction  # type: ignore[union-attr]
        waits = bool(transaction.timer) and not transaction.candidate and not transaction.rollback
        if waits:
            self.faults(haste=transaction.timer / _SHORT)
        yield
        if waits:
            sleep(_SHORT)
            self.faults()

    def state(self) -> SwitchState:
        """What it is read to run."""
        found = read_all([self.endpoint], self.credentials)["leaf01"]
        assert isinstance(found, SwitchState), found.why
        return found

    def somebody_adds(self, address: str, description: str) -> None:
        """Somebody else adds a neighbour of their own."""
        self.typed(SOMEBODY[self.name].adds, address, description)

    def somebody_removes(self, address: str) -> None:
        """They take it away again."""
        self.typed(SOMEBODY[self.name].removes, address)

    def takes_at_most(self, limit: int | None) -> None:
        """Somebody limits the neighbours of all ranges, where the platform has one number for them."""
        somebody = SOMEBODY[self.name]
        if somebody.limits:
            self.typed([line.replace("{limit}", str(limit)) for line in somebody.limits[limit is None]], "")

    def entered(self, text: str) -> None:
        """An operator enters the text for a leaf by hand."""
        somebody = SOMEBODY[self.name]
        asked = somebody.asked and re.compile(somebody.asked)
        lines = [
            answer
            for line in text.splitlines()
            for answer in ((line, "Y") if asked and asked.search(line) else (line,))
        ]
        self.typed((*somebody.begins, *lines, *somebody.ends), "")

    def typed(self, lines: Sequence[str], address: str, description: str = "") -> None:
        """Lines at a terminal; the last ends the login."""
        given = {"{address}": address, "{description}": description, "{as}": str(AS_NUMBER)}
        text = "".join(f"{line}\n" for line in lines)
        for name, value in given.items():
            text = text.replace(name, value)

        async def enter() -> str:
            known = asyncssh.import_known_hosts(f"[127.0.0.1]:{self.port} {self.endpoint.host_key}\n")
            keys = [asyncssh.import_private_key((self.home / "user_key").read_text())]
            options: dict[str, Any] = {"known_hosts": known, "client_keys": keys, "username": "root", "config": None}
            connection = await asyncssh.connect("127.0.0.1", self.port, **options)
            try:
                return str((await connection.run(None, input=text, term_type="vt100")).stdout)
            finally:
                connection.abort()

        shown = asyncio.run(enter())
        assert not re.search(r"^% ", shown, re.MULTILINE), shown

    def faults(self, **given: object) -> None:
        """What goes wrong from now on (lab.fakes.faults)."""
        (self.home / "faults.json").write_text(json.dumps(given))


@dataclass(frozen=True)
class Somebody:
    """What an operator types into a platform's terminal, with ``{address}``, ``{description}``, ``{as}``."""

    adds: Sequence[str]
    removes: Sequence[str]
    begins: Sequence[str] = ()
    """What leads to where a text by hand is entered."""
    ends: Sequence[str] = ()
    """What puts it in force, saves it and ends the login."""
    asked: str = ""
    """Lines of a text by hand that the box asks about, as a pattern."""
    limits: Sequence[Sequence[str]] = ()
    """What limits the neighbours of all ranges, with ``{limit}``, and what takes that away."""


_NV = "nv config patch /tmp/theirs.yaml && nv config apply -y && nv config save && rm /tmp/theirs.yaml"
_THEIRS = """\
cat >/tmp/theirs.yaml <<'END'
- set: {vrf: {default: {router: {bgp: {neighbor: {'{address}': {type: numbered, remote-as: 65001,
    description: '{description}'}}}}}}}
END"""
_PROTOCOL = """\
case {address} in *:*) family=ipv6 ;; *) family=ipv4 ;; esac
cat >>/etc/bird/bird.conf <<END
protocol bgp { description "{description}"; local as {as}; neighbor {address} as 65001; \
$family { import all; export all; }; } # somebody
END
birdc configure"""
_APPLY = "nv config apply -y && nv config save"
_LIMIT = """\
echo '- set: {vrf: {default: {router: {bgp: {dynamic-neighbor: {limit: {limit}}}}}}}' >/tmp/limit.yaml
nv config patch /tmp/limit.yaml
rm /tmp/limit.yaml"""
_PATCH = f"""\
END
sed -n '/^nv /p' /tmp/given >/tmp/unset
sed "s/state: /enable: /; s/: enabled/: 'on'/; s/: disabled/: 'off'/" /tmp/given >/tmp/older
sed '/^nv /d' /tmp/older >/tmp/patch.yaml
sh -e /tmp/unset
if [ -s /tmp/patch.yaml ]; then nv config patch /tmp/patch.yaml; fi
{_APPLY}
rm /tmp/given /tmp/older /tmp/unset /tmp/patch.yaml"""
_FILES = """\
END
cd /etc/bird
awk '/^# remove / { print "rm " $3 | "sh"; next } /^# leafrack\\// { file = $2; next } file { print >file }' /tmp/given
rm /tmp/given
chown bird:bird leafrack/*.conf 2>/dev/null || :
birdc configure"""
SOMEBODY: Mapping[str, Somebody] = {
    "bird": Somebody(
        (_PROTOCOL,),
        (
            "sed -i '/ {address} .*# somebody$/d' /etc/bird/bird.conf",
            "chown bird:bird /etc/bird/bird.conf",
            "birdc configure",
        ),
        begins=("cat >/tmp/given <<'END'",),
        ends=(_FILES,),
    ),
    "comware": Somebody(
        (
            *("system-view", "bgp {as}"),
            *("peer {address} as-number 65001", "peer {address} description {description}"),
            *("return", "save force", "quit"),
        ),
        ("system-view", "bgp {as}", "undo peer {address}", "return", "save force", "quit"),
        begins=("system-view",),
        ends=("return", "save force", "quit"),
        asked=" enable$",
    ),
    "cumulus": Somebody(
        (_THEIRS, _NV),
        ("nv unset vrf default router bgp neighbor {address} && nv config apply -y && nv config save",),
        begins=("cat >/tmp/given <<'END'",),
        ends=(_PATCH,),
        limits=((_LIMIT, _APPLY), (f"if nv unset vrf default router bgp dynamic-neighbor limit; then {_APPLY}; fi",)),
    ),
    "junos": Somebody(
        (
            *("configure", "set protocols bgp group OTHERS type external"),
            "set protocols bgp group OTHERS neighbor {address} peer-as 65001",
            'set protocols bgp group OTHERS neighbor {address} description "{description}"',
            *("commit", "exit", "exit"),
        ),
        ("configure", "delete protocols bgp group OTHERS", "commit", "exit", "exit"),
        begins=("configure",),
        ends=("commit", "exit", "exit"),
    ),
    "eos": Somebody(
        (
            *("enable", "configure", "router bgp {as}"),
            *("neighbor {address} remote-as 65001", "neighbor {address} description {description}"),
            *("end", "write memory", "exit"),
        ),
        ("enable", "configure", "router bgp {as}", "no neighbor {address}", "end", "write memory", "exit"),
        begins=("enable", "configure"),
        ends=("end", "write memory", "exit"),
        limits=tuple(
            ("enable", "configure", "router bgp {as}", line, "end", "write memory", "exit")
            for line in ("dynamic peer max {limit}", "no dynamic peer max")
        ),
    ),
    "nxos": Somebody(
        (
            *("configure terminal", "router bgp {as}", "neighbor {address}", "remote-as 65001"),
            *("description {description}", "end", "copy running-config startup-config", "exit"),
        ),
        (
            *("configure terminal", "router bgp {as}", "no neighbor {address}", "end"),
            *("copy running-config startup-config", "exit"),
        ),
        begins=("configure terminal",),
        ends=("end", "copy running-config startup-config", "exit"),
    ),
}


class ShellBox(PlayedBox):
    """A switch with a shell, in which somebody runs commands."""

    def typed(self, lines: Sequence[str], address: str, description: str = "") -> None:
        """Commands, as a script."""
        given = {"{address}": address, "{description}": description, "{as}": str(AS_NUMBER)}
        text = "\n".join(lines)
        for name, value in given.items():
            text = text.replace(name, value)
        done = self.run("sh", "-ec", text)
        assert done.returncode == 0, done.stderr


def _serve(listener: socket.socket, command: list[str]) -> None:
    """Start the command for every connection; each is waited for, or Python would complain of it."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            door = connection.fileno()
            process = subprocess.Popen(command, stdin=door, stdout=door, stderr=subprocess.DEVNULL)
        threading.Thread(target=process.wait, daemon=True).start()


@contextmanager
def with_sshd(box: boxes.Box) -> Iterator[PlayedBox]:
    """A switch with a shell, and sshd behind a port."""
    write_sshd_config(box.home)
    assert box.run("mkdir", "-p", "/run/sshd").returncode == 0
    command = sshd(box.pid, box.home, box.home / "logs" / "sshd.log")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, command), daemon=True).start()
        try:
            yield ShellBox(box.name, box.pid, box.home, listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def answering(box: boxes.Box) -> Iterator[PlayedBox]:
    """A fake that runs, with a port in front of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hand_over, args=(listener, box.home), daemon=True).start()
        try:
            yield PlayedBox(box.name, box.pid, box.home, listener.getsockname()[1])
        finally:
            # Whoever waits for a connection wakes up.
            listener.shutdown(socket.SHUT_RDWR)
