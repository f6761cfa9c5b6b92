"""What a Junos configuration means, in no platform's words, and what is wrong with one that a commit looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network

from lab.fakes.junos_secrets import clear
from lab.fakes.junos_statements import Configuration, Statement, below
from lab.fakes.model import Entry, Peer, Range, Understood

BGP = ("protocols", "bgp")
_POLICY = ("policy-options", "policy-statement")
_PATHS = 16
_MINUTE = 60
_HALF = 2**16
_FAMILIES = {"inet": 4, "inet6": 6}


def understood(configuration: Configuration) -> Understood:
    """What the default instance runs."""
    said = configuration.active()
    bgp = below(said, *BGP)
    own = _last(below(said, "routing-options"), "autonomous-system")
    policies = {name: below(said, *_POLICY, name) for name in _names(below(said, *_POLICY))}
    filters = {name: made for name, one in policies.items() if (made := _filter(one)) is not None}
    return Understood(
        as_number=_number(own) if own and bgp else None,
        router_id=_last(below(said, "routing-options"), "router-id"),
        peers={str(ip_address(address)): _peer(address, levels, filters) for _, address, levels in _members(bgp)},
        lists={
            (version, name): tuple(_numbered(entries, version))
            for name, entries in filters.items()
            for version in (4, 6)
        },
        ranges=tuple(
            Range(prefix, name, _number(_last(group, "peer-as")))
            for name in _names(below(bgp, "group"))
            for group in [below(bgp, "group", name)]
            for prefix in _values(group, "allow")
            if _last(group, "peer-as")
        ),
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


def _values(said: Sequence[Statement], word: str) -> list[str]:
    return [one[-1] for one in said if one[0] == word and len(one) > 1]


def _last(said: Sequence[Statement], word: str) -> str:
    return next(iter(_values(said, word)[-1:]), "")


def _effective(levels: Sequence[Sequence[Statement]], word: str) -> list[str]:
    """Values of the nearest level that has any: a neighbour's own take the place of its group's."""
    return next((values for level in levels if (values := _values(level, word))), [])


def _peer(address: str, levels: list[list[Statement]], filters: Mapping[str, object]) -> Peer:
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
    named = {way: next((one for one in _effective(levels, way) if one in filters), "") for way in ("import", "export")}
    return Peer(
        as_number=_number(number) if number else None,
        description=first("description"),
        password=clear(key) if key else None,
        shutdown=has("shutdown"),
        timers=(int(hold) // 3, int(hold)) if hold else None,
        ttl_hops=1 if first("ttl") == "255" else None,
        graceful_restart=not has("graceful-restart", "disable"),
        list_in=named["import"],
        list_out=named["export"],
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
