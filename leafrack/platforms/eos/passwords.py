"""Passwords as EOS shows them after ``password 7``: enciphered with a key that everybody knows, so comparable.

DES in CBC mode; the key comes from the neighbour's address (or its group's name). Described by K. Köhntopp ("Arista
Type 7 Passwords", 2021) and in Arista's own AVD (pyavd); the test has their published vectors.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

_SEED = bytes.fromhex("d5a8c91ef5d58a23")
_BLOCK = 8
_MAGIC = bytes.fromhex("4c88bb")
"""Begins every text before it is enciphered; the next byte tells in its upper half how many zeros end it."""


def shown(password: str, who: str) -> str:
    """How EOS shows a password of a neighbour or group."""
    data = password.encode()
    spare = -(len(_MAGIC) + 1 + len(data)) % _BLOCK
    turn = _cipher(who).encryptor()
    whole = turn.update(_MAGIC + bytes([spare << 4 | 0xE]) + data + bytes(spare)) + turn.finalize()
    return b64encode(whole).decode()


def password(text: str, who: str) -> str | None:
    """Password that EOS shows so for a neighbour or group; ``None`` where the text is no such thing."""
    try:
        turn = _cipher(who).decryptor()
        data = turn.update(b64decode(text, validate=True)) + turn.finalize()
        head = len(_MAGIC) + 1
        if not data.startswith(_MAGIC):
            return None
        return data[head : len(data) - (data[head - 1] >> 4)].decode() or None
    except ValueError:
        return None


def _cipher(who: str) -> Cipher[CBC]:
    # Few commands need a password.
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    key = bytearray(_SEED)
    for place, byte in enumerate(f"{who}_passwd".encode()):
        key[place % _BLOCK] ^= byte
    # Three times the same key is plain DES. The upper bit of each byte does not count.
    return Cipher(TripleDES(bytes(byte & 0x7F for byte in key) * 3), modes.CBC(bytes(_BLOCK)))
