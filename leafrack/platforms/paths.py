"""A path list as a regular expression, for platforms that have one.

``_`` stands for what is between two AS numbers of a path, and for both ends of it. A switch that shows AS numbers as
asdot (RFC 5396) compares a path in that spelling, so an AS above 65535 stands in both; but for one that compares
numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_HALF = 2**16


def expression(as_numbers: Iterable[int], *, dotted: bool = True) -> str:
    """What matches a path of these AS numbers alone, each as often as it comes; as asdot too where ``dotted``."""
    one = "|".join(spelling for number in as_numbers for spelling in _spellings(number, dotted=dotted))
    return f"^({one})(_({one}))*$"


def short_expressions(as_numbers: Iterable[int], longest: int, after: str = "_") -> tuple[str, ...]:
    """The same in several expressions, none of more than ``longest`` characters: one for each notation.

    A switch shows all AS numbers in one. Only where one expression has no room for all of them a path that mixes
    numbers of two expressions is matched by none; in 63 characters there is room for four numbers of any size.
    ``after`` is what follows each number, where ``_`` is not the end of a path too.
    """
    numbers = tuple(as_numbers)
    both = (tuple(map(str, numbers)), tuple(map(_dotted, numbers)))
    return tuple(dict.fromkeys(one for spellings in both for one in _batches(spellings, longest, after)))


def _batches(spellings: Iterable[str], longest: int, after: str) -> Iterator[str]:
    batch: list[str] = []
    for one in spellings:
        if batch and len(_short((*batch, one), after)) > longest:
            yield _short(batch, after)
            batch = []
        batch.append(one)
    yield _short(batch, after)


def _short(spellings: Iterable[str], after: str) -> str:
    return f"^(({'|'.join(spellings)}){after})+$"


def _spellings(number: int, *, dotted: bool) -> Iterable[str]:
    return dict.fromkeys((str(number), _dotted(number) if dotted else str(number)))


def _dotted(number: int) -> str:
    return str(number) if number < _HALF else f"{number // _HALF}[.]{number % _HALF}"
