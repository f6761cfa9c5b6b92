"""The example fabric configured by hand, exactly as the article does it: no line in it is leafrack's."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from leafrack.fabric import Fabric, names
from tests.conftest import Lab
from tests.e2e.world import NODES, configure, eventually, group, peers

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
SESSIONS = {"node1": 3, "node2": 3, "node3": 2, "node4": 3, "node5": 3, "node6": 2}
"""A reflector has sessions to its leaf, the other reflector and its member; a member to both reflectors."""
SETTLED = 10.0
"""Seconds after the last session is up, for routes and BIRD's own states."""
CLOCK = 2
"""Seconds by which two looks at the same session may differ; one that was reset takes longer to come back."""
PATIENCE = 120.0


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
    objects = [*_peers(), ("BGPConfiguration", "default", configuration)]
    version = group(lab).api_version
    made = [
        {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec} for kind, name, spec in objects
    ]
    lab.kubectl("apply", "-f", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": made}))


def _neighbours(reflectors: tuple[str, ...], as_number: int) -> list[str]:
    return [f"neighbor {ADDRESSES[node]} remote-as {as_number}" for node in reflectors]


def _peers() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for rack, name, address, leaf_as in LEAVES.values():
        to_leaf = {"nodeSelector": f"rr-id == '{rack}'", "peerIP": address, "asNumber": leaf_as}
        yield "BGPPeer", name, to_leaf
        to_nodes = {"nodeSelector": f"rr-group == '{rack}'", "peerSelector": f"rr-id == '{rack}'"}
        yield "BGPPeer", f"{rack}-to-node-peer", to_nodes


def established(lab: Lab) -> None:
    """Wait until every session of it stands and its routes are known; the test fails if that takes too long."""
    until = time.monotonic() + PATIENCE
    while not eventually(lambda: _all_up(lab), 30):
        assert time.monotonic() < until, sessions(lab)
        _part(lab)
    time.sleep(SETTLED)


def _all_up(lab: Lab) -> bool:
    on_leaves = [each for leaf in LEAVES for each in peers(lab, leaf).values()]
    return (
        len(on_leaves) == 6
        and all(each["state"] == "Established" for each in on_leaves)
        and all(len(in_bird(lab, node)) == count for node, count in SESSIONS.items())
    )


def _part(lab: Lab) -> None:
    """Let a node whose sessions do not come up wait: two BIRDs that try in one moment close each other's attempts."""
    control = ("birdc", "-s", "/var/run/calico/bird.ctl")
    for node in NODES:
        said = lab.exec(node, *control, "show", "protocols")
        waiting = re.findall(r"^(\S+) +BGP +\S+ +start ", said, re.MULTILINE)
        for verb in ("disable", "enable"):
            for protocol in waiting:
                lab.exec(node, *control, verb, protocol)
            time.sleep(2 if waiting else 0)


@dataclass(frozen=True)
class Sessions:
    """When each session came up: on the leaves by FRR's clock, on the nodes by BIRD's."""

    leaves: dict[str, dict[str, int]]
    nodes: dict[str, dict[str, str]]


def sessions(lab: Lab) -> Sessions:
    """Those that stand now."""
    since = "peerUptimeEstablishedEpoch"
    return Sessions(
        {leaf: {peer: each[since] for peer, each in peers(lab, leaf).items()} for leaf in LEAVES},
        {node: in_bird(lab, node) for node in NODES},
    )


def reset(before: Sessions, after: Sessions) -> list[str]:
    """Sessions that did not stay up; FRR and BIRD count back from now, so that their times may be a second off."""
    on_leaves = [
        f"{leaf}: {peer}"
        for leaf, all_ in before.leaves.items()
        for peer, since in all_.items()
        if abs(after.leaves[leaf].get(peer, 0) - since) > CLOCK
    ]
    on_nodes = [
        f"{node}: {name}"
        for node, all_ in before.nodes.items()
        for name, since in all_.items()
        if abs(_seconds(after.nodes[node].get(name, "0:0:0")) - _seconds(since)) > CLOCK
    ]
    return on_leaves + on_nodes


def _seconds(time_of_day: str) -> int:
    hours, minutes, seconds = map(int, time_of_day.split(":"))
    return 3600 * hours + 60 * minutes + seconds


def in_bird(lab: Lab, node: str) -> dict[str, str]:
    """A node's sessions that are Established, each with the time of day since when."""
    said = lab.exec(node, "birdc", "-s", "/var/run/calico/bird.ctl", "show", "protocols")
    return dict(re.findall(r"^(\S+) +BGP +\S+ +up +(\S+) +Established", said, re.MULTILINE))


def reaching(lab: Lab, folder: Path) -> list[str]:
    """How the operator says where the leaves are: the lab's own endpoints, in a small file."""
    racks = yaml.safe_load((lab.dir / "overlay.yaml").read_text())["racks"]
    leaves = {name: dict(leaf["ssh"]) for rack in racks.values() for name, leaf in rack["leaves"].items()}
    for ssh in leaves.values():
        ssh["identityFile"] = str(lab.dir / "ssh" / "id_ed25519")
    (folder / "leaves.yaml").write_text(yaml.safe_dump(leaves))
    cluster = ["--kubeconfig", str(lab.dir / "kubeconfig"), "--context", "leafrack"]
    return ["--leaves", str(folder / "leaves.yaml"), *cluster]


def meaning(fabric: Fabric) -> dict[str, Any]:
    """A fabric without its name and how to log in to its leaves."""
    found = fabric.model_dump(mode="json", exclude={"name"})
    for rack in found["racks"].values():
        for leaf in rack["leaves"].values():
            del leaf["ssh"]
    return found
