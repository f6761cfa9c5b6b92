"""What a fabric of thousands of nodes takes, against the goals: named members, and members by label (root).

    python bench/scale.py                                   # all of it: hours
    python bench/scale.py --nodes 400 2000 --members named --measure preview quiet

Racks of forty nodes with two leaves each, half of them top of rack, half with two reflectors. The API server is real;
leaves only answer (bench/leaves.py), and so do nodes (bench/world.py). Each size and kind of members has a world of its
own, and each measure can be taken alone: what it needs before it is done without being told.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.fabrics import RACK, REFLECTORS, nodes_of, rack_name, top_of_rack
from bench.fabrics import values as fabric_values
from bench.held import EventLog, Held, Took, world
from lab.paths import TOOLS
from leafrack.commands.command_line import FAILS
from leafrack.commands.gate import HOLD, SETTLE
from leafrack.fabric import Fabric

GOALS: Mapping[str, Mapping[int, float]] = {
    "preview": {400: 5, 2000: 12, 5000: 30},
    "quiet": {400: 4, 2000: 8, 5000: 20},
    "rack": {400: 5, 2000: 10, 5000: 20},
    "memory": {400: 150, 2000: 250, 5000: 400},
    "status": {400: 5, 2000: 15, 5000: 45},
}
"""Seconds (of ``rack`` beyond its own gates), and megabytes of the program."""
WHAT = {
    "preview": "preview, new stack, s",
    "memory": "memory of the program, MB",
    "up": "up of the whole, s",
    "kubectl": "kubectl apply --server-side of the same, s",
    "timers": "the gates' own timers, s",
    "article": "three kubectl calls a node at 75 ms, s",
    "checkpoints": "up of the whole with checkpoints, s",
    "quiet": "preview, nothing to change, s",
    "status": "leafrack status, s",
    "silent": "the same with silent nodes, s",
    "rack": "up of one more rack beyond its gates, s",
    "written": "the same with checkpoints, s",
    "gates": "the gates of that rack, s",
}
GROWTH = 1.2
"""Largest exponent: what is twice as large may take 2.3 times as long."""
KUBECTL = 0.075

Found = dict[str, float]


class Measures:
    """The measures of one world, in an order in which each has what it needs."""

    def __init__(self, held: Held, tell: Callable[[str], None], silent: int) -> None:
        self._held, self._tell, self._silent = held, tell, silent
        self._stands = False
        self.found: Found = {}

    def take(self, wanted: set[str]) -> None:
        """Take those that are wanted."""
        if "preview" in wanted:
            self._preview()
        if wanted & {"up", "kubectl", "quiet", "status", "rack"}:
            self._up()
        for name in ("quiet", "status", "kubectl", "rack"):
            if name in wanted:
                getattr(self, f"_{name}")()
        if "checkpoints" in wanted:
            self._checkpoints()

    def _note(self, what: str, value: float, took: Took | None = None) -> None:
        self.found[what] = value
        more = "" if took is None else f" ({took.processor:.1f} s of a processor)"
        self._tell(f"    {WHAT[what]}: {value:.1f}{more}")

    def _preview(self) -> None:
        self._held.fresh()
        took = self._held.pulumi("preview").holds()
        self._note("preview", took.seconds, took)
        self._note("memory", took.megabytes)

    def _up(self) -> None:
        held = self._held
        held.fresh()
        took = self._held.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", PULUMI_SKIP_CHECKPOINTS="true")
        self._note("up", took.holds().seconds, took)
        waves = len(
            Fabric.model_validate(fabric_values(held.racks, labelled=held.labelled, at_once=held.at_once)).in_waves()
        )
        # Of each wave: the gate of its leaves, its reflectors one after the other, and its own AS; then the whole.
        self._note("timers", waves * (HOLD + REFLECTORS * SETTLE + SETTLE) + SETTLE)
        self._note("article", 3 * KUBECTL * self._held.racks * RACK)

    def _checkpoints(self) -> None:
        # Everything is there: what is left of an update is the engine's own work, and the state's.
        self._held.fresh()
        took = self._held.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs")
        self._note("checkpoints", took.holds().seconds, took)

    def _quiet(self) -> None:
        took = self._held.pulumi("preview", "--expect-no-changes").holds()
        self._note("quiet", took.seconds, took)

    def _status(self) -> None:
        took = self._look().holds()
        self._note("status", took.seconds, took)
        if self._silent:
            # Reflectors, for each of them is asked; in the racks that have some.
            racks = [number for number in range(self._held.racks) if not top_of_rack(number)]
            names = [name for number in racks for name in list(nodes_of(number))[:REFLECTORS]][: self._silent]
            (self._held.folder / "silent").write_text("\n".join(names), encoding="utf-8")
            took = self._look().holds(FAILS)
            (self._held.folder / "silent").unlink()
            named = sum(f"{name} unreadable" in took.said for name in names)
            self._tell(f"      {named} of {len(names)} silent nodes were named")
            self._note("silent", took.seconds, took)

    def _look(self) -> Took:
        held = self._held
        given = ("--fabric", str(held.file), "--overlay", str(held.overlay))
        return held.leafrack("status", *given, "--kubeconfig", str(held.folder / "kubeconfig"), "--context", "leafrack")

    def _rack(self) -> None:
        self._one_more("rack", PULUMI_SKIP_CHECKPOINTS="true")
        took = self._held.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", PULUMI_SKIP_CHECKPOINTS="true")
        took.holds()
        self._one_more("written")

    def _one_more(self, what: str, **env: str) -> None:
        """A rack that joins; the fabric file is as before afterwards, and the stack is not."""
        held = self._held
        held.declare(held.racks + 1)
        with EventLog(held.folder / "events.json") as log:
            given = ("up", "--yes", "--skip-preview", "--suppress-outputs", "--event-log", str(log.file))
            took = held.pulumi(*given, PULUMI_DEBUG_COMMANDS="1", **env).holds()
        held.declare(held.racks)
        each = log.took()
        chain = {name: seconds for name, seconds in each.items() if name.endswith(("-gate", "-reflectors"))}
        self._tell(
            f"      {len(each)} resources changed, of them {', '.join(f'{n} {s:.1f}' for n, s in chain.items())}"
        )
        self._note("gates", sum(chain.values()))
        self._note(what, took.seconds - self.found["gates"], took)

    def _kubectl(self) -> None:
        """The objects of the state, applied by a manager of another name."""
        held = self._held
        exported = held.pulumi("stack", "export").holds().said
        objects = [
            plain(each["inputs"])
            for each in json.loads(exported[exported.index("{") :])["deployment"]["resources"]
            if each["type"].startswith("kubernetes:")
        ]
        file = held.folder / "objects.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}), encoding="utf-8")
        begun = time.monotonic()
        subprocess.run(
            [TOOLS / "kubectl", "--kubeconfig", held.folder / "kubeconfig", "apply", "--server-side",
             "--force-conflicts", "--field-manager", "bench", "-f", file],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self._note("kubectl", time.monotonic() - begun)


def plain(inputs: Mapping[str, object]) -> dict[str, object]:
    """An object as kubectl takes it: without what is Pulumi's own."""
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def main() -> None:
    """Take what is asked for, and print it against the goals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[400, 2000, 5000])
    parser.add_argument("--members", nargs="+", choices=("label", "named"), default=["label", "named"])
    measures = ("preview", "up", "quiet", "status", "kubectl", "rack", "checkpoints")
    parser.add_argument("--measure", nargs="+", choices=measures, default=list(measures))
    parser.add_argument(
        "--hang", type=int, default=0, metavar="LEAVES", help="leaves that take a login and say nothing"
    )
    parser.add_argument("--silent", type=int, default=0, metavar="NODES", help="reflectors that never answer")
    parser.add_argument("--at-once", type=int, metavar="RACKS", help="racks of one wave, in place of the default")
    chosen = parser.parse_args()
    found: dict[str, dict[int, Found]] = {}
    for members in chosen.members:
        for nodes in chosen.nodes:
            tell(f"{nodes} nodes, members {'by label' if members == 'label' else 'named'}")
            with tempfile.TemporaryDirectory(prefix="scale-") as folder:
                begun = time.monotonic()
                hangs = [f"{rack_name(number)}-leaf1" for number in range(chosen.hang)]
                with world(Path(folder), nodes, labelled=members == "label", hangs=hangs) as held:
                    tell(f"    (the world was there after {time.monotonic() - begun:.0f} s)")
                    if chosen.at_once:
                        held.at_once = chosen.at_once
                        held.declare(held.racks)
                    taken = Measures(held, tell, chosen.silent)
                    taken.take(set(chosen.measure))
                    found.setdefault(members, {})[nodes] = taken.found
    for members, by_size in found.items():
        table(members, by_size)


def table(members: str, by_size: Mapping[int, Found]) -> None:
    """A row for each measure: figures by size, goals in brackets, and the exponent of growth."""
    print(
        f"\n{'members by label' if members == 'label' else 'named members':44}",
        *(f"{n:>16}" for n in by_size),
        f"{'growth':>8}",
    )
    for what, title in WHAT.items():
        row = {nodes: found[what] for nodes, found in by_size.items() if what in found}
        if row:
            cells = [_cell(row.get(nodes), GOALS.get(what, {}).get(nodes)) for nodes in by_size]
            print(f"{title:44}", *(f"{cell:>16}" for cell in cells), f"{_growth(row):>8}")


def _cell(value: float | None, goal: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" + ("" if goal is None else f" (≤ {goal:g}{'' if value <= goal else ' !'})")


def _growth(row: Mapping[int, float]) -> str:
    """The exponent from the smallest to the largest size."""
    small, large = min(row), max(row)
    if small == large or row[small] <= 0:
        return ""
    exponent = math.log(row[large] / row[small]) / math.log(large / small)
    return f"{exponent:.2f}{'' if exponent <= GROWTH else ' !'}"


def tell(line: str) -> None:
    """Say what is going on."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
