"""Seconds of ``pulumi up`` of the example, from Calico's full mesh, and the packets that it loses (root).

    python bench/update.py 10

Pods of the rack that keeps the fabric's AS ping each other every 10 ms meanwhile. Each run ends with ``pulumi
destroy``, in the same lab, and that is timed too.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.pings import Pings
from lab.site import Site, example, running
from lab.tables import wait_for_routes

RACK = [("node1", "node2"), ("node1", "node3"), ("node2", "node3")]


def once(site: Site) -> tuple[float, int, int, float]:
    """Seconds of an update, packets sent and lost during it, seconds of the destroy after it."""
    wait_for_routes(site.lab)
    with Pings(site.lab, RACK) as pings:
        started = time.monotonic()
        site.applied()
        update = time.monotonic() - started
    started = time.monotonic()
    site.destroyed()
    sent, lost = (sum(getattr(loss, what) for loss in pings.losses) for what in ("sent", "lost"))
    return update, sent, lost, time.monotonic() - started


def main(runs: int) -> None:
    """Print a row for each run, and the medians."""
    print(f"{'run':>3} {'up, s':>6} {'sent':>6} {'lost':>5} {'destroy, s':>10}", flush=True)
    found = []
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), example()) as site:
        for number in range(1, runs + 1):
            update, sent, lost, destroy = once(site)
            found.append((update, destroy))
            print(f"{number:>3} {update:>6.1f} {sent:>6} {lost:>5} {destroy:>10.1f}", flush=True)
    updates, destroys = zip(*found, strict=True)
    print(f"{'':>3} {median(updates):>6.1f} {'':>6} {'':>5} {median(destroys):>10.1f}  (medians)", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
