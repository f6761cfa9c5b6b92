"""Comware's path lists, which have a number where those of others have a name.

``ip as-path NUMBER { deny | permit } EXPRESSION``, numbers 1 to 256, expressions of 63 characters at most; ``undo ip
as-path NUMBER [ EXPRESSION ]`` (HPE's 5710, command reference, ``ip as-path``). Nothing of it says whose a list is. So
a prefix list of its name, which nobody uses, keeps the number as the index of its one entry::

    ip prefix-list LEAFRACK-dc1-AS index 181 deny 127.0.0.1 32
    ip as-path 181 permit ^((64512|64601)(_|$))+$

The number is told by the name, from 129 to 256. Where the switch has a list of it, or a line that names one, it is the
next lower one that is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from zlib import crc32

from leafrack.platforms.job import PathList
from leafrack.platforms.paths import short_expressions
from leafrack.platforms.plan import GuardError
from leafrack.platforms.state import SwitchState

LAST = 256
"""Highest number of a path list."""
_OURS = 128
"""Numbers from which the name chooses."""
LONGEST = 63
"""Characters of an expression."""
AFTER = "(_|$)"
"""What follows an AS number of a path: at the end of an expression ``_`` is the end of a path, elsewhere it is not
(H3C's fundamentals configuration guides, regular expressions)."""
MARK = "deny 127.0.0.1 32"
"""Entry whose index is a number."""
_ENTRY = re.compile(r" *ip as-path (\d+) ((?:deny|permit) .+)")
_NAMED = re.compile(r" *(?:peer .+ as-path-acl (\d+) (?:im|ex)port|if-match as-path((?: \d+)+))")


def entries(paths: PathList) -> tuple[str, ...]:
    """Entries of a path list, as they are read and entered: one for each notation of AS numbers."""
    return tuple(f"permit {one}" for one in short_expressions(paths.as_numbers, LONGEST, AFTER))


def expression(entry: str) -> str:
    """What takes an entry away, after the number of its list."""
    return entry.partition(" ")[2]


def names(lists: Mapping[str, Mapping[str, int]]) -> Mapping[str, str]:
    """Names of path lists by their number, from prefix lists with the indexes of their entries."""
    return {str(has[MARK]): name for name, has in lists.items() if MARK in has}


def listed(lines: Iterable[str], named: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    """Entries of each path list by its name, or by its number without one; of one that is only named there are none."""
    found: dict[str, frozenset[str]] = {name: frozenset() for name in named.values()}
    for line in lines:
        if said := _ENTRY.fullmatch(line.rstrip()):
            name = named.get(said[1], said[1])
            found[name] = found.get(name, frozenset()) | {said[2].strip()}
        elif said := _NAMED.fullmatch(line.rstrip()):
            for number in (said[1] or said[2]).split():
                found.setdefault(named.get(number, number), frozenset())
    return found


def number(name: str, found: SwitchState) -> int:
    """Number of a path list: the one that the switch has for it, else one that is free there.

    Raises :class:`GuardError` where there is none.
    """
    marked = {which: has[MARK] for which, has in found.numbers.items() if MARK in has}
    if name in marked:
        return marked[name]
    taken = {*marked.values(), *(int(one) for one in found.paths if one.isdecimal())}
    free = next(_free(name, taken), None)
    if free is None:
        raise GuardError(f"this switch has {LAST} AS path lists and no room for {name}")
    return free


def _free(name: str, taken: set[int]) -> Iterator[int]:
    first = LAST - crc32(name.encode()) % _OURS
    return (one for one in chain(range(first, 0, -1), range(LAST, first, -1)) if one not in taken)
