"""``leafrack check FABRIC.yaml``: check a fabric file, without cluster, switches or Pulumi."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from leafrack.errors import FabricError
from leafrack.fabric.load import load
from leafrack.fabric.model import Fabric


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; problems go to standard error. Exit code 1 when the fabric cannot be built."""
    parser = argparse.ArgumentParser(prog="leafrack check", description="Check a fabric file.")
    parser.add_argument("fabric", metavar="FABRIC.yaml", help="fabric file to check")
    parser.add_argument("--overlay", metavar="OVERLAY.yaml", help="second file, laid over the fabric file")
    options = parser.parse_args(arguments)
    try:
        loaded = load(options.fabric, options.overlay)
    except FabricError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for warning in loaded.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    sys.stdout.write(f"{options.fabric}: {summary(loaded.fabric)}\n")
    return 0


def summary(fabric: Fabric) -> str:
    """A fabric in one line."""
    racks = fabric.racks.values()
    counts = [
        _count(len(fabric.racks), "rack"),
        _count(sum(len(rack.leaves) for rack in racks), "leaf", "leaves"),
        _count(len(fabric.spines), "spine"),
        _count(sum(len(rack.nodes) for rack in racks), "node"),
        _count(sum(len(rack.reflectors) for rack in racks), "route reflector"),
    ]
    return f"fabric {fabric.name} is fine: {', '.join(counts)}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
