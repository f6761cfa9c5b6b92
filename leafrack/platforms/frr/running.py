"""What FRR's running configuration says of neighbours besides leafrack's own lines, as tried on 8.4.

Facts of the platform that shape this file:

* a neighbour has one prefix list a direction, and a distribute list excludes it (``% Prefix/distribute list can not
  co-exist``); route maps and filter lists apply beside it;
* a list or map that does not exist permits nothing, as one does that has no ``permit``;
* a member of a group whose AS is the group's refuses one of its own (``% Peer-group member cannot override remote-as
  of peer-group``), a neighbour that a listen range made refuses everything (``% Operation not allowed on a dynamic
  neighbor``);
* what a group says holds for its members.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leafrack.platforms.base import Effect, Line

_FAMILIES = ("", "ipv4 unicast", "ipv6 unicast")
_DEFINITIONS = {
    "filter-list": r"bgp as-path access-list {name} (?:seq \d+ )?permit ",
    "route-map": r"route-map {name} permit ",
}
"""What makes those that stay beside leafrack's lists permit something."""


def lines(running: str, peers: Mapping[str, Mapping[str, Any]]) -> Mapping[str, tuple[Line, ...]]:
    """Lines by the neighbour's address; ``peers`` is FRR's JSON of the neighbours by address."""
    said = _of_neighbours(running)
    found: dict[str, tuple[Line, ...]] = {}
    for address, peer in peers.items():
        whole = [*said.get(address, ()), *said.get(peer.get("peerGroup", ""), ())]
        found[address] = (*_refusing(address, peer, said), *(line for text in whole for line in _line(text, running)))
    return found


def _of_neighbours(running: str) -> Mapping[str, tuple[str, ...]]:
    """Lines of the default BGP instance by neighbour or group."""
    found: dict[str, tuple[str, ...]] = {}
    inside, family = False, ""
    for line in running.splitlines():
        if not line.startswith(" "):
            inside, family = bool(re.fullmatch(r"router bgp \d+", line)), ""
        elif inside and (entered := re.fullmatch(r" address-family (.+)", line)):
            family = entered[1]
        elif inside and line == " exit-address-family":
            family = ""
        elif inside and family in _FAMILIES and (words := line.split())[0] == "neighbor":
            found[words[1]] = (*found.get(words[1], ()), line.strip())
    return found


def _refusing(address: str, peer: Mapping[str, Any], said: Mapping[str, tuple[str, ...]]) -> Iterator[Line]:
    group = peer.get("peerGroup", "")
    if peer.get("peerSubnetRangeGroup"):
        yield Line(f"bgp listen range {peer['peerSubnetRangeGroup']} peer-group {group}", Effect.REFUSES)
    elif group and any(text.startswith(f"neighbor {group} remote-as ") for text in said.get(group, ())):
        yield Line(f"neighbor {address} peer-group {group}", Effect.REFUSES)


def _line(text: str, running: str) -> Iterator[Line]:
    _, _, kind, name, *_ = [*text.split(), "", ""]
    match kind:
        case "shutdown":
            yield Line(text, Effect.SHUTS)
        case "prefix-list":
            yield Line(text, Effect.REPLACED, name)
        case "ebgp-multihop":
            yield Line(text, Effect.MULTIHOP)
        case "distribute-list":
            yield Line(text, Effect.REFUSES, name)
        case "filter-list" | "route-map":
            permits = re.search(rf"^{_DEFINITIONS[kind].format(name=re.escape(name))}", running, re.MULTILINE)
            yield Line(text, Effect.FILTERS if permits else Effect.DROPS, name)


_SAID_ELSEWHERE = ("remote-as", "description", "activate")


def settings(configured: Sequence[str]) -> tuple[str, ...]:
    """Of a neighbour's lines (``differences.configured``) what its state does not tell; a password as the word."""
    # FRR shows passwords in its running configuration.
    shown = ("password" if line.startswith("password ") else line for line in configured)
    return tuple(line for line in shown if not line.startswith(_SAID_ELSEWHERE))
