"""A lab of its own folder, as tests and benchmarks hold it: up, down, and commands on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.control import inside
from lab.paths import CLONE, DEFAULT_FABRIC, Folder
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric


@dataclass(frozen=True)
class Lab:
    """A lab of its own folder: ``dir`` is what LEAFRACK_LAB names, ``fabric_file`` what it is built from.

    ``calico_api`` is ``v1``, ``v3`` or ``migrating``, as ``python -m lab up --calico-api`` takes it.
    """

    dir: Path
    fabric_file: Path = DEFAULT_FABRIC
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

        Raises AssertionError if the command fails.
        """
        pid = next(int(each["pid"]) for each in self.state["hosts"] if each["name"] == host)
        return _good(self.run(*inside(pid), *command))

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Output of kubectl as admin (``--context leafrack`` is the deployer); raises AssertionError if it fails."""
        return _good(self.run("kubectl", *arguments, stdin=stdin))

    def ssh(self, switch: str, command: str, *, stdin: str = "") -> str:
        """Output of a command over SSH with the lab's key and pinned host keys; raises AssertionError if it fails."""
        return _good(self.run("ssh", "-F", self.dir / "ssh" / "config", switch, command, stdin=stdin))


def _good(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode:
        raise AssertionError(f"{done.args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout
