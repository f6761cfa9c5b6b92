"""``leafrack prove FABRIC.yaml``: do all pods reach each other, before anything is changed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console

from leafrack.commands import command_line
from leafrack.commands.command_line import FAILS, HOLDS
from leafrack.errors import FabricError, Problem, ProblemKind
from leafrack.fabric.load import load
from leafrack.proof import Proof, prove, table


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when all pods reach each other, 1 when some do not, 2 when there is no fabric to prove."""
    parser = command_line.parser(
        "prove",
        holds="all pods reach each other",
        fails="some do not: each pair is named, with the session that it lacks",
        unusable="the fabric file cannot be used",
        more="It walks the declared sessions as BGP would.",
    )
    command_line.add_fabric(parser, "to prove")
    parser.add_argument("--details", action="store_true", help="also print the path of every kind of pair of racks")
    command_line.add_json(parser, "the proof")
    chosen = parser.parse_args(given)
    try:
        loaded = load(chosen.fabric, chosen.overlay)
    except FabricError as error:
        return command_line.unusable(error, as_json=chosen.json)
    proof = prove(loaded.fabric)
    unreachable, warnings = loaded.placed(proof.unreachable), loaded.placed(proof.warnings)
    if chosen.json:
        command_line.answer(document(proof, unreachable, warnings))
    else:
        console = Console()
        console.print(_summary(proof), style="bold", highlight=False, soft_wrap=True)
        table.matrix(proof, console)
        table.lines(unreachable, console, "red")
        table.lines(warnings, console, "yellow")
        if chosen.details:
            table.details(proof, console)
        else:
            console.print("with --details: the path of every kind of pair of racks", style="dim")
    return FAILS if unreachable else HOLDS


def document(proof: Proof, unreachable: Sequence[Problem], warnings: Sequence[Problem]) -> dict[str, Any]:
    """The proof as JSON."""
    return {
        "fabric": proof.fabric.name,
        "ok": not unreachable,
        "pairs": [
            {
                "origin": one.origin,
                "holder": one.holder,
                "version": one.version,
                "alike": one.alike,
                "ok": one.ok,
                "path": list(one.path.speakers) if one.path else [],
                "asPath": list(one.path.as_path) if one.path else [],
                "nextHops": [{"address": hop.address, "speaker": hop.speaker} for hop in one.path.next_hops]
                if one.path
                else [],
                "singlePoints": list(one.breaks),
            }
            for one in proof.verdicts
        ],
        "unreachable": command_line.documents(unreachable),
        "singlePoints": [
            {
                "speaker": point.speaker,
                "kind": point.kind,
                "alike": point.alike,
                "cuts": [{"holder": cut[0], "origin": cut[1], "version": cut[2]} for cut in point.cuts],
            }
            for point in proof.single_points
        ],
        "warnings": command_line.documents([replace(each, kind=ProblemKind.NOTICE) for each in warnings]),
    }


def _summary(proof: Proof) -> str:
    whole = sum(one.alike for one in proof.verdicts)
    good = sum(one.alike for one in proof.verdicts if one.ok)
    head = f"{proof.fabric.name}: {good} of {whole} pairs of racks reach each other"
    found = f"; findings: {len(proof.unreachable)}" if proof.unreachable else ""
    return f"{head}{found}; single points of failure: {len(proof.single_points)}"
