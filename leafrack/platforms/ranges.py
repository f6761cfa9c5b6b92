"""What a job changes of the ranges in which a switch takes neighbours: the part of a plan that is theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from leafrack.addresses import Address
from leafrack.platforms import differences, limits
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.job import Job, Listener, Neighbour, Task, Way
from leafrack.platforms.owned import our_listeners, ours
from leafrack.platforms.reading import Feature
from leafrack.platforms.seals import Seals, password_stays, sealed
from leafrack.platforms.state import AnyAs, ListenerState, SwitchState


def given_as(number: int | None) -> int | AnyAs:
    """AS of a neighbour as a switch is read to give it."""
    return AnyAs.EXTERNAL if number is None else number


def old_listeners(job: Job, found: SwitchState) -> tuple[ListenerState, ...]:
    """Ranges of ours that are declared no more."""
    return tuple(has for has in our_listeners(job, found) if not _stands(job, has))


def _stands(job: Job, has: ListenerState) -> bool:
    return any(each.prefix == has.prefix and has.group in ("", each.group) for each in job.listeners)


def in_the_way(job: Job, found: SwitchState) -> tuple[ListenerState, ...]:
    """Those that go before something comes: one that is to come overlaps them, or a neighbour's address is in them.

    A switch refuses what overlaps, and to configure who has come by a range.
    """
    new = [
        each.prefix for each in job.listeners if not ((has := found.listeners.get(each.prefix)) and _stands(job, has))
    ]
    missing = [each.address for each in job.neighbours if not_named(each.address, found)]
    return tuple(
        has
        for has in old_listeners(job, found)
        if any(has.prefix.overlaps(one) for one in new) or any(address in has.prefix for address in missing)
    )


def not_named(address: Address, found: SwitchState) -> bool:
    """Whether nobody has configured a neighbour: it is not there, or has come by a range."""
    has = found.neighbours.get(address)
    return has is None or has.came_by is not None


def of_sessions(job: Job, found: SwitchState, platform: Dialect, seals: Seals) -> Mapping[str, Any]:
    """Fields of a plan: ranges that are missing or differ, all of a group, and what goes before them."""
    fields: dict[str, Any] = {"old_listeners": in_the_way(job, found)}
    if platform.one_limit_for_all and job.listeners:
        fields |= limits.fields(job, found)
    stays = {each.prefix: password_stays(each, found, seals.get(each.prefix)) for each in job.listeners}
    differing = {
        each.group
        for each in job.listeners
        # The note of a number that is raised stands behind the description of each group.
        if fields.get("listen_limit") or not stays[each.prefix] or platform.range_differences(job, each, found)
    }
    written = [_with_as(each, job, found, platform) for each in job.listeners if each.group in differing]
    fields["listeners"] = tuple(each for each, _ in written)
    fields["kept_as"] = frozenset(each.prefix for each, kept in written if kept)
    fields["kept_passwords"] = frozenset(
        each.prefix for each, _ in written if each.password and sealed(found, each.prefix) and stays[each.prefix]
    )
    return fields


def _with_as(each: Listener, job: Job, found: SwitchState, platform: Dialect) -> tuple[Listener, bool]:
    """A range with the AS that it is to have, and whether that stands: to change it resets all who came by it."""
    right = differences.right_as(job, each)
    of_group = (found.listeners.get(one.prefix) for one in job.listeners if one.group == each.group)
    standing = [
        has.set_as
        for has in of_group
        if has and has.group in ("", each.group) and (has.set_as in right or _somebody_came(found, has))
    ]
    own = found.listeners.get(each.prefix)
    if standing:
        number = standing[0] if isinstance(standing[0], int) else None
        return replace(each, as_number=number), own is not None and own.set_as == standing[0]
    return replace(each, as_number=start_of_new(each, job, found, platform)), False


def _somebody_came(found: SwitchState, has: ListenerState) -> bool:
    """Whether a session by a range stands: its nodes are in the AS that it has until the update has reached them."""
    return has.set_as is not None and any(
        one.came_by == has.prefix and one.established for one in found.neighbours.values()
    )


def start_of_new(declared: Neighbour | Listener, job: Job, found: SwitchState, platform: Dialect) -> int | None:
    """AS of a neighbour or range that is not there yet.

    Where it comes in the place of the other kind and all of that have the AS of the end, their nodes are in it already:
    with the one of the start their sessions would reset once more when it is pinned. Where another one of ours is not
    in that of the start, its rack is in another AS until the update has reached it, and so is the node that comes: then
    any, where the platform has that.
    """
    named, ranges = _given(ours(job, found), found), _given((has.prefix for has in our_listeners(job, found)), found)
    other = ranges if isinstance(declared, Neighbour) else named
    if other and other == {given_as(job.final_as)}:
        return job.final_as
    if Feature.ANY_AS in platform.cannot or named | ranges <= {given_as(declared.as_number)}:
        return declared.as_number
    return None


def _given(whom: Iterable[Any], found: SwitchState) -> set[int | AnyAs]:
    return {has.set_as for who in whom if (has := found.has(who)) and has.set_as is not None}


def of_as_numbers(job: Job, way: Way, found: SwitchState) -> Mapping[str, Any]:
    """Fields of a plan: ranges of ours that get another AS."""
    own = {has.prefix for has in our_listeners(job, found)}
    wanted = ((each, job.final_as if way is Way.FORWARD else each.as_number) for each in job.listeners)
    return {
        "listener_as_numbers": tuple(
            (each, number)
            for each, number in wanted
            if each.prefix in own and found.listeners[each.prefix].set_as != given_as(number)
        )
    }


def of_removal(job: Job, found: SwitchState, *, everything: bool) -> Mapping[str, Any]:
    """Fields of a plan: ranges of ours that are declared no more, or all of them."""
    gone = our_listeners(job, found) if everything else old_listeners(job, found)
    last = everything or not job.listeners
    return {"old_listeners": gone, "listen_limit": limits.back(found, gone) if last else None}


def returning(
    job: Job, way: Way, found: SwitchState, gone: Iterable[Address], old: Iterable[ListenerState]
) -> set[Address]:
    """Who has a session that ends because it moves between a name and a range, or from one range to another.

    ``gone`` and ``old`` are the neighbours and ranges that go. Once they are back, the other leaf of a pair has its
    turn.
    """
    if way is not Way.FORWARD or job.task is Task.AS_NUMBERS:
        return set()
    names, ranges = {each.address for each in job.neighbours}, [each.prefix for each in job.listeners]
    leaving, by_range = set(gone), {has.prefix for has in old}
    return {
        address
        for address, has in found.neighbours.items()
        if has.established
        and (address in leaving or has.came_by in by_range)
        and (address in names or any(address in prefix for prefix in ranges))
    }
