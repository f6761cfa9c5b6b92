"""What EOS takes as configuration, as far as a leaf needs it; what that means is in ``eos_meaning``.

From Arista's EOS User Manual (chapters BGP, prefix lists), the patterns of Ansible's collection ``arista.eos``
(``rm_templates``), and running configurations that people have published; never run on a switch.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from lab.fakes.tree import Grammar, Rule

_WHO = r"neighbor (?P<who>[\w.:-]+)"
_AS = r"\d+(?:\.\d+)?"
MOST = "dynamic peer max"
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
    # Of a group, with everything that is said of it.
    Rule(r"neighbor (?P<who>[A-Z][\w.:-]*) peer group", removal=True, key="neighbor {who}"),
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
    Rule(
        r"bgp listen range (?P<prefix>\S+) peer-group [\w.:-]+",
        rf" (?:remote-as {_AS}|peer-filter \S+)",
        key="bgp listen range {prefix}",
    ),
    # The first until 4.22, and taken for the other ever since.
    Rule(r"bgp listen limit", r" (?P<most>\d+)", shown=lambda said: f"dynamic peer max {said['most']}", key=MOST),
    Rule(MOST, r" \d+"),
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
            Rule(r"peer-filter \S+", enters="filter"),
            Rule(r"ip prefix-list [\w.:-]+", enters="list"),
            Rule(r"ipv6 prefix-list [\w.:-]+", enters="list"),
            Rule("router bgp", f" {_AS}", enters="bgp"),
        ),
        "any": (Rule(".+"),),
        "map": (Rule("(?:match|set|continue|description|sub-route-map)(?: .+)?"),),
        "filter": (Rule(r"\d+", r" match as-range \d+(?:-\d+)? result (?:accept|reject)"),),
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
