"""Large fabrics as mappings: racks of forty nodes and two leaves, every second one top of rack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RACK = 40
"""Nodes of a rack."""
REFLECTORS = 2
LABEL = "topology.kubernetes.io/rack"
"""Label by which a rack's nodes are known where they have no names in the file."""
AS_NUMBER = 64512
SERVICES = "10.96.0.0/12"


def rack_name(number: int) -> str:
    """Name of a rack, counted from 0."""
    return f"rack{number:03}"


def nodes_of(number: int) -> Mapping[str, str]:
    """Address of each node of a rack."""
    return {f"r{number:03}n{node:02}": f"{_net(number)}.{10 + node}" for node in range(RACK)}


def top_of_rack(number: int) -> bool:
    """Whether the nodes of a rack peer with its leaves themselves: every second rack."""
    return number % 2 == 1


def values(racks: int, *, labelled: bool, at_once: int | None = None) -> dict[str, Any]:
    """A fabric of so many racks; members by label, or by their names."""
    return {
        "name": "scale",
        "asNumber": AS_NUMBER,
        "podCIDRs": ["10.128.0.0/11"],
        "serviceClusterIPs": [SERVICES],
        **({} if at_once is None else {"waves": {"atOnce": at_once}}),
        "racks": {rack_name(number): _rack(number, labelled=labelled) for number in range(racks)},
    }


def _rack(number: int, *, labelled: bool) -> dict[str, Any]:
    nodes = dict(nodes_of(number))
    reflectors = {} if top_of_rack(number) else {name: nodes.pop(name) for name in list(nodes)[:REFLECTORS]}
    return {
        "interconnect": "top-of-rack" if top_of_rack(number) else "route-reflectors",
        "localASNumber": 100_000 + number,
        "leaves": {
            f"{rack_name(number)}-leaf{leaf}": {
                "address": f"{_net(number)}.{253 + leaf}",
                "asNumber": 200_000 + 10 * number + leaf,
                "routerID": f"9.{number // 250}.{number % 250}.{leaf + 1}",
            }
            for leaf in range(2)
        },
        **({"reflectors": reflectors} if reflectors else {}),
        "members": {"label": f"{LABEL}={rack_name(number)}"} if labelled else nodes,
    }


def _net(number: int) -> str:
    return f"172.{16 + number // 256}.{number % 256}"
