"""A world that is held for a measurement, a project on it, and what the engine and its program took."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from bench import fabrics
from lab.paths import CLONE
from lab.project import Project, environment

_PROGRAM = b"pulumi-language-python-exec"
_SAMPLE = 0.2
_LOOK = 0.01
"""Seconds between two looks at an event log."""


@dataclass(frozen=True)
class Took:
    """What a command took: seconds, megabytes that the Python program had at most, and what it said."""

    seconds: float
    processor: float
    """Seconds of a processor that it and what it started took: where others are at work, this says more."""
    megabytes: float
    code: int
    said: str

    def holds(self, *codes: int) -> Took:
        """Itself; ends the benchmark where the command failed."""
        if self.code not in (0, *codes):
            sys.exit(f"it ended with {self.code}:\n{self.said[-6000:]}")
        return self


@dataclass
class Held:
    """A world of so many racks and one more, and a project of the first ones."""

    folder: Path
    racks: int
    labelled: bool
    ports: Mapping[str, int]
    host_key: str
    project: Project | None = None
    at_once: int | None = None
    """Racks of one wave; None is leafrack's default."""

    @property
    def file(self) -> Path:
        """The fabric file of the project."""
        return self.folder / "fabric.yaml"

    @property
    def overlay(self) -> Path:
        """Where its leaves answer."""
        return self.folder / "overlay.yaml"

    @property
    def _key(self) -> Path:
        """A key to log in with, as every leaf wants one; these let anybody in."""
        file = self.folder / "key"
        if not file.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
        return file

    def declare(self, racks: int) -> None:
        """Write the fabric file for so many racks."""
        whole = fabrics.values(racks, labelled=self.labelled, at_once=self.at_once)
        self.file.write_text(yaml.dump(whole, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
        ssh = {
            name: {
                "leaves": {
                    leaf: {
                        "ssh": {
                            "host": "127.0.0.1",
                            "port": self.ports[leaf],
                            "user": "root",
                            "hostKey": self.host_key,
                            "identityFile": str(self._key),
                        }
                    }
                    for leaf in rack["leaves"]
                }
            }
            for name, rack in whole["racks"].items()
        }
        self.overlay.write_text(yaml.dump({"racks": ssh}, Dumper=yaml.CSafeDumper), encoding="utf-8")

    def fresh(self) -> Project:
        """A project without a state; of one before it nothing is left but its folder."""
        number = len(list(self.folder.glob("project*")))
        chosen = {
            "fabric": str(self.file),
            "overlay": str(self.overlay),
            "kubeconfig": str(self.folder / "kubeconfig"),
            "kubeContext": "leafrack",
        }
        self.project = Project.make(self.folder / f"project{number}", environment(), chosen)
        return self.project

    def pulumi(self, *arguments: str, **env: str) -> Took:
        """Run the engine and watch its program."""
        project = self.project or self.fresh()
        command = ["pulumi", "--non-interactive", "--color", "never", *arguments]
        return watched(command, project.folder, {**project.env, **env})

    def leafrack(self, *arguments: str) -> Took:
        """Run one of leafrack's own commands."""
        return watched([sys.executable, "-m", "leafrack", *arguments], CLONE, environment())


def watched(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> Took:
    """Run a command to its end, and look at the memory of the Python program below it meanwhile."""
    begun, before = time.monotonic(), _processor()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    most = 0.0

    def look() -> None:
        nonlocal most
        while process.poll() is None:
            most = max(most, _megabytes(process.pid))
            time.sleep(_SAMPLE)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    said, _ = process.communicate()
    return Took(time.monotonic() - begun, _processor() - before, most, process.returncode, said)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _megabytes(session: int) -> float:
    """The most that the program of a session's engine has had so far."""
    found = 0.0
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                if _PROGRAM in (folder / "cmdline").read_bytes() and os.getsid(int(folder.name)) == session:
                    status = (folder / "status").read_text(encoding="utf-8")
                    found = max(found, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return found


@contextmanager
def world(folder: Path, nodes: int, *, labelled: bool, hangs: Sequence[str] = ()) -> Iterator[Held]:
    """A world of so many nodes and one rack more, ended afterwards."""
    racks = nodes // fabrics.RACK
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--"]
    process = subprocess.Popen(
        [*command, sys.executable, "-m", "bench.world", str(folder), str(racks + 1), *hangs],
        cwd=CLONE,
        env={**os.environ, "GOGC": "300"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            sys.exit("the world has ended before it was there")
        said = json.loads(line)
        held = Held(folder, racks, labelled, said["ports"], said["key"])
        held.declare(racks)
        yield held
    finally:
        process.kill()
        process.wait()


class EventLog(threading.Thread):
    """Reads an engine's event log as it is written, for the times in it are whole seconds."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self.file = file
        self._over = threading.Event()
        self._lines: list[tuple[float, str]] = []

    def __enter__(self) -> Self:
        self.file.write_text("", encoding="utf-8")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Note when each line came."""
        with self.file.open(encoding="utf-8") as log:
            rest = ""
            while True:
                over = self._over.is_set()
                if said := log.read():
                    *whole, rest = (rest + said).split("\n")
                    now = time.monotonic()
                    self._lines += [(now, line) for line in whole]
                elif over:
                    return
                else:
                    time.sleep(_LOOK)

    def took(self) -> Mapping[str, float]:
        """Seconds of each resource that an update made or changed."""
        begun: dict[str, float] = {}
        took: dict[str, float] = {}
        for at, line in self._lines:
            event = json.loads(line)
            if "resourcePreEvent" in event:
                begun[_urn(event["resourcePreEvent"])] = at
            elif (
                (done := event.get("resOutputsEvent"))
                and done["metadata"]["op"] != "same"
                and (urn := _urn(done)) in begun
            ):
                took[urn.rpartition("::")[2]] = at - begun[urn]
        return took


def _urn(event: Mapping[str, Any]) -> str:
    return str(event["metadata"]["urn"])
