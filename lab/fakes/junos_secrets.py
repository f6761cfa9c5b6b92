"""The form in which Junos keeps passwords, ``$9$…``: made and read by a fake, as its box would.

After network-secret (MIT) and `Crypt::Juniper`, written anew: a fake shares no code with what it judges.
"""

from __future__ import annotations

import random
from itertools import accumulate, pairwise

_ALPHABET = "QzF3n6/9CAtpu0OB1IREhcSyrleKvMW8LXx7N-dVbwsY2g4oaJZGUDjiHkq.mPf5T"
_ENDS = (15, 35, 55, 65)
_PLACES = ([1, 4, 32], [1, 16, 32], [1, 8, 32], [1, 64], [1, 32], [1, 4, 16, 128], [1, 32, 64])


def _noise(first: str) -> int:
    return 3 - next(row for row, end in enumerate(_ENDS) if _ALPHABET.index(first) < end)


def shown(password: str) -> str:
    """Text of a password, another each time."""
    salt = random.choice(_ALPHABET)  # noqa: S311 - no secret is kept by it
    text = salt + "".join(random.choices(_ALPHABET, k=_noise(salt)))  # noqa: S311
    at = _ALPHABET.index(salt)
    for place, byte in enumerate(password.encode()):
        steps: list[int] = []
        for unit in sorted(_PLACES[place % 7], reverse=True):
            step, byte = divmod(byte, unit)  # noqa: PLW2901 - what is left of it
            steps.insert(0, step)
        for step in steps:
            at = (at + step + 1) % 65
            text += _ALPHABET[at]
    return f"$9${text}"


def clear(text: str) -> str:
    """Password of a text."""
    if not text.startswith("$9$"):
        return text
    numbers = [_ALPHABET.index(one) for one in text[3:]]
    numbers = [numbers[0], *numbers[1 + _noise(text[3]) :]]
    gaps = [(after - before - 1) % 65 for before, after in pairwise(numbers)]
    lengths = [len(_PLACES[place % 7]) for place in range(len(gaps))]
    starts = [0, *(end for end in accumulate(lengths) if end < len(gaps))]
    told = (
        sum(gap * unit for gap, unit in zip(gaps[start:], _PLACES[place % 7], strict=False)) % 256
        for place, start in enumerate(starts)
    )
    return bytes(told).decode(errors="replace")
