"""pydantic's errors in the words of someone who edits a fabric file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from leafrack.errors import shown
from leafrack.fabric.source import Key
from leafrack.fabric.values import described


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``: did you mean leaf01?`` where something close is known, the known names otherwise."""
    known = list(known)
    close = get_close_matches(name, known, n=1, cutoff=0.6) or [
        other for other in known if other.lower() == name.lower().replace("_", "").replace("-", "")
    ]
    if close:
        return f": did you mean {shown(close[0])}?"
    few = ", ".join(shown(other) for other in known[:12])
    return f": known here are {few}" if known else ""


def keys_at(model: type[BaseModel], key: Key) -> list[str]:
    """Keys, as the file spells them, that a mapping at this place of the file may have."""
    fields = _fields(_type_at(model, key))
    return [field.alias or name for name, field in fields.items()]


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
        return "is empty: give it a value or remove the key"
    wording = _WORDINGS.get(kind)
    return wording(value, context, key) if wording else f"cannot be {described(value)}"


def _enum(value: Any, context: Mapping[str, Any], key: Key) -> str:
    known = str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if isinstance(value, str):
        return f"unknown {key[-1]} '{shown(value)}': known are {known}"
    return f"needs one of {known}, got {described(value)}"


def _number(value: Any, _context: Mapping[str, Any], _key: Key) -> str:
    quoted = isinstance(value, str) and value.isascii() and value.isdigit()
    return f"needs a number, got {described(value)}" + (": remove the quotes" if quoted else "")


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
        if get_origin(current) is dict:
            current = get_args(current)[1]
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


def _description(model: type[BaseModel], key: Key) -> str:
    holder = _fields(_type_at(model, key[:-1]))
    return next((field.description or "" for field in holder.values() if field.alias == key[-1]), "")
