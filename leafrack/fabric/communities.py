"""BGP communities that nodes give what they announce, as Calico's BGPConfiguration has them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from leafrack.errors import shown
from leafrack.fabric.login import Declared
from leafrack.fabric.values import OneNetwork, RefusedError, described

_VALUE = re.compile(r"([0-9]{1,10}):([0-9]{1,10})(?::([0-9]{1,10}))?")
_PATTERN = "^[0-9]{1,10}:[0-9]{1,10}(:[0-9]{1,10})?$"


def is_community(text: str) -> bool:
    """Whether text is a community: two numbers of 16 bits (RFC 1997), or three of 32 (RFC 8092)."""
    if (found := _VALUE.fullmatch(text)) is None:
        return False
    numbers = [int(number) for number in found.groups() if number is not None]
    return max(numbers) < (2**16 if len(numbers) == 2 else 2**32)


def _value(value: Any) -> str:
    if not isinstance(value, str) or not is_community(value):
        what = f"'{shown(value)}'" if isinstance(value, str) else described(value)
        msg = f"{what} is no community: write it like 65001:100 (RFC 1997) or 65001:1:2 (RFC 8092)"
        raise RefusedError(msg)
    return value


CommunityValue = Annotated[
    str, PlainValidator(_value), WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["65001:100"]})
]


class Community(Declared):
    """A community under a name, which prefixAdvertisements may give in the place of its value."""

    name: str = Field(min_length=1, description="name of the community")
    value: CommunityValue = Field(description="65001:100 (RFC 1997), or large 65001:1:2 (RFC 8092)")


class PrefixAdvertisement(Declared):
    """Communities of what nodes announce inside of a range."""

    cidr: OneNetwork = Field(description="range of pods or services, or a part of one")
    communities: tuple[str, ...] = Field(min_length=1, description="names of communities, or values")
