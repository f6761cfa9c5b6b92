"""The switch and what its release calls things."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("NV_ROOT", "/"))
"""For a test without a switch."""

Tree = dict[str, Any]


class NvError(Exception):
    """What ``nv`` says after ``Error:``."""


def release() -> tuple[int, ...]:
    """Release of the switch."""
    lines = (ROOT / "etc/os-release").read_text().splitlines()
    said = next(line.partition("=")[2] for line in lines if line.startswith("VERSION_ID="))
    return tuple(int(part) for part in said.strip('"').split("."))


def words() -> tuple[str, str, str]:
    """The key that switches something, and its words for on and off, of this release."""
    return ("state", "enabled", "disabled") if release() >= (5, 15) else ("enable", "on", "off")
