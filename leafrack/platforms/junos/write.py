"""Junos' words for what is ours: a policy for each list, a group of the fabric's own with a neighbour a node.

Everything of a neighbour stands at the neighbour itself, so one ``delete`` takes it away, and no group of anybody else
has a part in it. ``lines`` (leafrack.platforms.junos.platform) puts them in place.
"""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.addresses import Network
from leafrack.platforms.differences import wanted
from leafrack.platforms.job import Job, Neighbour, PathList, PrefixList
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
        here, said = place(each), tuple(neighbour(each, each.password or ""))
        family = ("family", settings.FAMILIES[each.address.version], "unicast", "prefix-limit")
        for word in (*((one,) for one in _MAY_STAND), family):
            # A second policy would stand behind the first.
            if word[0] in ("import", "export") or not any(
                one[: len(here) + len(word)] == (*here, *word) for one in said
            ):
                yield line("delete", (*here, *word))
        yield from (line("set", one) for one in said)


_MAY_STAND = (
    "authentication-key",
    "hold-time",
    "ttl",
    "graceful-restart",
    "import",
    "export",
    "as-override",
    "remove-private",
    "shutdown",
)


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
    here, said = place(of), wanted(of)
    family = ("family", settings.FAMILIES[of.address.version], "unicast")
    yield (*here, "description", said.description)
    if of.as_number is not None:
        yield (*here, "peer-as", str(of.as_number))
    if of.password:
        yield (*here, "authentication-key", key or secrets.shown(of.password, str(of.address)))
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
