"""What is entered into a Junos switch for a plan: of what stands only what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from leafrack.platforms.job import Listener, Neighbour
from leafrack.platforms.junos import secrets, write
from leafrack.platforms.junos.groups import Listening, Member
from leafrack.platforms.junos.sets import Statement, line
from leafrack.platforms.junos.write import BGP
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Typed
from leafrack.platforms.state import ListenerState, NeighbourState

Said: TypeAlias = tuple[Statement, ...]
_ABSENT = r"^(?:warning|error): statement not found.*$"
"""The guide has a warning."""


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What is entered for a plan; all of it is in force at once, so nothing depends on its order.

    Of a neighbour that stands only what differs is said: whatever it has besides keeps its session.
    """
    return tuple(_lines(plan))


def _lines(plan: Plan) -> Iterator[Typed]:
    for prefixes in plan.lists:
        yield _delete((*write.POLICY, prefixes.name))
        yield from map(_set, write.policy(prefixes))
    if plan.paths is not None:
        yield from map(_delete, write.places_of_paths(plan.paths.name))
        yield from map(_set, write.path_policy(plan.paths))
    standing = {has.group for has in map(_member, plan.found.neighbours.values()) if has}
    for name in dict.fromkeys(write.group_of(each.list_in) for each in plan.neighbours):
        if name not in standing:
            # One that is empty or deactivated.
            yield _delete((*BGP, "group", name))
            yield _set(write.group(name))
    for each in plan.neighbours:
        yield from _neighbour(each, plan)
    for address, number in plan.as_numbers:
        name = _group(plan.found.neighbours[address])
        if number is not None:
            yield _set((*BGP, "group", name, "neighbor", str(address), "peer-as", str(number)))
    yield from _listening(plan)
    yield from _removed(plan)
    yield from (_delete((*write.POLICY, name)) for name in plan.old_lists)
    yield from (_delete(place) for name in plan.old_paths for place in write.places_of_paths(name))


def _neighbour(each: Neighbour, plan: Plan) -> Iterator[Typed]:
    place = write.place(each)
    has = _member(plan.found.neighbours.get(each.address))
    if has is None:
        # One that is deactivated.
        yield _delete(place)
    before = _by_word(has.said if has else (), ())
    after = _by_word(write.neighbour(each), place)
    if each.address in plan.kept_passwords:
        before.pop("authentication-key", None), after.pop("authentication-key", None)
    for word in dict.fromkeys((*after, *before)):
        if _meaning(word, before.get(word, ())) != _meaning(word, after.get(word, ())):
            if has is not None:
                yield _delete((*place, word))
            yield from (_set((*place, *one)) for one in after.get(word, ()))


def _listening(plan: Plan) -> Iterator[Typed]:
    """Groups of ranges; no range of one that stays goes but those that are to go."""
    for has in filter(None, map(_listener, plan.old_listeners)):
        if has.group not in plan.old_groups:
            yield _delete((*BGP, "group", has.group, *has.dynamic, "allow", str(has.prefix)))
    yield from (_delete((*BGP, "group", name)) for name in plan.old_groups)
    for name, ranges in write.by_group(plan.listeners).items():
        yield from _of_group(name, ranges, plan)
    for each, number in plan.listener_as_numbers:
        if number is not None:
            yield _set((*BGP, "group", each.group, "peer-as", str(number)))


def _of_group(name: str, ranges: Sequence[Listener], plan: Plan) -> Iterator[Typed]:
    """Of a group that stands only what differs."""
    place = (*BGP, "group", name)
    standing = (has for has in map(_listener, plan.found.listeners.values()) if has and has.group == name)
    has = next(standing, None)
    if has is None:
        # One that is deactivated, or has no range.
        yield _delete(place)
    before, after = _by_place(has.said if has else (), ()), _by_place(write.listening(name, ranges), place)
    if {each.prefix for each in ranges} & plan.kept_passwords:
        before.pop(_KEY, None), after.pop(_KEY, None)
    for word in dict.fromkeys((*after, *before)):
        old, new = before.get(word, ()), after.get(word, ())
        if word[-1] == "allow":
            yield from (_set((*place, *one)) for one in new if one not in old)
        elif _meaning(word[0], old) != _meaning(word[0], new):
            if has is not None:
                yield _delete((*place, *word))
            yield from (_set((*place, *one)) for one in new)


_KEY = (*write.DYNAMIC, "authentication-key")


def _by_place(said: Iterator[Statement] | Said, place: Statement) -> dict[Statement, Said]:
    """By what takes each away: its first word, of a dynamic neighbour three."""
    found: dict[Statement, Said] = {}
    for one in said:
        rest = one[len(place) :]
        word = rest[: 3 if rest[0] == "dynamic-neighbor" else 1]
        found[word] = (*found.get(word, ()), rest)
    return found


def _listener(found: ListenerState) -> Listening | None:
    return found if isinstance(found, Listening) else None


def _by_word(said: Iterator[Statement] | Said, place: Statement) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for one in said:
        rest = one[len(place) :]
        found[rest[0]] = (*found.get(rest[0], ()), rest)
    return found


def _meaning(word: str, said: Said) -> Collection[Statement]:
    """Statements without those that a longer one says again, passwords in clear; of policies the order counts."""
    if word in ("import", "export"):
        return said
    plain = {tuple(map(secrets.clear, one)) for one in said}
    return frozenset(one for one in plain if not any(one == other[: len(one)] and one != other for other in plain))


def _removed(plan: Plan) -> Iterator[Typed]:
    """Neighbours, and the groups of a fabric that have none left."""
    stays = {_group(each) for address, each in plan.found.neighbours.items() if address not in plan.gone}
    stays |= {write.group_of(each.list_in) for each in plan.neighbours}
    gone = [(_group(plan.found.neighbours[address]), address) for address in plan.gone]
    for name in dict.fromkeys(name for name, _ in gone if name not in stays):
        yield _delete((*BGP, "group", name))
    for name, address in gone:
        if name in stays:
            yield _delete((*BGP, "group", name, "neighbor", str(address)))


def _group(found: NeighbourState) -> str:
    """Group of a neighbour: where it was read, or by its lists."""
    has = _member(found)
    return has.group if has else write.group_of(found.list_in or found.list_out)


def _member(found: NeighbourState | None) -> Member | None:
    """A neighbour that is configured; one that a range let in is not."""
    return found if isinstance(found, Member) and found.group else None


def _set(said: Statement) -> Typed:
    key = said[-1] if "authentication-key" in said else ""
    return Typed(line("set", said), secrets=(key,) if key else ())


def _delete(said: Statement) -> Typed:
    return Typed(line("delete", said), tolerated=_ABSENT)
