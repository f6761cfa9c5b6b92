"""The lab as a fixture: one real fabric for a module of tests, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.control import inside
from lab.paths import Folder
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from tests.ssh_servers import Servers

pytest_plugins = ("tests.scheduling",)

CLONE = Path(__file__).resolve().parents[1]
DEV_FABRIC = CLONE / "config" / "fabrics" / "dev.yaml"


@dataclass(frozen=True)
class Lab:
    """A lab of its own folder: ``dir`` is what LEAFRACK_LAB names, ``fabric_file`` what it is built from.

    ``calico_api`` is ``v1``, ``v3`` or ``migrating``, as ``python -m lab up --calico-api`` takes it.
    """

    dir: Path
    fabric_file: Path = DEV_FABRIC
    calico_api: str = "v1"

    @property
    def env(self) -> dict[str, str]:
        """Environment for kubectl, calicoctl, pulumi, ``python -m lab``: tools first on PATH, this lab's files."""
        tools = f"{CLONE / '.tools' / 'bin'}:{CLONE / '.venv' / 'bin'}"
        own = {
            "LEAFRACK_LAB": str(self.dir),
            "KUBECONFIG": str(self.dir / "kubeconfig"),
            # By default kubectl keeps what a server has by its port, which another lab, on the other API, may have had.
            "KUBECACHEDIR": str(Folder(self.dir).kubectl_cache),
        }
        if self.state.get("native"):
            # For calicoctl alone, which knows v1 only: others do not read it.
            own["K8S_API_ENDPOINT"] = f"https://127.0.0.1:{self.state['front']}"
        return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "DATASTORE_TYPE": "kubernetes", **own}

    @property
    def fabric(self) -> Fabric:
        """The fabric, with the SSH endpoints of this lab."""
        return load_fabric(self.fabric_file, self.dir / "overlay.yaml")

    @property
    def state(self) -> dict[str, Any]:
        """What the lab says of its processes; empty when it is down."""
        file = self.dir / "state.json"
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}

    def run(self, *command: str | Path, stdin: str = "", timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """A command on this machine with ``env``; output captured, any exit code."""
        return subprocess.run(
            command,
            cwd=CLONE,
            env=self.env,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def cli(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """``python -m lab ...``; any exit code."""
        return self.run(sys.executable, "-m", "lab", *arguments)

    def up(self) -> str:
        """Bring the lab up; returns what was said."""
        return _good(self.cli("up", self.fabric_file, "--calico-api", self.calico_api))

    def down(self) -> str:
        """End the lab; returns what was said."""
        return _good(self.cli("down"))

    def exec(self, host: str, *command: str) -> str:
        """Output of a command inside a host, as ``python -m lab exec`` without a new Python each time.

        The test fails if the command does.
        """
        pid = next(int(each["pid"]) for each in self.state["hosts"] if each["name"] == host)
        return _good(self.run(*inside(pid), *command))

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Output of kubectl as admin (``--context leafrack`` is the deployer); the test fails if it does."""
        return _good(self.run("kubectl", *arguments, stdin=stdin))

    def ssh(self, switch: str, command: str, *, stdin: str = "") -> str:
        """Output of a command over SSH with the lab's key and pinned host keys; the test fails if it does."""
        return _good(self.run("ssh", "-F", self.dir / "ssh" / "config", switch, command, stdin=stdin))


def _good(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode:
        pytest.fail(f"{done.args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The example fabric, as a fresh Calico install. Tests put back what they change."""
    own = Lab(tmp_path_factory.mktemp("lab"))
    own.up()
    yield own
    own.down()


@pytest.fixture
def servers() -> Iterator[Servers]:
    """SSH servers of this process that end with the test."""
    own = Servers()
    yield own
    own.stop()
