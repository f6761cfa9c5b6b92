"""The proof as a person reads it: a matrix of racks that fits the terminal, and on demand every path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from leafrack.errors import Problem
from leafrack.proof.model import VERSIONS
from leafrack.proof.proof import Proof
from leafrack.proof.verdict import Path, Verdict

SIGNS = {
    "✗": ("bold red", "pods or services do not arrive"),
    "!": ("yellow", "all arrive, and one loss breaks it"),
    "✓": ("green", "all arrive, whatever single reflector, leaf or spine fails"),
}
"""Worst first, with style and meaning."""
_NARROWEST_LABEL = 16
_INDENT = 4


def matrix(proof: Proof, console: Console) -> None:
    """Print a row and a column for each kind of rack: do pods of the column's racks arrive in those of the row?"""
    kinds = [rack for rack in proof.fabric.racks if proof.classes.likes[rack][0] == rack]
    labels = [_label(number, proof.classes.likes[rack]) for number, rack in enumerate(kinds, start=1)]
    cell = len(str(len(kinds))) + 1
    widest = max(_NARROWEST_LABEL, console.width // 2)
    label = min(max(map(len, labels)), widest)
    columns = max(1, (console.width - label) // cell)
    signs, used = _signs(proof), set[str]()
    for start in range(0, len(kinds), columns):
        origins = kinds[start : start + columns]
        numbers = "".join(f"{number:>{cell}}" for number in range(start + 1, start + 1 + len(origins)))
        console.print(Text(f"{'pods of':>{label}}{numbers}" if len(kinds) > 1 else "", "bold"), no_wrap=True)
        for holder, name in zip(kinds, labels, strict=True):
            line = Text(_cut(name, label))
            for origin in origins:
                sign = signs[holder, origin]
                used.add(sign)
                line.append(f"{sign:>{cell}}", SIGNS[sign][0])
            console.print(line, no_wrap=True)
        console.print()
    for sign, (style, meaning) in SIGNS.items():
        if sign in used:
            console.print(Text.assemble((sign, style), f" {meaning}"))


def _label(number: int, alike: Sequence[str]) -> str:
    more = len(alike) - 1
    return f"{number} {alike[0]}" + (f" and {more} alike" if more else "")


def _cut(text: str, width: int) -> str:
    return f"{text:<{width}}" if len(text) <= width else f"{text[: width - 1]}…"


def _signs(proof: Proof) -> Mapping[tuple[str, str], str]:
    """The worst of all families, by kinds of racks (holder, origin); of racks alike also between them."""
    order = list(SIGNS)
    found: dict[tuple[str, str], str] = {}
    for verdict in proof.verdicts:
        pair = proof.classes.likes[verdict.holder][0], proof.classes.likes[verdict.origin][0]
        sign = "✗" if not verdict.ok else "!" if verdict.breaks else "✓"
        found[pair] = min(sign, found.get(pair, sign), key=order.index)
    return found


def details(proof: Proof, console: Console) -> None:
    """Print for every kind of pair of racks how the routes come, and whose loss alone would break it."""
    for verdict in proof.verdicts:
        sign = "✓" if verdict.ok else "✗"
        family = VERSIONS[verdict.version]
        alike = f", {verdict.alike} pairs of racks" if verdict.alike > 1 else ""
        head = f"pods of {verdict.origin} in {verdict.holder} ({family}{alike}) "
        console.print(Text.assemble((head, "bold"), (sign, SIGNS[sign][0])))
        for what, text in _facts(verdict):
            console.print(Padding(Text(f"{what}: {text}"), (0, 0, 0, _INDENT), expand=False))
    console.print()


def _facts(verdict: Verdict) -> Iterator[tuple[str, str]]:
    if (path := verdict.path) is not None:
        yield "path", " → ".join(path.speakers)
        yield "AS path", " ".join(map(str, path.as_path)) or "empty"
        yield "next hop", hops(path)
    if verdict.breaks:
        yield "breaks without", ", ".join(verdict.breaks)


def hops(path: Path) -> str:
    """Next hops, with the speakers that have them."""
    return ", ".join(f"{hop.address} ({hop.speaker})" if hop.speaker else hop.address for hop in path.next_hops)


def lines(problems: Iterable[Problem], console: Console, style: str) -> None:
    """Print findings, a line each."""
    for problem in problems:
        console.print(Text(str(problem), style), soft_wrap=True)
