"""Junos 24.4's own structure of its configuration, where the package junoscfg has it, and a strict walk through it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

_TREE = Path("validate", "data", "junos-structure-tree.json")


@cache
def tree() -> Mapping[str, Any]:
    """The structure; skips where it is not installed: 36 MB, and packages besides that nothing here needs."""
    found = find_spec("junoscfg")
    path = Path(next(iter(found.submodule_search_locations or ()), "")) / _TREE if found else None
    if path is None or not path.is_file():
        pytest.skip("needs Junos' structure: pip install --no-deps junoscfg==0.5.10")
    read: Mapping[str, Any] = json.loads(path.read_text())
    return read


def wrong(statement: Sequence[str], *, whole: bool = True) -> str:
    """What of a statement the structure does not know; empty where it takes all of it.

    One that is not ``whole``, as after ``delete``, may end where a value would follow.
    """
    return _walk(tree(), tuple(statement), whole=whole)


def _walk(node: Mapping[str, Any], words: tuple[str, ...], *, whole: bool) -> str:
    if node.get("L"):
        # An entry of a list: its name, which may be all of it.
        return "a name is missing" if not words else _walk({**node, "L": False}, words[1:], whole=whole)
    if node.get("l"):
        return "" if not (whole or words) else _value(node, words)
    if not words:
        return ""
    children = node.get("c", {})
    if words[0] in children and not children[words[0]].get("nk"):
        return _walk(children[words[0]], words[1:], whole=whole)
    for child in children.values():
        # A value without a word before it.
        if child.get("nk") and not _value(child, words[:1]):
            return _walk(node, words[1:], whole=whole)
    return f"no {words[0]!r} here"


def _value(node: Mapping[str, Any], words: tuple[str, ...]) -> str:
    if len(words) != 1:
        return f"one value, not {len(words)}"
    allowed = tree()["_enums"][node["e"]] if "e" in node else None
    return "" if allowed is None or words[0] in allowed else f"{words[0]!r} is none of {', '.join(allowed)}"
