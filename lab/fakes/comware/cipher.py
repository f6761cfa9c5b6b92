"""A stand-in for Comware's ``cipher`` form of a password: reversible for the box, salted anew each time it is made."""

from __future__ import annotations

import base64
import hashlib
import secrets

_PREFIX = "$c$3$"
_SALT, _BLOCK = 8, 16


def sealed(clear: str) -> str:
    """A cipher text, 33 characters and more."""
    salt = secrets.token_bytes(_SALT)
    plain = clear.encode()
    plain += bytes(-len(plain) % _BLOCK or (_BLOCK if not plain else 0))
    return _PREFIX + base64.b64encode(salt + _mixed(salt, plain)).decode()


def opened(text: str) -> str | None:
    """The password of a cipher text; ``None`` for what is none."""
    try:
        raw = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        return _mixed(raw[:_SALT], raw[_SALT:]).rstrip(b"\0").decode() if text.startswith(_PREFIX) else None
    except ValueError:
        return None


def _mixed(salt: bytes, data: bytes) -> bytes:
    stream = b"".join(hashlib.sha256(salt + bytes([block])).digest() for block in range(len(data) // 32 + 1))
    return bytes(one ^ other for one, other in zip(data, stream, strict=False))
