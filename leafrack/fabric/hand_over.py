"""What a leaf by hand is to be given, from the fabric file and, where it was read, from what it has already.

Passwords are the stack's. A text without them says nothing of passwords at all: one that took them away would end
sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from leafrack.fabric import Fabric
from leafrack.fabric import leaf as leaves
from leafrack.platforms import (
    Job,
    Neighbour,
    NeighbourState,
    Platform,
    SessionState,
    SwitchState,
    Task,
    limits,
    platform_of,
)
from leafrack.platforms.differences import wanted as settings
from leafrack.platforms.owned import ours
from leafrack.platforms.plan import Plan, widened
from leafrack.platforms.ranges import of_removal
from leafrack.platforms.state import AnyAs, ListenerState

_MARK = "leafrack-password"
"""Stands for a password where the lines that hold one are to be known."""


@dataclass(frozen=True)
class Secret:
    """The password of a rack's sessions (TCP MD5, RFC 2385), or that they have none."""

    password: str | None = None


def command(name: str, *, first: bool = False) -> str:
    """What prints the text for a leaf, as a person types it."""
    return f"leafrack render {name} FABRIC.yaml{' --start' if first else ''}"


def job(fabric: Fabric, rack: str, name: str, start: int | None = None) -> Job:
    """All of ours on a leaf, without passwords; with ``start`` that AS where the leaf has one AS after the other.

    A leaf whose platform knows neighbours of any AS keeps those, and is right whatever AS its rack has.
    """
    wanted = leaves.job(fabric, rack, name, Task.SESSIONS)
    if not leaves.takes_one_as(fabric, rack, name):
        return wanted
    number = fabric.leaf_side_as(rack) if start is None else start
    return leaves.in_as(wanted, number)


def text(platform: Platform, wanted: Job, secret: Secret | None = None) -> str:
    """A job as text in the platform's words; without ``secret`` no line is about passwords."""
    if secret is not None:
        return platform.text(leaves.with_password(wanted, secret.password))
    return _in_both(platform.text(wanted), platform.text(leaves.with_password(wanted, _MARK)))


def change(platform: Platform, plan: Plan, secret: Secret | None = None) -> str:
    """A difference as text in the platform's words, for a leaf as it was read; otherwise as :func:`text`.

    Raises :class:`~leafrack.platforms.plan.GuardError` where the leaf cannot be made so.
    """
    if secret is not None:
        return platform.by_hand(_with_password(plan, secret.password))
    has = {who: replace(one, password=None) for who, one in plan.found.neighbours.items()}
    ranges = {prefix: replace(one, password=None) for prefix, one in plan.found.listeners.items()}
    found = replace(plan.found, neighbours=has, listeners=ranges)
    silent = replace(plan, found=found, kept_passwords=frozenset((*has, *ranges)))
    return _in_both(platform.by_hand(silent), platform.by_hand(_with_password(silent, _MARK)))


def _with_password(plan: Plan, password: str | None) -> Plan:
    return replace(
        plan,
        neighbours=tuple(replace(each, password=password) for each in plan.neighbours),
        listeners=tuple(replace(each, password=password) for each in plan.listeners),
    )


def _in_both(one: str, other: str) -> str:
    lines = set(other.splitlines())
    return "".join(f"{line}\n" for line in one.splitlines() if line in lines)


def text_of(fabric: Fabric, rack: str, name: str, start: int | None = None) -> str:
    """What a leaf by hand is given, without passwords."""
    return text(platform_of(fabric.racks[rack].leaves[name].platform), job(fabric, rack, name, start))


def everything(platform: Platform, wanted: Job) -> Plan:
    """All that a job declares, to be taken away from a leaf that has it."""
    has = {
        each.address: NeighbourState(
            **vars(settings(each)), address=each.address, remote_as=0, state=SessionState.UNKNOWN
        )
        for each in wanted.neighbours
    }
    ranges = tuple(
        ListenerState(**vars(settings(each)), prefix=each.prefix, group=each.group) for each in wanted.listeners
    )
    lists, paths = platform.entries(wanted.lists), platform.right_paths(wanted.paths)
    found = SwitchState(wanted.as_number, has, lists=lists, paths=paths)
    return Plan(
        wanted.as_number,
        found,
        old_lists=tuple(lists),
        old_paths=tuple(paths),
        gone=tuple(has),
        old_listeners=ranges,
    )


@dataclass(frozen=True)
class Difference:
    """What a leaf lacks of a job, and what it has of ours besides."""

    plan: Plan
    """Lists and neighbours that are not there or not right, and what goes."""
    said: tuple[str, ...] = ()
    """The same for a person, a line each, in the platform's words."""

    def __bool__(self) -> bool:
        return bool(self.said)


def difference(platform: Platform, wanted: Job, found: SwitchState, secret: Secret | None = None) -> Difference:
    """A job held against what a leaf has; without ``secret`` passwords are taken to be right.

    A neighbour keeps an AS that is right at some time while its rack is changed: another one would reset its session.
    The path list keeps the AS numbers that nodes are in meanwhile.
    """
    missing: list[Neighbour] = []
    said: list[str] = []
    for neighbour in wanted.neighbours:
        has = found.neighbours.get(neighbour.address)
        lines = ("is missing",) if has is None else _of_neighbour(platform, wanted, neighbour, has, secret)
        if lines:
            missing.append(neighbour if has is None else replace(neighbour, as_number=_kept_as(wanted, neighbour, has)))
            said += (f"neighbour {neighbour.address} {line}" for line in lines)
    lists = [(each, lines) for each in wanted.lists if (lines := platform.list_differences((each,), found))]
    said += (f"prefix list {line}" for _, lines in lists for line in lines)
    paths = widened(wanted, found)
    lacking = platform.path_differences(paths, found)
    said += (f"path list {line}" for line in lacking)
    surplus = _surplus(platform, replace(wanted, paths=paths), found)
    of_fabric = "is of this fabric and declared no more"
    said += (f"neighbour {address} {of_fabric}" for address in surplus.gone)
    said += (f"prefix list {name} {of_fabric}" for name in surplus.old_lists)
    listening = with_found_passwords(wanted, found) if secret is None else leaves.with_password(wanted, secret.password)
    ranges = platform.listener_differences(listening, found)
    said += ranges
    said += (f"range {each.prefix} {of_fabric}" for each in surplus.old_listeners)
    if ranges and platform.one_limit_for_all:
        surplus = replace(surplus, **limits.fields(wanted, found))
    plan = replace(
        surplus,
        lists=tuple(each for each, _ in lists),
        neighbours=tuple(missing),
        kept_as=frozenset(each.address for each in missing if _keeps_as(wanted, each, found)),
        paths=paths if lacking else None,
        # One text has all ranges of a group.
        listeners=wanted.listeners if ranges else (),
    )
    return Difference(plan, tuple(said))


def with_found_passwords(wanted: Job, found: SwitchState) -> Job:
    """A job whose ranges have the passwords that stand on the leaf."""
    has = {prefix: one.password.text if one.password else None for prefix, one in found.listeners.items()}
    return replace(wanted, listeners=tuple(replace(each, password=has.get(each.prefix)) for each in wanted.listeners))


def _of_neighbour(
    platform: Platform, wanted: Job, neighbour: Neighbour, has: NeighbourState, secret: Secret | None
) -> tuple[str, ...]:
    password = None if has.password is None else has.password.text
    right = replace(neighbour, password=password if secret is None else secret.password)
    lines = platform.neighbour_differences(right, has)
    if not is_right_as(wanted, neighbour, has):
        lines += platform.as_difference(neighbour.as_number or wanted.final_as or 0, has)
    return lines


def is_right_as(wanted: Job, neighbour: Neighbour, has: NeighbourState) -> bool:
    """Whether the AS that a neighbour is given may stay; one that a group gives is not ours to judge."""
    if has.set_as is None or has.set_as in (AnyAs.EXTERNAL, AnyAs.EITHER, neighbour.as_number):
        return True
    if neighbour.as_number is None:
        return has.set_as == wanted.final_as
    return neighbour.as_number != wanted.final_as and has.set_as in neighbour.as_numbers


def _kept_as(wanted: Job, neighbour: Neighbour, has: NeighbourState) -> int | None:
    return has.set_as if isinstance(has.set_as, int) and is_right_as(wanted, neighbour, has) else neighbour.as_number


def _keeps_as(wanted: Job, neighbour: Neighbour, found: SwitchState) -> bool:
    has = found.neighbours.get(neighbour.address)
    return has is not None and has.set_as is not None and is_right_as(wanted, neighbour, has)


def _surplus(platform: Platform, wanted: Job, found: SwitchState) -> Plan:
    """What is of this fabric, or stands in one of its lists, and is declared no more."""
    addresses = {each.address for each in wanted.neighbours}
    right = platform.entries(wanted.lists)
    stale = {name: found.lists.get(name, frozenset()) - entries for name, entries in right.items()}
    paths = {
        name: found.paths.get(name, frozenset()) - entries
        for name, entries in platform.right_paths(wanted.paths).items()
    }
    return Plan(
        wanted.as_number,
        found,
        old_path_entries={name: entries for name, entries in paths.items() if entries},
        stale={name: entries for name, entries in stale.items() if entries},
        old_lists=tuple(name for name in wanted.own_lists if name in found.lists and name not in right),
        gone=tuple(address for address in ours(wanted, found) if address not in addresses),
        **of_removal(wanted, found, everything=False),
    )
