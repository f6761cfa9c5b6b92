"""A path list as a regular expression, for platforms that have one.

``_`` stands for what is between two AS numbers of a path, and for both ends of it. A switch that shows AS numbers as
asdot (RFC 5396) compares a path in that spelling, so an AS above 65535 stands in both.
"""

from __future__ import annotations

from collections.abc import Iterable

_HALF = 2**16


def expression(as_numbers: Iterable[int]) -> str:
    """What matches a path of these AS numbers alone, each as often as it comes."""
    one = "|".join(spelling for number in as_numbers for spelling in _spellings(number))
    return f"^({one})(_({one}))*$"


def _spellings(number: int) -> Iterable[str]:
    yield str(number)
    if number >= _HALF:
        yield f"{number // _HALF}[.]{number % _HALF}"
