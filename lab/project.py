"""A Pulumi project apart: the program of this clone, other stack settings, a state of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.paths import CLONE

PROGRAM = ("__main__.py", "components", "config", "leafrack", "ci", ".venv")
PATIENCE = 300.0
"""Seconds for one command of the engine."""
OF_THE_ENGINE = {"pulumi:pulumi:Stack", "pulumi:providers:pulumi"}
"""What a state holds although nothing was applied: the stack, and the engine's provider that tells its outputs."""


_COUNTED = re.compile(r"^\s*(?:[-+~]+\s*)?(\d+) (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What a command said, in the order in which an operator would have read it."""

    code: int
    said: str

    def changes(self) -> dict[str, int]:
        """The engine's own count of what it did, from its summary (``+ 3 created``, ``12 unchanged``)."""
        summary = self.said.partition("Resources:")[2]
        return {what: int(number) for number, what in _COUNTED.findall(summary)}


class Going:
    """A command of the engine under way, in a process group of its own as a shell starts it."""

    def __init__(self, process: subprocess.Popen[str], patience: float) -> None:
        self._process = process
        self._patience = patience
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        self._said.extend(self._process.stdout or ())

    def reaches(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        """Wait until something has come true by what the command does; the test fails if it ends before."""
        until = time.monotonic() + seconds
        while not holds():
            assert self._reader.is_alive(), "".join(self._said)
            assert time.monotonic() < until, "".join(self._said)
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Process of the engine: also the number of its session and of its process group."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the engine has not ended yet."""
        return self._process.poll() is None

    @property
    def so_far(self) -> str:
        """What it has said until now."""
        return "".join(self._said)

    def interrupt(self) -> None:
        """Ctrl-C: the engine, its plugins and their commands all get it."""
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self) -> Run:
        """Wait for the end of it, and end it when that takes too long or the test is interrupted."""
        try:
            code = self._process.wait(self._patience)
        except BaseException:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise
        finally:
            self._reader.join(20)
            if self._process.stdout:
                self._process.stdout.close()
        return Run(code, "".join(self._said))


@dataclass(frozen=True)
class Project:
    """A folder with the program, ``Pulumi.dev.yaml`` with ``settings``, and a file backend."""

    folder: Path
    env: Mapping[str, str]
    settings: dict[str, Any]
    secrets: dict[str, Any] = field(default_factory=dict)
    patience: float = PATIENCE

    @classmethod
    def make(
        cls, folder: Path, env: Mapping[str, str], settings: Mapping[str, Any], patience: float = PATIENCE
    ) -> Project:
        """A fresh project in ``folder``, its stack selected."""
        folder.mkdir(parents=True)
        for name in PROGRAM:
            (folder / name).symlink_to(CLONE / name)
        shutil.copy(CLONE / "Pulumi.yaml", folder)
        (folder / "state").mkdir()
        project = cls(
            folder,
            {
                "PULUMI_CONFIG_PASSPHRASE": "test",
                **env,
                "TMPDIR": str(folder),
                "PULUMI_BACKEND_URL": f"file://{folder}/state",
            },
            dict(settings),
            patience=patience,
        )
        project.configure()
        project.check("stack", "select", "dev", "--create")
        return project

    def configure(self, **changed: Any) -> None:
        """Write the stack's settings, some of them changed or, with ``None``, left out."""
        settings = {key: value for key, value in {**self.settings, **changed}.items() if value is not None}
        file = self.folder / "Pulumi.dev.yaml"
        kept = yaml.safe_load(file.read_text()) if file.exists() else {}
        kept["config"] = {f"leafrack:{key}": value for key, value in settings.items()}
        file.write_text(yaml.safe_dump(kept))

    def start(self, *arguments: str, env: Mapping[str, str] | None = None, under: Sequence[str] = ()) -> Going:
        """Start the real engine in the project; ``under`` is what runs it, as ``unshare`` does."""
        return Going(
            subprocess.Popen(
                [*under, "pulumi", "--non-interactive", "--color", "never", *arguments],
                cwd=self.folder,
                env={**self.env, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            ),
            self.patience,
        )

    def pulumi(self, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        """Run the real engine in the project."""
        return self.start(*arguments, env=env).end()

    def check(self, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        """Run the real engine; everything that it said is in the failure when it fails."""
        run = self.pulumi(*arguments, env=env)
        assert run.code == 0, run.said
        return run

    def up(self, *arguments: str, **env: str) -> Run:
        """``pulumi up`` with its preview, as an operator runs it."""
        return self.pulumi("up", "--yes", *arguments, env=env)

    def output(self) -> Any:
        """The stack output ``leafrack``."""
        return json.loads(self.check("stack", "output", "--json").said)["leafrack"]

    def resources(self) -> dict[str, str]:
        """Type by name of everything in the state."""
        exported = json.loads(self.check("stack", "export").said)["deployment"].get("resources") or []
        return {resource["urn"].rpartition("::")[2]: resource["type"] for resource in exported}

    def destroy(self) -> Run:
        """``pulumi destroy`` without a preview before it, as ``make down`` runs it."""
        return self.pulumi("destroy", "--yes", "--skip-preview")


def settings(lab: Path) -> dict[str, str]:
    """Stack settings for the example fabric in the lab of a folder."""
    return {
        "fabric": "config/fabrics/dev.yaml",
        "overlay": f"{lab}/overlay.yaml",
        "kubeconfig": f"{lab}/kubeconfig",
        "kubeContext": "leafrack",
    }


def environment() -> dict[str, str]:
    """This process's environment with the clone's tools first on PATH, as ``.lab/env`` makes it."""
    path = f"{CLONE}/.tools/bin:{CLONE}/.venv/bin:{os.environ['PATH']}"
    ours = ("PULUMI_", "LEAFRACK_", "KUBECONFIG")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "PATH": path,
        "PULUMI_HOME": f"{CLONE}/.tools/pulumi-home",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
