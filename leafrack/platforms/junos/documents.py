"""Junos' JSON (``| display json``): each value is a list of objects, text is in their ``data``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_NO_BGP = "BGP is not running"


def of_answer(lines: Sequence[str], *kinds: str) -> Mapping[str, Any]:
    """The JSON object of an answer; where nothing runs there is a line instead of it.

    Raises ``ValueError`` with the beginning of what is no such object, or has none of the kinds.
    """
    text = "\n".join(line for line in lines if not re.fullmatch(r"\{\w+(:\d+)?\}", line.strip()))
    if text.strip() in ("", _NO_BGP):
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = {}
    if not isinstance(found, dict) or not any(kind in found for kind in kinds):
        raise ValueError(repr(_beginning(text)))
    return found


def _beginning(text: str) -> str:
    return " ".join(text.split())[:60]


def inside(information: Mapping[str, Any], kind: str) -> Sequence[Mapping[str, Any]]:
    """Elements of a kind; raises ``ValueError`` where there is something else in their place."""
    if kind not in information and set(information) - {"attributes"}:
        raise ValueError(f"no {kind} in {_beginning(json.dumps(information))!r}")
    found: Sequence[Mapping[str, Any]] = information.get(kind, ())
    return found


def needed(node: Mapping[str, Any], key: str) -> str:
    """Text of an element that is always there; raises ``ValueError`` where it is not."""
    if not (found := said(node, key)):
        raise ValueError(f"no {key} in {_beginning(json.dumps(node))!r}")
    return found


def said(node: Mapping[str, Any], key: str) -> str:
    """Text of an element; each is a list of objects with ``data``."""
    data = next((one.get("data") for one in node.get(key, ())), None)
    return data if isinstance(data, str) else ""
