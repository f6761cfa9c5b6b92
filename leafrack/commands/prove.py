"""``leafrack prove FABRIC.yaml``: do all pods reach each other, before anything is changed?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from leafrack.errors import FabricError, Problem
from leafrack.fabric.load import load
from leafrack.proof import Proof, prove, table


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when all pods reach each other, 1 when some do not, 2 when there is no fabric to prove."""
    parser = argparse.ArgumentParser(prog="leafrack prove", description=__doc__)
    parser.add_argument("fabric", metavar="FABRIC.yaml", help="fabric file to prove")
    parser.add_argument("--overlay", metavar="OVERLAY.yaml", help="second file, laid over the fabric file")
    parser.add_argument("--details", action="store_true", help="also print the path of every kind of pair of racks")
    parser.add_argument("--json", action="store_true", help="print the proof as JSON")
    chosen = parser.parse_args(given)
    try:
        loaded = load(chosen.fabric, chosen.overlay)
    except FabricError as error:
        print(error, file=sys.stderr)
        return 2
    proof = prove(loaded.fabric)
    unreachable, warnings = loaded.placed(proof.unreachable), loaded.placed(proof.warnings)
    if chosen.json:
        print(json.dumps(document(proof, unreachable, warnings), indent=2))
    else:
        console = Console()
        console.print(_summary(proof), style="bold", highlight=False, soft_wrap=True)
        table.lines(unreachable, console, "red")
        table.matrix(proof, console)
        table.lines(warnings, console, "yellow")
        if chosen.details:
            table.details(proof, console)
        else:
            console.print("with --details: the path of every kind of pair of racks", style="dim")
    return 1 if unreachable else 0


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
        "unreachable": [_finding(problem) for problem in unreachable],
        "singlePoints": [
            {
                "speaker": point.speaker,
                "kind": point.kind,
                "alike": point.alike,
                "cuts": [{"holder": cut[0], "origin": cut[1], "version": cut[2]} for cut in point.cuts],
            }
            for point in proof.single_points
        ],
        "warnings": [_finding(problem) for problem in warnings],
    }


def _finding(problem: Problem) -> dict[str, str]:
    return {"place": problem.place, "path": problem.path, "text": problem.text}


def _summary(proof: Proof) -> str:
    whole = sum(one.alike for one in proof.verdicts)
    good = sum(one.alike for one in proof.verdicts if one.ok)
    head = f"{proof.fabric.name}: {good} of {whole} pairs of racks reach each other"
    found = f"; findings: {len(proof.unreachable)}" if proof.unreachable else ""
    return f"{head}{found}; single points of failure: {len(proof.single_points)}"
