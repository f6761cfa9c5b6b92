"""What FRR's running configuration says: instances, neighbours, lists, and what is in the way of leafrack's lines.

Facts of the platform that shape this file, as tried on 8.4:

* a neighbour has one prefix list and one filter list (of AS paths) a direction, and a distribute list excludes the
  former (``% Prefix/distribute list can not co-exist``); route maps apply beside both;
* a list or map that does not exist permits nothing, as one does that has no ``permit``;
* a member of a group whose AS is the group's refuses one of its own (``% Peer-group member cannot override remote-as
  of peer-group``), a neighbour that a listen range made refuses everything (``% Operation not allowed on a dynamic
  neighbor``);
* what a group says holds for its members;
* IPv4 of a group is exchanged unless something says otherwise, IPv6 only where something says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, NamedTuple

from leafrack.addresses import Network
from leafrack.platforms.as_numbers import as_number
from leafrack.platforms.state import Effect, Line

_INSTANCE = re.compile(r"router bgp (?P<number>[\d.]+)(?: (?:vrf|view) (?P<place>\S+))?(?: as-notation \S+)?")
_LINE = re.compile(r" +neighbor (?P<who>\S+) (?P<what>.+)")
_FAMILIES = ("", "ipv4 unicast", "ipv6 unicast")
_DEFINITIONS = {
    "filter-list": r"bgp as-path access-list {name} (?:seq \d+ )?permit ",
    "route-map": r"route-map {name} permit ",
}
"""What makes those that stay beside leafrack's lists permit something."""


@dataclass(frozen=True)
class Instance:
    """Where ``router bgp`` runs: its AS and the VRF or view it is for, none for the default one."""

    as_number: int
    place: str = ""


def instances(running: str) -> tuple[Instance, ...]:
    """All BGP instances of a switch."""
    return tuple(found for line in running.splitlines() if (found := _instance(line)) is not None)


def _instance(line: str) -> Instance | None:
    said = _INSTANCE.fullmatch(line)
    try:
        return None if said is None else Instance(as_number(said["number"]), said["place"] or "")
    except ValueError:
        return None


class Said(NamedTuple):
    """A line of a neighbour or group, without ``neighbor ADDRESS`` before it, and the address family that it is in."""

    family: str
    text: str


def configured(running: str) -> Mapping[str, tuple[Said, ...]]:
    """What the default instance says of each neighbour or group, families that leafrack has no part in left out."""
    found: dict[str, tuple[Said, ...]] = {}
    family = ""
    for line in _default_instance(running):
        if entered := re.fullmatch(r" address-family (.+)", line):
            family = entered[1]
        elif line == " exit-address-family":
            family = ""
        elif family in _FAMILIES and (said := _LINE.fullmatch(line)):
            found[said["who"]] = (*found.get(said["who"], ()), Said(family, said["what"].strip()))
    return found


def router_id(running: str) -> str:
    """Where it is configured."""
    said = (re.fullmatch(r" bgp router-id (\S+)", line) for line in _default_instance(running))
    return next((found[1] for found in said if found), "")


DEFAULT_LIMIT = 100
"""Neighbours that an instance takes by its ranges, where nothing says how many (bgpd/bgpd.h)."""


class Range(NamedTuple):
    """A range in which the default instance takes neighbours, and the group that they become members of."""

    prefix: Network
    group: str


def ranges(running: str) -> tuple[Range, ...]:
    """All ranges of the default instance."""
    said = (re.fullmatch(r" bgp listen range (\S+) peer-group (\S+)", line) for line in _default_instance(running))
    return tuple(Range(ip_network(found[1]), found[2]) for found in said if found)


def listen_limit(running: str) -> int:
    """Neighbours that it takes by all of them."""
    said = (re.fullmatch(r" bgp listen limit (\d+)", line) for line in _default_instance(running))
    return next((int(found[1]) for found in said if found), DEFAULT_LIMIT)


def activated(running: str, group: str, version: int) -> bool:
    """Whether routes of a family are exchanged with the members of a group."""
    inside, on = "", version == 4
    for line in _default_instance(running):
        if entered := re.fullmatch(r" address-family (.+)", line):
            inside = entered[1]
        elif line.strip() == f"no bgp default ipv{version}-unicast":
            on = False
        elif line.strip() == f"bgp default ipv{version}-unicast":
            on = True
        elif inside == f"ipv{version} unicast" and line.strip() in (
            f"neighbor {group} activate",
            f"no neighbor {group} activate",
        ):
            return not line.strip().startswith("no ")
    return on


def _default_instance(running: str) -> Iterator[str]:
    inside = False
    for line in running.splitlines():
        if line and not line.startswith((" ", "!")):
            inside = (instance := _instance(line)) is not None and not instance.place
        elif inside:
            yield line


def listed(running: str) -> Mapping[str, frozenset[str]]:
    """Entries of each prefix list by its name, without numbers: where all permit, order is nothing."""
    found: dict[str, frozenset[str]] = {}
    for name, entry in re.findall(r"^ip(?:v6)? prefix-list (\S+) (?:seq \d+ )?(.+)$", running, re.MULTILINE):
        found[name] = found.get(name, frozenset()) | {entry.strip()}
    return found


def listed_paths(running: str) -> Mapping[str, frozenset[str]]:
    """Entries of each path list by its name, without numbers; FRR before 7.3 has none."""
    found: dict[str, frozenset[str]] = {}
    said = re.findall(r"^bgp as-path access-list (\S+) (?:seq \d+ )?((?:permit|deny) .+)$", running, re.MULTILINE)
    for name, entry in said:
        found[name] = found.get(name, frozenset()) | {entry.strip()}
    return found


def lines(
    running: str, said: Mapping[str, tuple[Said, ...]], peers: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, tuple[Line, ...]]:
    """Lines by the neighbour's address; ``said`` is what is configured, ``peers`` FRR's JSON of the neighbours."""
    found: dict[str, tuple[Line, ...]] = {}
    for address, peer in peers.items():
        whole = [
            f"neighbor {who} {one.text}" for who in (address, peer.get("peerGroup", "")) for one in said.get(who, ())
        ]
        found[address] = (*_refusing(address, peer, said), *(line for text in whole for line in _line(text, running)))
    return found


def _refusing(address: str, peer: Mapping[str, Any], said: Mapping[str, tuple[Said, ...]]) -> Iterator[Line]:
    group = peer.get("peerGroup", "")
    if peer.get("peerSubnetRangeGroup"):
        yield Line(f"bgp listen range {peer['peerSubnetRangeGroup']} peer-group {group}", Effect.REFUSES)
    elif group and any(one.text.startswith("remote-as ") for one in said.get(group, ())):
        yield Line(f"neighbor {address} peer-group {group}", Effect.REFUSES)


def _line(text: str, running: str) -> Iterator[Line]:
    _, _, kind, name, way, *_ = [*text.split(), "", "", ""]
    match kind:
        case "shutdown":
            yield Line(text, Effect.SHUTS)
        case "prefix-list":
            yield Line(text, Effect.REPLACED, name)
        case "ebgp-multihop":
            yield Line(text, Effect.MULTIHOP)
        case "distribute-list":
            yield Line(text, Effect.REFUSES, name)
        case "filter-list" if way == "in":
            yield Line(text, Effect.REPLACED, name)
        case "filter-list" | "route-map":
            permits = re.search(rf"^{_DEFINITIONS[kind].format(name=re.escape(name))}", running, re.MULTILINE)
            yield Line(text, Effect.FILTERS if permits else Effect.DROPS, name)
