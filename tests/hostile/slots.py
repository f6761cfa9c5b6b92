"""Every place of a fabric file that takes a value or a name, found by walking the model."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, RootModel

from leafrack.fabric import Fabric

Key = tuple[str | int, ...]
ANYTHING = "anything"
"""Name of an entry where the file that is started from has none."""


def slots(values: Mapping[str, Any], model: type[BaseModel] = Fabric, key: Key = ()) -> Iterator[tuple[Key, bool]]:
    """Keys of the file, and whether it is the name that stands there or its value; one entry of every mapping."""
    for name, field in model.model_fields.items():
        spelt = field.alias or name
        yield from _within(field.annotation, values.get(spelt), (*key, spelt))


def _within(kind: Any, value: Any, key: Key) -> Iterator[tuple[Key, bool]]:
    kinds = set(_kinds(kind))
    models = [each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)]
    for each in models:
        if not issubclass(each, RootModel):
            yield from slots(value if isinstance(value, dict) else {}, each, key)
    if any(get_origin(each) is dict for each in kinds):
        (entries,) = (get_args(each)[1] for each in kinds if get_origin(each) is dict)
        first = next(iter(value or {}), ANYTHING)
        yield (*key, first), True
        yield from _within(entries, (value or {}).get(first), (*key, first))
    elif any(get_origin(each) is tuple for each in kinds):
        yield (*key, 0), False
    yield key, False


def _kinds(kind: Any) -> Iterator[Any]:
    """What a value may be: parts of a union, without what is only said about them."""
    if get_origin(kind) is Annotated:
        yield from _kinds(get_args(kind)[0])
    elif get_origin(kind) in (dict, tuple) or not get_args(kind):
        yield kind
    else:
        for each in get_args(kind):
            yield from _kinds(each)


def put(values: Mapping[str, Any], key: Key, new: Any, *, as_name: bool) -> dict[str, Any]:
    """The values with another one at a key, or with another name for what stands there."""
    changed = copy.deepcopy(dict(values))
    holder: Any = changed
    last = key[-1]
    for part, following in pairwise(key):
        if isinstance(holder, dict) and not isinstance(holder.get(part), dict | list):
            holder[part] = [holder.get(part)] if isinstance(following, int) else {}
        holder = holder[part]
    if as_name:
        # In its place: the order of racks is that of their change.
        renamed = {new if name == last else name: value for name, value in holder.items()} or {new: {}}
        holder.clear()
        holder.update(renamed)
    else:
        holder[last] = new
    return changed
