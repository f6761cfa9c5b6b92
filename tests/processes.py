"""Processes of this machine: all that come from one, and whether they are still there."""

from __future__ import annotations

from pathlib import Path


def family_of(pid: int) -> set[tuple[int, str]]:
    """A process and all that come from it, each with its start time; one that only waits to be reaped has ended."""
    parents, starts = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                parents[int(entry.name)], starts[int(entry.name)] = int(fields[1]), fields[19]
    family = {pid}
    while new := {child for child, parent in parents.items() if parent in family} - family:
        family |= new
    return {(each, starts[each]) for each in family if each in starts}


def still_there(family: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of a family that have not ended."""
    return {each for each in family if each in family_of(each[0])}
