"""FRRouting's words for what is ours: lists and neighbours; the scripts beside it put them in place."""

from __future__ import annotations

from collections.abc import Iterable

from leafrack.platforms import differences
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.paths import expression
from leafrack.platforms.patterns import permitted
from leafrack.platforms.plan import Plan
from leafrack.platforms.state import Timers

_PATHS = "bgp as-path access-list"
RESTART = 1
"""Minutes after which FRR tries a session again that had too many prefixes; without them it never does."""


def text(job: Job) -> str:
    """Configuration of everything that a job declares; how many neighbours may come stands before their ranges."""
    return render_lists(job.lists) + _besides_lists(job)


def _besides_lists(of: Job | Plan) -> str:
    return "".join(
        (
            render_paths(of.paths),
            *(render(of.as_number, neighbour) for neighbour in of.neighbours),
            render_listeners(of.as_number, of.listeners),
        )
    )


def by_hand(plan: Plan) -> str:
    """Lines of a plan. New entries have no number: one that is taken would put them in the place of what stands there.

    FRR puts them behind the last one (docs.frrouting.org, filter.html: ``seq NUMBER`` is optional).
    """
    new = (
        f"{_family(one.version)} prefix-list {one.name} {entry}\n"
        for one in plan.lists
        for entry in map(permitted, one.prefixes)
        if entry not in plan.found.lists.get(one.name, ())
    )
    return _old_ranges(plan) + "".join(new) + _besides_lists(plan) + _removal(plan)


def _old_ranges(plan: Plan) -> str:
    """Lines that take ranges and their groups away, before what comes in their place: FRR takes no two that overlap."""
    ranges = [f" no bgp listen range {each.prefix} peer-group {each.group}" for each in plan.old_listeners]
    lines = [*ranges, *(f" no neighbor {group}" for group in plan.old_groups)]
    return _instance(plan.as_number, lines) if lines else ""


def _removal(plan: Plan) -> str:
    """Lines that take neighbours, entries and lists away; lists last, because one that is gone permits nothing.

    An entry goes by what it says, whatever its number (docs.frrouting.org, filter.html: ``no ip prefix-list NAME``).
    """
    neighbours = [f" no neighbor {who}" for who in plan.gone]
    instance = [f"router bgp {plan.as_number}", *neighbours, "exit"] if neighbours else []
    stale = [
        f"no {_family(plan.version_of(name))} prefix-list {name} {entry}"
        for name, entries in plan.stale.items()
        for entry in sorted(entries)
    ]
    stale += [
        f"no {_PATHS} {name} {entry}" for name, entries in plan.old_path_entries.items() for entry in sorted(entries)
    ]
    lists = [f"no {_family(plan.version_of(name))} prefix-list {name}" for name in plan.old_lists]
    paths = [f"no {_PATHS} {name}" for name in plan.old_paths]
    return "".join(f"{line}\n" for line in (*instance, *stale, *lists, *paths))


def render_lists(lists: tuple[PrefixList, ...]) -> str:
    """Lines of prefix lists."""
    return "".join(
        f"{_family(prefixes.version)} prefix-list {prefixes.name} seq {5 * position} {permitted(prefix)}\n"
        for prefixes in lists
        for position, prefix in enumerate(prefixes.prefixes, start=1)
    )


def render_paths(paths: PathList | None) -> str:
    """Lines of a path list, without a number, which FRR before 7.3 does not take."""
    return "" if paths is None else f"{_PATHS} {paths.name} permit {expression(paths.as_numbers)}\n"


def render(leaf_as: int, neighbour: Neighbour) -> str:
    """Lines of a neighbour."""
    return _instance(leaf_as, _terms(f" neighbor {neighbour.address}", neighbour, neighbour.address.version))


def render_listeners(leaf_as: int, listeners: tuple[Listener, ...]) -> str:
    """Lines of ranges, each group before them: who comes is a member of it at once."""
    first = {each.group: each for each in reversed(listeners)}
    lines = [
        line
        for group in groups(listeners)
        for line in (
            f" neighbor {group} peer-group",
            *_terms(f" neighbor {group}", first[group], first[group].prefix.version),
        )
    ]
    if listeners:
        lines.append(f" bgp listen limit {differences.needed(listeners)}")
    lines += [f" bgp listen range {each.prefix} peer-group {each.group}" for each in listeners]
    return _instance(leaf_as, lines) if lines else ""


def groups(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """Groups of ranges, each once."""
    return tuple(dict.fromkeys(each.group for each in listeners))


def _instance(leaf_as: int, lines: Iterable[str]) -> str:
    return "\n".join((f"router bgp {leaf_as}", *lines, "exit", ""))


def _terms(peer: str, each: Neighbour | Listener, version: int) -> tuple[str, ...]:
    # What is not wanted is said too: otherwise taking it out of the fabric file would leave it on the switch.
    limit = each.maximum_prefix
    return (
        f"{peer} remote-as {_remote(each.as_number)}",
        f"{peer} description {each.description}",
        f"{peer} password {each.password}" if each.password else f" no{peer} password",
        f" no{peer} shutdown",
        f"{peer} timers {_seconds(each.timers)}" if each.timers else f" no{peer} timers",
        f" {_no(each.ttl_security)}{peer[1:]} ttl-security hops 1",
        f" {_no(not each.graceful_restart)}{peer[1:]} graceful-restart-disable",
        f" address-family ipv{version} unicast",
        f" {peer} prefix-list {each.list_in} in",
        f" {peer} prefix-list {each.list_out} out",
        *([f" {peer} filter-list {each.paths_in} in"] if each.paths_in else []),
        f" {peer} maximum-prefix {limit} restart {RESTART}" if limit else f"  no{peer} maximum-prefix",
        f"  {_no(each.as_override)}{peer[1:]} as-override",
        f"  {_no(each.remove_private_as)}{peer[1:]} remove-private-AS all replace-AS",
        f" {peer} activate",
        " exit-address-family",
    )


def _seconds(timers: Timers) -> str:
    return f"{timers.keepalive} {timers.hold}"


def _remote(as_number: int | None) -> str:
    return "external" if as_number is None else str(as_number)


def _no(wanted: bool) -> str:  # noqa: FBT001 - read as "no, unless wanted"
    return "" if wanted else "no "


def _family(version: int) -> str:
    return "ip" if version == 4 else "ipv6"
