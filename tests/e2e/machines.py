"""Machines of the lab that die or are replaced by others, and how often a leaf's sessions have come up."""

from __future__ import annotations

import json
from ipaddress import ip_interface
from typing import Any

from lab.cluster import objects
from lab.paths import home_of
from lab.site import Site
from lab.switches.frr import base_config
from leafrack.fabric.names import IPV4_ANNOTATION
from tests.conftest import Lab

_UPLINK = "eth0"


def dies(site: Site, node: str) -> None:
    """A node's machine is off, and its Node is deleted, as an operator or the cloud's controller does it."""
    site.lab.exec(node, "ip", "link", "set", _UPLINK, "down")
    site.lab.kubectl("delete", "node", node)


def comes_anew(site: Site, node: str, address: str) -> None:
    """Another machine registers under a node's name: labels and annotations are gone, no session is known to it."""
    planned = next(each for each in site.plan.nodes if each.name == node)
    (was,), (gateway,) = planned.addresses, planned.gateways
    has = f"{address}/{ip_interface(was).network.prefixlen}"
    configured = (
        f"ip address flush dev {_UPLINK} scope global && ip address add {has} dev {_UPLINK} && "
        f"ip link set {_UPLINK} up && ip route replace default via {ip_interface(gateway).ip} metric 1"
    )
    site.lab.exec(node, "sh", "-c", configured)
    made: dict[str, Any] = next(
        each for each in objects(site.plan) if each["kind"] == "Node" and each["metadata"]["name"] == node
    )
    made["metadata"]["annotations"] = {IPV4_ANNOTATION: has}
    site.lab.kubectl("create", "-f", "-", stdin=json.dumps(made))
    site.lab.exec(node, "pkill", "-x", "bird|calico-confd")


def is_another_box(site: Site, leaf: str) -> str:
    """A new switch in a leaf's place, as it was before leafrack came; returns its host key, which is another one."""
    switch = next(each for each in site.plan.switches if each.name == leaf)
    key = home_of(leaf) / "host_key"
    site.lab.exec(leaf, "sh", "-c", f"rm -f {key} && ssh-keygen -q -t ed25519 -N '' -f {key}")
    site.lab.exec(leaf, "sh", "-c", f"cat >/etc/frr/frr.conf <<'END'\n{base_config(switch)}END\n")
    # The lab starts them again, with that configuration.
    site.lab.exec(leaf, "pkill", "-x", "bgpd|zebra|staticd")
    return " ".join(site.lab.exec(leaf, "cat", f"{key}.pub").split()[:2])


def came_up(lab: Lab, leaf: str) -> dict[str, int]:
    """How often each session of a leaf has become Established, by the neighbour's address."""
    said = json.loads(lab.exec(leaf, "vtysh", "-c", "show bgp neighbors json"))
    return {address: peer["connectionsEstablished"] for address, peer in said.items() if isinstance(peer, dict)}


def up_again(lab: Lab, leaf: str) -> dict[str, tuple[float, float]]:
    """When each session of a leaf was lost for the last time, and when it came up, in seconds of the leaf's clock."""
    said = json.loads(lab.exec(leaf, "vtysh", "-c", "show bgp neighbors json"))
    now = float(lab.exec(leaf, "date", "+%s.%N"))
    return {
        address: (now - peer["lastResetTimerMsecs"] / 1000, now - peer["bgpTimerUpMsec"] / 1000)
        for address, peer in said.items()
        if isinstance(peer, dict) and "lastResetTimerMsecs" in peer
    }
