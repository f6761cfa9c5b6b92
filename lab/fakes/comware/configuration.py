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

from lab.fakes.comware import cipher, lists
from lab.fakes.comware.errors import INCOMPLETE, UNRECOGNIZED, WRONG, WrongError
from lab.fakes.comware.lists import Paths, Prefixes
from lab.fakes.comware.words import AS, FAMILY, OF_BGP, OF_FAMILY, VIEW, Words, shown

Lines = dict[str, str]
"""Lines of one neighbour in one view, by what they set."""


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
    lists: Prefixes = field(default_factory=dict)
    paths: Paths = field(default_factory=dict)
    bgp: Bgp | None = None


def enter_system(configuration: Configuration, line: str) -> tuple[str, ...]:
    """A line in system view; the path of the view that it leads to. Raises :class:`WrongError`."""
    undo, bare = line.startswith("undo "), line.removeprefix("undo ")
    if bare.startswith(("ip prefix-list ", "ipv6 prefix-list ")):
        lists.prefix_list(configuration.lists, bare, undo=undo)
    elif said := re.fullmatch(r"ip as-path(?: (.+))?", bare):
        lists.path_list(configuration.paths, said[1] or "", undo=undo)
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
    said = re.fullmatch(r"(undo )?peer (\S+(?: \d{1,3}(?= |$))?)(?: (.+))?", line)
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


def text(configuration: Configuration) -> str:
    """All of it."""
    parts = [[f" sysname {configuration.sysname}"], list(lists.lines(configuration.lists, configuration.paths))]
    parts.append(list(bgp_lines(configuration.bgp)) if configuration.bgp else [])
    return "#\n" + "".join("\n".join([*part, "#", ""]) for part in parts if part) + "return\n"
