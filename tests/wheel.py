"""leafrack as a wheel, built from this clone, and a virtualenv that has it and the packages it needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.conftest import CLONE

SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "leafrack", "components")


def built(folder: Path) -> Path:
    """The wheel, built in a folder of its own: a build leaves files beside its sources. Nothing is downloaded."""
    sources = folder / "sources"
    sources.mkdir()
    for name in SOURCES:
        here, there = CLONE / name, sources / name
        if here.is_dir():
            shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, there)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, sources)
    (wheel,) = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, virtualenv: Path) -> Path:
    """Python of a new virtualenv with the wheel, and with the packages of this one, which take most of a minute."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", virtualenv], check=True, capture_output=True)
    python = virtualenv / "bin" / "python"
    _pip("--python", python, "install", "--no-deps", "--no-index", wheel)
    (there,) = (virtualenv / "lib").glob("python3.*/site-packages")
    borrowed = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (there / "borrowed.pth").write_text(borrowed, encoding="utf-8")
    return python


def _pip(*words: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
