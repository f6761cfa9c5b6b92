"""Logging in to the lab's switches from the operator's shell: keys, client files, listeners."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import yaml

from lab.fakes import SOCKET
from lab.paths import PATH, Folder, home_of
from lab.plan import Plan

_IDENTITY = "id_ed25519"
_SSHD_CONFIG = """\
HostKey {key}
AuthorizedKeysFile {authorized}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitUserRC no
PrintMotd no
PrintLastLog no
UseDNS no
MaxStartups 200:30:400
MaxSessions 200
LoginGraceTime 30
Subsystem sftp internal-sftp
PidFile none
"""


def make_keys(folder: Folder, plan: Plan) -> dict[str, str]:
    """A key for the user and one for each switch, kept from one ``up`` to the next; returns public host keys."""
    folder.ssh.mkdir(mode=0o700, exist_ok=True)
    _key(folder.ssh / _IDENTITY, "leafrack lab")
    return {switch.name: _key(folder.ssh / f"host_{switch.name}", switch.name) for switch in plan.switches}


def _key(path: Path, comment: str) -> str:
    """The public key of ``path``, in two words, made if there is none; ``comment`` is its comment."""
    public = path.with_name(path.name + ".pub")
    if not (path.exists() and public.exists()):
        path.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return " ".join(public.read_text(encoding="utf-8").split()[:2])


def write_client_files(folder: Folder, plan: Plan, ports: Mapping[str, int], keys: Mapping[str, str]) -> None:
    """``ssh/config`` and ``ssh/known_hosts``, and the overlay that tells leafrack the same."""
    names = [switch.name for switch in plan.switches]
    known = [f"[127.0.0.1]:{ports[name]} {keys[name]}" for name in names]
    (folder.ssh / "known_hosts").write_text("\n".join(known) + "\n", encoding="utf-8")
    blocks = [f"Host {name}\n  Port {ports[name]}\n" for name in names]
    common = (
        "Host *\n  HostName 127.0.0.1\n  User root\n"
        f'  IdentityFile "{folder.ssh / _IDENTITY}"\n  IdentitiesOnly yes\n'
        f'  UserKnownHostsFile "{folder.ssh / "known_hosts"}"\n  GlobalKnownHostsFile /dev/null\n'
        "  StrictHostKeyChecking yes\n  BatchMode yes\n"
    )
    (folder.ssh / "config").write_text("".join(blocks) + common, encoding="utf-8")
    overlay = {
        "racks": {
            rack: {
                "leaves": {
                    leaf.name: {
                        "ssh": {
                            "host": "127.0.0.1",
                            "port": ports[leaf.name],
                            "user": "root",
                            "hostKey": keys[leaf.name],
                            "identityFile": f"ssh/{_IDENTITY}",
                        }
                    }
                    for leaf in plan.switches
                    if leaf.rack == rack
                }
            }
            for rack in plan.racks
        }
    }
    text = "# Written by 'python -m lab up': where the lab's leaves answer. Laid over the fabric file.\n"
    folder.overlay.write_text(text + yaml.safe_dump(overlay, sort_keys=False), encoding="utf-8")


def write_sshd_files(folder: Folder, plan: Plan) -> None:
    """What each switch's sshd reads, on the holder's private /run."""
    Path("/run/sshd").mkdir(exist_ok=True)
    public = (folder.ssh / f"{_IDENTITY}.pub").read_text(encoding="utf-8")
    for switch in plan.switches:
        home = home_of(switch.name)
        (home / "authorized_keys").write_text(public, encoding="utf-8")
        (home / "host_key").write_bytes((folder.ssh / f"host_{switch.name}").read_bytes())
        write_sshd_config(home)


def write_sshd_config(home: Path) -> None:
    """Settings of the sshd of a switch, whose keys are in its home."""
    (home / "host_key").chmod(0o600)
    config = _SSHD_CONFIG.format(key=home / "host_key", authorized=home / "authorized_keys")
    (home / "sshd_config").write_text(config, encoding="utf-8")


class Listeners:
    """Sockets on 127.0.0.1 in the host's network namespace.

    A connection becomes an ``sshd -i`` in its switch, or is handed to what answers there itself.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._listeners = {name: socket.create_server(("127.0.0.1", port), backlog=200) for name, port in ports.items()}

    def serve(self, pids: Mapping[str, int], logs: Path, answering: Collection[str] = ()) -> None:
        """Answer from now on, in the background; ``pids`` are the switches' first processes."""
        for name, listener in self._listeners.items():
            if name in answering:
                threading.Thread(target=hand_over, args=(listener, home_of(name)), daemon=True).start()
                continue
            command = sshd(pids[name], home_of(name), logs / name / "sshd.log")
            threading.Thread(target=_answer, args=(listener, command), daemon=True).start()


def sshd(pid: int, home: Path, log: Path) -> list[str]:
    """Command that answers one connection in a switch's namespaces."""
    enter = ["nsenter", "-t", str(pid), "-n", "-m", "-u", "-p", "--"]
    return [*enter, "/usr/sbin/sshd", "-i", "-f", str(home / "sshd_config"), "-E", str(log)]


def hand_over(listener: socket.socket, home: Path) -> None:
    """Give every connection to the process that answers on the socket in a switch's home (lab.fakes)."""
    while True:
        try:
            connection, _ = listener.accept()
            with connection, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
                door.connect(str(home / SOCKET))
                socket.send_fds(door, [b"."], [connection.fileno()])
        except OSError:
            # The caller is gone, or nobody answers: a switch that starts again looks so. Or the listener is closed.
            if listener.fileno() < 0 or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return
            time.sleep(0.1)


def _answer(listener: socket.socket, command: list[str]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
            with connection:
                # The holder reaps all its children, so nobody waits for this one.
                subprocess.Popen(
                    command,
                    stdin=connection.fileno(),
                    stdout=connection.fileno(),
                    stderr=subprocess.DEVNULL,
                    env={"PATH": PATH},
                    start_new_session=True,
                )
        except OSError:
            # The caller is gone, or this machine is short of something: the next one may have better luck.
            time.sleep(0.1)
