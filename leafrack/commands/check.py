"""``leafrack check FABRIC.yaml``: check a fabric file, without cluster, switches or Pulumi."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from leafrack.commands import command_line
from leafrack.commands.command_line import FAILS, HOLDS, UNUSABLE
from leafrack.errors import FabricError, FileError
from leafrack.fabric.load import load
from leafrack.fabric.model import Fabric


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; problems and warnings go to standard error."""
    parser = command_line.parser(
        "check",
        holds="the fabric can be built; there may be warnings",
        fails="it cannot: every problem is said, with file and line",
        unusable="there is no such file, or it cannot be read",
    )
    command_line.add_fabric(parser, "to check")
    command_line.add_json(parser, "problems and warnings")
    options = parser.parse_args(arguments)
    try:
        loaded = load(options.fabric, options.overlay)
    except FabricError as error:
        code = UNUSABLE if isinstance(error, FileError) else FAILS
        return command_line.unusable(error, as_json=options.json, code=code)
    command_line.complain(*(f"warning: {warning}" for warning in loaded.warnings))
    if options.json:
        warnings = command_line.documents(loaded.warnings)
        command_line.answer({"fabric": loaded.fabric.name, "ok": True, "problems": [], "warnings": warnings})
    else:
        sys.stdout.write(f"{options.fabric}: {summary(loaded.fabric)}\n")
    return HOLDS


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
    if by_label := sum(rack.label is not None for rack in racks):
        counts.append(f"{_count(by_label, 'rack')} with members by label")
    return f"fabric {fabric.name} is fine: {', '.join(counts)}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
