"""``python -m lab up [FABRIC.yaml] | down | status | node CHANGE | migrate-calico STEP | exec HOST -- CMD``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lab import control
from lab.calico import CalicoApi
from lab.errors import LabError
from lab.paths import DEFAULT_FABRIC, Folder
from leafrack.errors import FabricError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    wanted = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        print(f"python -m lab {wanted.command} needs root: run it with sudo", file=sys.stderr)
        return 1
    try:
        folder = Folder.of_environment()
        return _run(folder, wanted)
    except (LabError, FabricError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"python -m lab {wanted.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        left = "; nothing of the lab is left" if wanted.command == "up" else ""
        print(f"interrupted{left}", file=sys.stderr)
        return 130


def _run(folder: Folder, wanted: argparse.Namespace) -> int:
    match wanted.command:
        case "up":
            control.up(folder, wanted.fabric, CalicoApi(wanted.calico_api))
        case "down":
            control.down(folder)
        case "status":
            from lab import status  # the table's library takes longer to load than 'exec' takes to run

            return status.show(folder)
        case "migrate-calico":
            from lab import migration  # its libraries too

            {"begin": migration.begin, "end": migration.end, "abort": migration.abort}[wanted.step](folder)
        case "node":
            from lab import nodes  # and these

            nodes.change(folder, wanted.change, wanted.who, wanted.rack)
        case "exec":
            control.enter(folder, wanted.host, wanted.cmd)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="The embedded fabric.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring a fabric up; with --calico-api v3 on native v3 CRDs of Calico")
    up.add_argument("fabric", nargs="?", type=Path, default=DEFAULT_FABRIC, metavar="FABRIC.yaml")
    up.add_argument(
        "--calico-api",
        choices=[*CalicoApi],
        default=CalicoApi.V1,
        help="how the API server stores Calico's resources: crd.projectcalico.org/v1 (the default), native "
        "projectcalico.org/v3, or v1 until 'migrate-calico'",
    )
    commands.add_parser("down", help="end it; nothing is left outside of the lab's folder")
    commands.add_parser("status", help="hosts and daemons; exit code 1 if one is dead")
    migrate = commands.add_parser(
        "migrate-calico",
        help="Calico's migration to native v3, of a lab that is up with --calico-api migrating",
        description="begin: v1 is locked, all is copied to v3, Calico's programs read that. end: v1 is deleted. "
        "abort: back to v1, what was copied is deleted.",
    )
    migrate.add_argument("step", choices=["begin", "end", "abort"])
    node = commands.add_parser("node", help="let nodes join a lab that is up, leave it, or change their label")
    changes = node.add_subparsers(dest="change", required=True)
    add = changes.add_parser("add", help="a node joins a rack, with the rack's label if it has one")
    add.add_argument("who", metavar="RACK")
    add.set_defaults(rack="")
    remove = changes.add_parser("remove", help="a node leaves: its objects first, then the machine")
    remove.add_argument("who", metavar="NODE")
    remove.set_defaults(rack="")
    relabel = changes.add_parser("relabel", help="a node gets the label of a rack, or none of any")
    relabel.add_argument("who", metavar="NODE")
    relabel.add_argument("rack", metavar="RACK", nargs="?", default="")
    run = commands.add_parser("exec", help="run a command inside a host")
    run.add_argument("host", metavar="HOST")
    run.add_argument("cmd", nargs="+", metavar="CMD")
    return parser


if __name__ == "__main__":
    sys.exit(main())
