"""What the commands have in common: the help, the options that name a fabric, and answers as JSON.

``--json`` changes what stands on standard output only; lines for a person stay on standard error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leafrack.commands import FOR_PEOPLE
from leafrack.errors import FabricError, Problem

HOLDS, FAILS, UNUSABLE = 0, 1, 2
"""Exit codes of every command: all holds, something does not, the command or its file cannot be used."""
_PLACE = re.compile(r"(?P<file>.*):(?P<line>\d+)")


def parser(command: str, *, holds: str, fails: str = "", unusable: str, more: str = "") -> argparse.ArgumentParser:
    """Parser of a command, whose help ends with what its exit codes mean."""
    codes = {HOLDS: holds, FAILS: fails, UNUSABLE: unusable}
    lines = "\n".join(f"  {code}  {meaning}" for code, meaning in codes.items() if meaning)
    told = FOR_PEOPLE[command]
    return argparse.ArgumentParser(
        prog=f"leafrack {command}",
        description=f"{told[0].upper()}{told[1:]}.{more and f' {more}'}",
        epilog=f"exit codes:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_fabric(parser: argparse.ArgumentParser, what: str) -> None:
    """The fabric file and its overlay."""
    parser.add_argument("fabric", metavar="FABRIC.yaml", type=Path, help=f"fabric file {what}")
    parser.add_argument("--overlay", metavar="OVERLAY.yaml", type=Path, help="second file, laid over the fabric file")


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def unusable(error: FabricError, *, as_json: bool, code: int = UNUSABLE) -> int:
    """Say what is wrong with a fabric file; the exit code is ``code``."""
    if as_json:
        answer({"ok": False, "problems": documents(error.problems)})
    complain(str(error))
    return code


def complain(*lines: str) -> None:
    """Lines for the person, on standard error."""
    for line in lines:
        sys.stderr.write(f"{line}\n")


def answer(values: Any) -> None:
    """The answer for a machine, on standard output."""
    sys.stdout.write(f"{json.dumps(values, indent=2)}\n")


def document(problem: Problem) -> dict[str, Any]:
    """A problem for a machine: file and line where it comes from a file, the key, the kind, and the text."""
    placed = _PLACE.fullmatch(problem.place)
    return {
        "file": placed["file"] if placed else problem.place or None,
        "line": int(placed["line"]) if placed else None,
        "path": problem.path,
        "kind": str(problem.kind),
        "text": problem.text,
    }


def documents(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems for a machine."""
    return list(map(document, problems))
