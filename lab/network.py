"""The plan as input of ``ip -batch``: namespaces, links, addresses, routes; the host's own namespace gets none."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_interface

from lab.errors import LabError
from lab.plan import Node, Plan, Switch

RACK_INTERFACE = "rack0"
"""A leaf's interface into its rack. Interfaces never get hosts' names, which may be longer than 15 characters."""
_NODE_INTERFACE = "eth0"
_BRIDGE = "br0"

_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
    # Equal paths (two leaves, two reflectors) by layer 4, as switches do.
    "net.ipv4.fib_multipath_hash_policy": "1",
    "net.ipv6.fib_multipath_hash_policy": "1",
    # An address can be used at once; nobody else is in these namespaces.
    "net.ipv6.conf.default.accept_dad": "0",
    "net.ipv6.conf.default.accept_ra": "0",
    # Redundant leaves: a packet may come back by the other one.
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
}


def segment(rack: str) -> str:
    """Name of the namespace that is a rack's layer 2; no host's name begins with an underscore."""
    return f"_{rack}"


def namespaces(plan: Plan) -> list[str]:
    """All namespaces: one a host, one a rack."""
    return [*(host.name for host in plan.hosts), *map(segment, plan.racks)]


def link_batches(plan: Plan) -> dict[str, list[str]]:
    """``ip -batch`` lines by namespace that make all links; both ends are born where they belong."""
    batches: dict[str, list[str]] = {}
    for rack in plan.racks:
        lines = [f"link add {_BRIDGE} type bridge forward_delay 0", f"link set {_BRIDGE} up"]
        ends = [(leaf.name, RACK_INTERFACE) for leaf in plan.switches if leaf.rack == rack]
        ends += [(node.name, _NODE_INTERFACE) for node in plan.nodes if node.rack == rack]
        for number, (host, interface) in enumerate(ends):
            lines.append(f"link add p{number} type veth peer name {interface} netns {host}")
            lines.append(f"link set p{number} master {_BRIDGE} up")
        batches[segment(rack)] = lines
    for leaf in plan.switches:
        if leaf.rack:
            batches[leaf.name] = [
                f"link add {link.interface} type veth peer name {link.peer_interface} netns {link.peer}"
                for link in leaf.links
            ]
    return batches


def address_batches(plan: Plan) -> dict[str, list[str]]:
    """``ip -batch`` lines by namespace that give every host its addresses and routes."""
    return {host.name: _node(host) if isinstance(host, Node) else _switch(host) for host in plan.hosts}


def _switch(switch: Switch) -> list[str]:
    lines = ["link set lo up"]
    if switch.rack:
        lines += _addresses(RACK_INTERFACE, switch.addresses)
    for link in switch.links:
        lines += _addresses(link.interface, link.addresses)
    return lines


def _node(node: Node) -> list[str]:
    lines = ["link set lo up", *_addresses(_NODE_INTERFACE, node.addresses)]
    lines += [f"address add {pod} dev lo" for pod in node.pods]
    for version, everywhere in ((4, "0.0.0.0/0"), (6, "::/0")):
        gateways = [gateway for gateway in node.gateways if ip_interface(gateway).version == version]
        # Not one route with two next hops: what BIRD 1.6 resolves through such a route becomes "unreachable".
        lines += [f"route add {everywhere} via {gateway} metric {n}" for n, gateway in enumerate(gateways, 1)]
    return lines


def _addresses(interface: str, addresses: Sequence[str]) -> list[str]:
    nodad = {4: "", 6: " nodad"}
    return [
        *(f"address add {address} dev {interface}{nodad[ip_interface(address).version]}" for address in addresses),
        f"link set {interface} up",
    ]


def build(plan: Plan) -> None:
    """Make the whole network; call it in the holder, whose /run is private. Raises LabError."""
    names = namespaces(plan)
    _ip(["-batch", "-"], [f"netns add {name}" for name in names])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_set_sysctls, names))
        for batches in (link_batches(plan), address_batches(plan)):
            list(pool.map(lambda item: _ip(["-n", item[0], "-batch", "-"], item[1]), batches.items()))


def attach(node: Node, number: int) -> None:
    """Make the network of a node that joins, at port ``number`` of its rack's bridge; raises LabError."""
    _ip(["-batch", "-"], [f"netns add {node.name}"])
    _set_sysctls(node.name)
    lines = [
        f"link add j{number} type veth peer name {_NODE_INTERFACE} netns {node.name}",
        f"link set j{number} master {_BRIDGE} up",
    ]
    _ip(["-n", segment(node.rack), "-batch", "-"], lines)
    _ip(["-n", node.name, "-batch", "-"], _node(node))


def detach(name: str) -> None:
    """Take away the network of a node that has left; raises LabError."""
    _ip(["-batch", "-"], [f"netns del {name}"])


def _set_sysctls(namespace: str) -> None:
    settings = [f"{name}={value}" for name, value in _SYSCTLS.items()]
    _run(["nsenter", f"--net=/run/netns/{namespace}", "sysctl", "-qw", *settings], "")


def _ip(arguments: list[str], lines: list[str]) -> None:
    _run(["ip", *arguments], "\n".join(lines) + "\n")


def _run(command: list[str], text: str) -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
