"""NX-OS's words for what is ours: prefix lists, the path list and neighbours, and what is entered where they differ.

Sources of the lines: Cisco Nexus 9000 Series NX-OS Command Reference (Configuration Commands), Release 9.3(x): ``ip
prefix-list``, ``neighbor``, ``remote-as``, ``remove-private-as``; Unicast Routing Configuration Guide, "Configuring
Basic BGP" and "Configuring Advanced BGP": ``description`` (up to 80 characters), ``password [0 | 3 | 7]``, ``timers``,
``shutdown``, a family inside the neighbour, ``maximum-prefix N restart MINUTES``, ``as-override`` beside
``disable-peer-as-check``. ``ttl-security hops`` and ``prefix-list … in`` also in Ansible's ``cisco.nxos``. ``ip as-path
access-list`` and ``filter-list … in``: command reference and guide too; Batfish's grammar ``cisco_nxos`` has the
expression in quotes and in 63 characters, and the number as optional. A range is ``neighbor PREFIX/LENGTH`` (command
reference) with ``maximum-peers``, and says the rest as a neighbour does ("Configuring Prefix Peering").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from leafrack.platforms.differences import wanted
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.nxos.settings import AS_OVERRIDE, as_words, words
from leafrack.platforms.paths import short_expressions
from leafrack.platforms.patterns import permitted
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Typed
from leafrack.platforms.state import AnyAs, ListenerState, NeighbourState, Password, Setting, Settings, Timers

Declared = TypeVar("Declared", Neighbour, Listener)
_MOST = "maximum-peers"
_DESCRIPTION = 80
_DEFAULT = Timers(60, 180)
"""Not shown where they are configured, and what a neighbour has without any (``timers bgp``)."""
_STEP = 5
_EXPRESSION = 63
"""Characters of a regular expression at most."""
_PATHS = "ip as-path access-list"
_GONE = r"(?i)not found|No corresponding .+ configured|does not exist"
"""What is to be removed is not there; whether that is so is read back."""

_SESSION = (Setting.DESCRIPTION, Setting.TIMERS, Setting.TTL_SECURITY, Setting.PRIVATE_AS)
_FAMILY = (Setting.LIST_IN, Setting.LIST_OUT, Setting.PATHS_IN, Setting.LIMIT)
_BARE = (Setting.DESCRIPTION, Setting.TIMERS)
"""Removed by their first word alone; the others as they are shown."""


def fitting(each: Declared) -> Declared:
    """A neighbour or range as NX-OS can show it: what it cuts or keeps to itself is no difference."""
    timers = None if each.timers == _DEFAULT else each.timers
    return replace(each, description=each.description[:_DESCRIPTION].rstrip(), timers=timers)


def text(job: Job) -> str:
    """Configuration of everything that a job declares, as NX-OS would show it."""
    shown = [f"{line}\n" for one in job.lists for line in _entries(one, {})]
    shown += [f"{line}\n" for line in _paths(job.paths, {})]
    declared: list[Neighbour | Listener] = [*map(fitting, job.neighbours), *map(fitting, job.listeners)]
    if declared:
        shown.append(f"router bgp {job.as_number}\n")
    for each in declared:
        right = wanted(each)
        override = AS_OVERRIDE if each.as_override else ()
        shown += [f"  neighbor {each.who}\n", f"    {as_words(_as(each.as_number))}\n"]
        shown += [f"    {_MOST} {each.maximum_neighbours}\n"] if isinstance(each, Listener) else []
        shown += [f"    {line}\n" for setting in _SESSION if (line := words(setting, right))]
        shown += [f"    {_password(each.password)}\n"] if each.password else []
        shown += [f"    address-family {_family(each)}\n"]
        shown += [f"      {line}\n" for line in (*(words(setting, right) for setting in _FAMILY), *override) if line]
    return "".join(shown)


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What is entered in configuration mode for a plan."""
    return tuple(_entered(plan))


def _entered(plan: Plan) -> Iterator[Typed]:
    for one in plan.lists:
        yield from map(Typed, _entries(one, plan.found.numbers.get(one.name, {})))
    yield from map(Typed, _paths(plan.paths, plan.found.paths))
    instance = [*_neighbours(plan)]
    if instance:
        yield from (Typed(f"router bgp {plan.as_number}"), *instance, Typed("exit"))
    for name in plan.old_lists:
        yield Typed(f"no {_kind(plan.version_of(name))} prefix-list {name}", tolerated=_GONE)
    for name, entries in plan.stale.items():
        yield from _old_entries(f"{_kind(plan.version_of(name))} prefix-list", name, entries, plan)
    # That a path list goes by its name alone, the reference does not say.
    gone = {**plan.old_path_entries, **{name: plan.found.paths[name] for name in plan.old_paths}}
    for name, entries in gone.items():
        yield from _old_entries(_PATHS, name, entries, plan)


def _paths(paths: PathList | None, found: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Entries that the path list lacks, without a number, which not every release takes."""
    if paths is not None:
        missing = (entry for entry in _path_entries(paths) if entry not in found.get(paths.name, ()))
        yield from (f"{_PATHS} {paths.name} {entry}" for entry in missing)


def _old_entries(kind: str, name: str, entries: Iterable[str], plan: Plan) -> Iterator[Typed]:
    """Entries that go, each by all that it says."""
    numbers = plan.found.numbers.get(name, {})
    for entry in sorted(entries, key=lambda entry: (numbers.get(entry, 0), entry)):
        number = f"seq {numbers[entry]} " if numbers.get(entry) else ""
        yield Typed(f"no {kind} {name} {number}{entry}", tolerated=_GONE)


def _neighbours(plan: Plan) -> Iterator[Typed]:
    yield from (Typed(f"no neighbor {each.prefix}", tolerated=_GONE) for each in plan.old_listeners)
    declared: list[Neighbour | Listener] = [*map(fitting, plan.neighbours), *map(fitting, plan.listeners)]
    gone = {each.prefix for each in plan.old_listeners}
    for each in declared:
        has = None if each.who in gone else plan.found.has(each.who)
        session, family = [*_session(each, has, plan)], [*_of_family(each, has)]
        inside = (Typed(f"address-family {_family(each)}"), *family, Typed("exit")) if family else ()
        yield from (Typed(f"neighbor {each.who}"), *session, *inside, Typed("exit"))
    numbers = (*plan.as_numbers, *((each.prefix, number) for each, number in plan.listener_as_numbers))
    for who, number in numbers:
        yield from (Typed(f"neighbor {who}"), Typed(as_words(_as(number))), Typed("exit"))
    for address in plan.gone:
        yield Typed(f"no neighbor {address}", tolerated=_GONE)


def _session(each: Neighbour | Listener, has: NeighbourState | ListenerState | None, plan: Plan) -> Iterator[Typed]:
    """Lines of the session that differ: what stands is not entered again, as some of it would reset the session."""
    if each.who not in plan.kept_as and (has is None or has.set_as != _as(each.as_number)):
        yield Typed(as_words(_as(each.as_number)))
    if isinstance(each, Listener) and not (
        isinstance(has, ListenerState) and has.maximum_neighbours == each.maximum_neighbours
    ):
        yield Typed(f"{_MOST} {each.maximum_neighbours}")
    yield from _differing(_SESSION, wanted(each), has)
    known = has.password if has else None
    if each.password and not (each.who in plan.kept_passwords or known == Password(each.password)):
        yield Typed(_password(each.password), (each.password,))
    elif known and not each.password:
        yield Typed("no password", tolerated=_GONE)
    # A template may say so too: a neighbour's own word goes before it.
    by_template = isinstance(has, NeighbourState) and any(line.text == "shutdown" for line in has.lines)
    if has and (has.shutdown is not None or by_template):
        yield Typed("no shutdown")


def _of_family(each: Neighbour | Listener, has: Settings | None) -> Iterator[Typed]:
    right = wanted(each)
    # A path list of others is theirs where leafrack gives none.
    settings = _FAMILY if right.paths_in else tuple(one for one in _FAMILY if one is not Setting.PATHS_IN)
    yield from _differing(settings, right, has)
    if each.as_override and not (has and has.as_override):
        yield from map(Typed, AS_OVERRIDE)
    elif has and has.as_override and not each.as_override:
        yield from (Typed(f"no {line}", tolerated=_GONE) for line in AS_OVERRIDE)


def _differing(settings: Iterable[Setting], right: Settings, has: Settings | None) -> Iterator[Typed]:
    for setting in settings:
        line, old = words(setting, right), words(setting, has or Settings())
        if line and line != old:
            yield Typed(line)
        elif old and not line:
            yield Typed(f"no {old.split()[0] if setting in _BARE else old}", tolerated=_GONE)


def _password(text: str) -> str:
    return f"password 0 {text}"


def _entries(one: PrefixList, numbers: Mapping[str, int]) -> Iterator[str]:
    """Entries that a list lacks, after those that it has."""
    last = max(numbers.values(), default=0)
    for entry in map(permitted, one.prefixes):
        if entry not in numbers:
            last += _STEP
            yield f"{_kind(one.version)} prefix-list {one.name} seq {last} {entry}"


def entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    """Entries of prefix lists by list, as they are read."""
    return {one.name: frozenset(map(permitted, one.prefixes)) for one in lists}


def path_entries(paths: PathList) -> frozenset[str]:
    """Entries of a path list, as they are read."""
    return frozenset(_path_entries(paths))


def _path_entries(paths: PathList) -> Iterator[str]:
    yield from (f'permit "{one}"' for one in short_expressions(paths.as_numbers, _EXPRESSION))


def _as(number: int | None) -> int | AnyAs:
    return AnyAs.EXTERNAL if number is None else number


def _family(each: Neighbour | Listener) -> str:
    return f"ipv{each.who.version} unicast"


def _kind(version: int) -> str:
    return "ip" if version == 4 else "ipv6"
