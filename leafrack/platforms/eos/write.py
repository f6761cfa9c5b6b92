"""EOS's words for what is ours: prefix lists, the path list with the route map that matches it, and neighbours.

In a configuration session a prefix list is written anew as a whole: nothing is in force before it is committed, and
then only what differs. An operator may have none, and each line is in force at once: new entries go behind the last
one, as a number that is taken is refused, and entries that are too much go after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from leafrack.platforms.differences import RETRY, needed
from leafrack.platforms.eos import passwords
from leafrack.platforms.eos.running import DEFAULT_LIMIT
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.limits import noted
from leafrack.platforms.paths import expression
from leafrack.platforms.patterns import permitted
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Typed
from leafrack.platforms.state import ListenerState, Raised

_STEP = 5
_PATHS = "ip as-path access-list"
_MOST = "dynamic peer max"
_CLAUSE = "route-map permit 10"
"""Of a path list's route map, as it is read."""


def text(job: Job) -> str:
    """Configuration of everything that a job declares."""
    lists = [line for one in job.lists for line in _list(one)]
    lists += [line for part in (_paths, _map) for line in (part(job.paths) if job.paths else ())]
    neighbours = [line for one in job.neighbours for line in _neighbour(one, one.as_number)]
    neighbours += [*_groups(job.listeners, None), *_ranges(job.listeners)]
    instance = [Typed(f"router bgp {job.as_number}"), *neighbours] if neighbours else []
    return "".join(f"{line.text}\n" for line in (*lists, *instance))


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What is entered for a plan, in a configuration session."""
    return _lines(plan, [line for one in plan.lists for line in _anew(one, plan)])


def by_hand(plan: Plan) -> str:
    """The same as an operator enters it, in configuration mode or in a session."""
    new = [line for one in plan.lists for line in _new_entries(one, plan)]
    old = [line for name in plan.stale for line in _old_entries(name, plan)]
    return "".join(f"{line.text}\n" for line in (*_lines(plan, new), *old))


def _lines(plan: Plan, lists: Iterable[Typed]) -> tuple[Typed, ...]:
    bgp = [*_listening(plan)]
    bgp += [line for one in plan.neighbours for line in _neighbour(one, _as_number(one, plan))]
    bgp += [Typed(f"   neighbor {address} remote-as {number}") for address, number in plan.as_numbers]
    bgp += [Typed(f"   no neighbor {address}") for address in plan.gone]
    found = (
        *lists,
        *_path_list(plan),
        *([Typed(f"router bgp {plan.as_number}"), *bgp, Typed("exit")] if bgp else ()),
        *(Typed(f"no {_ip(plan.version_of(name))} prefix-list {name}") for name in plan.old_lists),
        *(line for name in plan.old_paths for line in _gone(name, plan.found.paths[name])),
    )
    return tuple(replace(line, text=line.text.strip()) for line in found)


def _listening(plan: Plan) -> Iterator[Typed]:
    """Ranges that go, with their groups, and those that come or change.

    Both as an EOS 4.34 took them: a range goes by its group's name too (``% Incomplete command``), a group as such.
    """
    yield from (Typed(f"   no {_listens(each)}") for each in plan.old_listeners)
    yield from (Typed(f"   no neighbor {name} peer group") for name in plan.old_groups)
    yield from _groups(plan.listeners, plan.raised)
    if plan.listen_limit is not None:
        is_default = plan.listen_limit == DEFAULT_LIMIT
        yield Typed(f"   no {_MOST}" if is_default else f"   {_MOST} {plan.listen_limit}")
    again = ((each, each.as_number) for each in plan.listeners if each.prefix not in plan.kept_as)
    for each, number in (*again, *plan.listener_as_numbers):
        yield Typed(f"   {_listens(each)} remote-as {number}")


def _as_number(neighbour: Neighbour, plan: Plan) -> int | None:
    return None if neighbour.address in plan.kept_as else neighbour.as_number


def render_lists(lists: tuple[PrefixList, ...]) -> str:
    """Text of prefix lists."""
    return "".join(f"{line.text}\n" for one in lists for line in _list(one))


def render_paths(paths: PathList) -> str:
    """Text of a path list and its route map."""
    return "".join(f"{line.text}\n" for line in (*_paths(paths), *_map(paths)))


def _path_list(plan: Plan) -> Iterator[Typed]:
    """What a path list lacks, what is too much of it, and its route map where that does not match it."""
    paths = plan.paths
    has = frozenset() if paths is None else plan.found.paths.get(paths.name, frozenset())
    if paths is not None:
        yield from (line for line in _paths(paths) if line.text.removeprefix(f"{_PATHS} {paths.name} ") not in has)
    for name, entries in plan.old_path_entries.items():
        yield from (Typed(line) for one in sorted(entries) for line in _without(name, one))
    if paths is not None and f"{_CLAUSE} {_matches(paths)}" not in has:
        yield from (*_map(paths), Typed("exit"))


def _without(name: str, entry: str) -> Iterator[str]:
    """Lines that take an entry of the list, or what somebody has added to its route map, away."""
    if not _of_map(entry):
        yield f"no {_PATHS} {name} {entry}"
    elif not entry.startswith(_CLAUSE):
        yield f"no {_named(name, ' '.join(entry.split()[:3]))}"
    elif said := entry.removeprefix(_CLAUSE).strip():
        yield from (_named(name, _CLAUSE), f"no {said}", "exit")


def _gone(name: str, entries: Iterable[str]) -> Iterator[Typed]:
    """A route map goes as a whole, an entry of the list by all that it says (EOS User Manual, ``no …`` of both)."""
    if any(map(_of_map, entries)):
        yield Typed(f"no route-map {name}")
    yield from (Typed(line) for entry in sorted(entries) if not _of_map(entry) for line in _without(name, entry))


def _of_map(entry: str) -> bool:
    return entry.startswith("route-map")


def _named(name: str, clause: str) -> str:
    return clause.replace("route-map", f"route-map {name}", 1)


def _paths(paths: PathList) -> Iterator[Typed]:
    """As AVD's template ``as-path`` writes it.

    The numbers as they are: EOS compares numbers, and not how they are written, unless ``ip as-path regex-mode string``
    is configured.
    """
    yield Typed(f"{_PATHS} {paths.name} permit {expression(paths.as_numbers, dotted=False)} any")


def _map(paths: PathList) -> Iterator[Typed]:
    """As AVD's template ``route-maps`` writes it."""
    yield Typed(_named(paths.name, _CLAUSE))
    yield Typed(f"   {_matches(paths)}")


def _matches(paths: PathList) -> str:
    return f"match as-path {paths.name}"


def _anew(prefixes: PrefixList, plan: Plan) -> Iterator[Typed]:
    if prefixes.name in plan.found.lists:
        yield Typed(f"no {_ip(prefixes.version)} prefix-list {prefixes.name}")
    yield from _list(prefixes)
    yield Typed("exit")


def _list(prefixes: PrefixList) -> Iterator[Typed]:
    """As AVD's template ``prefix-lists`` and Ansible's ``arista.eos.eos_prefix_lists`` write it."""
    yield Typed(f"{_ip(prefixes.version)} prefix-list {prefixes.name}")
    for position, prefix in enumerate(prefixes.prefixes, start=1):
        yield Typed(f"   seq {_STEP * position} {permitted(prefix)}")


def _new_entries(prefixes: PrefixList, plan: Plan) -> Iterator[Typed]:
    """Entries that a list lacks, after those that it has."""
    has = plan.found.lists.get(prefixes.name, frozenset())
    last = max(plan.found.numbers.get(prefixes.name, {}).values(), default=0)
    missing = [entry for entry in map(permitted, prefixes.prefixes) if entry not in has]
    if missing:
        yield Typed(f"{_ip(prefixes.version)} prefix-list {prefixes.name}")
        yield from (Typed(f"seq {last + _STEP * place} {entry}") for place, entry in enumerate(missing, start=1))
        yield Typed("exit")


def _old_entries(name: str, plan: Plan) -> Iterator[Typed]:
    """EOS User Manual, prefix lists: ``no seq NUMBER``."""
    numbers = plan.found.numbers.get(name, {})
    yield Typed(f"{_ip(plan.version_of(name))} prefix-list {name}")
    for entry in sorted(plan.stale[name], key=lambda entry: (numbers.get(entry, 0), entry)):
        yield Typed(f"no seq {numbers[entry]}" if entry in numbers else f"no {entry}")
    yield Typed("exit")


def _neighbour(one: Neighbour, as_number: int | None) -> Iterator[Typed]:
    who = str(one.address)
    if as_number is not None:
        yield Typed(f"   neighbor {who} remote-as {as_number}")
    yield from _terms(who, one.address.version, one)


def _groups(listeners: Iterable[Listener], raised: Raised | None) -> Iterator[Typed]:
    """Groups of ranges, before them: who comes is a member at once."""
    for name, one in {each.group: each for each in listeners}.items():
        yield Typed(f"   neighbor {name} peer group")
        yield from _terms(name, one.prefix.version, replace(one, description=noted(one.description, raised)))


def _ranges(listeners: tuple[Listener, ...]) -> Iterator[Typed]:
    """As AVD's template ``router-bgp`` and a running configuration of 4.34 have them: the AS is the range's own."""
    if listeners:
        yield Typed(f"   {_MOST} {needed(listeners)}")
    yield from (Typed(f"   {_listens(each)} remote-as {each.as_number}") for each in listeners)


def _listens(each: Listener | ListenerState) -> str:
    return f"bgp listen range {each.prefix} peer-group {each.group}"


def _terms(who: str, version: int, one: Neighbour | Listener) -> Iterator[Typed]:
    """What is set of a neighbour or of a group, its AS aside."""
    # What is not wanted is said too: otherwise taking it out of the fabric file would leave it on the switch.
    peer, limit, family = f"neighbor {who}", one.maximum_prefix, f"address-family ipv{version}"
    # EOS User Manual, BGP (remote-as, description, shutdown, timers); Ansible's arista.eos.eos_bgp_global and AVD's
    # template router-bgp for the others; netlab drives a real EOS with ttl maximum-hops, as-path and remove-private-as.
    yield Typed(f"   {peer} description {one.description}")
    yield _password(who, one)
    yield Typed(f"   no {peer} shutdown")
    yield Typed(f"   {peer} timers {one.timers.keepalive} {one.timers.hold}" if one.timers else f"   no {peer} timers")
    yield Typed(f"   {_no(one.ttl_security)}{peer} ttl maximum-hops{' 1' * one.ttl_security}")
    # On by default only where the switch restarts gracefully, and then for all: "default" leaves that to its owner.
    yield Typed(f"   {'default' if one.graceful_restart else 'no'} {peer} graceful-restart")
    yield Typed(f"   {peer} maximum-routes {limit}" if limit else f"   no {peer} maximum-routes")
    yield Typed(f"   {peer} idle-restart-timer {RETRY}" if limit else f"   no {peer} idle-restart-timer")
    yield Typed(f"   {_no(one.as_override)}{peer} as-path remote-as replace out")
    yield Typed(f"   {_no(one.remove_private_as)}{peer} remove-private-as{' all replace-as' * one.remove_private_as}")
    yield Typed(f"   {family}")
    yield Typed(f"      {peer} prefix-list {one.list_in} in")
    yield Typed(f"      {peer} prefix-list {one.list_out} out")
    if one.paths_in:
        yield Typed(f"      {peer} route-map {one.paths_in} in")
    yield Typed(f"      {peer} activate")
    yield Typed("   exit")


def _password(who: str, one: Neighbour | Listener) -> Typed:
    """Enciphered here, so that no character of it means something to the command line."""
    if not one.password:
        return Typed(f"   no neighbor {who} password")
    hidden = passwords.shown(one.password, who)
    return Typed(f"   neighbor {who} password 7 {hidden}", (hidden, one.password))


def _no(wanted: bool) -> str:  # noqa: FBT001 - read as "no, unless wanted"
    return "" if wanted else "no "


def _ip(version: int) -> str:
    return "ip" if version == 4 else "ipv6"
