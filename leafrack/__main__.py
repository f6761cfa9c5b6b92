"""``leafrack COMMAND``, also as ``python -m leafrack COMMAND``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

FOR_PEOPLE = {
    "check": "check a fabric file: no cluster, no switch, no Pulumi needed",
    "prove": "show which racks' pods reach each other before anything is changed",
    "status": "compare every expected session and route with what switches and nodes report",
    "adopt": "write the fabric file of a cluster and leaves that are configured already",
    "render": "print our part of a leaf's configuration",
    "host-keys": "show the host keys of leaves and jump hosts beside the pinned ones",
    "schema": "print the JSON Schema of the fabric file",
}
"""Commands that a person or a pipeline runs, each with what it does."""
FOR_PULUMI = ("gate", "step", "reflectors", "password")
"""Commands that stand in Pulumi's state: their names and arguments are a contract (docs/develop/ARCHITECTURE.md)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; exit code 0 if all holds, 1 if something does not, 2 if the command cannot be understood."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else "--help"
    if name in ("-h", "--help"):
        sys.stdout.write(_help())
        return 0 if given else 2
    if name not in (*FOR_PEOPLE, *FOR_PULUMI):
        sys.stderr.write(f"leafrack: there is no command '{name}'; leafrack --help lists them\n")
        return 2
    # Imported here: a gate starts often, and needs neither the proof nor tables.
    command = import_module(f"leafrack.commands.{name.replace('-', '_')}")
    code: int = command.main(given[1:])
    return code


def _help() -> str:
    commands = "".join(f"  {name:<10} {does}\n" for name, does in FOR_PEOPLE.items())
    return (
        "usage: leafrack COMMAND [OPTION ...]\n\n"
        "Calico's BGP peering with a leaf-spine fabric, from one fabric file.\n\n"
        f"{commands}\n"
        "leafrack COMMAND --help says more about each. Exit codes: 0 all holds, 1 something does not,\n"
        "2 the command or its file cannot be used.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
