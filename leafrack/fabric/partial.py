"""What is left of a fabric file without its wrong parts, so that one run also cross-checks the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from leafrack.fabric.model import LARGEST_AS_NUMBER, Interconnect
from leafrack.fabric.source import Key, key_text


def exists(values: Any, key: Key) -> bool:
    """Whether there is something at this key."""
    for part in key:
        in_mapping = isinstance(values, dict) and part in values
        in_list = isinstance(values, list) and isinstance(part, int) and part < len(values)
        if not (in_mapping or in_list):
            return False
        values = values[part]
    return True


def respelled(values: dict[str, Any], slips: Mapping[Key, Key]) -> dict[str, Any]:
    """Values with what stands at a misspelled key at the one that was meant."""
    found: dict[str, Any] = _copied(values)
    for slip, meant in slips.items():
        holder: Any = found
        for step in slip[:-1]:
            holder = holder[step]
        holder[meant[-1]] = holder.pop(slip[-1])
    return found


def leave_out(
    values: dict[str, Any], wrong: Iterable[tuple[Key, bool]]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Values without what is wrong, in several versions, and the keys of what is wrong.

    Where nothing can be said without a value, each version has another one in its place: a finding of all versions
    does not come from it. Otherwise the smallest part around a wrong key goes that can: the node, uplink, leaf, spine
    or rack that it belongs to. ``wrong`` gives for each key whether it is unknown: then only the key itself goes.
    """
    versions: list[dict[str, Any]] = [_copied(values) for _ in range(MOST_STAND_INS)]
    gone = []
    for key, unknown in wrong:
        gone += [] if unknown else list(_hanging_on(key, values))
        if not unknown and (pattern := next((one for one in _STAND_INS if _is(key, one)), None)):
            stand_ins = _STAND_INS[pattern]
            for number, version in enumerate(versions):
                _put(version, key, stand_ins[number % len(stand_ins)])
            gone.append(key_text(key))
            continue
        parts = [key] if unknown else _around(key, versions[0])
        for version in versions:
            for part in parts:
                _remove(version, part)
        # Nothing that the model does not know can have been part of a finding.
        gone += [] if unknown else [key_text(part) for part in parts]
    return versions, tuple(gone)


def _hanging_on(key: Key, values: Mapping[str, Any]) -> Iterator[str]:
    """Keys of advertisements that name a range or a community, of which one cannot be used."""
    part = _NAMED_BY_ADVERTISEMENTS.get(str(key[0])) if key else None
    advertised = values.get("prefixAdvertisements")
    if part is not None and isinstance(advertised, list):
        yield from (key_text(("prefixAdvertisements", index, part)) for index in range(len(advertised)))


def belongs(path: str, parts: Iterable[str]) -> bool:
    """Whether a finding at ``path`` may come only from leaving out one of these parts."""
    return any(_is_within(path, part) or _is_within(part, path) for part in parts)


def _is_within(path: str, holder: str) -> bool:
    return path == holder or path.startswith((f"{holder}.", f"{holder}["))


def _remove(values: Any, key: Key) -> None:
    if exists(values, key):
        for step in key[:-1]:
            values = values[step]
        del values[key[-1]]


def _put(values: Any, key: Key, value: Any) -> None:
    if key[:-1] and not exists(values, key[:-1]):
        return  # it went with a part that is around it
    for step in key[:-1]:
        values = values[step]
    values[key[-1]] = value


def _copied(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _copied(value) for key, value in values.items()}
    return [_copied(value) for value in values] if isinstance(values, list) else values


_INTERCONNECTS = tuple(Interconnect)
_AS_NUMBERS = tuple(range(LARGEST_AS_NUMBER, LARGEST_AS_NUMBER - 3, -1))
_RANGES = ("240.0.0.0/8", "fdff:ffff:ffff::/48")
"""Reserved and at random: nobody's. One of each family."""
_ANNOUNCED = ("podCIDRs", "serviceClusterIPs", "serviceLoadBalancerIPs", "serviceExternalIPs")
_LISTS = (*_ANNOUNCED, "acceptCIDRs")
_NAMED_BY_ADVERTISEMENTS = {**dict.fromkeys(_ANNOUNCED, "cidr"), "communities": "communities"}

_STAND_INS: Mapping[tuple[str, ...], tuple[Any, ...]] = {
    ("name",): ("a", "b"),
    ("interconnect",): _INTERCONNECTS,
    ("racks", "*", "interconnect"): _INTERCONNECTS,
    ("asNumber",): _AS_NUMBERS,
    ("racks", "*", "asNumber"): _AS_NUMBERS,
    ("racks", "*", "localASNumber"): _AS_NUMBERS,
    ("racks", "*", "leaves", "*", "asNumber"): _AS_NUMBERS,
    ("reflectorMesh",): (False, True),
    ("racks", "*", "leaves", "*", "asOverride"): (False, True),
    **{(name,): tuple([one] for one in _RANGES) for name in _LISTS},
    **{(name, "*"): _RANGES for name in _LISTS},
}
"""Values in the place of wrong ones; a finding that depends on them is not one of all."""
MOST_STAND_INS = max(map(len, _STAND_INS.values()))

_PARTS = (
    ("racks", "*", "leaves", "*", "uplinks", "*"),
    ("racks", "*", "leaves", "*", "ssh"),
    ("racks", "*", "leaves", "*", "timers"),
    ("racks", "*", "leaves", "*", "routerID"),
    ("racks", "*", "leaves", "*", "peerName"),
    ("racks", "*", "leaves", "*"),
    ("racks", "*", "reflectors", "*"),
    ("racks", "*", "members", "*"),
    ("racks", "*", "members"),
    ("racks", "*"),
    ("spines", "*", "routerID"),
    ("spines", "*"),
    ("jump",),
    ("maximumPrefix",),
    ("ttlSecurity",),
    ("calicoNamespace",),
    ("communities",),
    ("prefixAdvertisements",),
    ("waves", "*"),
    ("waves",),
)
"""What may go, smallest first; without the rest nothing can be said about a fabric."""


def _around(key: Key, values: dict[str, Any]) -> list[Key]:
    part = next((key[: len(pattern)] for pattern in _PARTS if _begins(key, pattern)), ())
    if part[:1] == ("spines",):
        # An uplink to a spine that is left out is no uplink to an unknown spine.
        return [part, *(uplink for uplink in _uplinks(values) if uplink[-1] == part[1])]
    return [part] if part else []


def _is(key: Key, pattern: tuple[str, ...]) -> bool:
    return len(key) == len(pattern) and _begins(key, pattern)


def _begins(key: Key, pattern: tuple[str, ...]) -> bool:
    return len(key) >= len(pattern) and all(own in {"*", part} for part, own in zip(key, pattern, strict=False))


def _uplinks(values: dict[str, Any]) -> list[Key]:
    return [
        ("racks", rack, "leaves", leaf, "uplinks", uplink)
        for rack, rack_values in _mapping(values.get("racks"))
        for leaf, leaf_values in _mapping(_get(rack_values, "leaves"))
        for uplink, _ in _mapping(_get(leaf_values, "uplinks"))
    ]


def _mapping(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
