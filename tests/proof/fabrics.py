"""Small fabrics for the proof, as mappings that a test changes before it makes a Fabric of them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from lab.fabrics import Values
from leafrack.fabric import Fabric
from leafrack.proof.model import End, Kind, Session, Topology


def changed(base: Values, **paths: Any) -> Values:
    """A copy with other values at dotted paths (``racks__rr2__asNumber``); ``None`` removes the key."""
    result = deepcopy(base)
    for path, value in paths.items():
        *way, last = path.split("__")
        place = result
        for key in way:
            place = place[key]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return result


def fabric(given: Values) -> Fabric:
    """Without the checks of ``config.load``: broken fabrics are what the proof is for."""
    return Fabric.model_validate(given)


def edited(given: Topology, side: str, kind: Kind, **changes: object) -> Topology:
    """A network whose leaves (or nodes) do something else in their sessions with nodes (or leaves)."""

    def end(mine: End, other: End) -> End:
        kinds = given.speakers[mine.speaker].kind, given.speakers[other.speaker].kind
        return replace(mine, **changes) if kinds == (side, kind) else mine  # type: ignore[arg-type]

    sessions = (Session(end(one.near, one.far), end(one.far, one.near)) for one in given.sessions)
    return replace(given, sessions=tuple(sessions))
