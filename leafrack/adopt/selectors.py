"""Which nodes a BGPPeer is for, and what its selector asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leafrack.world.selector import parse

Labels = Mapping[str, str]


def selected(selector: str, nodes: Mapping[str, Labels]) -> frozenset[str]:
    """Names of the nodes that a selector chooses; an empty one chooses all.

    Raises ``ValueError`` where Calico would refuse it.
    """
    if not selector.strip():
        return frozenset(nodes)
    try:
        chosen = parse(selector)
    except ValueError:
        raise ValueError(f"'{selector}' is no selector that Calico understands") from None
    return frozenset(name for name, labels in nodes.items() if chosen.matches(labels))


def values_of(selector: str) -> Mapping[str, str]:
    """What a selector of plain ``key == 'value'`` parts, joined by ``&&``, asks for; empty for any other."""
    plain = [_bare(part) for part in _bare(selector).split("&&")]
    parts = [re.fullmatch(r"\s*([\w./-]+)\s*==\s*(?:'([^']*)'|\"([^\"]*)\")\s*", part) for part in plain]
    return {part[1]: part[2] or part[3] or "" for part in parts if part} if all(parts) else {}


def _bare(selector: str) -> str:
    """Without parentheses around all of it."""
    text = selector.strip()
    while text.startswith("(") and text.endswith(")") and _closes(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closes(text: str) -> int:
    """Where the first parenthesis is closed."""
    depth = 0
    for place, one in enumerate(text):
        depth += (one == "(") - (one == ")")
        if not depth:
            return place
    return -1
