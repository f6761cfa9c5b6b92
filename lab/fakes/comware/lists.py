"""Prefix lists and AS path lists of a Comware box.

Of the same references as :mod:`lab.fakes.comware.configuration`; what they leave open is marked *open*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

from lab.fakes.comware.errors import INCOMPLETE, TOO_MANY, WRONG, WrongError
from lab.fakes.comware.words import shown

Prefixes = dict[tuple[str, str], dict[int, str]]
"""Entries by index, by kind (``ip``, ``ipv6``) and name."""
Paths = dict[int, dict[str, str]]
"""What an expression does, by number of the list and expression; the first that fits a path decides."""
_ENTRY = re.compile(
    r"(?P<kind>ip|ipv6) prefix-list (?P<name>\S{1,63}) index (?P<index>[1-9]\d{0,4}) (?P<does>permit|deny) "
    r"(?P<address>[0-9A-Fa-f.:]+) (?P<length>\d{1,3})(?: greater-equal (?P<ge>\d+))?(?: less-equal (?P<le>\d+))?"
)


def prefix_list(lists: Prefixes, line: str, *, undo: bool) -> None:
    """An entry of a prefix list; raises :class:`WrongError`."""
    if undo:
        _remove_entries(lists, line)
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
    entries = lists.setdefault((said["kind"], said["name"]), {})
    if text in [one for index, one in entries.items() if index != int(said["index"])]:
        # annet, h3c.order: no two entries of a list say the same. Open: the words.
        raise WrongError("The prefix list entry already exists.")
    entries[int(said["index"])] = text


def _remove_entries(lists: Prefixes, line: str) -> None:
    said = re.fullmatch(r"(ip|ipv6) prefix-list (\S+)(?: index (\d+))?(.*)", line)
    # annet, pull request 613: an entry goes by its index, and more words are refused.
    if said is None or said[4]:
        raise WrongError(TOO_MANY)
    entries = lists.get((said[1], said[2]), {})
    if said[3]:
        entries.pop(int(said[3]), None)
    if not said[3] or not entries:
        lists.pop((said[1], said[2]), None)


def path_list(paths: Paths, line: str, *, undo: bool) -> None:
    """What follows ``ip as-path``; raises :class:`WrongError`."""
    said = re.fullmatch(r"([1-9]\d{0,2})(?: (permit|deny))?(?: (\S.{0,62}))?", line)
    if said is None or int(said[1]) > 256:
        raise WrongError(WRONG if line else INCOMPLETE)
    number, does, expression = int(said[1]), said[2], said[3]
    has = paths.get(number, {})
    if not undo:
        if does is None or expression is None:
            raise WrongError(INCOMPLETE)
        # Open: whether one that stands already is an error.
        paths[number] = {**has, expression: does}
        return
    if does and expression:
        raise WrongError(TOO_MANY)
    # Open: what is said of a list or an entry that is not there.
    left = {one: what for one, what in has.items() if (expression or one) != one or (does or what) != what}
    paths[number] = left
    if not left:
        del paths[number]


def lines(lists: Prefixes, paths: Paths) -> Iterator[str]:
    """Both as they are shown; entries of prefix lists in the order of their indexes."""
    for (kind, name), entries in lists.items():
        yield from (f"{kind} prefix-list {name} index {index} {text}" for index, text in sorted(entries.items()))
    for number, what in sorted(paths.items()):
        yield from (f"ip as-path {number} {does} {expression}" for expression, does in what.items())
