"""ruff and mypy as tests of `make test`, so that they fill a gap between labs too; `make check` calls them itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("arguments", [("ruff", "check", "."), ("mypy",)], ids=lambda words: words[0])
def test_nothing_is_said_by(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=CLONE, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
