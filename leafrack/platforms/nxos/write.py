"""NX-OS's words for what is ours: prefix lists and neighbours, and what is entered where they differ.

Sources of the lines: Cisco Nexus 9000 Series NX-OS Command Reference (Configuration Commands), Release 9.3(x): ``ip
prefix-list``, ``neighbor``, ``remote-as``, ``remove-private-as``; Unicast Routing Configuration Guide, "Configuring
Basic BGP" and "Configuring Advanced BGP": ``description`` (up to 80 characters), ``password [0 | 3 | 7]``, ``timers``,
``shutdown``, a family inside the neighbour, ``maximum-prefix N restart MINUTES``, ``as-override`` beside
``disable-peer-as-check``. ``ttl-security hops`` and ``prefix-list … in`` also in Ansible's ``cisco.nxos``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from leafrack.addresses import Address, Network
from leafrack.platforms.differences import wanted
from leafrack.platforms.job import Job, Neighbour, PrefixList
from leafrack.platforms.nxos.settings import AS_OVERRIDE, as_words, words
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Typed
from leafrack.platforms.state import AnyAs, NeighbourState, Password, Setting, Settings, Timers

_DESCRIPTION = 80
_DEFAULT = Timers(60, 180)
"""Not shown where they are configured, and what a neighbour has without any (``timers bgp``)."""
_STEP = 5
_GONE = r"(?i)not found|No corresponding .+ configured|does not exist"
"""What is to be removed is not there; whether that is so is read back."""

_SESSION = (Setting.DESCRIPTION, Setting.TIMERS, Setting.TTL_SECURITY, Setting.PRIVATE_AS)
_FAMILY = (Setting.LIST_IN, Setting.LIST_OUT, Setting.LIMIT)
_BARE = (Setting.DESCRIPTION, Setting.TIMERS)
"""Removed by their first word alone; the others as they are shown."""


def fitting(neighbour: Neighbour) -> Neighbour:
    """A neighbour as NX-OS can show it: what it cuts or keeps to itself is no difference."""
    timers = None if neighbour.timers == _DEFAULT else neighbour.timers
    return replace(neighbour, description=neighbour.description[:_DESCRIPTION].rstrip(), timers=timers)


def text(job: Job) -> str:
    """Configuration of everything that a job declares, as NX-OS would show it."""
    shown = [f"{line}\n" for one in job.lists for line in _entries(one, {})]
    if job.neighbours:
        shown.append(f"router bgp {job.as_number}\n")
    for each in map(fitting, job.neighbours):
        right = wanted(each)
        override = AS_OVERRIDE if each.as_override else ()
        shown += [f"  neighbor {each.address}\n", f"    {as_words(_as(each.as_number))}\n"]
        shown += [f"    {line}\n" for setting in _SESSION if (line := words(setting, right))]
        shown += [f"    {_password(each.password)}\n"] if each.password else []
        shown += [f"    address-family {_family(each.address)}\n"]
        shown += [f"      {line}\n" for line in (*(words(setting, right) for setting in _FAMILY), *override) if line]
    return "".join(shown)


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What is entered in configuration mode for a plan."""
    return tuple(_entered(plan))


def _entered(plan: Plan) -> Iterator[Typed]:
    for one in plan.lists:
        yield from map(Typed, _entries(one, plan.found.numbers.get(one.name, {})))
    instance = [*_neighbours(plan)]
    if instance:
        yield from (Typed(f"router bgp {plan.as_number}"), *instance, Typed("exit"))
    for name in plan.old_lists:
        yield Typed(f"no {_kind(plan.version_of(name))} prefix-list {name}", tolerated=_GONE)
    for one in plan.lists:
        numbers = plan.found.numbers.get(one.name, {})
        for entry in sorted(plan.stale.get(one.name, ()), key=lambda entry: numbers.get(entry, 0)):
            number = f"seq {numbers[entry]} " if numbers.get(entry) else ""
            yield Typed(f"no {_kind(one.version)} prefix-list {one.name} {number}{entry}", tolerated=_GONE)


def _neighbours(plan: Plan) -> Iterator[Typed]:
    for each in plan.neighbours:
        has = plan.found.neighbours.get(each.address)
        session, family = [*_session(fitting(each), has, plan)], [*_of_family(fitting(each), has)]
        inside = (Typed(f"address-family {_family(each.address)}"), *family, Typed("exit")) if family else ()
        yield from (Typed(f"neighbor {each.address}"), *session, *inside, Typed("exit"))
    for address, number in plan.as_numbers:
        yield from (Typed(f"neighbor {address}"), Typed(as_words(_as(number))), Typed("exit"))
    for address in plan.gone:
        yield Typed(f"no neighbor {address}", tolerated=_GONE)


def _session(each: Neighbour, has: NeighbourState | None, plan: Plan) -> Iterator[Typed]:
    """Lines of the session that differ: what stands is not entered again, as some of it would reset the session."""
    if each.address not in plan.kept_as and (has is None or has.set_as != _as(each.as_number)):
        yield Typed(as_words(_as(each.as_number)))
    yield from _differing(_SESSION, wanted(each), has)
    known = has.password if has else None
    if each.password and not (each.address in plan.kept_passwords or known == Password(each.password)):
        yield Typed(_password(each.password), (each.password,))
    elif known and not each.password:
        yield Typed("no password", tolerated=_GONE)
    # A template may say so too: a neighbour's own word goes before it.
    if has and (has.shutdown is not None or any(line.text == "shutdown" for line in has.lines)):
        yield Typed("no shutdown")


def _of_family(each: Neighbour, has: NeighbourState | None) -> Iterator[Typed]:
    yield from _differing(_FAMILY, wanted(each), has)
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
    for prefix in one.prefixes:
        entry = f"permit {prefix}{_le(prefix)}"
        if entry not in numbers:
            last += _STEP
            yield f"{_kind(one.version)} prefix-list {one.name} seq {last} {entry}"


def entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    """Entries of prefix lists by list, as they are read."""
    return {one.name: frozenset(f"permit {prefix}{_le(prefix)}" for prefix in one.prefixes) for one in lists}


def _as(number: int | None) -> int | AnyAs:
    return AnyAs.EXTERNAL if number is None else number


def _family(address: Address) -> str:
    return f"ipv{address.version} unicast"


def _kind(version: int) -> str:
    return "ip" if version == 4 else "ipv6"


def _le(prefix: Network) -> str:
    return "" if prefix.prefixlen in (0, prefix.max_prefixlen) else f" le {prefix.max_prefixlen}"
