"""Cisco's password type 7: hidden from a glance and from nobody else, so what is shown can be compared.

Each character is XORed with one of a key that is public and the same on all of Cisco's boxes; the first two digits are
where in the key it begins. The example in the tests is one of Cisco's documentation of ``nxos_bgp_global``.
"""

from __future__ import annotations

import re

_KEY = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"


def clear(shown: str) -> str | None:
    """The password behind what is shown, ``None`` where that is no type 7."""
    if not re.fullmatch(r"\d\d(?:[0-9A-Fa-f]{2})+", shown):
        return None
    start = int(shown[:2])
    try:
        return _turned(bytes.fromhex(shown[2:]), start).decode()
    except UnicodeDecodeError:
        return None


def hidden(text: str, start: int) -> str:
    """A password as it is shown, from a place in the key."""
    return f"{start:02d}{_turned(text.encode(), start).hex().upper()}"


def _turned(data: bytes, start: int) -> bytes:
    return bytes(byte ^ _KEY[(start + place) % len(_KEY)] for place, byte in enumerate(data))
