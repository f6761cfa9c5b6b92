"""The proof as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from leafrack.errors import Problem
from leafrack.proof.model import VERSIONS
from leafrack.proof.proof import Proof
from leafrack.proof.verdict import Path


def show(proof: Proof, console: Console) -> None:
    """Print a row for every kind of pair of racks, and a line that counts them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("pods of", "in rack", "family", "pairs", "path", "AS path", "next hop", "breaks without", ""):
        table.add_column(heading, overflow="fold")
    for verdict in proof.verdicts:
        path = verdict.path
        table.add_row(
            verdict.origin,
            verdict.holder,
            VERSIONS[verdict.version],
            str(verdict.alike),
            " → ".join(path.speakers) if path else "",
            " ".join(map(str, path.as_path)) if path else "",
            hops(path) if path else "",
            ", ".join(verdict.breaks),
            Text("✓", "green") if verdict.ok else Text("✗", "bold red"),
        )
    console.print(table)


def hops(path: Path) -> str:
    """Next hops, with the speakers that have them."""
    return ", ".join(f"{hop.address} ({hop.speaker})" if hop.speaker else hop.address for hop in path.next_hops)


def lines(problems: Iterable[Problem], console: Console, style: str) -> None:
    """Print findings, a line each."""
    for problem in problems:
        console.print(Text(str(problem), style), soft_wrap=True)
