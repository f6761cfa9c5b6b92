"""What NX-OS takes as configuration and what that means, as far as a leaf needs it.

From Cisco's Nexus 9000 Series NX-OS Command Reference (Configuration Commands) and Unicast Routing Configuration Guide,
9.3(x), the patterns of Ansible's collection ``cisco.nxos`` (``rm_templates``), and running configurations that people
have published; never run on a switch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from lab.fakes.model import Entry, PathEntry, Peer, Range, Understood
from lab.fakes.tree import Grammar, Place, Rule

_AS = r"\d+(?:\.\d+)?"
_NAME = r"[\w.:-]+"
_ANY = 1000
"""Neighbours of a range that has no number."""
_BOUNDS = r"(?: eq \d+| ge \d+(?: le \d+)?| le \d+)?"
_ENTRY = rf" (?:permit|deny) [\da-fA-F.:]+/\d+{_BOUNDS}"
_PATH = r' (?:permit|deny) "[^"]{1,63}"'
"""The expression is quoted, or a bar in it would be a pipe of the command line."""
_KEY = bytes(range(24))
"""The switches' own is not public; what is shown is as long and as constant as theirs."""


def _shown_password(said: re.Match[str]) -> str:
    kind, text = said["kind"] or "0 ", said["text"]
    return f"password {kind}{text}" if kind in ("3 ", "7 ") else f"password 3 {encrypted(text)}"


_SESSION = (
    Rule("description", " .{1,80}"),
    Rule("password", r" (?P<kind>[037] )?(?P<text>\S+)", shown=_shown_password),
    Rule("shutdown"),
    Rule("timers", r" \d+ \d+"),
    Rule("ttl-security hops", r" \d+"),
    Rule("ebgp-multihop", r" \d+"),
    Rule("remove-private-as", "(?: all| replace-as)?"),
    Rule("(?:bfd|disable-connected-check|dont-capability-negotiate|log-neighbor-changes|low-memory exempt)"),
    Rule("(?:update-source|local-as|dscp|transport connection-mode|capability suppress|affinity-group)", " .+"),
    Rule("(?:inherit peer-session|inherit peer)", rf" {_NAME}"),
    Rule("address-family (?:ipv4|ipv6) (?:unicast|multicast)", enters="family"),
)
_BGP = (
    Rule("router-id", r" [\d.]+"),
    Rule("(?:bestpath as-path multipath-relax|log-neighbor-changes|enforce-first-as|isolate)"),
    Rule("graceful-restart", of_itself=True),
    Rule("(?:timers bgp|cluster-id|reconnect-interval)", " .+"),
    Rule("template (?:peer-session|peer) (?P<name>\\S+)", enters="neighbour"),
    Rule("template peer-policy (?P<name>\\S+)", enters="family"),
    Rule(r"address-family (?:ipv4|ipv6) (?:unicast|multicast)", enters="instance family"),
    Rule(r"neighbor [\da-fA-F.:]+/\d+", enters="range"),
    Rule(r"neighbor [\da-fA-F.:]+", enters="neighbour"),
)
GRAMMAR = Grammar(
    {
        "": (
            Rule("(?:hostname|version|ip domain-lookup)", "(?: .+)?"),
            Rule(r"feature \S+"),
            Rule(rf"ip(?:v6)? prefix-list {_NAME} seq \d+", _ENTRY),
            Rule(rf"ip(?:v6)? prefix-list {_NAME} description", " .+"),
            Rule(rf"ip(?:v6)? prefix-list {_NAME}", removal=True),
            Rule(rf"ip as-path access-list {_NAME} seq \d+", _PATH),
            Rule(rf"route-map {_NAME} (?:permit|deny) \d+", enters="any"),
            Rule(r"(?:interface|vrf context|line) .+", enters="any"),
            Rule("router bgp", f" {_AS}", enters="bgp"),
        ),
        "any": (Rule(".+"),),
        "bgp": (*_BGP, Rule(r"vrf \S+", enters="vrf")),
        "vrf": _BGP,
        "instance family": (
            # A route map is obligatory here ("Configuring Advanced BGP", redistribution).
            Rule("redistribute direct", f" route-map {_NAME}"),
            Rule("maximum-paths", r"(?: ibgp)? \d+"),
            Rule(r"(?:network|aggregate-address) \S+", "(?: .+)?"),
        ),
        "neighbour": (Rule("remote-as", f" {_AS}"), *_SESSION),
        "range": (
            Rule("remote-as", f" (?:{_AS}|external|route-map {_NAME})"),
            Rule("maximum-peers", r" \d+"),
            *_SESSION,
        ),
        "family": (
            *(
                Rule(rf"{kind} {_NAME} (?P<way>in|out)", key=f"{kind} {{way}}")
                for kind in ("prefix-list", "route-map", "filter-list")
            ),
            Rule("maximum-prefix", r" \d+(?: \d+)?(?: restart \d+| warning-only)?"),
            Rule("(?:as-override|disable-peer-as-check|suppress-inactive|route-reflector-client)"),
            Rule("send-community(?: extended)?"),
            Rule("next-hop-third-party", of_itself=True),
            Rule("(?:soft-reconfiguration inbound|next-hop-self|default-originate|allowas-in|weight)", "(?: .+)?"),
            Rule(rf"inherit peer-policy {_NAME}", r" \d+"),
        ),
    }
)


def _cipher() -> Cipher[modes.ECB]:
    return Cipher(TripleDES(_KEY), modes.ECB())  # noqa: S305 - what a box does


def encrypted(text: str) -> str:
    """A password as the switch shows it after ``password 3``."""
    data = text.encode()
    turn = _cipher().encryptor()
    return (turn.update(data + bytes(-len(data) % 8)) + turn.finalize()).hex()


def decrypted(shown: str) -> str:
    """The password behind it; raises ValueError where it is no such text."""
    turn = _cipher().decryptor()
    return (turn.update(bytes.fromhex(shown)) + turn.finalize()).rstrip(b"\0").decode()


def number(text: str) -> int:
    """AS number of asplain or asdot."""
    high, _, low = text.rpartition(".")
    return int(high or 0) * 2**16 + int(low)


def understood(top: Place) -> Understood:
    """What the default VRF runs."""
    lists: dict[tuple[int, str], list[Entry]] = {}
    for place in top.inside.values():
        if said := re.fullmatch(rf"(ipv?6?) prefix-list (\S+) seq (\d+)({_ENTRY})", place.text):
            lists.setdefault((6 if said[1] == "ipv6" else 4, said[2]), []).append(_entry(int(said[3]), said[4].split()))
    given = {key: tuple(sorted(entries, key=lambda entry: entry.number)) for key, entries in lists.items()}
    paths = _paths(top)
    bgp = top.inside.get("router bgp")
    if bgp is None:
        return Understood(lists=given, paths=paths)
    families = {version: bgp.inside.get(f"address-family ipv{version} unicast") for version in (4, 6)}
    ways = (place.inside.get("maximum-paths") for place in families.values() if place)
    return Understood(
        as_number=number(bgp.text.split()[-1]),
        router_id=bgp.inside["router-id"].text.split()[1] if "router-id" in bgp.inside else "",
        peers=dict(_peers(bgp)),
        lists=given,
        paths=paths,
        ranges=tuple(_ranges(bgp)),
        most=_most(bgp),
        redistributes=frozenset(
            version for version, place in families.items() if place and "redistribute direct" in place.inside
        ),
        maximum_paths=max((int(one.text.split()[-1]) for one in ways if one), default=1),
    )


def _entry(seq: int, words: Sequence[str]) -> Entry:
    does, prefix, *more = words
    bounds = dict(zip(more[::2], map(int, more[1::2]), strict=True))
    exact = bounds.get("eq", 0)
    low, high = bounds.get("ge", exact), bounds.get("le", exact)
    return Entry(seq, does == "permit", str(ip_network(prefix, strict=False)), low, high)


def _paths(top: Place) -> Mapping[str, tuple[PathEntry, ...]]:
    found: dict[str, list[tuple[int, PathEntry]]] = {}
    for place in top.inside.values():
        if said := re.fullmatch(r'ip as-path access-list (\S+) seq (\d+) (permit|deny) "(.+)"', place.text):
            found.setdefault(said[1], []).append((int(said[2]), PathEntry(said[3] == "permit", said[4])))
    return {name: tuple(one for _, one in sorted(each, key=lambda one: one[0])) for name, each in found.items()}


def _peers(bgp: Place) -> Iterator[tuple[str, Peer]]:
    for key, place in bgp.inside.items():
        who = key.removeprefix("neighbor ")
        if who != key and "/" not in who:
            yield str(ip_address(who)), _peer(place, bgp, ip_address(who).version)


def _ranges(bgp: Place) -> Iterator[Range]:
    for who, place in _prefixes(bgp):
        if "remote-as" in place.inside:
            yield Range(who, who, _peer(place, bgp, ip_network(who).version))


def _prefixes(bgp: Place) -> Iterator[tuple[str, Place]]:
    for key, place in bgp.inside.items():
        who = key.removeprefix("neighbor ")
        if who != key and "/" in who:
            yield str(ip_network(who, strict=False)), place


def _most(bgp: Place) -> int | None:
    """Each range has a number of its own, and any where it says none; FRR has one for all."""
    told = [place.inside.get("maximum-peers") for _, place in _prefixes(bgp)]
    return sum(int(one.text.split()[1]) if one else _ANY for one in told) if told else None


def _peer(place: Place, bgp: Place, version: int) -> Peer:
    family = f"address-family ipv{version} unicast"
    template = next((bgp.inside.get(f"template {one.text.removeprefix('inherit ')}") for one in _inherits(place)), None)
    found: dict[str, Any] = {}
    override: set[str] = set()
    for one in filter(None, (template, place)):
        within = one.inside.get(family)
        if within is not None:
            found["families"] = frozenset({version})
        for line in (*one.inside.values(), *(within.inside.values() if within else ())):
            found |= _setting(line.text)
            override |= {line.text} & {"as-override", "disable-peer-as-check"}
    # The peer's AS in a path keeps a route back unless nobody looks.
    found["as_override"] = len(override) == 2
    # No session without a family.
    found["shutdown"] = found.get("shutdown", False) or "families" not in found
    return Peer(**found)


def _inherits(place: Place) -> Iterator[Place]:
    yield from (one for key, one in place.inside.items() if key == "inherit peer")


def _setting(line: str) -> Mapping[str, Any]:  # noqa: PLR0911, C901 - a line each
    """Fields of the model that a line sets."""
    match line.split():
        case ["remote-as", "external" | "route-map", *_]:
            # A map has a list of AS numbers; which, is not played.
            return {"as_number": "external"}
        case ["remote-as", text]:
            return {"as_number": number(text)}
        case ["description", *_]:
            return {"description": line.partition(" ")[2]}
        case ["password", "3", text]:
            return {"password": decrypted(text)}
        case ["password", "7", text]:
            return {"password": _type7(text)}
        case ["shutdown"]:
            return {"shutdown": True}
        case ["timers", keepalive, hold]:
            return {"timers": (int(keepalive), int(hold))}
        case ["ttl-security", "hops", hops]:
            return {"ttl_hops": int(hops)}
        case ["maximum-prefix", routes, *more] if "warning-only" not in more:
            return {"limit": int(routes), "retry": int(more[-1]) * 60 if "restart" in more else None}
        case ["remove-private-as", *more]:
            return {"private_as": (bool(more), more == ["replace-as"])}
        case ["prefix-list", name, way]:
            return {f"list_{way}": name}
        case ["filter-list", name, "in"]:
            return {"paths_in": name}
    return {}


def _type7(shown: str) -> str:
    """Cisco's type 7, which is public: an XOR with a key that everybody has."""
    key = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
    start, data = int(shown[:2]), bytes.fromhex(shown[2:])
    return bytes(byte ^ key[(start + place) % len(key)] for place, byte in enumerate(data)).decode()
