"""A copy of this clone as a newcomer has it: a lab, a stack and tools of its own, and the shell it is used from."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.paths import CLONE
from lab.project import Run
from tools import virtualenv

README = (CLONE / "README.md").read_text(encoding="utf-8")
LEFT_OUT = (".git", *(line.strip("/") for line in (CLONE / ".gitignore").read_text(encoding="utf-8").split()))
"""What is this clone's alone."""
OURS = ("PULUMI_", "LEAFRACK_", "KUBECONFIG", "DATASTORE_TYPE", "TMPDIR", "VIRTUAL_ENV", "MAKE", "MFLAGS")
"""Variables of the run that the test is part of, by their beginning."""


def block(page: str, after: str) -> list[str]:
    """The lines of the first fenced or indented block after some words of a page, without their comments."""
    rest = page.partition(after)[2]
    found = re.search(r"^```\w*\n([\s\S]*?)^```|((?:^    .*\n)+)", rest, re.MULTILINE)
    assert found, after
    return [re.sub(r"\s+# .*", "", line.strip()) for line in (found[1] or found[2]).splitlines()]


@dataclass(frozen=True)
class Copy:
    """The folder of the copy; ``env`` is what a shell has before it is told about leafrack."""

    folder: Path
    env: dict[str, str]

    @classmethod
    def of_the_clone(cls, folder: Path) -> Copy:
        """The working tree, without anything that was made in it."""
        shutil.copytree(CLONE, folder, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        if "LEAFRACK_TOOLS" in os.environ:  # the programs that clones share
            kept["LEAFRACK_TOOLS"] = os.environ["LEAFRACK_TOOLS"]
        path = [each for each in kept["PATH"].split(os.pathsep) if not Path(each).is_relative_to(CLONE)]
        return cls(folder, {**kept, "PATH": os.pathsep.join(path)})

    def borrow_packages(self) -> None:
        """A virtualenv with this clone's packages: to install them again takes most of a minute."""
        own = self.folder / ".venv"
        base = str(virtualenv.interpreter())
        subprocess.run([base, "-m", "venv", "--without-pip", own], check=True, capture_output=True)
        (there,) = (CLONE / ".venv" / "lib").glob("python3.*/site-packages")
        here = own / there.relative_to(CLONE / ".venv")
        (here / "borrowed.pth").write_text(f"import site; site.addsitedir({str(there)!r})\n", encoding="utf-8")
        virtualenv.write_launcher(self.folder)
        (own / virtualenv._STAMP).write_text(virtualenv._digest(self.folder), encoding="utf-8")

    def make(self, target: str) -> Run:
        """``make TARGET`` as it is typed."""
        return self._run("make", target)

    def shell(self, line: str, **env: str) -> Run:
        """A line of the docs, as it stands there, in a shell of the copy."""
        return self._run("bash", "-c", line, **env)

    def in_its_lab(self, line: str) -> Run:
        """A line of the docs in a shell that has read ``.lab/env``."""
        return self.shell(f". .lab/env\n{line}")

    def _run(self, *command: str, **env: str) -> Run:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    @property
    def state(self) -> dict[str, Any]:
        """What the copy's lab says of its processes; empty when it is down."""
        file = self.folder / ".lab" / "state.json"
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}

    def processes(self) -> list[str]:
        """What runs in the copy's folder or from it, by its command line."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                places = [str((process / link).readlink()) for link in ("cwd", "exe")]
                if any(str(self.folder) in each for each in (command, *places)):
                    found.append(command)
        return found

    def mounted(self) -> list[str]:
        """Mount points of this machine that are the copy's."""
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        return [point for line in mounts if (point := line.split()[1]).startswith(str(self.folder))]
