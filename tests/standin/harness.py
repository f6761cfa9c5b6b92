"""A stack whose resources are plain data, and an sshd to run their commands on."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
SEARCH_PATH = f"{TOOLS / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin"
VERSION = "1.2.1"
SECRET_MARK = "4dabf18193072939515e22adb298388d"
LIMIT = 120

PROGRAM = """
import json
import pulumi
from pulumi_command import local, remote

for name, spec in json.load(open("resources.json")).items():
    args = spec["args"]
    for key in spec["secret"]:
        args[key] = pulumi.Output.secret(args[key])
    if spec["kind"] == "run":
        pulumi.export(name, local.run(**args).stdout)
    else:
        {"local": local, "remote": remote}[spec["kind"]].Command(name, **args)
"""

Resources = Mapping[str, Mapping[str, Any]]


def local(*, secret: Sequence[str] = (), **args: Any) -> dict[str, Any]:
    """A command:local:Command with the given inputs; those named in `secret` become Output.secret."""
    return {"kind": "local", "secret": list(secret), "args": args}


def remote(connection: Mapping[str, Any], *, secret: Sequence[str] = (), **args: Any) -> dict[str, Any]:
    """A command:remote:Command with the given inputs; those named in `secret` become Output.secret."""
    return {"kind": "remote", "secret": list(secret), "args": {"connection": dict(connection), **args}}


def run(**args: Any) -> dict[str, Any]:
    """A call of command:local:run whose output is exported."""
    return {"kind": "run", "secret": [], "args": args}


def program(name: str) -> str:
    """The path of a program of the toolchain, or an error that says where it was looked for."""
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise FileNotFoundError(f"{name} is neither in {TOOLS / 'bin'} nor on PATH")
    return found


@dataclass(frozen=True)
class Run:
    """What an operator sees of one `pulumi` command."""

    code: int
    text: str

    def diagnostics(self, name: str) -> str:
        """What is said about one resource in the part of the output called Diagnostics."""
        _, _, tail = self.text.partition("Diagnostics:")
        said = re.findall(rf"^  \S+ \({re.escape(name)}\):\n((?:(?:    .*)?\n)*)", tail, re.MULTILINE)
        return "\n".join(said)


class Stack:
    """The stack "test" of a project of its own, with its state in files below `folder`."""

    def __init__(self, folder: Path, home: Path) -> None:
        """A stack that exists in `folder`; `home` is a PULUMI_HOME with the programs of `pulumi` in `bin`."""
        self.folder = folder
        self.log = folder / "log"
        self.environment = {
            "PATH": f"{home / 'bin'}:{os.defpath}",
            "HOME": str(folder),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    @classmethod
    def new(cls, folder: Path, home: Path) -> Stack:
        """Make an empty stack."""
        (folder / "state").mkdir(parents=True)
        project = {"name": "contract", "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}}
        (folder / "Pulumi.yaml").write_text(json.dumps(project))
        (folder / "__main__.py").write_text(PROGRAM)
        stack = cls(folder, home)
        made = stack.pulumi("stack", "init")
        assert made.code == 0, made.text
        return stack

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`pulumi` with these words, under way; both of its streams arrive in stdout."""
        return subprocess.Popen(
            [program("pulumi"), *words, "--stack", "test", "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def pulumi(self, *words: str) -> Run:
        """Run `pulumi` with these words to its end."""
        process = self.start(*words)
        try:
            text, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
            raise AssertionError(f"pulumi {' '.join(words)} took more than {LIMIT} s:\n{text}") from None
        return Run(process.returncode, text)

    def declare(self, resources: Resources) -> None:
        """Write the resources that the program makes from now on."""
        (self.folder / "resources.json").write_text(json.dumps(resources))

    def up(self, resources: Resources, *flags: str) -> Run:
        """Deploy these resources and no others, without a preview before."""
        self.declare(resources)
        return self.pulumi("up", "--yes", "--skip-preview", *flags)

    def preview(self, resources: Resources, *flags: str) -> Run:
        """Preview these resources and no others."""
        self.declare(resources)
        return self.pulumi("preview", *flags)

    def destroy(self) -> Run:
        """Delete everything in the stack; one that fails keeps none of the others, whichever comes first."""
        return self.pulumi("destroy", "--yes", "--skip-preview", "--continue-on-error")

    def state_text(self) -> str:
        """The state file as it lies on the disk."""
        return (self.folder / "state/.pulumi/stacks/contract/test.json").read_text()

    def outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of every command in the state, by the resource's name."""
        resources = json.loads(self.state_text())["checkpoint"]["latest"].get("resources", [])
        return {
            resource["urn"].rpartition("::")[2]: resource["outputs"]
            for resource in resources
            if resource["type"].startswith("command:")
        }

    def ran(self) -> list[str]:
        """The lines that commands have appended to the log so far."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@dataclass(frozen=True)
class Sshd:
    """An OpenSSH server on 127.0.0.1 that accepts the variables LAB_* and PULUMI_COMMAND_STDOUT."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def connection(self, **changed: Any) -> dict[str, Any]:
        """Arguments of a connection that works and is tried once, with some changed; None drops one."""
        arguments = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "private_key": self.read("client"),
            "host_key": self.read("host.pub"),
            "dial_error_limit": 0,
            **changed,
        }
        return {name: value for name, value in arguments.items() if value is not None}

    def read(self, name: str) -> str:
        """The text of a key file: host, client, locked (passphrase "open sesame", may not forward) or stranger."""
        return (self.folder / name).read_text()

    def stop(self) -> None:
        """End the server; its sessions end by themselves."""
        self.process.terminate()
        self.process.wait(timeout=10)


def start_sshd(folder: Path) -> Sshd:
    """Start an sshd with keys of its own in `folder`, and wait until it answers."""
    folder.mkdir(parents=True)
    for name, passphrase in (("host", ""), ("client", ""), ("locked", "open sesame"), ("stranger", "")):
        keygen = [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", passphrase, "-f", str(folder / name)]
        subprocess.run(keygen, check=True)
    client, locked = ((folder / f"{name}.pub").read_text() for name in ("client", "locked"))
    (folder / "authorized_keys").write_text(f"{client}no-port-forwarding {locked}")
    port = free_port()
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "yes",
        "MaxStartups": 200,
        "AcceptEnv": "LAB_* PULUMI_COMMAND_STDOUT",
        "SetEnv": f"PATH={os.environ['PATH']}",
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    # sshd starts itself anew for every connection, and insists on its full path for that.
    process = subprocess.Popen(
        [program("sshd"), "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]
    )
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return Sshd(folder, port, process)
        time.sleep(0.05)
    raise AssertionError("sshd does not answer:\n" + (folder / "sshd.log").read_text())


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_secret(value: object) -> bool:
    """Whether a value of the state is encrypted."""
    return isinstance(value, dict) and SECRET_MARK in value
