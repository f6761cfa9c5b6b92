"""What EOS's running configuration says: the BGP instance, neighbours, lists, and what is in the way of our lines.

Facts of the platform that shape this file, from the EOS User Manual and published configurations:

* one ``router bgp``; other VRFs are blocks inside it;
* IPv4 is activated for every neighbour with an IPv4 address unless ``no bgp default ipv4-unicast`` is said; IPv6 for
  nobody;
* a neighbour that a listen range lets in has no line of its own, and no mark in the JSON;
* an older release shows a prefix list's entry with its list in one line, a newer one a block;
* a range has an AS of its own, or a filter of them, and the rest of its group (``% Incomplete command`` without the AS
  on 4.34);
* how many neighbours come by ranges is one number for all of them: ``dynamic peer max``, until 4.22 ``bgp listen
  limit`` (Ansible's ``arista.eos``, EOS User Manual);
* a neighbour has no list of AS paths: a route map matches one (Arista's rules for routers of the DISA, ARST-RT-000100).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from leafrack.addresses import Address, Network
from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.state import Effect, Line

_STEP = 3
"""Spaces before what is inside a block."""
_NEIGHBOUR = re.compile(r"(?P<no>no )?neighbor (?P<who>\S+) (?P<what>.+)")
_LISTEN = re.compile(
    r"bgp listen range (?P<range>\S+)(?: peer-id include router-id)? peer-group (?P<group>\S+)"
    r"(?: remote-as (?P<as>\S+))?(?: .*)?"
)
_MOST = re.compile(r"(?:dynamic peer max|bgp listen limit) (\d+)")
DEFAULT_LIMIT = 100
"""Neighbours that come by ranges where nothing says how many (EOS User Manual, ``bgp listen limit``)."""
_LIST = re.compile(r"ip(?:v6)? prefix-list (?P<name>\S+)(?: (?P<entry>.+))?")
_PATHS = re.compile(r"ip as-path access-list (?P<name>\S+) (?P<entry>(?:permit|deny) \S+)(?P<origin> \S+)?")
_MAP = re.compile(r"route-map (?P<name>\S+)(?P<clause> .+)?")
_ENTRY = re.compile(r"(?:seq (?P<number>\d+) )?(?P<entry>(?:permit|deny) .+)")


class EosRange(NamedTuple):
    """A range in which neighbours are taken, the group that they are of, and their AS where it is one."""

    prefix: Network
    group: str
    as_number: int | None
    line: str


def _length(one: EosRange) -> int:
    return one.prefix.prefixlen


@dataclass
class EosInstance:
    """``router bgp`` of the default VRF; lines by the family that they are in, ``""`` for none."""

    as_number: int | None
    lines: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()

    def said(self, who: str, family: str) -> tuple[str, ...]:
        """What is said of a neighbour or group outside of families and in one, without ``neighbor WHO`` before it."""
        found = (_NEIGHBOUR.fullmatch(line) for part in ("", family) for line in self.lines.get(part, ()))
        return tuple(f"{one['no'] or ''}{one['what']}" for one in found if one and one["who"] == who)

    def group(self, who: str) -> str:
        """Group that a neighbour is a member of."""
        said = (re.fullmatch(r"peer[ -]group (\S+)", line) for line in self.said(who, ""))
        return next((found[1] for found in said if found), "")

    def activated(self, who: str, version: int) -> bool:
        """Whether a neighbour's own family is activated: by itself, by its group, or by default."""
        family = f"ipv{version}"
        for name in (who, self.group(who)):
            for line in self.lines.get(family, ()) if name else ():
                if (said := _NEIGHBOUR.fullmatch(line)) and (said["who"], said["what"]) == (name, "activate"):
                    return said["no"] is None
        return version == 4 and "no bgp default ipv4-unicast" not in self.lines.get("", ())

    def ranges(self) -> tuple[EosRange, ...]:
        """Ranges in which neighbours are taken."""
        said = (_LISTEN.fullmatch(line) for line in self.lines.get("", ()))
        return tuple(
            EosRange(ip_network(one["range"], strict=False), one["group"], number_or_none(one["as"]), one[0])
            for one in said
            if one
        )

    def listens(self, address: Address) -> EosRange | None:
        """The range that lets a neighbour in, where it has no line of its own."""
        if self.said(str(address), ""):
            return None
        # The narrower one, as everywhere.
        return max((one for one in self.ranges() if address in one.prefix), key=_length, default=None)

    def listen_limit(self) -> int:
        """Neighbours that come by all ranges together."""
        said = (_MOST.fullmatch(line) for line in self.lines.get("", ()))
        return next((int(found[1]) for found in said if found), DEFAULT_LIMIT)

    def discards(self) -> bool:
        """Whether neighbours without a policy of the operator's pass nothing (``bgp missing-policy``)."""
        pattern = r"bgp missing-policy(?! include prefix-list).* action deny.*"
        return any(re.fullmatch(pattern, line) for line in self.lines.get("", ()))


def instance(section: str) -> EosInstance:
    """BGP of what ``show running-config | section router bgp`` shows."""
    found = EosInstance(None)
    family, inside, skips = "", False, False
    for line in section.splitlines():
        text, depth = line.strip(), (len(line) - len(line.lstrip())) // _STEP
        if not text or text == "!":
            continue
        if depth == 0:
            said = re.fullmatch(r"router bgp ([\d.]+)", text)
            inside, family, skips = said is not None, "", False
            found.as_number = number_or_none(said[1]) if said else found.as_number
        elif inside and depth == 1:
            opened = re.fullmatch(r"(address-family|vrf) (\S+)", text)
            skips = bool(opened and opened[1] == "vrf")
            family = opened[2] if opened and not skips else ""
            if opened and skips:
                found.elsewhere = (*found.elsewhere, opened[2])
            elif not opened:
                found.lines.setdefault("", []).append(text)
        elif inside and not skips:
            # What a block of another sort has inside is of no neighbour.
            found.lines.setdefault(family or "?", []).append(text)
    return found


def listed(section: str) -> Mapping[str, frozenset[str]]:
    """Entries of each prefix list by its name, without numbers: where all permit, order is nothing."""
    return {name: frozenset(entries) for name, entries in numbered(section).items()}


def numbered(section: str) -> Mapping[str, Mapping[str, int]]:
    """Numbers of the entries of each prefix list, by its name; 0 of one that is shown without."""
    found: dict[str, dict[str, int]] = {}
    name = ""
    for line in section.splitlines():
        if opened := _LIST.fullmatch(line.rstrip()):
            name = opened["name"]
            found.setdefault(name, {})
            text = opened["entry"] or ""
        elif line.startswith(" "):
            text = line.strip()
        else:
            name = text = ""
        if name and (entry := _ENTRY.fullmatch(text)):
            found[name][entry["entry"]] = int(entry["number"] or 0)
    return found


def listed_paths(section: str, route_maps: str) -> Mapping[str, frozenset[str]]:
    """Entries of each path list by its name, and lines of the route map of that name, by which neighbours use it."""
    found: dict[str, frozenset[str]] = {}
    for line in section.splitlines():
        if said := _PATHS.fullmatch(line.strip()):
            entry = f"{said['entry']}{said['origin'] or ' any'}"
            found[said["name"]] = found.get(said["name"], frozenset()) | {entry}
    for name, lines in _maps(route_maps).items():
        if name in found or any(line.endswith(f" match as-path {name}") for line in lines):
            found[name] = found.get(name, frozenset()) | lines
    return found


def _maps(section: str) -> Mapping[str, frozenset[str]]:
    """What each route map says, a line for each of its lines, with the clause that it is in before it."""
    found: dict[str, frozenset[str]] = {}
    name = clause = ""
    for line in section.splitlines():
        text = line.strip()
        if opened := _MAP.fullmatch(line.rstrip()):
            name, clause = opened["name"], f"route-map{opened['clause'] or ''}"
            found[name] = found.get(name, frozenset()) | {clause}
        elif not line.startswith(" "):
            name = ""
        elif name and text != "!":
            # A clause that says nothing takes everything, so one that says something is told by what it says.
            found[name] = (found[name] - {clause}) | {f"{clause} {text}"}
    return found


def addresses(bgp: EosInstance) -> Iterator[Address]:
    """Neighbours that are configured one by one."""
    said = (_NEIGHBOUR.fullmatch(line) for line in bgp.lines.get("", ()))
    for who in dict.fromkeys(found["who"] for found in said if found):
        try:
            yield ip_address(who)
        except ValueError:
            continue


def lines(bgp: EosInstance, address: Address, route_maps: str) -> tuple[Line, ...]:
    """What keeps a neighbour down or filters its routes, also where its group says it."""
    listens = bgp.listens(address)
    owners: Sequence[str] = (listens.group,) if listens else (str(address), bgp.group(str(address)))
    found = (
        line
        for who in owners
        if who
        for text in bgp.said(who, f"ipv{address.version}")
        for line in _line(f"neighbor {who} {text}", route_maps)
    )
    return (*((Line(listens.line, Effect.REFUSES, listens.group),) if listens else ()), *found)


def _line(text: str, route_maps: str) -> Iterator[Line]:
    _, _, kind, name, way, *_ = [*text.split(), "", "", ""]
    match kind:
        case "shutdown":
            yield Line(text, Effect.SHUTS)
        case "prefix-list":
            yield Line(text, Effect.REPLACED, name)
        case "ebgp-multihop":
            yield Line(text, Effect.MULTIHOP)
        case "route-map" if way == "in":
            yield Line(text, Effect.REPLACED, name)
        case "route-map":
            permits = re.search(rf"^route-map {re.escape(name)} permit ", route_maps, re.MULTILINE)
            yield Line(text, Effect.FILTERS if permits else Effect.DROPS, name)
