"""What a Junos configuration means, in no platform's words, and what is wrong with one that a commit looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network

from lab.fakes.junos_secrets import clear
from lab.fakes.junos_statements import Configuration, Statement, below
from lab.fakes.model import Entry, PathEntry, Peer, Range, Understood

BGP = ("protocols", "bgp")
_POLICY = ("policy-options", "policy-statement")
_AS_PATH = ("policy-options", "as-path")
_PATHS = 16
_ANY = 1000
"""Neighbours of a range without a limit."""
_MINUTE = 60
_HALF = 2**16
_FAMILIES = {"inet": 4, "inet6": 6}


def understood(configuration: Configuration) -> Understood:
    """What the default instance runs."""
    said = configuration.active()
    bgp = below(said, *BGP)
    own = _last(below(said, "routing-options"), "autonomous-system")
    policies = {name: below(said, *_POLICY, name) for name in _names(below(said, *_POLICY))}
    expressions = {one[0]: _expression(one[1]) for one in below(said, *_AS_PATH) if len(one) > 1}
    paths = {name: made for name, one in policies.items() if (made := _paths(one, expressions))}
    others = {name: one for name, one in policies.items() if name not in paths}
    filters = {name: taken for name, one in others.items() if (taken := _filter(one)) is not None}
    return Understood(
        as_number=_number(own) if own and bgp else None,
        router_id=_last(below(said, "routing-options"), "router-id"),
        peers={
            str(ip_address(address)): _peer(address, levels, filters, paths) for _, address, levels in _members(bgp)
        },
        lists={
            (version, name): tuple(_numbered(entries, version))
            for name, entries in filters.items()
            for version in (4, 6)
        },
        paths=paths,
        ranges=tuple(
            Range(str(ip_network(prefix, strict=False)), name, peer)
            for name, prefix, levels in _dynamic(bgp)
            for peer in [_peer(prefix.partition("/")[0], levels, filters, paths)]
            if peer.as_number is not None
        ),
        most=_most(bgp),
        redistributes=frozenset({4, 6} if any(_sends_direct(one) for one in policies.values()) else ()),
        maximum_paths=_PATHS if any("multipath" in one for one in bgp) else 1,
    )


def problems(configuration: Configuration) -> Iterator[str]:
    """What a commit refuses, as its check tells it."""
    said = configuration.active()
    bgp, policies = below(said, *BGP), _names(below(said, *_POLICY))
    groups: dict[str, str] = {}
    if bgp and not _last(below(said, "routing-options"), "autonomous-system"):
        yield "[edit protocols]\n  'bgp'\n    Error in BGP: autonomous-system must be configured\n"
    yield from _without_expression(said)
    for name, address, levels in _members(bgp):
        place = f"[edit protocols bgp group {name}]\n  'neighbor {address}'\n"
        if groups.setdefault(address, name) != name:
            yield f"{place}    error: neighbor {address} is configured in group {groups[address]} too\n"
        if not any(_last(one, "peer-as") for one in levels):
            yield f"{place}    error: peer-as must be configured for an external peer\n"
        for way in ("import", "export"):
            for policy in _effective(levels, way):
                if policy not in policies:
                    yield f"{place}    error: Policy error: Policy {policy} referenced but not defined\n"
        for family in _FAMILIES:
            limit = [one for level in levels for one in below(level, "family", family, "unicast", "prefix-limit")]
            if limit and not _last(limit, "maximum"):
                yield f"{place}    Missing mandatory statement: 'maximum'\n"


def _without_expression(said: Sequence[Statement]) -> Iterator[str]:
    expressions = _names(below(said, *_AS_PATH))
    for name, *one in below(said, *_POLICY):
        if one[:1] == ["term"] and one[2:4] == ["from", "as-path"] and one[4] not in expressions:
            # The words: [U].
            place = f"[edit policy-options policy-statement {name} term {one[1]}]\n  'from'\n"
            yield f"{place}    error: Policy error: AS path {one[4]} referenced but not defined\n"


def _names(said: Sequence[Statement]) -> list[str]:
    return list(dict.fromkeys(one[0] for one in said))


def _members(bgp: Sequence[Statement]) -> Iterator[tuple[str, str, list[list[Statement]]]]:
    """Group and address of each neighbour, with what is said of it: itself, its group, all of BGP."""
    everywhere = [one for one in bgp if one[0] != "group"]
    for name in _names(below(bgp, "group")):
        group = below(bgp, "group", name)
        for address in _names(below(group, "neighbor")):
            own = below(group, "neighbor", address)
            yield name, address, [own, [one for one in group if one[0] != "neighbor"], everywhere]


def _dynamic(bgp: Sequence[Statement]) -> Iterator[tuple[str, str, list[list[Statement]]]]:
    """Group and prefix of each range, with what is said of who comes by it; of a list of AS numbers, that it is one."""
    everywhere = [one for one in bgp if one[0] != "group"]
    for name in _names(below(bgp, "group")):
        said = below(bgp, "group", name)
        group = [one for one in said if one[0] not in ("neighbor", "dynamic-neighbor")]
        group += [("peer-as", "external") for one in group if one[0] == "peer-as-list"]
        yield from ((name, prefix, [group, everywhere]) for prefix in _values(group, "allow"))
        for dynamic in _names(below(said, "dynamic-neighbor")):
            own = below(said, "dynamic-neighbor", dynamic)
            yield from ((name, prefix, [own, group, everywhere]) for prefix in _values(own, "allow"))


def _most(bgp: Sequence[Statement]) -> int | None:
    """Each dynamic neighbour has a limit of its own, or none; FRR has one for all."""
    groups = [below(bgp, "group", name) for name in _names(below(bgp, "group"))]
    limits = [
        _last(below(group, "dynamic-neighbor", name), "peer-limit") or _ANY
        for group in groups
        for name in _names(below(group, "dynamic-neighbor"))
    ]
    limits += [_ANY for group in groups if _values(group, "allow")]
    return sum(map(int, limits)) if limits else None


def _values(said: Sequence[Statement], word: str) -> list[str]:
    return [one[-1] for one in said if one[0] == word and len(one) > 1]


def _last(said: Sequence[Statement], word: str) -> str:
    return next(iter(_values(said, word)[-1:]), "")


def _effective(levels: Sequence[Sequence[Statement]], word: str) -> list[str]:
    """Values of the nearest level that has any: a neighbour's own take the place of its group's."""
    return next((values for level in levels if (values := _values(level, word))), [])


def _peer(
    address: str, levels: list[list[Statement]], filters: Mapping[str, object], paths: Mapping[str, object]
) -> Peer:
    def first(word: str) -> str:
        return next(iter(_effective(levels, word)), "")

    def has(*words: str) -> bool:
        return any(one[: len(words)] == words for level in levels for one in level)

    version = ip_address(address).version
    number, hold, key = first("peer-as"), first("hold-time"), first("authentication-key")
    said = [one for level in levels for one in level]
    families = {_FAMILIES[one[1]] for one in said if one[0] == "family" and len(one) > 2}
    family = next(name for name, each in _FAMILIES.items() if each == version)
    limit = below(said, "family", family, "unicast", "prefix-limit")
    ends = any(one[0] == "teardown" for one in limit)
    again = _last([one[1:] for one in limit if one[:2] == ("teardown", "idle-timeout")], "idle-timeout")
    taken = _effective(levels, "import")
    list_in = next((one for one in taken if one in filters), "")
    # What is behind a policy that takes and refuses is never asked.
    before = taken[: taken.index(list_in)] if list_in else taken
    return Peer(
        as_number="external" if number == "external" else _number(number) if number else None,
        description=first("description"),
        password=clear(key) if key else None,
        shutdown=has("shutdown"),
        timers=(int(hold) // 3, int(hold)) if hold else None,
        ttl_hops=1 if first("ttl") == "255" else None,
        graceful_restart=not has("graceful-restart", "disable"),
        list_in=list_in,
        list_out=next((one for one in _effective(levels, "export") if one in filters), ""),
        paths_in=next((one for one in before if one in paths), ""),
        limit=int(_last(limit, "maximum")) if ends else None,
        retry=int(again) * _MINUTE if again.isdigit() else None,
        as_override=has("as-override"),
        private_as=_private(said),
        families=frozenset(families or {version}),
    )


def _private(said: Sequence[Statement]) -> tuple[bool, bool] | None:
    found = [one for one in said if one[0] == "remove-private"]
    return (any("all" in one for one in found), any("replace" in one for one in found)) if found else None


def _number(text: str) -> int:
    high, _, low = text.rpartition(".")
    return int(high or 0) * _HALF + int(low)


def _filter(said: Sequence[Statement]) -> list[tuple[str, bool]] | None:
    """Ranges that a policy takes, if it takes nothing else: each with whether what is inside counts."""
    if ("then", "reject") not in said:
        return None
    return [
        (one[4], one[-1] != "exact")
        for one in said
        if one[0] == "term" and one[2:4] == ("from", "route-filter") and ("term", one[1], "then", "accept") in said
    ]


def _paths(said: Sequence[Statement], expressions: Mapping[str, str]) -> tuple[PathEntry, ...]:
    """Expressions whose paths a policy hands on to the next one, if it refuses all others."""
    if ("then", "reject") not in said:
        return ()
    return tuple(
        PathEntry(permits=True, expression=expressions[one[4]])
        for one in said
        if one[0] == "term" and one[2:4] == ("from", "as-path") and one[4] in expressions
        if ("term", one[1], "then", "next", "policy") in said
    )


def _expression(said: str) -> str:
    """An expression of whole AS numbers as one of characters; it matches a path from end to end."""
    whole = re.sub(r"(\d+(?:\.\d+)?)|\.", lambda one: f"(_{_number(one[1]) if one[1] else '[0-9]+'})", said)
    return f"^{re.sub('[ ^$]', '', whole)}$"


def _numbered(entries: Sequence[tuple[str, bool]], version: int) -> Iterator[Entry]:
    longest = 32 if version == 4 else 128
    here = [one for one in entries if ip_network(one[0]).version == version]
    for number, (prefix, inside) in enumerate(here, start=1):
        yield Entry(
            number=5 * number,
            permits=True,
            prefix=prefix,
            le=longest if inside and not prefix.endswith(f"/{longest}") else 0,
        )


def _sends_direct(said: Sequence[Statement]) -> bool:
    return any(
        one[0] == "term" and one[2:] == ("from", "protocol", "direct") and ("term", one[1], "then", "accept") in said
        for one in said
    )
