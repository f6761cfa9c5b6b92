"""What a job changes on a switch, decided from what the switch is read to run: once, for all played platforms.

The rules are those of a shelled platform's scripts, as a pure function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leafrack.addresses import Address, Who
from leafrack.platforms import ranges
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList, Task, Way
from leafrack.platforms.owned import ours
from leafrack.platforms.ranges import given_as
from leafrack.platforms.seals import Seals, password_stays, sealed
from leafrack.platforms.state import AnyAs, Effect, ListenerState, NeighbourState, Raised, SwitchState


class GuardError(ValueError):
    """Why nothing may be changed on a switch: one line for the operator."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: nothing was changed")


@dataclass(frozen=True)
class Plan:
    """What is to change on a switch: all that a platform needs to write its lines.

    The order in which they are entered: prefix lists and the path list, neighbours and AS numbers, removals (neighbours
    first, lists after them), stale list entries last. A list is never empty and no neighbour without its lists on the
    way.
    """

    as_number: int
    """AS that the switch runs BGP in: where neighbours are configured."""
    found: SwitchState = field(repr=False)
    """What the switch runs before: how an entry is numbered there, which AS a neighbour that is changed has."""
    lists: tuple[PrefixList, ...] = ()
    """To be written: those that lack an entry or have one besides."""
    stale: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Entries to be removed from the lists that stay, by list, in the platform's words (``entries``)."""
    old_lists: tuple[str, ...] = ()
    """Names of lists to be removed."""
    paths: PathList | None = None
    """The path list, where it is to be written: it lacks an entry or has one besides."""
    old_path_entries: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Entries to be removed from path lists that stay, by list, in the platform's words (``path_entries``)."""
    old_paths: tuple[str, ...] = ()
    """Names of path lists to be removed."""
    neighbours: tuple[Neighbour, ...] = ()
    """To be written, all of each: those that are missing or differ. ``as_number`` is what it is to have."""
    kept_as: frozenset[Who] = frozenset()
    """Who of :attr:`neighbours` and :attr:`listeners` has the AS already: to enter one again may reset sessions."""
    kept_passwords: frozenset[Who] = frozenset()
    """The same of passwords: this one is sealed, and right as far as anybody can tell."""
    gone: tuple[Address, ...] = ()
    """Neighbours to be removed with everything of them."""
    listeners: tuple[Listener, ...] = ()
    """Ranges to be written, all of each: those of a group of which something is missing or differs."""
    old_listeners: tuple[ListenerState, ...] = ()
    """Ranges to be removed, before neighbours and ranges are written: one may be in such a range, or overlap it."""
    as_numbers: tuple[tuple[Address, int | None], ...] = ()
    """Neighbours that get another AS and stay as they are otherwise; ``None`` is any but the switch's own."""
    listener_as_numbers: tuple[tuple[Listener, int | None], ...] = ()
    """The same of ranges."""
    listen_limit: int | None = None
    """How many neighbours all ranges together are to take, where that is to be set."""
    raised: Raised | None = None
    """What the description of each group in :attr:`listeners` is to say of that number (leafrack.platforms.limits)."""

    @property
    def empty(self) -> bool:
        """Whether nothing is to be changed."""
        lists = self.lists or self.old_lists or self.paths or self.old_paths
        ranges = self.listeners or self.old_listeners or self.listener_as_numbers or self.listen_limit
        return not (lists or self.neighbours or self.gone or self.as_numbers or ranges)

    @property
    def old_groups(self) -> tuple[str, ...]:
        """Groups of ranges that go with the last of these."""
        gone = {has.prefix for has in self.old_listeners}
        stay = {has.group for prefix, has in self.found.listeners.items() if prefix not in gone}
        stay |= {each.group for each in self.listeners}
        return tuple(dict.fromkeys(has.group for has in self.old_listeners if has.group not in ("", *stay)))

    def version_of(self, name: str) -> int:
        """IP version of a list that stands on the switch."""
        return 6 if any(":" in entry for entry in self.found.lists.get(name, ())) else 4


def plan(job: Job, way: Way, found: SwitchState, platform: Dialect, seals: Seals | None = None) -> Plan:
    """What a job changes on a switch that runs ``found``; nothing where it is done already.

    ``seals`` is what the last run kept of passwords that the switch does not show. Raises :class:`GuardError`.
    """
    if way is Way.FORWARD and job.task is not Task.RETIRED:
        _guard_as(job, found)
    match job.task, way:
        case Task.SESSIONS, Way.FORWARD:
            return _sessions(job, found, platform, seals or {})
        case Task.AS_NUMBERS, _:
            return _as_numbers(job, way, found, platform)
        case Task.RETIRED, Way.FORWARD:
            declared = {each.address for each in job.neighbours}
            kept = {each.name for each in job.lists}
            gone = tuple(address for address in ours(job, found) if address not in declared)
            rest = _removal(job, found, gone, tuple(name for name in job.own_lists if name not in kept))
            return replace(rest, **ranges.of_removal(job, found, everything=False))
        case Task.SESSIONS, _:
            rest = replace(_removal(job, found, ours(job, found), job.own_lists), old_paths=_old_paths(job, found))
            return replace(rest, **ranges.of_removal(job, found, everything=True))
        case _:
            return Plan(job.as_number, found)


def _guard_as(job: Job, found: SwitchState) -> None:
    if found.as_number != job.as_number:
        has = "(none)" if found.as_number is None else found.as_number
        raise GuardError(f"this switch runs BGP as AS {has}, the fabric file says {job.as_number}")


def _guard_neighbour(has: NeighbourState) -> None:
    refusing = next((line.text for line in has.lines if line.effect is Effect.REFUSES), None)
    if refusing is not None:
        what = f"this switch has `{refusing}` for the neighbour {has.address}"
        raise GuardError(f"{what}, and refuses leafrack's lines beside it: take it out of its configuration first")


def _removal(job: Job, found: SwitchState, gone: tuple[Address, ...], lists: tuple[str, ...]) -> Plan:
    old = tuple(name for name in lists if name in found.lists)
    return Plan(found.as_number or job.as_number, found, old_lists=old, gone=gone)


def _old_paths(job: Job, found: SwitchState) -> tuple[str, ...]:
    return (job.paths.name,) if job.paths is not None and job.paths.name in found.paths else ()


def widened(job: Job, found: SwitchState) -> PathList | None:
    """The path list of a job with the AS numbers that its neighbours have meanwhile: nodes may yet be in another AS.

    They are in the one of the file once :attr:`Task.AS_NUMBERS` has been played, which leaves nothing else in it.
    """
    if job.paths is None:
        return None
    declared = {each.prefix for each in job.listeners}
    meanwhile = {number for each in job.neighbours for number in _meanwhile(each, job, found) if number}
    meanwhile |= {has.remote_as for has in found.neighbours.values() if has.established and has.came_by in declared}
    more = sorted(meanwhile.difference(job.paths.as_numbers))
    return replace(job.paths, as_numbers=(*job.paths.as_numbers, *more))


def _meanwhile(declared: Neighbour, job: Job, found: SwitchState) -> Iterator[int | None]:
    has = found.neighbours.get(declared.address)
    if has is None:
        yield declared.as_number
    elif has.remote_as != job.as_number:
        yield has.remote_as if has.established else None
        yield _stays(has) if keeps_its_as(declared, job, has) else declared.as_number


def _paths(paths: PathList | None, found: SwitchState, platform: Dialect) -> Mapping[str, Any]:
    """Fields of a plan for a path list; none where it is right."""
    if paths is None or not platform.path_differences(paths, found):
        return {}
    right = platform.right_paths(paths)[paths.name]
    besides = found.paths.get(paths.name, frozenset()) - right
    return {"paths": paths, "old_path_entries": {paths.name: besides} if besides else {}}


def _as_numbers(job: Job, way: Way, found: SwitchState, platform: Dialect) -> Plan:
    own = set(ours(job, found))
    wanted = (
        (each.address, job.final_as if way is Way.FORWARD else each.as_number)
        for each in job.neighbours
        if each.address in own
    )
    changed = tuple((who, number) for who, number in wanted if found.neighbours[who].set_as != given_as(number))
    paths = _paths(job.paths, found, platform) if way is Way.FORWARD else {}
    pinned = ranges.of_as_numbers(job, way, found)
    return Plan(found.as_number or job.as_number, found, as_numbers=changed, **paths, **pinned)


def _sessions(job: Job, found: SwitchState, platform: Dialect, seals: Seals) -> Plan:
    lists = tuple(one for one in job.lists if platform.list_differences((one,), found))
    right = platform.entries(lists)
    besides = {name: found.lists.get(name, frozenset()) - right[name] for name in right}
    neighbours: list[Neighbour] = []
    of_ranges = ranges.of_sessions(job, found, platform, seals)
    leaving = {has.prefix for has in of_ranges["old_listeners"]}
    kept_as: set[Who] = set()
    kept_passwords: set[Who] = set()
    for each in job.neighbours:
        has = found.neighbours.get(each.address)
        if has is None or has.came_by in leaving:
            neighbours.append(replace(each, as_number=ranges.start_of_new(each, job, found, platform)))
            continue
        _guard_neighbour(has)
        keeps_as = keeps_its_as(each, job, has)
        stays = password_stays(each, found, seals.get(each.address))
        if (
            platform.neighbour_differences(each, has)
            or not (keeps_as or has.set_as == given_as(each.as_number))
            or not stays
        ):
            neighbours.append(replace(each, as_number=_stays(has)) if keeps_as else each)
            kept_as |= {each.address} if keeps_as else set()
            kept_passwords |= {each.address} if sealed(found, each.address) and each.password and stays else set()
    return Plan(
        job.as_number,
        found,
        lists=lists,
        stale={name: entries for name, entries in besides.items() if entries},
        neighbours=tuple(neighbours),
        **_paths(widened(job, found), found, platform),
        **{
            **of_ranges,
            "kept_as": of_ranges["kept_as"] | kept_as,
            "kept_passwords": of_ranges["kept_passwords"] | kept_passwords,
        },
    )


def keeps_its_as(declared: Neighbour, job: Job, has: NeighbourState) -> bool:
    """Whether a neighbour keeps the AS that it is given: to change it resets the session.

    Only who has no session, in an AS that is never right, gets the one of the start.
    """
    if has.set_as is None:
        return False
    right = {AnyAs.EXTERNAL, given_as(declared.as_number), given_as(job.final_as), *declared.as_numbers}
    return has.set_as in right or has.established


def _stays(has: NeighbourState) -> int | None:
    return has.set_as if isinstance(has.set_as, int) else None
