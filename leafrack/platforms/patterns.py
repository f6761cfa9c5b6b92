"""Lines of a configuration that several platforms write and read alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from leafrack.addresses import Network

Found = Mapping[str, Any]
"""What a line says, as fields of :class:`~leafrack.platforms.state.Settings`."""
Patterns = tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Found]], ...]


def table(*known: tuple[str, Callable[[re.Match[str]], Found]]) -> Patterns:
    """Lines that a platform knows of a neighbour, each whole, with what it says."""
    return tuple((re.compile(pattern), of) for pattern, of in known)


def meaning(line: str, known: Patterns) -> Found | None:
    """What a line says; ``None`` where it is none of those that are known."""
    return next((of(found) for pattern, of in known if (found := pattern.fullmatch(line))), None)


def permitted(prefix: Network) -> str:
    """Entry of a prefix list without its number: the range and what is inside it, or the default route."""
    longer = "" if prefix.prefixlen in (0, prefix.max_prefixlen) else f" le {prefix.max_prefixlen}"
    return f"permit {prefix}{longer}"
