"""Laying a second file over a fabric file.

It refines what the first one declares and adds no rack, leaf, node or spine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leafrack.errors import Problem
from leafrack.fabric.source import Document, Key, key_text
from leafrack.fabric.wording import did_you_mean

_NAMED = (
    ("spines",),
    ("racks",),
    ("racks", "*", "leaves"),
    ("racks", "*", "reflectors"),
    ("racks", "*", "members"),
    ("racks", "*", "leaves", "*", "uplinks"),
)
"""Mappings whose keys are names that the fabric file gives; all other keys are the model's."""


def lay_over(document: Document, over: Document) -> list[Problem]:
    """Change ``document`` by what ``over`` says: mappings merge, everything else is replaced.

    Each value keeps the place that it came from. Returns what the overlay names but the fabric file does not
    have.
    """
    return list(_merge(document, over, ()))


def _merge(document: Document, over: Document, key: Key) -> Iterator[Problem]:
    base, new = _at(document.values, key), _at(over.values, key)
    for name, value in new.items():
        here = (*key, name)
        if name not in base and _is_named(key):
            text = f"the fabric file has no '{name}' here, and an overlay only refines{did_you_mean(name, base)}"
            yield Problem(text, key_text(here), over.places[here])
            continue
        if isinstance(value, dict) and isinstance(base.setdefault(name, {}), dict):
            # Merged even into nothing, so that names inside it are checked.
            document.places.setdefault(here, over.places[here])
            yield from _merge(document, over, here)
            continue
        held = base.get(name)
        base[name] = value
        document.places[here] = over.places[here]
        if not isinstance(held, dict | list) and not isinstance(value, dict | list):
            continue
        for old in [old for old in document.places if old[: len(here)] == here]:
            del document.places[old]
        document.places.update({place: text for place, text in over.places.items() if place[: len(here)] == here})


def _at(values: Any, key: Key) -> Any:
    for part in key:
        values = values[part]
    return values


def _is_named(key: Key) -> bool:
    return any(
        len(key) == len(pattern) and all(part in {"*", own} for part, own in zip(pattern, key, strict=True))
        for pattern in _NAMED
    )
