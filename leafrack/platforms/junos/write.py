"""Junos' words for what is ours: a policy for each list, a group of the fabric's own with a neighbour a node.

Everything of a neighbour stands at the neighbour itself, so one ``delete`` takes it away, and no group of anybody else
has a part in it. Ranges in which neighbours are taken are a dynamic neighbour of a group of their own, which says the
rest. ``lines`` (leafrack.platforms.junos.platform) puts them in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from leafrack.addresses import Network
from leafrack.platforms.differences import wanted
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.junos import secrets, settings
from leafrack.platforms.junos.sets import Statement, line

BGP = ("protocols", "bgp")
OPTIONS = ("policy-options",)
POLICY = (*OPTIONS, "policy-statement")
PATHS = (*OPTIONS, "as-path")
TERM = "permitted"


def group_of(name: str) -> str:
    """Group of the neighbours that carry a list: the fabric's part of its name (``LEAFRACK-dc1`` of ``…-IN6``)."""
    return name.rpartition("-")[0] or name


def text(job: Job) -> str:
    """Configuration of everything that a job declares, with a clear text for each password.

    What is not wanted is deleted too: entered where something stands, it leaves what is declared and nothing besides.
    """
    return "".join(f"{one}\n" for one in _text(job))


def _text(job: Job) -> Iterator[str]:
    for prefixes in job.lists:
        yield line("delete", (*POLICY, prefixes.name))
        yield from (line("set", one) for one in policy(prefixes))
    if job.paths is not None:
        yield from (line("delete", one) for one in places_of_paths(job.paths.name))
        yield from (line("set", one) for one in path_policy(job.paths))
    for name in dict.fromkeys(group_of(each.list_in) for each in job.neighbours):
        yield line("set", group(name))
    for each in job.neighbours:
        yield from _entered(place(each), tuple(neighbour(each, each.password or "")), each, _MAY_STAND)
    for name, ranges in by_group(job.listeners).items():
        said = tuple(listening(name, ranges, ranges[0].password or ""))
        yield from _entered((*BGP, "group", name), said, ranges[0], _MAY_STAND_OF_RANGES)


def _entered(
    here: Statement, said: tuple[Statement, ...], each: Neighbour | Listener, may_stand: tuple[Statement, ...]
) -> Iterator[str]:
    family = ("family", settings.FAMILIES[each.who.version], "unicast", "prefix-limit")
    for word in (*may_stand, family):
        # A second policy would stand behind the first, a second range beside it.
        if word[-1] in ("import", "export", "allow") or not any(
            one[: len(here) + len(word)] == (*here, *word) for one in said
        ):
            yield line("delete", (*here, *word))
    yield from (line("set", one) for one in said)


_KEY = "authentication-key"
_MAY_STAND: tuple[Statement, ...] = (
    (_KEY,),
    ("hold-time",),
    ("ttl",),
    ("graceful-restart",),
    ("import",),
    ("export",),
    ("as-override",),
    ("remove-private",),
    ("shutdown",),
)
DYNAMIC = ("dynamic-neighbor", "NODES")
_MAY_STAND_OF_RANGES = (*_MAY_STAND[1:], ("allow",), (*DYNAMIC, _KEY), (*DYNAMIC, "allow"))
"""Of the group's own key a text without passwords has to say nothing."""


def policy(prefixes: PrefixList) -> Iterator[Statement]:
    """Statements of a policy that takes the ranges of a list and nothing else.

    Of route filters of one term the longest that a route is in decides; here that is never one that says ``exact`` to
    what a shorter one takes. Juniper, "Route Filter Match Types"; netlab, routing/_prefix_list_junos.j2.
    """
    here = (*POLICY, prefixes.name)
    # A policy sends what other protocols know too. Our lists mean what BGP knows, as on other platforms.
    yield (*here, "term", TERM, "from", "protocol", "bgp")
    yield from ((*here, "term", TERM, "from", "route-filter", *_matched(each)) for each in prefixes.prefixes)
    yield (*here, "term", TERM, "then", "accept")
    yield (*here, "then", "reject")


def _matched(prefix: Network) -> tuple[str, str]:
    whole = prefix.prefixlen in (0, prefix.max_prefixlen)
    return str(prefix), "exact" if whole else "orlonger"


def path_policy(paths: PathList) -> Iterator[Statement]:
    """Statements of a path list: its expression, and a policy of its name that refuses all other paths.

    The expression is one of AS numbers, not of characters, and has to match the whole of a path, whatever notation the
    box shows them in (Juniper, "AS Path Regular Expressions"). What the policy lets pass goes on to the next one.
    """
    here = (*POLICY, paths.name)
    yield (*PATHS, paths.name, f"({'|'.join(map(str, paths.as_numbers))})+")
    yield (*here, "term", TERM, "from", "as-path", paths.name)
    yield (*here, "term", TERM, "then", "next", "policy")
    yield (*here, "then", "reject")


def places_of_paths(name: str) -> tuple[Statement, ...]:
    """Where a path list stands."""
    return (*POLICY, name), (*PATHS, name)


def group(name: str) -> Statement:
    """A fabric's group, as far as it says something itself."""
    return (*BGP, "group", name, "type", "external")


def place(of: Neighbour) -> Statement:
    """Where a neighbour stands."""
    return (*BGP, "group", group_of(of.list_in), "neighbor", str(of.address))


def neighbour(of: Neighbour, key: str = "") -> Iterator[Statement]:
    """Statements of a neighbour (Juniper, CLI reference; netlab, extra/bgp.session/junos.j2).

    ``key`` is its password in whatever form; Junos' own where there is none.
    """
    own = secrets.shown(of.password, str(of.address)) if of.password else ""
    yield from _terms(place(of), of, key or own if of.password else "")


def by_group(listeners: Iterable[Listener]) -> Mapping[str, tuple[Listener, ...]]:
    """Ranges by their group."""
    found: dict[str, tuple[Listener, ...]] = {}
    for each in listeners:
        found[each.group] = (*found.get(each.group, ()), each)
    return found


def listening(name: str, ranges: Sequence[Listener], key: str = "") -> Iterator[Statement]:
    """Statements of a group of ranges; ``key`` as of a neighbour.

    What a group of implicit peers (``allow``) may not have, authentication, the entry of a dynamic neighbour has
    (Juniper, "TCP Authentication"; structure of 24.4).
    """
    here, first = (*BGP, "group", name), ranges[0]
    yield group(name)
    yield from _terms(here, first)
    yield from ((*here, *DYNAMIC, "allow", str(each.prefix)) for each in ranges)
    yield (*here, *DYNAMIC, "peer-limit", str(first.maximum_neighbours))
    if first.password:
        yield (*here, *DYNAMIC, _KEY, key or secrets.shown(first.password, name))


def _terms(here: Statement, of: Neighbour | Listener, key: str = "") -> Iterator[Statement]:
    """What is said of a neighbour or of a group of ranges, with the password of the former."""
    said, family = wanted(of), ("family", settings.FAMILIES[of.who.version], "unicast")
    yield (*here, "description", said.description)
    if of.as_number is not None:
        yield (*here, "peer-as", str(of.as_number))
    if key:
        yield (*here, _KEY, key)
    if said.timers:
        yield (*here, "hold-time", str(said.timers.hold))
    if said.ttl_security:
        # What is sent; a firewall filter of the operator's has to hold what comes (docs/platforms.md).
        yield (*here, "ttl", settings.TTL)
    if not said.graceful_restart:
        yield (*here, "graceful-restart", "disable")
    if said.paths_in:
        # Before the policy of the ranges: what that takes is taken.
        yield (*here, "import", said.paths_in)
    yield (*here, "import", said.list_in)
    yield (*here, "export", said.list_out)
    yield (*here, *family)
    if said.limit:
        yield from ((*here, *family, *one) for one in settings.limit(said.limit))
    if said.as_override:
        yield (*here, "as-override")
    if said.private_as:
        yield (*here, "remove-private", "all", "replace")
