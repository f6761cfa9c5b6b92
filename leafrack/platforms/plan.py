"""What a job changes on a switch, decided from what the switch is read to run: once, for all played platforms.

The rules are those of a shelled platform's ``apply.sh``, as a pure function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leafrack.addresses import Address
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList, Task, Way
from leafrack.platforms.reading import Feature
from leafrack.platforms.state import AnyAs, Effect, ListenerState, NeighbourState, SwitchState


class GuardError(ValueError):
    """Why nothing may be changed on a switch: one line for the operator."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: nothing was changed")


@dataclass(frozen=True)
class Seal:
    """What is kept of a password that a switch does not show: hashes of the given one and of what is shown for it."""

    given: str = field(repr=False)
    shown: str = field(repr=False)

    @classmethod
    def of(cls, address: Address, given: str, shown: str) -> Seal:
        """Seal of a neighbour's password; slow to compute on purpose, so that nobody guesses it from the hash."""
        return cls(*(_hash(address, text) for text in (given, shown)))


def _hash(address: Address, text: str) -> str:
    return hashlib.scrypt(text.encode(), salt=f"leafrack {address}".encode(), n=2**12, r=8, p=1, dklen=16).hex()


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
    kept_as: frozenset[Address] = frozenset()
    """Neighbours of :attr:`neighbours` whose AS is not to be entered again: to change it resets the session."""
    kept_passwords: frozenset[Address] = frozenset()
    """Neighbours whose password is not to be entered again: it is sealed, and right as far as anybody can tell."""
    gone: tuple[Address, ...] = ()
    """Neighbours to be removed with everything of them."""
    listeners: tuple[Listener, ...] = ()
    """Ranges to be written, all of each: those of a group of which something is missing or differs."""
    old_listeners: tuple[ListenerState, ...] = ()
    """Ranges to be removed with everything of them, before neighbours are written: one may be in such a range."""
    as_numbers: tuple[tuple[Address, int | None], ...] = ()
    """Neighbours that get another AS and stay as they are otherwise; ``None`` is any but the switch's own."""

    @property
    def empty(self) -> bool:
        """Whether nothing is to be changed."""
        lists = self.lists or self.old_lists or self.paths or self.old_paths
        return not (lists or self.neighbours or self.gone or self.as_numbers)

    def version_of(self, name: str) -> int:
        """IP version of a list that stands on the switch."""
        return 6 if any(":" in entry for entry in self.found.lists.get(name, ())) else 4


def plan(
    job: Job, way: Way, found: SwitchState, platform: Dialect, seals: Mapping[Address, Seal] | None = None
) -> Plan:
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
            return _removal(job, found, gone, tuple(name for name in job.own_lists if name not in kept))
        case Task.SESSIONS, _:
            return replace(_removal(job, found, ours(job, found), job.own_lists), old_paths=_old_paths(job, found))
        case _:
            return Plan(job.as_number, found)


def ours(job: Job, found: SwitchState) -> tuple[Address, ...]:
    """Neighbours that carry a list of the job's fabric."""
    own = set(job.own_lists)
    return tuple(address for address, has in found.neighbours.items() if own & {has.list_in, has.list_out})


def our_listeners(job: Job, found: SwitchState) -> tuple[ListenerState, ...]:
    """Ranges whose neighbours carry a list of the job's fabric."""
    own = set(job.own_lists)
    return tuple(has for has in found.listeners.values() if own & {has.list_in, has.list_out})


def seals_of(job: Job, found: SwitchState) -> Mapping[Address, Seal]:
    """What to keep of the passwords that a job has given and the switch does not show, once it has been applied."""
    return {
        each.address: Seal.of(each.address, each.password, has.password.text)
        for each in job.neighbours
        if each.password
        and (has := found.neighbours.get(each.address))
        and has.password is not None
        and has.password.sealed
    }


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
    meanwhile = {number for each in job.neighbours for number in _meanwhile(each, job, found) if number}
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
    return Plan(found.as_number or job.as_number, found, as_numbers=changed, **paths)


def given_as(number: int | None) -> int | AnyAs:
    """AS of a neighbour as a switch is read to give it."""
    return AnyAs.EXTERNAL if number is None else number


def _sessions(job: Job, found: SwitchState, platform: Dialect, seals: Mapping[Address, Seal]) -> Plan:
    lists = tuple(one for one in job.lists if platform.list_differences((one,), found))
    right = platform.entries(lists)
    besides = {name: found.lists.get(name, frozenset()) - right[name] for name in right}
    neighbours: list[Neighbour] = []
    kept_as: set[Address] = set()
    kept_passwords: set[Address] = set()
    for each in job.neighbours:
        has = found.neighbours.get(each.address)
        if has is None:
            neighbours.append(_new(each, job, found, platform))
            continue
        _guard_neighbour(has)
        keeps_as = keeps_its_as(each, job, has)
        password_stays = _password_stays(each, has, seals.get(each.address))
        if (
            platform.neighbour_differences(each, has)
            or not (keeps_as or has.set_as == given_as(each.as_number))
            or not password_stays
        ):
            neighbours.append(replace(each, as_number=_stays(has)) if keeps_as else each)
            kept_as |= {each.address} if keeps_as else set()
            sealed = has.password is not None and has.password.sealed
            kept_passwords |= {each.address} if sealed and each.password and password_stays else set()
    return Plan(
        job.as_number,
        found,
        lists=lists,
        stale={name: entries for name, entries in besides.items() if entries},
        neighbours=tuple(neighbours),
        kept_as=frozenset(kept_as),
        kept_passwords=frozenset(kept_passwords),
        **_paths(widened(job, found), found, platform),
    )


def _new(declared: Neighbour, job: Job, found: SwitchState, platform: Dialect) -> Neighbour:
    """A neighbour that is not there yet, with any AS where another one of ours is not in that of the start.

    Its rack is in another AS until the update has reached it, and so is the node that comes.
    """
    has = {found.neighbours[address].set_as for address in ours(job, found)} - {None}
    if has <= {given_as(declared.as_number)} or Feature.ANY_AS in platform.cannot:
        return declared
    return replace(declared, as_number=None)


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


def _password_stays(declared: Neighbour, has: NeighbourState, seal: Seal | None) -> bool:
    """Whether a password that the switch does not show is right; of every other the differences tell.

    A session that is up has the node's password. One that the last run has given and that is shown as it was then
    stays even where no session is up.
    """
    if not declared.password or has.password is None or not has.password.sealed:
        return True
    if seal is None:
        return has.established
    return seal.given == _hash(declared.address, declared.password) and not shows_another_password(has, seal)


def shows_another_password(has: NeighbourState, seal: Seal | None) -> bool:
    """Whether a switch shows something else for a sealed password than it did right after it was entered last.

    A session that is up has the node's password, whatever is shown. Without a seal nobody can tell.
    """
    if seal is None or has.established or has.password is None or not has.password.sealed:
        return False
    return seal.shown != _hash(has.address, has.password.text)
