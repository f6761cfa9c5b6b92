"""AS numbers as switches, nodes and files write them (RFC 5396): 65546 (asplain), 1.10 (asdot), 0.65001 (asdot+)."""

from __future__ import annotations

import re

_HALF = 2**16


def as_number(said: object) -> int:
    """Number that somebody wrote; raises ``ValueError`` for what is none."""
    text = str(said)
    if re.fullmatch(r"[0-9]{1,10}", text) and int(text) < _HALF**2:
        return int(text)
    halves = [int(half) for half in text.split(".")] if re.fullmatch(r"[0-9]{1,5}\.[0-9]{1,5}", text) else []
    if not halves or max(halves) >= _HALF:
        msg = f"{text[:40]!r} is no AS number"
        raise ValueError(msg)
    return halves[0] * _HALF + halves[1]


def number_or_none(said: str | None) -> int | None:
    """As :func:`as_number`, and ``None`` for nothing and for what is none."""
    try:
        return None if said is None else as_number(said)
    except ValueError:
        return None
