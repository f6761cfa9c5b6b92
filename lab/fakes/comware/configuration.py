"""What a Comware box keeps, and which lines it takes in which view.

Written from the command references of HPE and H3C for Comware 7, Layer 3 - IP Routing (5710 5200-4991; MSR V7 R0106 and
2000/3000/4000; 6125XLG R2306), and for the shape of what is shown from ``display current-configuration`` of a DISA STIG
and outputs of H3C Cloud Lab. What the references leave open is marked *open* below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from lab.fakes.comware import cipher
from lab.fakes.comware.words import AS, FAMILY, OF_BGP, OF_FAMILY, VIEW, Words

Lines = dict[str, str]
"""Lines of one neighbour in one view, by what they set."""
_ENTRY = re.compile(
    r"(?P<kind>ip|ipv6) prefix-list (?P<name>\S{1,63}) index (?P<index>[1-9]\d{0,4}) (?P<does>permit|deny) "
    r"(?P<address>[0-9A-Fa-f.:]+) (?P<length>\d{1,3})(?: greater-equal (?P<ge>\d+))?(?: less-equal (?P<le>\d+))?"
)


class WrongError(Exception):
    """What a box says to a line that it does not take: a sort of its own, or a sentence."""


UNRECOGNIZED, INCOMPLETE, WRONG, TOO_MANY = (
    "Unrecognized command",
    "Incomplete command",
    "Wrong parameter",
    "Too many parameters",
)
"""Errors at a position of the line (H3C's fundamentals command reference, CLI)."""


@dataclass
class View:
    """A view of BGP's: its own lines, and those of neighbours, groups and subnets."""

    own: Lines = field(default_factory=dict)
    peers: dict[str, Lines] = field(default_factory=dict)


@dataclass
class Bgp:
    """A BGP instance, the default one."""

    as_number: str
    view: View = field(default_factory=View)
    groups: dict[str, str] = field(default_factory=dict)
    families: dict[str, View] = field(default_factory=dict)


@dataclass
class Configuration:
    """What a box runs or has saved."""

    sysname: str = "H3C"
    lists: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    """Entries by index, by kind (``ip``, ``ipv6``) and name."""
    bgp: Bgp | None = None


def enter_system(configuration: Configuration, line: str) -> tuple[str, ...]:
    """A line in system view; the path of the view that it leads to. Raises :class:`WrongError`."""
    undo, bare = line.startswith("undo "), line.removeprefix("undo ")
    if bare.startswith(("ip prefix-list ", "ipv6 prefix-list ")):
        _prefix_list(configuration, bare, undo=undo)
    elif undo and (said := re.fullmatch(rf"bgp(?: {AS})?", bare)):
        configuration.bgp = None
    elif not undo and (said := re.fullmatch(rf"bgp ({AS})", bare)):
        if configuration.bgp is None:
            configuration.bgp = Bgp(said[1])
        elif configuration.bgp.as_number != said[1]:
            # Open: the words.
            raise WrongError(f"BGP already exists in AS {configuration.bgp.as_number}.")
        return ("bgp",)
    elif not undo and (said := re.fullmatch(r"sysname (\S{1,64})", bare)):
        configuration.sysname = said[1]
    else:
        raise WrongError(UNRECOGNIZED)
    return ()


def _prefix_list(configuration: Configuration, line: str, *, undo: bool) -> None:
    if undo:
        _remove_entries(configuration, line)
        return
    said = _ENTRY.fullmatch(line)
    if said is None:
        raise WrongError(WRONG if " index " in line else INCOMPLETE)
    version = 4 if said["kind"] == "ip" else 6
    try:
        network = ip_network(f"{said['address']}/{said['length']}", strict=False)
    except ValueError:
        raise WrongError(WRONG) from None
    bounds = [int(said["length"]), *(int(said[one]) for one in ("ge", "le") if said[one])]
    if network.version != version or int(said["index"]) > 65535 or bounds != sorted(bounds):
        raise WrongError(WRONG)
    longer = "".join(
        f" {word} {said[key]}" for word, key in (("greater-equal", "ge"), ("less-equal", "le")) if said[key]
    )
    text = f"{said['does']} {shown(str(network.network_address))} {network.prefixlen}{longer}"
    entries = configuration.lists.setdefault((said["kind"], said["name"]), {})
    if text in [one for index, one in entries.items() if index != int(said["index"])]:
        # annet, h3c.order: no two entries of a list say the same. Open: the words.
        raise WrongError("The prefix list entry already exists.")
    entries[int(said["index"])] = text


def _remove_entries(configuration: Configuration, line: str) -> None:
    said = re.fullmatch(r"(ip|ipv6) prefix-list (\S+)(?: index (\d+))?(.*)", line)
    # annet, pull request 613: an entry goes by its index, and more words are refused.
    if said is None or said[4]:
        raise WrongError(TOO_MANY)
    entries = configuration.lists.get((said[1], said[2]), {})
    if said[3]:
        entries.pop(int(said[3]), None)
    if not said[3] or not entries:
        configuration.lists.pop((said[1], said[2]), None)


def enter_bgp(bgp: Bgp, line: str) -> tuple[str, ...]:
    """A line in BGP view, as :func:`enter_system`."""
    if said := re.fullmatch(r"address-family (ipv4|ipv6)(?: unicast)?", line):
        family = f"{said[1]} unicast"
        bgp.families.setdefault(family, View())
        return ("bgp", family)
    if said := re.fullmatch(r"undo address-family (ipv4|ipv6)(?: unicast)?", line):
        bgp.families.pop(f"{said[1]} unicast", None)
    elif said := re.fullmatch(r"group (\S{1,47}) (external|internal)", line):
        bgp.groups[said[1]] = said[2]
        bgp.view.peers.setdefault(said[1], {})
    elif said := re.fullmatch(r"undo group (\S+)", line):
        bgp.groups.pop(said[1], None)
        _forget(bgp, said[1])
    elif not _own(bgp.view, OF_BGP, line):
        _peer(bgp, bgp.view, VIEW, line)
    return ("bgp",)


def enter_family(bgp: Bgp, family: str, line: str) -> tuple[str, ...]:
    """A line in the view of an address family, as :func:`enter_system`."""
    if not _own(bgp.families[family], OF_FAMILY, line):
        _peer(bgp, bgp.families[family], FAMILY, line)
    return ("bgp", family)


def _own(view: View, rules: dict[str, str], line: str) -> bool:
    bare = line.removeprefix("undo ")
    for key, pattern in rules.items():
        if bare == line and re.fullmatch(pattern, line):
            view.own[key] = line
            return True
        if bare != line and bare.startswith(key):
            view.own.pop(key, None)
            return True
    return False


def _peer(bgp: Bgp, view: View, rules: tuple[Words, ...], line: str) -> None:
    said = re.fullmatch(r"(undo )?peer (\S+(?: \d{1,3}(?= ))?)(?: (.+))?", line)
    if said is None:
        raise WrongError(INCOMPLETE if line in ("peer", "undo peer") else UNRECOGNIZED)
    undo, who, words = bool(said[1]), canonical(said[2]), said[3] or ""
    if view is bgp.view and _identity(bgp, who, words, undo=undo):
        return
    if not words:
        raise WrongError(INCOMPLETE)
    # Open: the words; that the peer must be there the references say of each line.
    if who not in bgp.view.peers:
        raise WrongError(f"The peer or peer group {who} does not exist.")
    for one in rules:
        if undo and re.fullmatch(one.undo, words):
            view.peers.get(who, {}).pop(one.key, None)
            return
        if not undo and re.fullmatch(one.says, words):
            view.peers.setdefault(who, {})[one.key] = _kept(bgp, one.key, words)
            return
    raise WrongError(WRONG if any(words.startswith(one.key.split()[0]) for one in rules) else UNRECOGNIZED)


def _identity(bgp: Bgp, who: str, words: str, *, undo: bool) -> bool:
    """What makes a neighbour, and what ends it."""
    if undo and not words and who not in bgp.groups:
        if who not in bgp.view.peers:
            raise WrongError(f"The peer or peer group {who} does not exist.")
        _forget(bgp, who)
        return True
    if undo and words == "as-number" and who in bgp.groups:
        bgp.view.peers[who].pop("as-number", None)
        return True
    if not undo and (said := re.fullmatch(r"group (\S+)", words)) and _is_address(who):
        # A group that has an AS makes its members.
        if "as-number" in bgp.view.peers.get(said[1], {}):
            bgp.view.peers.setdefault(who, {})
        return False
    if undo or not (said := re.fullmatch(rf"as-number ({AS})", words)):
        return False
    if who not in bgp.groups and not _is_address(who):
        raise WrongError(WRONG)
    lines = bgp.view.peers.setdefault(who, {})
    if lines.get("as-number", words) != words:
        # annet, pull requests 566 and 624: only `undo peer` changes it.
        raise WrongError(f"The peer already exists in AS {lines['as-number'].split()[1]}.")
    lines["as-number"] = f"as-number {said[1]}"
    return True


def _forget(bgp: Bgp, who: str) -> None:
    for view in (bgp.view, *bgp.families.values()):
        view.peers.pop(who, None)


def _kept(bgp: Bgp, key: str, words: str) -> str:
    """How a line is kept: checked as a whole, a password enciphered."""
    numbers = [int(number) for number in re.findall(r"\d+", words)] if key in ("timer", "route-limit") else []
    if key == "timer" and numbers[1] < max(3, 3 * numbers[0]):
        # Open: the words; HSR6800, peer timer: at least three times the keepalive interval.
        raise WrongError("The hold time must be at least three times the keepalive interval.")
    if key == "group" and words.split()[1] not in bgp.groups:
        raise WrongError(f"The peer group {words.split()[1]} does not exist.")
    if key == "password":
        _, how, text = words.split(" ")
        if how == "cipher" and cipher.opened(text) is None:
            raise WrongError(WRONG)
        return f"password cipher {text if how == 'cipher' else cipher.sealed(text)}"
    return words


def _is_address(who: str) -> bool:
    address, _, length = who.partition(" ")
    try:
        ip_network(f"{address}/{length}" if length else address, strict=False)
    except ValueError:
        return False
    return True


def canonical(who: str) -> str:
    """A neighbour as it is kept: an address in small letters, alone or with a length."""
    address, blank, length = who.partition(" ")
    try:
        return f"{ip_address(address)}{blank}{length}"
    except ValueError:
        return who


def shown(who: str) -> str:
    """A neighbour as it is shown: IPv6 in capitals (DISA STIG: ``2115:B:1::C1``)."""
    return who.upper() if ":" in who else who


def bgp_lines(bgp: Bgp) -> Iterator[str]:
    """BGP as ``display current-configuration configuration bgp`` shows it."""
    yield f"bgp {bgp.as_number}"
    yield from (f" {line}" for line in bgp.view.own.values())
    yield from (f" group {name} {sort}" for name, sort in bgp.groups.items())
    yield from (f" {line}" for line in _peer_lines(bgp, bgp.view))
    for family, view in bgp.families.items():
        yield " #"
        yield f" address-family {family}"
        yield from (f"  {line}" for line in (*view.own.values(), *_peer_lines(bgp, view)))


def _peer_lines(bgp: Bgp, view: View) -> Iterator[str]:
    """Groups first."""
    for who, lines in sorted(view.peers.items(), key=lambda one: one[0] not in bgp.groups):
        first = [lines["as-number"]] if "as-number" in lines else []
        rest = [line for key, line in lines.items() if key != "as-number"]
        yield from (f"peer {shown(who)} {line}" for line in (*first, *rest))


def list_lines(configuration: Configuration) -> Iterator[str]:
    """Prefix lists, entries in the order of their indexes."""
    for (kind, name), entries in configuration.lists.items():
        yield from (f"{kind} prefix-list {name} index {index} {text}" for index, text in sorted(entries.items()))


def text(configuration: Configuration) -> str:
    """All of it."""
    parts = [[f" sysname {configuration.sysname}"], list(list_lines(configuration))]
    parts.append(list(bgp_lines(configuration.bgp)) if configuration.bgp else [])
    return "#\n" + "".join("\n".join([*part, "#", ""]) for part in parts if part) + "return\n"
