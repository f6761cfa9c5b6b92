"""pydantic's errors in the words of someone who edits a fabric file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import AliasPath, BaseModel
from pydantic_core import ErrorDetails

from leafrack.errors import shown
from leafrack.fabric.source import LARGEST_DIGITS, Key
from leafrack.fabric.values import described, is_number

MOST_KNOWN = 24
"""Names that a line lists; no level of a fabric file has as many keys."""
SHORT, CLOSE_SHORT, CLOSE = 4, 0.6, 0.75
"""How alike two names are (difflib) before one is offered for the other: a slip or two, not another word.

Of up to four letters one that differs makes more of a difference.
"""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``: did you mean leaf01?`` where something close is known, the known names otherwise."""
    known = list(known)
    if (meant := nearest(name, known)) is not None:
        return f": did you mean {shown(meant)}?"
    more = len(known) - MOST_KNOWN
    few = ", ".join(shown(other) for other in known[:MOST_KNOWN]) + (f" and {more} more" if more > 0 else "")
    return f": known here are {few}" if known else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody meant who wrote this one, where one is close."""
    known = list(known)
    plain = _plain(name)
    # The same word in another spelling comes before one that has merely as many letters in common.
    close = [other for other in known if _plain(other) == plain]
    close = close or get_close_matches(name, known, n=1, cutoff=CLOSE_SHORT if len(name) <= SHORT else CLOSE)
    return close[0] if close else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def keys_at(model: type[BaseModel], key: Key) -> list[str]:
    """Keys, as the file spells them, that a mapping at this place of the file may have."""
    fields = _fields(_type_at(model, key))
    # What is read from inside another key is none of its own.
    own = [(name, field) for name, field in fields.items() if not isinstance(field.validation_alias, AliasPath)]
    return [field.alias or name for name, field in own]


def problem_text(error: ErrorDetails, model: type[BaseModel], key: Key) -> str:
    """What is wrong and what to do, for one of pydantic's errors at ``key``."""
    kind, value = error["type"], error["input"]
    context = error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(str(key[-1]), keys_at(model, key[:-1]))}"
    if kind == "missing":
        purpose = _description(model, key)
        return f"is missing{': ' + purpose if purpose else ''}"
    if value in (None, ""):
        return f"is empty: give it a value{'' if _is_required(model, key) else ' or remove the key'}"
    wording = _WORDINGS.get(kind)
    return wording(value, context, key) if wording else f"cannot be {described(value)}"


def _enum(value: Any, context: Mapping[str, Any], key: Key) -> str:
    known = str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if isinstance(value, str):
        hint = did_you_mean(value, known.split(", "))
        told = hint if "did you mean" in hint else f": known are {known}"
        return f"unknown {key[-1]} '{shown(value)}'{told}"
    return f"needs one of {known}, got {described(value)}"


def _number(value: Any, _context: Mapping[str, Any], _key: Key) -> str:
    if isinstance(value, str) and is_number(value):
        # Without quotes, one of more than 20 digits is text to the reader of the file.
        return (
            f"{shown(value)} is too large"
            if len(value) > LARGEST_DIGITS
            else f"needs a number, got {described(value)}: remove the quotes"
        )
    return f"needs a number, got {described(value)}"


def _text(value: Any, _context: Mapping[str, Any], _key: Key) -> str:
    return f"needs text, got {described(value)}" + (": put it in quotes" if isinstance(value, int) else "")


def _mapping(value: Any, _context: Mapping[str, Any], _key: Key) -> str:
    return f"needs a mapping (key: value), got {described(value)}"


def _list(value: Any, _context: Mapping[str, Any], _key: Key) -> str:
    return f"needs a list ([…]), got {described(value)}"


def _bounds(value: Any, context: Mapping[str, Any], key: Key) -> str:
    if key[-1:] == ("port",):
        return f"is {value}: must be from 1 to 65535"
    bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
    return f"is {value}: must be {bound}"


def _too_short(_value: Any, _context: Mapping[str, Any], _key: Key) -> str:
    return "is empty: at least one is needed"


_WORDINGS: Mapping[str, Callable[[Any, Mapping[str, Any], Key], str]] = {
    "enum": _enum,
    "int_type": _number,
    "string_type": _text,
    "model_type": _mapping,
    "dict_type": _mapping,
    "tuple_type": _list,
    "greater_than_equal": _bounds,
    "less_than_equal": _bounds,
    "too_short": _too_short,
}


def _type_at(model: type[BaseModel], key: Key) -> Any:
    current: Any = model
    for part in key:
        if get_origin(current) in {dict, tuple}:
            # Of names or of entries: of each the same.
            current = get_args(current)[1 if get_origin(current) is dict else 0]
            continue
        found = next((field for name, field in _fields(current).items() if part in (field.alias, name)), None)
        if found is None:
            return None
        current = found.annotation
        if get_origin(current) is UnionType:
            # What may be left out.
            current = next((kind for kind in get_args(current) if _fields(kind)), current)
    return current


def _fields(kind: Any) -> Mapping[str, Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields
    return {}


def _is_required(model: type[BaseModel], key: Key) -> bool:
    holder = _fields(_type_at(model, key[:-1]))
    return any(field.is_required() for name, field in holder.items() if (field.alias or name) == key[-1])


def _description(model: type[BaseModel], key: Key) -> str:
    holder = _fields(_type_at(model, key[:-1]))
    return next((field.description or "" for field in holder.values() if field.alias == key[-1]), "")
