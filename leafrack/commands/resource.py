"""A gate or a step as a command: ``forward`` or ``back``, with what it is to do as JSON on standard input.

Standard error is what Pulumi shows while it runs; why it failed goes to standard output, which Pulumi shows in the
error only, so that nobody reads it twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from leafrack.errors import UnreadableError
from leafrack.world.model import Value

Given = TypeVar("Given", bound=Value)
Way = Callable[[Given], Sequence[str] | None]
"""Goes a way; gives a line for each thing that is not as it has to be."""


def main(module: str, arguments: Sequence[str], kind: type[Given], forward: Way[Given], back: Way[Given]) -> int:
    """Exit code: 0 when all is as it has to be, 1 when it is not or the API server refuses or is away, else 2."""
    ways = {"forward": forward, "back": back}
    if len(arguments) != 1 or arguments[0] not in ways:
        print(f"usage: python -m leafrack {module} forward|back < given.json", file=sys.stderr)
        return 2
    try:
        given = kind.model_validate_json(sys.stdin.read())
    except ValidationError as error:
        print(f"{module}: cannot read what to do: {error.error_count()} errors in it")
        return 2
    try:
        failed = ways[arguments[0]](given) or ()
    except UnreadableError as error:
        failed = (str(error),)
    except ValueError as error:
        # What the environment says: no run after this one would fare better.
        print(error)
        return 2
    for line in failed:
        print(line)
    return 1 if failed else 0


def tell(line: str) -> None:
    """Show a line while it runs."""
    print(line, file=sys.stderr, flush=True)
