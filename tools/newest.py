"""The unit tests once more, with the newest Python packages that ``pyproject.toml`` allows.

A program that uses leafrack as a library takes what its package index has. The pinned versions of ``.venv`` say nothing
of those, so they get a virtualenv of their own.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from tools import virtualenv
from tools.clone import Clone
from tools.progress import run_logged, say
from tools.store import Store, locked

FOR_TESTS = ("hypothesis", "jsonschema", "libfaketime", "pytest", "pytest-timeout", "pytest-xdist", "setuptools")
"""What the tests themselves need, of ``requirements-dev.txt`` and in its versions."""
CHOSEN = "not lab and not e2e and not toolchain and not nightly"
"""Which tests, as ``make check`` has them; linters and the wheel are not about what is installed."""
LEFT_OUT = ("tests/test_lint.py", "tests/test_wheel.py", "tests/ci", "tests/tools", "tests/docs")


def test(clone: Clone, store: Store) -> int:
    """Bring the virtualenv to what the index has now, say which versions those are, and run the tests with them."""
    folder = clone.folder / "newest"
    python = folder / "bin" / "python"
    with locked(clone.lock, f"tools of {clone.root}"):
        log = store.logs / "newest.log"
        if not python.exists():
            run_logged([virtualenv.interpreter(), "-m", "venv", folder], title="newest packages", log=log)
        pip: list[str | Path] = [python, "-m", "pip", "install", "--disable-pip-version-check", "--upgrade"]
        pip += ["--upgrade-strategy", "eager", *dependencies(clone.root), *for_tests(clone.root)]
        run_logged(pip, title="newest packages", log=log, cwd=clone.root)
    say(f"unit tests with {', '.join(installed(folder, clone.root))}")
    left_out = [f"--ignore={path}" for path in LEFT_OUT]
    return subprocess.run(
        [python, "-m", "pytest", "--quiet", "--numprocesses", "2", "-m", CHOSEN, *left_out], cwd=clone.root, check=False
    ).returncode


def dependencies(clone: Path) -> list[str]:
    """What leafrack promises to work with, as ranges: pip takes the newest of each."""
    declared = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))
    return [str(one) for one in declared["project"]["dependencies"]]


def for_tests(clone: Path) -> list[str]:
    """Lines of ``requirements-dev.txt`` that the tests need."""
    lines = (clone / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.partition("==")[0] in FOR_TESTS]


def installed(folder: Path, clone: Path) -> Iterator[str]:
    """What leafrack depends on, each with its version in a virtualenv."""
    packages = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    found = {normal(one.name): one.version for one in distributions(path=[str(packages)])}
    for line in dependencies(clone):
        name = line.partition(">")[0]
        yield f"{name} {found.get(normal(name), '?')}"


def normal(name: str) -> str:
    """A package's name as an index compares it."""
    return name.lower().replace("_", "-")
