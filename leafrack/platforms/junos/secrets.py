"""Passwords as Junos shows them: ``$9$…`` is the clear text in another alphabet, under no key.

The first character and the ones that it calls for say nothing; then each byte is told by the gaps between characters
(`Crypt::Juniper`, which every tool for Junos follows). A box takes that form as input too, and shows it as it was
given. So leafrack writes it: one password of one neighbour is always the same text, and no character of it is special.
"""

from __future__ import annotations

from hashlib import sha256

_MAGIC = "$9$"
_FAMILIES = ("QzF3n6/9CAtpu0O", "B1IREhcSyrleKvMW8LXx", "7N-dVbwsY2g4oaJZGUDj", "iHkq.mPf5T")
_LETTERS = "".join(_FAMILIES)
_IDLE = {letter: 3 - family for family, letters in enumerate(_FAMILIES) for letter in letters}
"""How many characters that say nothing follow a first one."""
_WEIGHTS = ((1, 4, 32), (1, 16, 32), (1, 8, 32), (1, 64), (1, 32), (1, 4, 16, 128), (1, 32, 64))


def shown(password: str, whose: str) -> str:
    """Text of a password in Junos' form, the same for the same password of the same neighbour."""
    seed = sha256(f"{whose} {password}".encode()).digest()
    first = _LETTERS[seed[0] % len(_LETTERS)]
    told = [first, *(_LETTERS[each % len(_LETTERS)] for each in seed[1 : 1 + _IDLE[first]])]
    last = _LETTERS.index(first)
    for place, byte in enumerate(password.encode()):
        gaps, left = [], byte
        for weight in reversed(_WEIGHTS[place % len(_WEIGHTS)]):
            gaps.append(left // weight)
            left %= weight
        for gap in reversed(gaps):
            last = (last + gap + 1) % len(_LETTERS)
            told.append(_LETTERS[last])
    return _MAGIC + "".join(told)


def clear(text: str) -> str:
    """Password that a text of Junos' form stands for; any other text is itself.

    That of ``$8$`` is under a key of the box (``system master-password``) and equals no password.
    """
    if not text.startswith(_MAGIC) or not set(text[len(_MAGIC) :]) <= set(_LETTERS) or text == _MAGIC:
        return text
    first, said = text[len(_MAGIC)], text[len(_MAGIC) + 1 :]
    last, rest, told = first, said[_IDLE[first] :], bytearray()
    while rest:
        weights = _WEIGHTS[len(told) % len(_WEIGHTS)]
        if len(rest) < len(weights):
            return text
        value = 0
        for letter, weight in zip(rest, weights, strict=False):
            value += ((_LETTERS.index(letter) - _LETTERS.index(last)) % len(_LETTERS) - 1) * weight
            last = letter
        told.append(value % 256)
        rest = rest[len(weights) :]
    return told.decode(errors="replace") or text
