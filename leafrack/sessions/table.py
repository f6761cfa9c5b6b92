"""The verdict as a person reads it: a table, what fails last and in full."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leafrack.sessions.model import Row


def show(rows: Sequence[Row], console: Console) -> None:
    """Print every row, rack by rack, then a line that counts them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("rack", "session or routes", "expected", "found", ""):
        table.add_column(heading)
    rack = ""
    for row in rows:
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
