"""What is left of a fabric file without its wrong parts, so that one run also cross-checks the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leafrack.fabric.source import Key, key_text


def exists(values: Any, key: Key) -> bool:
    """Whether there is something at this key."""
    for part in key:
        in_mapping = isinstance(values, dict) and part in values
        in_list = isinstance(values, list) and isinstance(part, int) and part < len(values)
        if not (in_mapping or in_list):
            return False
        values = values[part]
    return True


def leave_out(values: dict[str, Any], wrong: Iterable[tuple[Key, bool]]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Values without the smallest part around each wrong key that can go, and those parts.

    ``wrong`` says of each key whether it is unknown: then only the key itself goes. Otherwise the smallest part is the
    node, uplink, leaf, spine or rack that it belongs to.
    """
    rest: dict[str, Any] = _copied(values)
    gone = []
    for key, unknown in wrong:
        parts = [key] if unknown else _around(key, rest)
        for part in parts:
            _remove(rest, part)
        # Nothing that the model does not know can have been part of a finding.
        gone += [] if unknown else [key_text(part) for part in parts]
    return rest, tuple(gone)


def belongs(path: str, parts: Iterable[str]) -> bool:
    """Whether a finding at ``path`` may come only from leaving out one of these parts."""
    return any(_is_within(path, part) or _is_within(part, path) for part in parts)


def _is_within(path: str, holder: str) -> bool:
    return path == holder or path.startswith((f"{holder}.", f"{holder}["))


def _remove(values: Any, key: Key) -> None:
    if exists(values, key):
        for step in key[:-1]:
            values = values[step]
        del values[key[-1]]


def _copied(values: Any) -> Any:
    return {key: _copied(value) for key, value in values.items()} if isinstance(values, dict) else values


_PARTS = (
    ("racks", "*", "leaves", "*", "uplinks", "*"),
    ("racks", "*", "leaves", "*", "ssh"),
    ("racks", "*", "leaves", "*"),
    ("racks", "*", "reflectors", "*"),
    ("racks", "*", "members", "*"),
    ("racks", "*"),
    ("spines", "*"),
    ("interconnect",),
    ("jump",),
    ("serviceClusterIPs",),
    ("acceptCIDRs",),
    ("maximumPrefix",),
    ("ttlSecurity",),
)
"""What may go, smallest first; without the rest nothing can be said about a fabric."""


def _around(key: Key, values: dict[str, Any]) -> list[Key]:
    part = next((key[: len(pattern)] for pattern in _PARTS if _begins(key, pattern)), ())
    if part[:1] == ("spines",):
        # An uplink to a spine that is left out is no uplink to an unknown spine.
        return [part, *(uplink for uplink in _uplinks(values) if uplink[-1] == part[1])]
    return [part] if part else []


def _begins(key: Key, pattern: tuple[str, ...]) -> bool:
    return len(key) >= len(pattern) and all(own in {"*", part} for part, own in zip(key, pattern, strict=False))


def _uplinks(values: dict[str, Any]) -> list[Key]:
    return [
        ("racks", rack, "leaves", leaf, "uplinks", uplink)
        for rack, rack_values in _mapping(values.get("racks"))
        for leaf, leaf_values in _mapping(_get(rack_values, "leaves"))
        for uplink, _ in _mapping(_get(leaf_values, "uplinks"))
    ]


def _mapping(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
