"""Racks whose members are known by a label, drawn from such that name them, and the way back to the names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from lab.fabrics import Values
from leafrack.fabric import Fabric, Interconnect

LOCAL_AS = 64800
"""From here on: what a rack by label shows its leaves in the place of an AS of its own."""
_RANGES = {
    "one": {4: ["172.{subnet}.0.0/28"], 6: ["fd00:{rack}::{rack}:0/124"]},
    "two": {
        4: ["172.{subnet}.0.8/30", "172.{subnet}.0.12/30"],
        6: ["fd00:{rack}::{rack}:8/126", "fd00:{rack}::{rack}:c/126"],
    },
    "one for each node": {
        4: [f"172.{{subnet}}.0.{host}/32" for host in (11, 12, 13)],
        6: [f"fd00:{{rack}}::{{rack}}:{host}/128" for host in "bcd"],
    },
}
"""Where the nodes of a rack are (lab.fabrics.rack), as one would write it down."""


@st.composite
def known(draw: st.DrawFn, file: Values, name: str) -> Values:
    """A rack of a file as it is, or with its members known by a label."""
    rack: Values = file["racks"][name]
    how = rack.get("interconnect", file["interconnect"])
    reflects = how == Interconnect.ROUTE_REFLECTORS
    if (reflects and file["reflectorMesh"]) or draw(st.booleans()):
        return rack
    number = int(name.removeprefix("rr"))
    made = {**rack, "members": {"label": draw(st.sampled_from([f"example.net/rack={name}", f"example.net/{name}="]))}}
    if made.pop("asNumber", None) is not None:
        made["localASNumber"] = LOCAL_AS + number
    if not reflects:
        if draw(st.booleans()):
            made["reflectors"] = {}
        if (ranges := draw(st.sampled_from([None, *_RANGES]))) is not None:
            made["listenRanges"] = [
                each.format(subnet=19 + number, rack=number)
                for version in Fabric.model_validate(file).versions
                for each in _RANGES[ranges][version]
            ]
        if draw(st.booleans()):
            made["maximumNeighbours"] = 20
    return made


def named(file: Mapping[str, Any], wiring: Mapping[str, Any]) -> Values:
    """A file with the nodes of its wiring by name in the place of labels and ranges."""
    racks = {}
    for name, rack in file["racks"].items():
        members = rack["members"]
        if "label" in members:
            members = {node: at for node, at in _nodes(wiring, name).items() if node not in rack["reflectors"]}
        gone = {"listenRanges", "maximumNeighbours"}
        racks[name] = {**{key: value for key, value in rack.items() if key not in gone}, "members": members}
    return {**file, "racks": racks}


def labels_of(file: Mapping[str, Any], wiring: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The label that each node of a rack must carry to be known; the whole rack does where its value is the rack."""
    found: dict[str, tuple[str, ...]] = {}
    for name, rack in file["racks"].items():
        if (label := rack["members"].get("label")) is not None:
            every = label.endswith(name)
            found |= {node: (label,) for node in _nodes(wiring, name) if every or node not in rack["reflectors"]}
    return found


def _nodes(wiring: Mapping[str, Any], rack: str) -> Values:
    wired = wiring["racks"][rack]
    return {**wired["reflectors"], **wired["members"]}
