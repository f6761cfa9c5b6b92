"""What other teams read of a stack: a versioned, plain description of the fabric."""

from __future__ import annotations

from typing import Any

from leafrack.fabric import Fabric, hand_over, names
from leafrack.sessions import expected

OUTPUT_VERSION = 2
"""Raised when a key changes its meaning or goes, or when the layout of the state changes; new keys do not raise it.

Since 2 a leaf has one resource for all its sessions (components/state.py).
"""


def outputs(fabric: Fabric) -> dict[str, Any]:
    """Stack output ``leafrack``: racks, expected sessions, advertised ranges. Documented in docs/outputs.md."""
    return {
        "version": OUTPUT_VERSION,
        "fabric": fabric.name,
        "asNumber": fabric.as_number,
        "racks": {
            rack: {
                "asNumber": fabric.rack_as(rack),
                "localASNumber": declared.local_as_number,
                "interconnect": fabric.rack_interconnect(rack).value,
                "leaves": {
                    name: {
                        "addresses": [str(address) for address in leaf.address],
                        "asNumber": leaf.as_number,
                        "peerNames": [names.leaf_peer(fabric, rack, name, address.version) for address in leaf.address],
                        **_by_hand(fabric, rack, name),
                    }
                    for name, leaf in declared.leaves.items()
                },
                "reflectors": {
                    node: {
                        "addresses": [str(address) for address in addresses],
                        "clusterID": names.cluster_id(addresses),
                    }
                    for node, addresses in fabric.reflectors_of(rack).items()
                },
                **({} if declared.label is None else {"label": str(declared.label)}),
                "members": {
                    node: {"addresses": [str(address) for address in addresses]}
                    for node, addresses in declared.nodes.items()
                    if node not in fabric.reflectors_of(rack)
                },
            }
            for rack, declared in fabric.racks.items()
        },
        "sessions": [
            {
                "kind": session.kind.value,
                "rack": session.rack,
                "ends": [
                    {"name": end.name, "address": str(end.address), "asNumber": end.as_numbers[0]}
                    for end in (session.near, session.far)
                ],
            }
            for session in expected.sessions(fabric)
        ],
        "advertised": {
            "podCIDRs": [str(cidr) for cidr in fabric.pod_cidrs],
            **{key: [str(cidr) for cidr in ranges] for key, ranges in fabric.services.items()},
        },
    }


def _by_hand(fabric: Fabric, rack: str, name: str) -> dict[str, Any]:
    """What a leaf by hand is given; other leaves have no such key."""
    leaf = fabric.racks[rack].leaves[name]
    if not leaf.by_hand:
        return {}
    return {"byHand": {"platform": leaf.platform, "text": hand_over.text_of(fabric, rack, name)}}
