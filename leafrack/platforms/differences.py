"""How a neighbour or a prefix list on a switch differs from what leafrack writes there.

Values are compared, and said in the words of the platform. What leafrack sets nothing of is other people's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from leafrack.platforms.job import Job, Listener, Neighbour
from leafrack.platforms.state import (
    AnyAs,
    Limit,
    ListenerState,
    NeighbourState,
    Password,
    PrivateAs,
    Setting,
    Settings,
    SwitchState,
)

RETRY = 60
"""Seconds after which a session that had too many routes is tried again."""

Words = Callable[[Setting, Settings], str]
"""The platform's (:meth:`~leafrack.platforms.reading.Reading.words`)."""


def wanted(each: Neighbour | Listener) -> Settings:
    """What leafrack sets of a neighbour, or of those that come by a range."""
    return Settings(
        description=each.description,
        password=Password(each.password) if each.password else None,
        timers=each.timers,
        ttl_security=1 if each.ttl_security else None,
        graceful_restart=each.graceful_restart,
        list_in=each.list_in,
        list_out=each.list_out,
        paths_in=each.paths_in,
        limit=None if each.maximum_prefix is None else Limit(each.maximum_prefix, RETRY),
        as_override=each.as_override,
        private_as=PrivateAs() if each.remove_private_as else None,
        activated=True,
    )


def of_neighbour(neighbour: Neighbour, found: NeighbourState, words: Words) -> tuple[str, ...]:
    """What a neighbour lacks and has besides, its AS aside."""
    return _of_settings(wanted(neighbour), found, words)


def of_listener(
    job: Job, each: Listener, has: ListenerState, words: Words, as_words: Callable[[int | AnyAs], str]
) -> tuple[str, ...]:
    """What a range lacks and has besides, how many neighbours it takes aside."""
    if has.group not in ("", each.group):
        return (f"is of group {has.group} instead of {each.group}",)
    lines = _of_settings(wanted(each), has, words)
    if has.set_as in right_as(job, each):
        return lines
    start = AnyAs.EXTERNAL if each.as_number is None else each.as_number
    return (*lines, *of_set_as(start, has, as_words))


def right_as(job: Job, each: Neighbour | Listener) -> frozenset[int | AnyAs]:
    """Every AS that is right at some time for who is declared."""
    numbers = (each.as_number, job.final_as, *each.as_numbers)
    return frozenset((AnyAs.EXTERNAL, *(number for number in numbers if number is not None)))


def of_maximum(each: Listener, has: ListenerState) -> tuple[str, ...]:
    """Whether a range takes fewer or more neighbours than is declared."""
    most = has.maximum_neighbours
    return () if most == each.maximum_neighbours else (_takes("takes", most, each.maximum_neighbours),)


def of_listen_limit(listeners: tuple[Listener, ...], found: SwitchState) -> tuple[str, ...]:
    """Whether all ranges together take fewer neighbours than are declared; they may take more."""
    has, enough = found.listen_limit, needed(listeners)
    stand = any(each.prefix in found.listeners for each in listeners)
    return (_takes("all ranges take", has, enough),) if stand and has is not None and has < enough else ()


def needed(listeners: Iterable[Listener]) -> int:
    """Neighbours that may come to all ranges together: those of a group are counted once."""
    return sum({each.group: each.maximum_neighbours for each in listeners}.values())


def _takes(who: str, has: int | None, right: int) -> str:
    return f"{who} {'any number of' if has is None else has} neighbours instead of {right}"


def _of_settings(right: Settings, found: Settings, words: Words) -> tuple[str, ...]:
    # Where the platform's path lists are not leafrack's, they are other people's.
    ours = (one for one in Setting if one is not Setting.PATHS_IN or right.paths_in)
    differing = (one for one in ours if not _agree(getattr(right, one.value), getattr(found, one.value)))
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


def of_as(
    as_number: int, found: NeighbourState | ListenerState, words: Callable[[int | AnyAs], str]
) -> tuple[str, ...]:
    """The AS that a neighbour is given, where that is another."""
    return () if found.set_as is None else of_set_as(as_number, found, words)


def of_set_as(
    right: int | AnyAs, found: NeighbourState | ListenerState, words: Callable[[int | AnyAs], str]
) -> tuple[str, ...]:
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
