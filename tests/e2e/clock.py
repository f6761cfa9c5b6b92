"""A clock of this machine that is wrong, and jumps, for the Python of a run: the program, its gates and its steps.

libfaketime is preloaded. Pulumi's engine and its plugins are Go and ask the kernel: their clock stays right.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import files
from pathlib import Path

import pytest

needs_x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="libfaketime's wheel holds the library for it")


class WrongClock:
    """A clock that is off by what ``says`` has in it: ``+1d``, ``-20y``."""

    def __init__(self, folder: Path, says: str) -> None:
        self._file = folder / "clock"
        self.jump(says)

    def jump(self, says: str) -> None:
        """Be off by something else, in processes that run as well."""
        whole = self._file.with_suffix(".new")
        whole.write_text(f"{says}\n", encoding="utf-8")
        whole.replace(self._file)

    @property
    def env(self) -> Mapping[str, str]:
        """Environment of a process that has this clock; the monotonic one is never set, so it is left alone."""
        (library,) = (file for file in files("libfaketime") or () if file.name == "libfaketime.so.1")
        return {
            "LD_PRELOAD": str(library.locate()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
