"""How a neighbour or a prefix list on a switch differs from what leafrack writes there.

Values are compared, and said in the words of the platform. What leafrack sets nothing of is other people's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from leafrack.platforms.job import Neighbour
from leafrack.platforms.state import AnyAs, Limit, NeighbourState, Password, PrivateAs, Setting, Settings

RETRY = 60
"""Seconds after which a session that had too many routes is tried again."""

Words = Callable[[Setting, Settings], str]
"""The platform's (:meth:`~leafrack.platforms.reading.Reading.words`)."""


def wanted(neighbour: Neighbour) -> Settings:
    """What leafrack sets of a neighbour."""
    return Settings(
        description=neighbour.description,
        password=Password(neighbour.password) if neighbour.password else None,
        timers=neighbour.timers,
        ttl_security=1 if neighbour.ttl_security else None,
        graceful_restart=neighbour.graceful_restart,
        list_in=neighbour.list_in,
        list_out=neighbour.list_out,
        limit=None if neighbour.maximum_prefix is None else Limit(neighbour.maximum_prefix, RETRY),
        as_override=neighbour.as_override,
        private_as=PrivateAs() if neighbour.remove_private_as else None,
        activated=True,
    )


def of_neighbour(neighbour: Neighbour, found: NeighbourState, words: Words) -> tuple[str, ...]:
    """What a neighbour lacks and has besides, its AS aside."""
    right = wanted(neighbour)
    differing = (one for one in Setting if not _agree(getattr(right, one.value), getattr(found, one.value)))
    return tuple(_said(setting, words(setting, right), words(setting, found)) for setting in differing)


def _agree(right: object, has: object) -> bool:
    return right.agrees(has) if isinstance(right, Password) and isinstance(has, Password) else right == has


def _said(setting: Setting, right: str, has: str) -> str:
    if setting is Setting.PASSWORD:
        return "has another password" if right and has else "lacks its password" if right else "has a password"
    return _instead(right, has)


def _instead(right: str, has: str) -> str:
    if right and has:
        return f"has `{has}` instead of `{right}`"
    return f"lacks `{right}`" if right else f"has `{has}`"


def of_as(as_number: int, found: NeighbourState, words: Callable[[int | AnyAs], str]) -> tuple[str, ...]:
    """The AS that a neighbour is given, where that is another."""
    return () if found.set_as is None else of_set_as(as_number, found, words)


def of_set_as(right: int | AnyAs, found: NeighbourState, words: Callable[[int | AnyAs], str]) -> tuple[str, ...]:
    """The same where a group's AS is none of its own, and for any AS."""
    if found.set_as == right:
        return ()
    has = "" if found.set_as is None else words(found.set_as)
    return (_instead(words(right), has),)


def of_lists(right: Mapping[str, frozenset[str]], found: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Entries that lists of ours lack and that they have besides."""
    return tuple(line for name, entries in right.items() for line in _of_list(name, entries, found.get(name)))


def _of_list(name: str, right: frozenset[str], found: frozenset[str] | None) -> Iterator[str]:
    has = found or frozenset()
    yield from (f"{name} lacks `{entry}`" for entry in sorted(right - has))
    yield from (f"{name} has `{entry}`" for entry in sorted(has - right))
