"""``leafrack status``: every expected session and route against what switches and nodes report."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import yaml
from rich.console import Console

from leafrack.commands import command_line
from leafrack.commands.command_line import FAILS, HOLDS
from leafrack.errors import FabricError, UnreadableError
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from leafrack.preflight import announced
from leafrack.sessions import compare, expected, table
from leafrack.sessions import look as observe
from leafrack.sessions.model import Row
from leafrack.world import labelled
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Report, endpoints

TABLES = 100
"""Nodes up to which the table of each is looked at; of more, that of one node in some racks."""
TOLD = 20_000_000
"""Routes that a look may send through the API server: each status goes to every node of the cluster.

calico-node follows all of them, not only its own (projectcalico/calico: libcalico-go, syncersv1/nodestatussyncer). A
table has a route of 70 bytes for each block, and a node has one block at least.
"""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, with defaults from the settings of a stack (``Pulumi.STACK.yaml``)."""
    parser = command_line.parser(
        "status",
        holds="every session stands and every route is there",
        fails="one is not, or who could tell does not answer",
        unusable="the fabric file cannot be used, or no stack names one",
        more="Nothing is changed.\n"
        "Secrets to log in with: LEAFRACK_SSH_PRIVATE_KEY, LEAFRACK_SSH_PASSWORD in the environment.",
    )
    parser.add_argument("--stack", default=os.environ.get("PULUMI_STACK", "dev"), help="whose settings to use (dev)")
    parser.add_argument("--fabric", type=Path, help="fabric file instead of the stack's")
    parser.add_argument("--overlay", type=Path, help="file laid over the fabric file instead of the stack's")
    parser.add_argument("--kubeconfig", help="kubeconfig instead of the stack's")
    parser.add_argument("--context", help="context of the kubeconfig instead of the stack's")
    parser.add_argument(
        "--every-table",
        action="store_true",
        help=f"look at the routing tables of all nodes, also of more than {TABLES}, in the place of some",
    )
    command_line.add_json(parser, "the rows")
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="wait up to so long for all to hold")
    parser.add_argument(
        "--established-for",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="all must hold for so long without a break",
    )
    chosen = parser.parse_args(given)
    settings = _settings(Path(f"Pulumi.{chosen.stack}.yaml"))
    if chosen.fabric is None:
        if "fabric" not in settings:
            parser.error(f"no fabric file: give --fabric, or set leafrack:fabric in Pulumi.{chosen.stack}.yaml")
        chosen.fabric = Path(settings["fabric"])
        overlay = settings.get("overlay")
        chosen.overlay = chosen.overlay or (Path(overlay) if overlay else None)
    chosen.kubeconfig = chosen.kubeconfig or settings.get("kubeconfig")
    chosen.context = chosen.context or settings.get("kubeContext")
    return chosen


def _settings(path: Path) -> dict[str, str]:
    try:
        declared = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config") or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, AttributeError):
        return {}
    return {key.removeprefix("leafrack:"): value for key, value in declared.items() if isinstance(value, str)}


def look(fabric: Fabric, cluster: Cluster, credentials: Credentials, *, every_table: bool = False) -> tuple[Row, ...]:
    """One look at everything: a row for every expected session, and for the routes of every leaf and node.

    Of a large fabric one node of some racks tells of its routes, unless ``every_table`` is wanted.
    Where the cluster, a leaf or a node does not answer, one row stands for all of which it could tell.
    """
    declared = fabric
    fabric, others = with_labelled(declared, cluster)
    sessions, asked = expected.sessions(fabric), tables(fabric, every=every_table)
    reports = observe.reports(sessions, endpoints(declared), cluster, credentials, routes=True, tables=asked)
    rows = (*compare.sessions(sessions, reports), *others)
    away = next((report for report in reports.values() if report.blame), None)
    if away is not None:
        return compare.folded((*rows, *compare.unknown_routes(fabric, asked, away)))
    try:
        reader = ClusterReader(Connection(cluster))
        blocks, pools, configured = reader.blocks(), reader.pools(), reader.bgp_configuration()
    except UnreadableError as error:
        away = Report(name=error.who, failure=error.why)
        return compare.folded((*rows, *compare.unknown_routes(fabric, asked, away)))
    tunnelled = [pool.cidr for pool in pools if pool.encapsulation]
    alone = fabric.service_load_balancer_ips if announced.by_address(configured) else ()
    return compare.folded((*rows, *compare.routes(fabric, blocks, reports, asked, tunnelled, alone=alone)))


def with_labelled(fabric: Fabric, cluster: Cluster) -> tuple[Fabric, tuple[Row, ...]]:
    """The fabric with the nodes that its labels select now, and rows of those that carry one and hold nothing.

    Of a cluster that does not answer a row says so, in the place of all labelled nodes.
    """
    racks = [rack for rack in fabric.racks if fabric.by_label(rack) is not None]
    if not racks:
        return fabric, ()
    try:
        nodes = ClusterReader(Connection(cluster)).nodes()
    except UnreadableError as error:
        silent = Report(name=error.who, failure=error.why)
        return fabric, tuple(compare.unknown(rack, f"nodes with {fabric.by_label(rack)}", silent) for rack in racks)
    return labelled.with_nodes(fabric, nodes), tuple(
        Row(rack=rack, what=name, expected="to be Ready, or nothing", found=why, ok=True)
        for rack, found in labelled.of_fabric(fabric, nodes).items()
        for name, why in found.aside.items()
    )


def tables(fabric: Fabric, *, every: bool = False) -> tuple[str, ...]:
    """Nodes whose routing tables are looked at: every one, or of a large fabric one of some racks.

    As many as :data:`TOLD` bears, and always one; of racks all over the fabric. What a member has, it has through the
    reflectors of its rack; so it is one that is none, where there is one.
    """
    nodes = sum(len(rack.nodes) for rack in fabric.racks.values())
    if every or nodes <= TABLES:
        reflectors = [node for rack in fabric.racks for node in fabric.reflectors_of(rack)]
        return tuple(dict.fromkeys((*reflectors, *(node for rack in fabric.racks.values() for node in rack.nodes))))
    found: list[str] = []
    for name, rack in fabric.racks.items():
        members = [node for node in rack.nodes if node not in fabric.reflectors_of(name)]
        found += (members or list(rack.nodes))[:1]
    most = min(len(found), max(1, TOLD // nodes**2))
    return tuple(found[number * len(found) // most] for number in range(most))


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when every row holds, 1 when one does not, 2 when there is no fabric to verify."""
    chosen = arguments(given)
    progress = Console(stderr=True)
    try:
        fabric = load_fabric(chosen.fabric, chosen.overlay)
    except FabricError as error:
        return command_line.unusable(error, as_json=chosen.json)
    cluster = Cluster(kubeconfig=chosen.kubeconfig, context=chosen.context)
    credentials = Credentials.from_environment()

    said: set[str] = set()

    def tell(rows: Sequence[Row]) -> None:
        failing = [row for row in rows if not row.ok]
        missing, known = (sum(row.counts for row in each) for each in (failing, rows))
        line = f"waiting for {missing} of {known}: {failing[0]}"
        if chosen.wait and line not in said:
            said.add(line)
            progress.print(line, soft_wrap=True, highlight=False, markup=False)

    rows = observe.until_all_hold(
        lambda: look(fabric, cluster, credentials, every_table=chosen.every_table),
        wait=chosen.wait,
        hold=chosen.established_for,
        tell=tell,
    )
    rows = sorted(rows, key=lambda row: list(fabric.racks).index(row.rack) if row.rack else -1)
    ok = all(row.ok for row in rows)
    if chosen.json:
        command_line.answer({"fabric": fabric.name, "ok": ok, "rows": [row.model_dump() for row in rows]})
    else:
        table.show(rows, Console())
    return HOLDS if ok else FAILS
