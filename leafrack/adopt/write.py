"""The text of a fabric file: block style, a comment with each value that says where it was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from leafrack.adopt.facts import Description, Path
from leafrack.errors import printable


def text_of(description: Description) -> str:
    """A fabric file; the same for the same description."""
    head = "# Found by `leafrack adopt`; comments say where. Check it: leafrack check FILE\n"
    return head + "\n".join(_lines(description.values, description.sources, ())) + "\n"


def _lines(values: Mapping[str, Any], sources: Mapping[Path, str], path: Path) -> Iterator[str]:
    indent = "  " * len(path)
    # Names come from a cluster: whatever is in one stays a comment.
    for key, value in values.items():
        here = (*path, key)
        comment = f"  # {printable(sources[here])}" if here in sources else ""
        if isinstance(value, Mapping) and value:
            yield f"{indent}{_flow(key)}:{comment}"
            yield from _lines(value, sources, here)
        else:
            yield f"{indent}{_flow(key)}: {_flow(value)}{comment}"


def _flow(value: Any) -> str:
    # Single quotes would let a line break stand in a name, where a key has to be on one line.
    style = '"' if isinstance(value, str) and not value.isprintable() else None
    text: str = yaml.safe_dump(value, default_flow_style=True, default_style=style, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")
