"""AS numbers: an AS drops routes that it is on the path of (RFC 4271 §9.1.2), so each is in one place."""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.errors import Problem
from leafrack.fabric.model import LARGEST_INT32, Fabric
from leafrack.fabric.source import at


def errors(fabric: Fabric) -> Iterator[Problem]:
    """AS numbers that end sessions or lose routes."""
    spines = {spine.as_number: name for name, spine in reversed(fabric.spines.items())}
    yield from _racks(fabric, spines)
    yield from _leaves(fabric, spines)


def warnings(fabric: Fabric) -> Iterator[Problem]:
    """Numbers that some API servers do not take."""
    for key, number in fabric.as_numbers_of_objects().items():
        if number > LARGEST_INT32:
            text = (
                f"AS {number} is above {LARGEST_INT32}: API servers since Kubernetes 1.36 refuse it in Calico's "
                "objects (format: int32); a preview asks yours"
            )
            yield Problem(text, at(*key))


def _racks(fabric: Fabric, spines: dict[int, str]) -> Iterator[Problem]:
    yield from _shared(fabric)
    for name, rack in fabric.racks.items():
        number, path = fabric.leaf_side_as(name), _path(fabric, name)
        if number in spines:
            text = f"AS {number} is spine {spines[number]}'s too: the spine drops the rack's pod routes (AS path loop)"
            yield Problem(f"{text}; give the rack an AS of its own", path)
        if rack.local_as_number is not None and rack.as_number is not None:
            yield Problem(f"the nodes themselves are in AS {rack.as_number} (asNumber): give one of the two", path)
        elif rack.local_as_number == fabric.as_number:
            yield Problem(f"AS {number} is the fabric's, in which the nodes are already: leave it out", path)
        elif fabric.cluster_mesh and number != fabric.as_number:
            text = f"one full mesh over all racks is one AS, {fabric.as_number}: remove {number}"
            yield Problem(f"{text}, or give a rack another interconnect", path)


def _shared(fabric: Fabric) -> Iterator[Problem]:
    """Racks in one AS: nodes drop each other's routes unless their leaves put their own AS in its place."""
    racks: dict[int, list[str]] = {}
    for name in () if fabric.cluster_mesh else fabric.racks:
        racks.setdefault(fabric.leaf_side_as(name), []).append(name)
    for number, names in racks.items():
        blind = [one for one in names if not all(fabric.overrides_as(one, leaf) for leaf in fabric.racks[one].leaves)]
        for name in (blind[1:] or blind) if len(names) > 1 else ():
            other = next(one for one in names if one != name)
            text = (
                f"AS {number} is rack {other}'s too: "
                "behind different leaves the two never see each other's pod routes (AS path loop, RFC 4271); "
                "give this rack an AS of its own, or all leaves of both asOverride"
            )
            yield Problem(text, _path(fabric, name))


def _path(fabric: Fabric, rack: str) -> str:
    local = fabric.racks[rack].local_as_number
    return at("racks", rack, "asNumber" if local is None else "localASNumber")


def _leaves(fabric: Fabric, spines: dict[int, str]) -> Iterator[Problem]:
    racks = {fabric.leaf_side_as(name): name for name in reversed(fabric.racks)}
    first: dict[int, str] = {}
    for rack_name, rack in fabric.racks.items():
        own = fabric.leaf_side_as(rack_name)
        for leaf_name, leaf in rack.leaves.items():
            number = leaf.as_number
            clash = ""
            if number == own:
                clash = (
                    "is the rack's own: nodes and leaf need different ones (eBGP); "
                    f"change this or racks.{rack_name}.asNumber"
                )
            elif number in racks:
                clash = f"is rack {racks[number]}'s too: the leaf drops its pod routes (AS path loop); use another"
            elif number == fabric.as_number:
                clash = "is the fabric's asNumber, which nodes have before their rack's own is set; "
                clash += (
                    "use another"
                    if "as_number" in fabric.model_fields_set
                    else f"use another, or give the fabric another asNumber than {number}, its default"
                )
            elif number in spines:
                clash = f"is spine {spines[number]}'s too: leaf and spine need different ones (eBGP); use another"
            elif first.setdefault(number, rack_name) != rack_name:
                clash = (
                    f"is that of a leaf of rack {first[number]} too: "
                    "the two racks never see each other's pod routes (AS path loop); "
                    "only the leaves of one rack may share an AS"
                )
            if clash:
                yield Problem(f"AS {number} {clash}", at("racks", rack_name, "leaves", leaf_name, "asNumber"))
