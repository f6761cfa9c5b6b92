"""The verdict as a person reads it: a table, what fails last and in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leafrack.sessions.model import Row

ROWS = 200
"""Rows up to which each is shown; of more, each rack has one for all that hold."""


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the rows, rack by rack, then a line that counts them. Of a large fabric rows that hold are only counted."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("rack", "session or routes", "expected", "found", ""):
        table.add_column(heading)
    rack = ""
    for row in rows if len(rows) <= ROWS else _counted(rows):
        if row.rack != rack and rack:
            table.add_section()
        mark = Text("✓", "green") if row.ok else Text("✗", "bold red")
        found = Text(row.found, "" if row.ok else "red")
        # As text: names in square brackets are no markup.
        words = ("" if row.rack == rack else row.rack, row.what, row.expected)
        table.add_row(*map(Text, words), found, mark)
        rack = row.rack
    console.print(table)
    failing = [row for row in rows if not row.ok]
    for row in failing:
        console.print(Text(str(row), "red"), soft_wrap=True)
    console.print(f"{len(rows) - len(failing)} of {sum(row.counts for row in rows)} as expected")


def _counted(rows: Sequence[Row]) -> Iterator[Row]:
    """A row for all of a rack that hold, before each of those that do not."""
    of: dict[str, list[Row]] = {}
    for row in rows:
        of.setdefault(row.rack, []).append(row)
    for rack, found in of.items():
        failing = [row for row in found if not row.ok]
        if holding := len(found) - len(failing):
            what = f"{holding} sessions and routes"
            yield Row(rack=rack, what=what, expected="as declared", found="as declared", ok=True)
        yield from failing
