"""What EOS takes as configuration and what that means, as far as a leaf needs it.

From Arista's EOS User Manual (chapters BGP, prefix lists), the patterns of Ansible's collection ``arista.eos``
(``rm_templates``), and running configurations that people have published; never run on a switch.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from lab.fakes.model import Entry, PathEntry, Peer, Range, Understood
from lab.fakes.tree import Grammar, Place, Rule

_WHO = r"neighbor (?P<who>[\w.:-]+)"
_AS = r"\d+(?:\.\d+)?"
_BOUNDS = r"(?: eq \d+| ge \d+(?: le \d+)?| le \d+)?"


def _shown_password(said: re.Match[str]) -> str:
    who, text = said["who"], said["text"]
    clear = decrypted(text, who) if said["kind"] == "7 " else text
    return f"neighbor {who} password 7 {encrypted(clear, who)}"


_FILTERS = tuple(
    Rule(rf"{_WHO} {kind} \S+ (?P<way>in|out)", key=f"neighbor {{who}} {kind} {{way}}")
    for kind in ("prefix-list", "route-map")
)
_EVERYTHING_OF = Rule(_WHO, removal=True)
_NEIGHBOUR = (
    Rule(
        rf"{_WHO} peer[ -]group",
        r"(?: (?P<group>[\w.:-]+))?",
        shown=lambda said: " ".join(filter(None, ("neighbor", said["who"], "peer group", said["group"]))),
        key="neighbor {who} peer group",
    ),
    Rule(f"{_WHO} remote-as", f" {_AS}"),
    Rule(f"{_WHO} description", " .+"),
    Rule(f"{_WHO} password", r" (?P<kind>[07] )?(?P<text>\S+)", shown=_shown_password),
    Rule(f"{_WHO} shutdown", "(?: reason .+)?"),
    Rule(f"{_WHO} timers", r" \d+ \d+"),
    Rule(f"{_WHO} ttl maximum-hops", r" \d+"),
    Rule(f"{_WHO} ebgp-multihop", r"(?: \d+)?"),
    Rule(f"{_WHO} graceful-restart", of_itself=True),
    Rule(f"{_WHO} idle-restart-timer", r" \d+"),
    Rule(f"{_WHO} maximum-routes", r" \d+(?: warning-limit \d+(?: percent)?)?(?: warning-only)?"),
    Rule(f"{_WHO} as-path remote-as replace out"),
    Rule(f"{_WHO} remove-private-as", "(?: all(?: replace-as)?)?"),
    Rule(f"{_WHO} (?:bfd|next-hop-self|route-reflector-client|passive)"),
    Rule(f"{_WHO} (?:send-community|update-source|weight|allowas-in)", ".*"),
    *_FILTERS,
    _EVERYTHING_OF,
)
_BGP = (
    Rule("router-id", r" [\d.]+"),
    Rule("maximum-paths", r" \d+(?: ecmp \d+)?"),
    Rule("bgp default ipv4-unicast", of_itself=True),
    Rule(r"bgp listen range \S+", rf" peer-group [\w.:-]+ (?:remote-as {_AS}|peer-filter \S+)"),
    Rule("graceful-restart(?: restart-time| stalepath-time)?", r"(?: \d+)?"),
    Rule("distance bgp", r"(?: \d+){1,3}"),
    Rule("redistribute connected", "(?: route-map .+)?"),
    *_NEIGHBOUR,
    Rule(r"address-family \w+", enters="family"),
)
_ENTRY = Rule(r"seq \d+", rf" (?:permit|deny) [\da-fA-F.:]+/\d+{_BOUNDS}")
GRAMMAR = Grammar(
    {
        "": (
            Rule("hostname", r" \S+"),
            Rule("ip routing"),
            Rule("ipv6 unicast-routing"),
            Rule("service routing protocols model", r" \S+"),
            Rule(r"interface \S+", enters="any"),
            Rule(r"ip as-path regex-mode", " (?:asn|string)"),
            Rule(
                r"ip as-path access-list (?P<name>\S+) (?P<entry>(?:permit|deny) [^\s?]+)",
                "(?: (?P<origin>any|egp|igp|incomplete))?",
                shown=lambda said: f"ip as-path access-list {said['name']} {said['entry']} {said['origin'] or 'any'}",
            ),
            Rule(r"ip as-path access-list \S+", removal=True),
            Rule(r"route-map \S+", removal=True),
            Rule(r"route-map \S+(?: (?:permit|deny) \d+)?", enters="map"),
            Rule(r"peer-filter \S+", enters="any"),
            Rule(r"ip prefix-list [\w.:-]+", enters="list"),
            Rule(r"ipv6 prefix-list [\w.:-]+", enters="list"),
            Rule("router bgp", f" {_AS}", enters="bgp"),
        ),
        "any": (Rule(".+"),),
        "map": (Rule("(?:match|set|continue|description|sub-route-map)(?: .+)?"),),
        "list": (_ENTRY,),
        "bgp": (*_BGP, Rule(r"vrf \S+", enters="vrf")),
        "vrf": _BGP,
        "family": (
            Rule(f"{_WHO} activate", of_itself=True),
            Rule(f"{_WHO} (?:next-hop-self|default-originate)", ".*"),
            Rule("redistribute connected", "(?: route-map .+)?"),
            *_FILTERS,
            _EVERYTHING_OF,
        ),
    }
)

_SEED = bytes.fromhex("d5a8c91ef5d58a23")
_MAGIC = bytes.fromhex("4c88bb")


def _cipher(who: str) -> Cipher[modes.CBC]:
    """DES in CBC mode, with a key of the neighbour's address or the group's name."""
    key = bytearray(_SEED)
    for number, byte in enumerate(f"{who}_passwd".encode()):
        key[number % 8] ^= byte
    return Cipher(TripleDES(bytes(byte & 0x7F for byte in key) * 3), modes.CBC(bytes(8)))


def encrypted(text: str, who: str) -> str:
    """A password as EOS shows it after ``password 7``."""
    data = text.encode()
    spare = -(len(data) + 4) % 8
    turn = _cipher(who).encryptor()
    return b64encode(turn.update(_MAGIC + bytes([16 * spare + 14]) + data + bytes(spare)) + turn.finalize()).decode()


def decrypted(shown: str, who: str) -> str:
    """The password; raises ValueError where it is no such text."""
    turn = _cipher(who).decryptor()
    try:
        data = turn.update(b64decode(shown, validate=True)) + turn.finalize()
    except ValueError:
        data = b""
    if not data.startswith(_MAGIC):
        msg = "% Invalid encrypted password"
        raise ValueError(msg)
    return data[4 : len(data) - data[3] // 16].decode()


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
    said = dict(_said(bgp))
    own = {key: place.text.split() for key, place in bgp.inside.items()}
    addresses = [who for who in said if _is_address(who)]
    maps = _maps(top)
    plain = "no" not in own.get("bgp default ipv4-unicast", [])
    connected = {4, 6} if "redistribute connected" in own else set()
    families = {version: bgp.inside.get(f"address-family ipv{version}") for version in (4, 6)}
    connected |= {version for version, place in families.items() if place and "redistribute connected" in place.inside}
    return Understood(
        as_number=number(bgp.text.split()[-1]),
        router_id=own["router-id"][1] if "router-id" in own else "",
        peers={str(ip_address(who)): _peer(who, said, maps, plain) for who in addresses},
        lists=lists,
        paths=paths,
        ranges=tuple(_ranges(own)),
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


def _ranges(own: Mapping[str, list[str]]) -> Iterator[Range]:
    for key, words in own.items():
        if key.startswith("bgp listen range") and "remote-as" in words:
            yield Range(words[3], words[5], number(words[7]))


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


def _peer(
    who: str,
    said: Mapping[str, _Lines],
    maps: Mapping[str, str],
    plain: bool,  # noqa: FBT001 - IPv4 by itself
) -> Peer:
    own = said[who]
    group = next((line.split()[2] for _, line in own if line.startswith("peer group ")), "")
    version = ip_address(who).version
    found: dict[str, Any] = {"families": frozenset({4} if plain and version == 4 else ())}
    for owner, lines in ((group, said.get(group, [])), (who, own)):
        for family, line in lines:
            found |= _setting(line, family or version, owner, found["families"])
            if filtered := re.fullmatch(r"route-map (\S+) in", line):
                found["paths_in"] = maps.get(filtered[1], "")
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
