"""Cross-checks: what a fabric file must hold beyond the form of its values. Pure functions over the model.

Each problem carries the key that it is about; the loader knows the line. API servers and switches accept all
of this, and the fabric breaks later: one bad BGPPeer freezes the BGP configuration of every node it selects.
"""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.errors import Problem
from leafrack.fabric.checks import (
    addresses,
    announced,
    as_numbers,
    labels,
    links,
    listening,
    names,
    platforms,
    ssh,
    structure,
)
from leafrack.fabric.model import Fabric


def errors(fabric: Fabric) -> Iterator[Problem]:
    """All that keeps this fabric from being built."""
    for module in (structure, names, labels, announced, addresses, links, listening, as_numbers, ssh, platforms):
        yield from module.errors(fabric)


def warnings(fabric: Fabric) -> Iterator[Problem]:
    """What works and should not stay as it is."""
    yield from structure.warnings(fabric)
    yield from links.warnings(fabric)
    yield from as_numbers.warnings(fabric)
    yield from ssh.warnings(fabric)
