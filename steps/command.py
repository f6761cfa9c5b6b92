"""A step as a command of its own: ``forward`` or ``back``, with what is wanted as JSON on standard input.

Standard error is what Pulumi shows while the step runs; why it failed goes to standard output, which Pulumi shows in
the error only, so that nobody reads it twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from verify import model
from verify.errors import UnreadableError

Wanted = TypeVar("Wanted", bound=model.Value)
Way = Callable[[Wanted], None]


def main(step: str, arguments: Sequence[str], kind: type[Wanted], forward: Way[Wanted], back: Way[Wanted]) -> int:
    """Exit code of a step: 0 when all is as wanted, 1 when the API server refuses or is away, else 2."""
    ways = {"forward": forward, "back": back}
    if len(arguments) != 1 or arguments[0] not in ways:
        print(f"usage: python -m {step} forward|back < wanted.json", file=sys.stderr)
        return 2
    try:
        wanted = kind.model_validate_json(sys.stdin.read())
    except ValidationError as error:
        print(f"{step}: cannot read what to do: {error.error_count()} errors in it")
        return 2
    try:
        ways[arguments[0]](wanted)
    except UnreadableError as error:
        print(str(error))
        return 1
    return 0


def tell(line: str) -> None:
    """Show a line while the step runs."""
    print(line, file=sys.stderr, flush=True)
