"""The example fabric configured by hand, exactly as the article does it: no line in it is leafrack's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from leafrack.fabric import names
from tests.conftest import Lab
from tests.e2e.world import configure

RACKS = {
    "rr1": (64512, ("node1", "node2"), ("node3",)),
    "rr2": (64513, ("node4", "node5"), ("node6",)),
}
"""AS number, reflectors, members."""
LEAVES = {
    "leaf01": ("rr1", "rr1-to-leaf1-peer", "172.20.0.254", 65009),
    "leaf02": ("rr2", "rr2-to-leaf2-peer", "173.20.0.254", 65010),
}
"""Rack, name of the BGPPeer, address, AS number."""
ADDRESSES = {
    "node1": "172.20.0.11",
    "node2": "172.20.0.12",
    "node4": "173.20.0.11",
    "node5": "173.20.0.12",
}
"""Of the reflectors; each is its cluster ID too."""


def configure_all(lab: Lab) -> None:
    """Labels and annotations, the leaves' neighbours, four BGPPeers, and the node-to-node mesh off."""
    for rack, (as_number, reflectors, members) in RACKS.items():
        for node in (*reflectors, *members):
            lab.kubectl("label", "node", node, f"rr-group={rack}")
            lab.kubectl("annotate", "node", node, f"{names.AS_NUMBER_ANNOTATION}={as_number}")
        for node in reflectors:
            lab.kubectl("label", "node", node, f"rr-id={rack}")
            lab.kubectl("annotate", "node", node, f"{names.CLUSTER_ID_ANNOTATION}={ADDRESSES[node]}")
    for leaf, (rack, _, _, leaf_as) in LEAVES.items():
        as_number, reflectors, _ = RACKS[rack]
        configure(lab, leaf, f"router bgp {leaf_as}", *_neighbours(reflectors, as_number))
    configuration = {
        "logSeverityScreen": "Info",
        "nodeToNodeMeshEnabled": False,
        "asNumber": 64512,
        "serviceClusterIPs": [{"cidr": "10.233.0.0/18"}],
    }
    objects = [*_peers(), _object("BGPConfiguration", "default", configuration)]
    lab.kubectl("apply", "-f", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}))


def _neighbours(reflectors: tuple[str, ...], as_number: int) -> list[str]:
    return [f"neighbor {ADDRESSES[node]} remote-as {as_number}" for node in reflectors]


def _peers() -> Iterator[dict[str, Any]]:
    for rack, name, address, leaf_as in LEAVES.values():
        to_leaf = {"nodeSelector": f"rr-id == '{rack}'", "peerIP": address, "asNumber": leaf_as}
        yield _object("BGPPeer", name, to_leaf)
        to_nodes = {"nodeSelector": f"rr-group == '{rack}'", "peerSelector": f"rr-id == '{rack}'"}
        yield _object("BGPPeer", f"{rack}-to-node-peer", to_nodes)


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
