"""``leafrack schema``: print the JSON Schema of the fabric file, or write what is made from code in a clone."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from leafrack.commands import command_line
from leafrack.fabric.schema import reference_text, schema_text
from leafrack.platforms import BUILT_IN
from leafrack.platforms.evidence import table

SCHEMA_FILE = Path("config/fabric.schema.json")
REFERENCE_FILE = Path("docs/fabric-file.md")
EVIDENCE_FILE = Path("docs/platforms.md")
MARK = "<!-- from here on: leafrack schema --write -->\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when it was printed or written, 2 with --write outside of a clone."""
    parser = command_line.parser(
        "schema",
        holds="it was printed or written",
        unusable="with --write: this folder is no clone of leafrack",
        more="An editor checks and completes a\nfabric file with it.",
    )
    parser.add_argument("--write", action="store_true", help="in a clone: write the schema and the reference instead")
    if not parser.parse_args(arguments).write:
        sys.stdout.write(schema_text())
        return 0
    if not REFERENCE_FILE.is_file():
        sys.stderr.write(f"there is no {REFERENCE_FILE} here: run it in a clone of leafrack\n")
        return 2
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    for file, text in made().items():
        told = file.read_text(encoding="utf-8").partition(MARK)[0]
        file.write_text(f"{told}{MARK}\n{text}", encoding="utf-8")
    return 0


def made() -> Mapping[Path, str]:
    """What stands behind :data:`MARK` in pages of the docs."""
    return {REFERENCE_FILE: reference_text(), EVIDENCE_FILE: table(BUILT_IN)}
