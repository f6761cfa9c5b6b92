"""What an EOS configuration means, in no platform's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any

from lab.fakes.eos_grammar import MOST, decrypted
from lab.fakes.model import Entry, PathEntry, Peer, Range, Understood
from lab.fakes.tree import Place


def number(text: str) -> int:
    """AS number of asplain or asdot."""
    high, _, low = text.rpartition(".")
    return int(high or 0) * 2**16 + int(low)


def understood(top: Place) -> Understood:
    """What the default VRF runs."""
    lists = {
        (6 if key.startswith("ipv6") else 4, key.split()[-1]): tuple(_entries(place))
        for key, place in top.inside.items()
        if "prefix-list" in key
    }
    paths = _paths(top)
    bgp = top.inside.get("router bgp")
    if bgp is None:
        return Understood(lists=lists, paths=paths)
    own = {key: place.text.split() for key, place in bgp.inside.items()}
    means = _Bgp(_said(bgp), _maps(top), _filters(top), plain="no" not in own.get("bgp default ipv4-unicast", []))
    connected = {4, 6} if "redistribute connected" in own else set()
    families = {version: bgp.inside.get(f"address-family ipv{version}") for version in (4, 6)}
    connected |= {version for version, place in families.items() if place and "redistribute connected" in place.inside}
    return Understood(
        as_number=number(bgp.text.split()[-1]),
        router_id=own["router-id"][1] if "router-id" in own else "",
        peers={str(ip_address(who)): means.named(who) for who in means.said if _is_address(who)},
        lists=lists,
        paths=paths,
        ranges=tuple(means.ranges(own)),
        most=int(own[MOST][-1]) if MOST in own else None,
        redistributes=frozenset(connected),
        maximum_paths=int(own["maximum-paths"][1]) if "maximum-paths" in own else 1,
    )


def _is_address(who: str) -> bool:
    try:
        return bool(ip_address(who))
    except ValueError:
        return False


def _entries(place: Place) -> Iterator[Entry]:
    for one in place.inside.values():
        _, seq, does, prefix, *more = one.text.split()
        bounds = dict(zip(more[::2], map(int, more[1::2]), strict=True))
        exact = bounds.get("eq", 0)
        low, high = bounds.get("ge", exact), bounds.get("le", exact)
        yield Entry(int(seq), does == "permit", str(ip_network(prefix, strict=False)), low, high)


def _paths(top: Place) -> Mapping[str, tuple[PathEntry, ...]]:
    found: dict[str, tuple[PathEntry, ...]] = {}
    for place in top.inside.values():
        if said := re.fullmatch(r"ip as-path access-list (\S+) (permit|deny) (\S+) any", place.text):
            found[said[1]] = (*found.get(said[1], ()), PathEntry(said[2] == "permit", said[3]))
    return found


def _maps(top: Place) -> Mapping[str, str]:
    """Path lists of route maps that do nothing but match one; others are not played."""
    said: dict[str, list[str]] = {}
    for place in top.inside.values():
        if opened := re.fullmatch(r"route-map (\S+)(.*)", place.text):
            said.setdefault(opened[1], []).append("\n".join((opened[2], *place.inside)))
    found = {name: re.fullmatch(r"(?: permit \d+)?\nmatch as-path (\S+)", "".join(all_)) for name, all_ in said.items()}
    return {name: only[1] for name, only in found.items() if only}


def _filters(top: Place) -> Mapping[str, int | str]:
    """The one AS that a filter of ranges accepts; any other filter is played as any AS but the switch's own."""
    found: dict[str, int | str] = {}
    for key, place in top.inside.items():
        if key.startswith("peer-filter "):
            entries = [one.text.split()[3:] for one in place.inside.values()]
            accepted = [words[0] for words in entries if words[-1] == "accept"]
            only = accepted[0] if len(accepted) == len(entries) == 1 else ""
            found[key.split()[1]] = int(only) if only.isdigit() else "external"
    return found


_Lines = list[tuple[int, str]]
"""Lines of a neighbour without ``neighbor WHO`` before them, each with its family: 0 for none."""


def _said(bgp: Place) -> Mapping[str, _Lines]:
    found: dict[str, _Lines] = {}
    places = {0: bgp, **{version: bgp.inside.get(f"address-family ipv{version}") for version in (4, 6)}}
    for family, place in places.items():
        for one in place.inside.values() if place else ():
            if said := re.fullmatch(r"(no )?neighbor (\S+) (.+)", one.text):
                found.setdefault(said[2], []).append((family, f"{said[1] or ''}{said[3]}"))
    return found


@dataclass(frozen=True)
class _Bgp:
    """``router bgp`` of the default VRF, with what it names."""

    said: Mapping[str, _Lines]
    """By neighbour or group."""
    maps: Mapping[str, str]
    filters: Mapping[str, int | str]
    plain: bool
    """IPv4 is activated for everybody."""

    def named(self, who: str) -> Peer:
        """Who is configured one by one."""
        group = next((line.split()[2] for _, line in self.said[who] if line.startswith("peer group ")), "")
        return self.peer(ip_address(who).version, group, who)

    def ranges(self, own: Mapping[str, list[str]]) -> Iterator[Range]:
        """Who comes by a range has no lines of its own, and the AS of the range."""
        for key, words in own.items():
            if key.startswith("bgp listen range"):
                prefix, group, kind, given = ip_network(words[3]), words[5], words[6], words[7]
                as_number = number(given) if kind == "remote-as" else self.filters.get(given)
                yield Range(str(prefix), group, replace(self.peer(prefix.version, group), as_number=as_number))

    def peer(self, version: int, group: str, who: str = "") -> Peer:
        """A member of a group."""
        found: dict[str, Any] = {"families": frozenset({4} if self.plain and version == 4 else ())}
        for owner in (group, who):
            for family, line in self.said.get(owner, []):
                found |= _setting(line, family or version, owner, found["families"])
                if filtered := re.fullmatch(r"route-map (\S+) in", line):
                    found["paths_in"] = self.maps.get(filtered[1], "")
        return Peer(**found)


def _setting(  # noqa: PLR0911, PLR0912, C901 - a line each
    line: str, family: int, owner: str, families: frozenset[int]
) -> Mapping[str, Any]:
    """Fields of the model that a line sets."""
    match line.split():
        case ["remote-as", text]:
            return {"as_number": number(text)}
        case ["description", *_]:
            return {"description": line.partition(" ")[2]}
        case ["password", "7", text]:
            return {"password": decrypted(text, owner)}
        case ["shutdown", *_]:
            return {"shutdown": True}
        case ["timers", keepalive, hold]:
            return {"timers": (int(keepalive), int(hold))}
        case ["ttl", "maximum-hops", hops]:
            return {"ttl_hops": int(hops)}
        case ["no", "graceful-restart"]:
            return {"graceful_restart": False}
        case ["idle-restart-timer", seconds]:
            return {"retry": int(seconds)}
        case ["maximum-routes", routes, *more] if "warning-only" not in more:
            return {"limit": int(routes)}
        case ["as-path", "remote-as", "replace", "out"]:
            return {"as_override": True}
        case ["remove-private-as", *more]:
            return {"private_as": ("all" in more, "replace-as" in more)}
        case ["prefix-list", name, way]:
            return {f"list_{way}": name}
        case ["activate"]:
            return {"families": families | {family}}
        case ["no", "activate"]:
            return {"families": families - {family}}
    return {}
