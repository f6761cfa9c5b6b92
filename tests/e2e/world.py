"""Cluster and switches as an operator would write them down before and after a change."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from leafrack.world.calico import Group
from tests.conftest import Lab

SWITCHES = ("spine", "leaf01", "leaf02")
NODES = ("node1", "node2", "node3", "node4", "node5", "node6")
BLOCKS = {f"10.233.{64 + n // 4}.{64 * (n % 4)}/26" for n in range(6)}
SERVICES = "10.233.0.0/18"
_KINDS = ("bgppeers", "bgpfilters", "bgpconfigurations", "caliconodestatuses")
_BY_THE_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


def group(lab: Lab) -> Group:
    """The group that the lab's Calico uses."""
    return Group.V3 if lab.state.get("native") else Group.V1


def objects(lab: Lab) -> str:
    """Everything that leafrack may touch in the cluster, as kubectl lists it."""
    return ",".join(("nodes", *(f"{kind}.{group(lab)}" for kind in _KINDS)))


def snapshot(lab: Lab, switches: Iterable[str] = SWITCHES) -> dict[str, Any]:
    """Everything that leafrack may touch: objects without what the API server counts, switches word for word."""
    found: dict[str, Any] = {name: running(lab, name) for name in switches}
    for listed in (
        lab.kubectl("get", objects(lab), "-o", "json"),
        lab.kubectl("get", "secrets,roles,rolebindings", "-n", "kube-system", "-o", "json"),
    ):
        for item in json.loads(listed)["items"]:
            metadata = {key: value for key, value in item["metadata"].items() if key not in _BY_THE_SERVER}
            content = {key: value for key, value in item.items() if key not in ("metadata", "status")}
            found[f"{item['kind']}/{metadata['name']}"] = {**content, "metadata": metadata}
    return found


def running(lab: Lab, switch: str) -> str:
    """Running configuration of a switch."""
    return lab.exec(switch, "vtysh", "-c", "show running-config")


def configure(lab: Lab, switch: str, *lines: str) -> None:
    """Type lines into a switch's configuration, as somebody else would."""
    words = [word for line in ("configure terminal", *lines) for word in ("-c", line)]
    lab.exec(switch, "vtysh", *words)


def bgp_peer(name: str, api_version: str = Group.V1.api_version, **spec: Any) -> str:
    """A BGPPeer as kubectl takes it."""
    meta = {"apiVersion": api_version, "kind": "BGPPeer", "metadata": {"name": name}}
    return json.dumps({**meta, "spec": spec})


def peers(lab: Lab, leaf: str) -> dict[str, dict[str, Any]]:
    """Neighbours of a switch by address, from its BGP summary."""
    summary = json.loads(lab.exec(leaf, "vtysh", "-c", "show bgp summary json"))
    return dict(summary["ipv4Unicast"]["peers"])


def routes(lab: Lab, host: str) -> set[str]:
    """Destinations in a host's kernel."""
    return {route["dst"] for route in json.loads(lab.exec(host, "ip", "-j", "route"))}


def node_status(lab: Lab, node: str) -> dict[str, str]:
    """What calicoctl on a node says of each peer: address → the last column."""
    said = lab.exec(node, "calicoctl", "node", "status")
    return dict(re.findall(r"^\| (\d[\d.]*)\s+\|.*\| (\S+)\s+\|$", said, re.MULTILINE))


def pod_address(lab: Lab, node: str) -> str:
    """The address that stands for a pod of a node."""
    (loopback,) = json.loads(lab.exec(node, "ip", "-j", "-4", "address", "show", "dev", "lo"))
    return next(str(each["local"]) for each in loopback["addr_info"] if each["local"].startswith("10.233."))


def loses_nothing(lab: Lab, node: str, other: str) -> bool:
    """Whether a pod of a node reaches one of another."""
    ping = ("ping", "-c", "3", "-i", "0.2", "-W", "2", "-I", pod_address(lab, node), pod_address(lab, other))
    return " 0% packet loss" in lab.exec(node, *ping)


def comes_to_reach(lab: Lab, node: str, other: str, seconds: float = 20) -> bool:
    """Whether a pod of a node reaches one of another before the time is over; a ping without an answer is no error."""

    def reaches() -> bool:
        try:
            return loses_nothing(lab, node, other)
        except AssertionError:
            return False

    return eventually(reaches, seconds)


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether something comes true before the time is over; BGP takes its seconds."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


def mesh_is_on(lab: Lab, nodes: Iterable[str] = NODES) -> bool:
    """Whether every node is Established with the five others."""
    return all(list(node_status(lab, node).values()) == ["Established"] * 5 for node in nodes)
