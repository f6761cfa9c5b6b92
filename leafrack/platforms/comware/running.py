"""What Comware's running configuration says: instances, neighbours, lists, and what is in the way of leafrack's lines.

Facts of the platform that shape this file:

* what is said inside a view is indented by one space more, and a view of BGP's ends with ``#`` at its own indent;
* ``peer ADDRESS LENGTH …`` is a subnet from which neighbours come by themselves (5710, ``peer password``); of such a
  neighbour nothing can be said alone;
* a route policy, an AS path list and an ACL apply beside a prefix list; a direction has one of each;
* what a group says holds for its members.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from leafrack.addresses import Address, Network
from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.comware.settings import FAMILIES
from leafrack.platforms.state import Effect, Line

_INSTANCE = re.compile(r"bgp (?P<number>[\d.]+)(?: instance (?P<name>\S+))?")
_PEER = re.compile(r"peer (?P<who>\S+(?: \d+)?) (?P<what>.+)")
_LIST = re.compile(r" ?ip(?:v6)? prefix-list (?P<name>\S+) index (?P<index>\d+) (?P<entry>.+)")
_SHORT = {"ipv4": "ipv4 unicast", "ipv6": "ipv6 unicast"}
DEFAULT_INSTANCE = ("", "default")
"""Names of the instance that leafrack works in: releases with several call it ``default``."""


class BgpLine(NamedTuple):
    """A line of BGP's: the VPN instance and address family that it is in, without its indent."""

    place: str
    family: str
    text: str


class Bgp(NamedTuple):
    """BGP as the running configuration has it."""

    as_number: int | None
    """AS of the default instance; ``None`` without one."""
    said: tuple[BgpLine, ...]
    """Lines of the default instance in the default VRF."""
    elsewhere: tuple[str, ...]
    """Other instances, and VPN instances of the default one."""


def bgp(lines: Sequence[str]) -> Bgp:
    """BGP of ``display current-configuration configuration bgp``."""
    number: int | None = None
    said: list[BgpLine] = []
    elsewhere: list[str] = []
    inside = False
    for line in lines:
        if line and not line.startswith((" ", "#")):
            instance = _INSTANCE.fullmatch(line.strip())
            inside = instance is not None and (instance["name"] or "") in DEFAULT_INSTANCE
            if instance is not None and inside:
                number = number_or_none(instance["number"])
                said += _views(_block(lines, line))
            elif instance is not None:
                elsewhere.append(str(instance["name"]))
    elsewhere += dict.fromkeys(one.place for one in said if one.place)
    return Bgp(number, tuple(one for one in said if not one.place), tuple(elsewhere))


def _block(lines: Sequence[str], head: str) -> Iterator[str]:
    """Lines below a head, with the ``#`` of inner views."""
    for line in lines[lines.index(head) + 1 :]:
        if not line.startswith(" "):
            return
        yield line


def _views(block: Iterator[str]) -> Iterator[BgpLine]:
    place = family = ""
    for line in block:
        text, depth = line.strip(), len(line) - len(line.lstrip(" "))
        if depth == 1:
            place = family = ""
        elif depth == 2 and place:
            family = ""
        if entered := re.fullmatch(r"ip vpn-instance (\S+)", text):
            place = entered[1]
        elif entered := re.fullmatch(r"address-family (.+)", text):
            family = _SHORT.get(entered[1], entered[1])
        elif text != "#":
            yield BgpLine(place, family, text)


def peers(said: Sequence[BgpLine]) -> Mapping[str, tuple[BgpLine, ...]]:
    """What is said of each neighbour, group or subnet, by its address, name or ``ADDRESS LENGTH``."""
    found: dict[str, tuple[BgpLine, ...]] = {}
    for one in said:
        if one.family in ("", *FAMILIES) and (line := _PEER.fullmatch(one.text)):
            who = _plain(line["who"])
            found[who] = (*found.get(who, ()), one._replace(text=line["what"]))
    return found


def _plain(who: str) -> str:
    """Addresses are shown in capitals (``2001:DB8::1``)."""
    address = address_of(who)
    return who if address is None else str(address)


def address_of(text: str) -> Address | None:
    """Address of a neighbour; ``None`` for a group and a subnet."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def has_graceful_restart(said: Sequence[BgpLine]) -> bool:
    """Whether the instance keeps routes over a restart; by itself it does not (5710, ``graceful-restart``)."""
    return any(not one.family and one.text == "graceful-restart" for one in said)


def listed(lines: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
    """Entries of each prefix list by its name, with their indexes: where all permit, order is nothing."""
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        if said := _LIST.fullmatch(line.rstrip()):
            # Addresses are shown in capitals.
            found.setdefault(said["name"], {})[said["entry"].lower()] = int(said["index"])
    return found


def lines(
    who: Address, said: Mapping[str, tuple[BgpLine, ...]], paths: Mapping[str, str], *, dynamic: bool
) -> Iterator[Line]:
    """Lines that keep a neighbour down, filter its routes, or leave no place for leafrack's.

    ``paths`` are names of path lists by their number.
    """
    own = said.get(str(who), ())
    if dynamic:
        subnet = next((one for one in said if _holds(one, who)), "")
        yield Line(f"peer {subnet or who} as-number", Effect.REFUSES)
    group = next((one.text.split()[1] for one in own if one.text.startswith("group ")), "")
    given = said.get(group, ())
    if any(one.text.startswith("as-number ") for one in given):
        yield Line(f"peer {who} group {group}", Effect.REFUSES)
    for name, one in (*((str(who), each) for each in own), *((group, each) for each in given)):
        yield from _line(f"peer {name} {one.text}", paths)


def _holds(subnet: str, who: Address) -> bool:
    network = network_of(subnet)
    return network is not None and who in network


def network_of(who: str) -> Network | None:
    """Subnet from which neighbours come; ``None`` for one neighbour and for a group."""
    address, _, length = who.partition(" ")
    try:
        return ip_network(f"{address}/{length}", strict=False) if length else None
    except ValueError:
        return None


def _line(text: str, paths: Mapping[str, str]) -> Iterator[Line]:
    _, _, kind, name, way, *_ = [*text.split(), "", "", ""]
    match kind:
        case "ignore":
            yield Line(text, Effect.SHUTS)
        case "prefix-list":
            yield Line(text, Effect.REPLACED, name)
        case "as-path-acl" if way == "import":
            yield Line(text, Effect.REPLACED, paths.get(name, name))
        case "route-policy" | "as-path-acl" | "filter-policy":
            yield Line(text, Effect.FILTERS, name)
