"""The clone's virtualenv ``.venv``: exact versions, made again when they, Python or its place change."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
from pathlib import Path

from tools.progress import run_logged, say

PINS = ("requirements.txt", "requirements-dev.txt", "constraints.txt")

_STAMP = "leafrack-stamp"
_LAUNCHER = """\
#!/bin/sh
# leafrack of this clone, from any folder: whatever is called leafrack there is not it.
exec {python} -P -c 'import sys
sys.path.insert(0, sys.argv.pop(1))
from leafrack.__main__ import main
sys.exit(main())' {clone} "$@"
"""


def ready(clone: Path) -> bool:
    """Whether ``.venv`` is complete and made from the files and the interpreter as they are now."""
    folder = clone / ".venv"
    try:
        programs = ("python", "leafrack")
        return (folder / _STAMP).read_text() == _digest(clone) and all(
            os.access(folder / "bin" / program, os.X_OK) for program in programs
        )
    except OSError:
        return False


def make(clone: Path, log: Path) -> None:
    """Make ``.venv`` from nothing, in place, as scripts hold its path; stamped last."""
    folder = clone / ".venv"
    if folder.exists():
        say(".venv: not complete or not up to date, made again")
        shutil.rmtree(folder)
    run_logged([interpreter(), "-m", "venv", folder], title=".venv", log=log)
    command: list[str | Path] = [
        folder / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
    ]
    for name in PINS[:2]:
        command += ["-r", clone / name]
    run_logged(
        command,
        title=".venv",
        log=log,
        cwd=clone,
        describe=lambda lines: lines[-1] if lines else "",
        advice=_advice,
    )
    write_launcher(clone)
    (folder / _STAMP).write_text(_digest(clone))


def write_launcher(clone: Path) -> None:
    """Make ``leafrack`` a program of the virtualenv: the clone is not installed there."""
    file = clone / ".venv" / "bin" / "leafrack"
    python = clone / ".venv" / "bin" / "python"
    file.write_text(_LAUNCHER.format(python=shlex.quote(str(python)), clone=shlex.quote(str(clone))))
    file.chmod(0o755)


def interpreter() -> Path:
    """The interpreter below any virtualenv that we may be running in, which may be the one to be replaced."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return base if base.exists() else Path(sys.executable)


def _digest(clone: Path) -> str:
    known = hashlib.sha256(f"{sys.version}\0{sys.base_prefix}\0{clone}".encode())
    for name in PINS:
        known.update(b"\0" + (clone / name).read_bytes())
    return known.hexdigest()


def _advice(output: str) -> str:
    if "No matching distribution" in output or "Could not find a version" in output:
        return "The package index has no such version: set PIP_INDEX_URL to one that has, then run it again."
    return ""
