"""``python3 -m tools``: what the Makefile calls. Checks the interpreter before importing anything newer."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the line that an older Python must still reach
    sys.exit(f"python3 is {sys.version.split()[0]}, leafrack needs 3.11 or newer: install it, put it first on PATH")

from tools.cli import main

if __name__ == "__main__":
    sys.exit(main())
