"""Time from the start of ``pulumi up`` to the last session Established, for fabrics of several sizes (root).

    python bench/convergence.py 2 4 8

Each fabric is a lab of its own: N racks of two reflectors and a member behind one leaf each, every rack with an AS of
its own, from a fresh Calico install's full mesh. Beside the time stands what the protocol needs of it at least: for
each gate that waits for sessions one after another, BIRD's ``connect delay time`` and the hold of the gate.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.fabrics import values
from lab.site import running
from leafrack.commands.gate import HOLD, SETTLE
from leafrack.fabric import Fabric

CONNECT_DELAY = 2.0
"""Seconds: BIRD's ``connect delay time`` as Calico renders it (bird.cfg.template)."""


def least(fabric: Fabric) -> tuple[int, float]:
    """Gates and turns that wait for sessions one after the other, and the seconds that they need at least."""
    waves = len(fabric.in_waves())
    turns = waves * max(len(fabric.reflectors_of(rack)) for rack in fabric.racks)
    gates = turns + 1 + waves + waves + 1
    return gates, gates * max(SETTLE, CONNECT_DELAY + HOLD)


def main(sizes: list[int]) -> None:
    """Print a row for each size."""
    print(f"{'racks':>5} {'nodes':>5} {'up, s':>7} {'gates':>5} {'their least, s':>14}", flush=True)
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder, running(Path(folder), values(size, spines=1)) as site:
            started = time.monotonic()
            site.applied()
            took = time.monotonic() - started
            gates, seconds = least(site.fabric)
            nodes = sum(len(rack.nodes) for rack in site.fabric.racks.values())
            print(f"{size:>5} {nodes:>5} {took:>7.0f} {gates:>5} {seconds:>14.0f}", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [2, 4, 8])
