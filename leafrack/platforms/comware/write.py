"""Comware's words for what is ours: prefix lists, the path list, and neighbours inside ``bgp``.

Lines are of HPE's and H3C's command references for Comware 7 (Layer 3 - IP Routing). Facts of the platform that shape
this file:

* a list that does not exist permits everything: lists come first, and a neighbour goes before its lists;
* no two entries of a list say the same, and an entry is taken away by its index (annet's rulebook of H3C, MIT): entries
  are told by what they say, and new ones go to the end;
* each line is in force at once; there is no dry run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from leafrack.addresses import Network, Who
from leafrack.platforms.comware import neighbour, paths, settings
from leafrack.platforms.comware.neighbour import Declared, Part, State
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.plan import GuardError, Plan
from leafrack.platforms.played import Typed
from leafrack.platforms.state import NeighbourState, SwitchState

_STEP = 5
"""Between the indexes of two entries."""
_LAST = 65535
"""Highest index of an entry."""


def text(job: Job) -> str:
    """Configuration of everything that a job declares, to be entered in system view."""
    nothing = SwitchState(job.as_number)
    entries_ = (line for one in job.lists for line in _new_entries(one, {}))
    inside = [part for each in job.neighbours for part in neighbour.new(_fitting(each, nothing))]
    inside += [part for one in job.listeners for part in neighbour.new(_fitting(one, nothing))]
    lines = (*entries_, *_new_paths(job.paths, nothing), *(one.text for one in _bgp(job.as_number, inside)))
    return "".join(f"{line}\n" for line in lines)


def entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    """Entries of prefix lists by list, as they are read."""
    return {one.name: frozenset(map(_entry, one.prefixes)) for one in lists}


def path_entries(given: PathList) -> frozenset[str]:
    """Entries of a path list, as they are read."""
    return frozenset(paths.entries(given))


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What is entered for a plan, from system view and back to it.

    Raises :class:`GuardError` where the switch keeps routes over a restart and must not for a neighbour, for one of any
    AS, and where there is no number for a path list.
    """
    _guard(plan)
    numbers = plan.found.numbers
    return (
        *(Typed(line) for one in plan.lists for line in _new_entries(one, numbers.get(one.name, {}))),
        *map(Typed, _new_paths(plan.paths, plan.found)),
        *_bgp(plan.as_number, list(_neighbours(plan))),
        *(Typed(f"undo {_list(plan.version_of(name))} {name}") for name in plan.old_lists),
        *(
            Typed(f"undo {_list(plan.version_of(name))} {name} index {numbers[name][entry]}")
            for name, stale in plan.stale.items()
            for entry in sorted(stale)
        ),
        *map(Typed, _old_paths(plan)),
    )


def _guard(plan: Plan) -> None:
    declared: list[Neighbour | Listener] = [*plan.neighbours, *plan.listeners]
    without = next((who for who, number in (*_given(declared), *_renumbered(plan)) if number is None), None)
    if without is not None:
        raise GuardError(f"Comware has no AS for {without} but one number")
    for each in declared:
        has = plan.found.has(each.who)
        if not each.graceful_restart and has is not None and has.graceful_restart:
            why = (
                f"this switch has `graceful-restart` in `bgp {plan.as_number}`, and Comware cannot switch it off for "
                f"{each.who} alone: the nodes would keep the routes of a leaf that is dead. Take it out of its "
                "configuration first"
            )
            raise GuardError(why)


def _given(declared: Iterable[Neighbour | Listener]) -> Iterator[tuple[Who, int | None]]:
    yield from ((each.who, each.as_number) for each in declared)


def _renumbered(plan: Plan) -> Iterator[tuple[Who, int | None]]:
    yield from plan.as_numbers
    yield from ((each.prefix, number) for each, number in plan.listener_as_numbers)


def _neighbours(plan: Plan) -> Iterator[Part]:
    yield from (Part("", neighbour.gone(each.prefix)) for each in plan.old_listeners)
    for each in plan.neighbours:
        yield from _written(each, plan)
    for one in plan.listeners:
        yield from _written(one, plan)
    for who, number in _renumbered(plan):
        has = plan.found.has(who)
        if number is not None and has is not None:
            yield from neighbour.renumbered(who, number, _numbered(has, plan.found))
    yield from (Part("", neighbour.gone(address)) for address in plan.gone)


def _written(given: Declared, plan: Plan) -> Iterator[Part]:
    each, has = _fitting(given, plan.found), plan.found.has(given.who)
    by_range = isinstance(has, NeighbourState) and has.came_by is not None
    # What it has is said of the range.
    if has is None or by_range or any(each.who == old.prefix for old in plan.old_listeners):
        yield from neighbour.new(each)
        return
    keeps_as, keeps_password = each.who in plan.kept_as, each.who in plan.kept_passwords
    standing = _numbered(has, plan.found)
    yield from neighbour.changed(each, standing, keeps_as=keeps_as, keeps_password=keeps_password)


def _fitting(each: Declared, found: SwitchState) -> Declared:
    """A neighbour or range as Comware takes it: its path list by the number."""
    return settings.fitting(replace(each, paths_in=_number(each.paths_in, found)))


def _numbered(has: State, found: SwitchState) -> State:
    return replace(has, paths_in=_number(has.paths_in, found))


def _number(name: str, found: SwitchState) -> str:
    """Number of a path list; those of others are read by theirs."""
    return name if not name or name.isdecimal() else str(paths.number(name, found))


def _new_paths(given: PathList | None, found: SwitchState) -> Iterator[str]:
    """The number of a path list, where the switch does not have it, and entries that the list lacks."""
    if given is None:
        return
    number, has = paths.number(given.name, found), found.paths.get(given.name, frozenset())
    if paths.MARK not in found.numbers.get(given.name, {}):
        yield f"ip prefix-list {given.name} index {number} {paths.MARK}"
    yield from (f"ip as-path {number} {entry}" for entry in paths.entries(given) if entry not in has)


def _old_paths(plan: Plan) -> Iterator[str]:
    for name, stale in plan.old_path_entries.items():
        number = paths.number(name, plan.found)
        yield from (f"undo ip as-path {number} {paths.expression(entry)}" for entry in sorted(stale))
    for name in plan.old_paths:
        if plan.found.paths[name]:
            yield f"undo ip as-path {paths.number(name, plan.found)}"
        yield f"undo ip prefix-list {name}"


def _bgp(as_number: int, parts: list[Part]) -> Iterator[Typed]:
    """Lines inside ``bgp``: BGP view first, then each family."""
    if not parts:
        return
    yield Typed(f"bgp {as_number}")
    yield from (_indented(part.line, 1) for part in parts if not part.view)
    for family in settings.FAMILIES:
        inside = [part for part in parts if part.view == family]
        if inside:
            yield Typed(f" address-family {family}")
            yield from (_indented(part.line, 2) for part in inside)
            yield Typed(" quit")
    yield Typed("quit")


def _indented(line: Typed, depth: int) -> Typed:
    return Typed(" " * depth + line.text, line.secrets, line.tolerated)


def _new_entries(prefixes: PrefixList, has: Mapping[str, int]) -> Iterator[str]:
    """Entries that a list lacks, after those that it has."""
    taken = set(has.values())
    indexes = chain(range(max(taken, default=0) + _STEP, _LAST + 1, _STEP), range(1, _LAST + 1))
    free = (index for index in indexes if index not in taken)
    for said in map(_entry, prefixes.prefixes):
        if said not in has:
            index = next(free)
            taken.add(index)
            yield f"{_list(prefixes.version)} {prefixes.name} index {index} {said}"


def _entry(prefix: Network) -> str:
    """An entry without its index: the range and what is inside it, or the default route."""
    longer = "" if prefix.prefixlen in (0, prefix.max_prefixlen) else f" less-equal {prefix.max_prefixlen}"
    return f"permit {prefix.network_address} {prefix.prefixlen}{longer}"


def _list(version: int) -> str:
    return "ip prefix-list" if version == 4 else "ipv6 prefix-list"
