"""AS numbers: an AS drops routes that it is on the path of (RFC 4271 §9.1.2), so each is in one place."""

from __future__ import annotations

from collections.abc import Iterator

from config.errors import Problem
from config.model import Fabric
from config.source import at


def errors(fabric: Fabric) -> Iterator[Problem]:
    """AS numbers that end sessions or lose routes."""
    spines = {spine.as_number: name for name, spine in reversed(fabric.spines.items())}
    yield from _racks(fabric, spines)
    yield from _leaves(fabric, spines)


def _racks(fabric: Fabric, spines: dict[int, str]) -> Iterator[Problem]:
    first: dict[int, str] = {}
    for name in fabric.racks:
        number = fabric.rack_as(name)
        path = at("racks", name, "asNumber")
        if first.setdefault(number, name) != name:
            text = (
                f"AS {number} is rack {first[number]}'s too: behind different leaves the two never "
                f"see each other's pod "
                "routes (AS path loop, RFC 4271); give this rack an AS of its own"
            )
            yield Problem(text, path)
        if number in spines:
            text = f"AS {number} is spine {spines[number]}'s too: the spine drops the rack's pod routes (AS path loop)"
            yield Problem(f"{text}; give the rack an AS of its own", path)


def _leaves(fabric: Fabric, spines: dict[int, str]) -> Iterator[Problem]:
    racks = {fabric.rack_as(name): name for name in reversed(fabric.racks)}
    first: dict[int, str] = {}
    for rack_name, rack in fabric.racks.items():
        own = fabric.rack_as(rack_name)
        for leaf_name, leaf in rack.leaves.items():
            number = leaf.as_number
            clash = ""
            if number == own:
                clash = (
                    f"is the rack's own: nodes and leaf need different ones (eBGP); change this or "
                    f"racks.{rack_name}.asNumber"
                )
            elif number in racks:
                clash = f"is rack {racks[number]}'s too: the leaf drops its pod routes (AS path loop); use another"
            elif number == fabric.as_number:
                clash = "is the fabric's asNumber, which nodes have before their rack's own is set; use another"
            elif number in spines:
                clash = f"is spine {spines[number]}'s too: leaf and spine need different ones (eBGP); use another"
            elif first.setdefault(number, rack_name) != rack_name:
                clash = (
                    f"is that of a leaf of rack {first[number]} too: the two racks never see each "
                    f"other's pod routes "
                    "(AS path loop); only the leaves of one rack may share an AS"
                )
            if clash:
                yield Problem(f"AS {number} {clash}", at("racks", rack_name, "leaves", leaf_name, "asNumber"))
