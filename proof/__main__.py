"""``python -m proof FABRIC.yaml``: do all pods reach each other, before anything is changed?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from config import FabricError, Problem
from config.load import load
from proof import Proof, prove, table


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when all pods reach each other, 1 when some do not, 2 when there is no fabric to prove."""
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("fabric", metavar="FABRIC.yaml", help="fabric file to prove")
    parser.add_argument("--overlay", metavar="OVERLAY.yaml", help="second file, laid over the fabric file")
    parser.add_argument("--json", action="store_true", help="print the proof as JSON")
    chosen = parser.parse_args(given)
    try:
        loaded = load(chosen.fabric, chosen.overlay)
    except FabricError as error:
        print(error, file=sys.stderr)
        return 2
    proof = prove(loaded.fabric)
    unreachable = tuple(placed(problem, loaded.lines) for problem in proof.unreachable)
    warnings = tuple(placed(problem, loaded.lines) for problem in proof.warnings)
    if chosen.json:
        print(json.dumps(document(proof, unreachable, warnings), indent=2))
    else:
        console = Console()
        table.show(proof, console)
        table.lines(unreachable, console, "red")
        table.lines(warnings, console, "yellow")
        console.print(_summary(proof))
    return 1 if unreachable else 0
