"""``leafrack COMMAND``, also as ``python -m leafrack COMMAND``."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from leafrack import __version__
from leafrack.commands import FOR_PEOPLE, FOR_PULUMI

INTERRUPTED = 130
"""Exit code of a program that a person has stopped, as shells count it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; exit code 0 if all holds, 1 if something does not, 2 if the command cannot be understood."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else "--help"
    if name in ("-h", "--help"):
        sys.stdout.write(_help())
        return 0 if given else 2
    if name == "--version":
        sys.stdout.write(f"leafrack {__version__}\n")
        return 0
    if name not in (*FOR_PEOPLE, *FOR_PULUMI):
        sys.stderr.write(_unknown(name))
        return 2
    try:
        # Imported here: a gate starts often, and needs neither the proof nor tables. Nothing of what an import makes is
        # garbage, and looking for some takes a tenth of a gate's start.
        gc.disable()
        # No plugin of pydantic's is wanted, and looking for one reads what every installed package says of itself.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        command = import_module(f"leafrack.commands.{name.replace('-', '_')}")
        gc.freeze()
        gc.enable()
        code: int = command.main(given[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who reads has seen enough (`leafrack schema | head`); at its end Python flushes into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _unknown(name: str) -> str:
    from leafrack.errors import shown
    from leafrack.fabric.wording import did_you_mean

    what = "option" if name.startswith("-") else "command"
    return f"leafrack: there is no {what} '{shown(name)}'{did_you_mean(name, FOR_PEOPLE)}\n"


def _help() -> str:
    commands = "".join(f"  {name:<10} {does}\n" for name, does in FOR_PEOPLE.items())
    return (
        "usage: leafrack COMMAND [OPTION ...]\n"
        "       leafrack --help | --version\n\n"
        "Calico's BGP peering with a leaf-spine fabric, from one fabric file.\n\n"
        f"commands:\n{commands}\n"
        "leafrack COMMAND --help says more about each. Every command but schema takes --json: the answer for a\n"
        "machine on standard output, lines for a person on standard error as without it.\n\n"
        "exit codes:\n"
        "  0  all holds\n"
        "  1  something does not hold\n"
        "  2  the command or its file cannot be used\n"
    )


if __name__ == "__main__":
    sys.exit(main())
