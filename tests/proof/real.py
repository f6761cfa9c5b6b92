"""A fabric in the lab: brought up, configured by ``pulumi up`` or by hand, and its routing tables read back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import yaml

from lab.control import inside, running_lab
from lab.paths import Folder
from lab.plan import Plan, plan_of
from leafrack.fabric import Fabric
from leafrack.proof.model import DEFAULT_GATEWAY, Entry, Prefix, Topology, What
from leafrack.proof.simulate import Walk

CLONE = Path(__file__).resolve().parents[2]
KUBECTL = CLONE / ".tools" / "bin" / "kubectl"

COLLIDING = 20.0
"""Seconds after which a session that is not up is taken to be held up by the other end's attempts."""

Table = dict[str, tuple[str, ...]]
"""A routing table as both sides are compared: hosts that a route leads to, or what it is instead."""


@dataclass(frozen=True)
class Lab:
    """A running lab of a test's own."""

    folder: Path
    file: Path
    fabric: Fabric

    def run(self, host: str, *command: str, stdin: str | None = None) -> str:
        """Run a command in all namespaces of a host, like ``python -m lab exec`` without a new Python each time."""
        pid = next(one.pid for one in running_lab(Folder(self.folder)).hosts if one.name == host)
        return _checked([*inside(pid), *command], stdin=stdin)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> None:
        """Run kubectl as administrator of the lab's cluster."""
        command = [str(KUBECTL), "--kubeconfig", f"{self.folder}/kubeconfig", "--context", "admin", *arguments]
        _checked(command, stdin=stdin)


@contextmanager
def running(folder: Path, values: Mapping[str, Any]) -> Iterator[Lab]:
    """A lab for the values of a fabric file, ended afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "fabric.yaml"
    file.write_text(yaml.safe_dump(dict(values), sort_keys=False))
    lab = folder / "lab"
    try:
        _lab(lab, "up", str(file))
        yield Lab(lab, file, Fabric.model_validate(dict(values)))
    finally:
        _lab(lab, "down")


def _lab(folder: Path, *arguments: str) -> str:
    return _checked([sys.executable, "-m", "lab", *arguments], LEAFRACK_LAB=str(folder))


def _checked(command: list[str], *, stdin: str | None = None, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=CLONE,
        env={**os.environ, **environment},
        input="" if stdin is None else stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def fail(lab: Lab, name: str) -> None:
    """End all sessions of a speaker, as its loss does once the hold times are over."""
    switches = {switch.name: switch for switch in plan_of(lab.fabric).switches}
    if name in switches:
        # Its neighbours are told first: BIRD keeps what it has from an FRR that only closes its connections.
        running = lab.run(name, "vtysh", "-c", "show running-config bgpd")
        lines = [f"no neighbor {peer}" for peer in re.findall(r"^ neighbor (\S+) remote-as", running, re.MULTILINE)]
        instance = f"router bgp {switches[name].as_number}"
        commands = ["configure terminal", instance, *lines, "exit", f"no {instance}"]
        lab.run(name, "vtysh", *(word for line in commands for word in ("-c", line)))
    else:
        for daemon in ("bird", "bird6"):
            lab.run(name, "birdc", "-s", f"/var/run/calico/{daemon}.ctl", "disable", "all")


def restore(lab: Lab, name: str) -> bool:
    """Bring a failed node back; a switch stays lost."""
    lost = name in {node.name for node in plan_of(lab.fabric).nodes}
    for daemon in ("bird", "bird6") if lost else ():
        lab.run(name, "birdc", "-s", f"/var/run/calico/{daemon}.ctl", "enable", "all")
    return lost


def predicted(fabric: Fabric, speakers: Topology) -> dict[str, Table]:
    """What the proof says, in the lab's own blocks."""
    plan = plan_of(fabric)
    tables: dict[str, Table] = {}
    for name, entries in Walk(speakers).tables().items():
        tables[name] = {}
        for prefix, entry in entries.items():
            node = speakers.speakers[name].cluster_id is not None or name in {one.name for one in plan.nodes}
            # Nodes do not put service ranges into the kernel's table, and connected is not BGP's.
            if (entry.own and prefix.what is not What.PODS) or (node and prefix.what is What.SERVICES):
                continue
            tables[name] |= dict.fromkeys(_blocks(plan, prefix), _shown(plan, speakers, name, prefix, entry))
    return tables


def _blocks(plan: Plan, prefix: Prefix) -> tuple[str, ...]:
    if prefix.what is not What.PODS:
        return tuple(map(str, prefix.ranges))
    node = next(one for one in plan.nodes if one.name == prefix.node)
    return tuple(block for block in node.blocks if ip_network(block).version == prefix.version)


def _shown(plan: Plan, speakers: Topology, name: str, prefix: Prefix, entry: Entry) -> tuple[str, ...]:
    if entry.own:
        return ("blackhole",)
    if not entry.hops:
        return ("unreachable",)
    hops = set()
    for hop in entry.hops:
        if hop == DEFAULT_GATEWAY:
            node = next(one for one in plan.nodes if one.name == name)
            gateway = next(one for one in map(ip_address, node.gateways) if one.version == prefix.version)
            hops.add(speakers.owners[gateway])
        else:
            hops.add(hop.speaker)
    return tuple(sorted(hops))


def real(lab: Lab) -> dict[str, Table]:
    """BGP's routes in every host's table, from the kernel on nodes and from zebra on switches."""
    plan = plan_of(lab.fabric)
    owners = {
        info["local"]: host.name
        for host in plan.hosts
        for interface in json.loads(lab.run(host.name, "ip", "-j", "address"))
        for info in interface["addr_info"]
    }
    nodes = {node.name: _kernel(lab, node.name, owners) for node in plan.nodes}
    return {**nodes, **{switch.name: _zebra(lab, switch.name, owners) for switch in plan.switches}}


def _kernel(lab: Lab, host: str, owners: Mapping[str, str]) -> Table:
    table: dict[str, set[str]] = {}
    for family in ("-4", "-6"):
        for route in json.loads(lab.run(host, "ip", family, "-j", "route") or "[]"):
            if route.get("protocol") == "bird":
                found = table.setdefault(str(ip_network(route["dst"])), set())
                hops = route.get("nexthops", [route])
                gateways = [hop["gateway"] for hop in hops if "gateway" in hop]
                gateways += [hop["via"]["host"] for hop in hops if "via" in hop]
                found |= {owners.get(gateway, gateway) for gateway in gateways} or {route.get("type", "?")}
    return {network: tuple(sorted(hosts)) for network, hosts in table.items()}


def _zebra(lab: Lab, host: str, owners: Mapping[str, str]) -> Table:
    table: Table = {}
    for family in ("ip", "ipv6"):
        for network_, routes in json.loads(lab.run(host, "vtysh", "-c", f"show {family} route json")).items():
            for route in routes:
                if route["protocol"] == "bgp" and route.get("selected"):
                    hops = {hop["ip"] for hop in route["nexthops"] if hop.get("active") and not hop.get("resolver")}
                    table[network_] = tuple(sorted(owners.get(hop, hop) for hop in hops))
    return table


def differences(
    lab: Lab, expected: Mapping[str, Table], patience: float, *, changed: bool = False
) -> tuple[int, list[str]]:
    """Routes that were compared, and a line for each that is not as predicted once nothing changes any more.

    Where the fabric has ``changed``, a node's way to another one of its rack may lead over their leaf. FRR has put its
    own address in as next hop while there were more paths, and holds what it would send without them for a duplicate.
    """
    leaves = {node: set(rack.leaves) for rack in lab.fabric.racks.values() for node in rack.nodes} if changed else {}

    def is_as_predicted(host: str, own: tuple[str, ...] | None, found: tuple[str, ...] | None) -> bool:
        if own == found or own is None or found is None or host not in leaves:
            return own == found
        in_the_rack = all(leaves.get(hop) == leaves[host] for hop in own)
        return in_the_rack and set(found) <= leaves[host]

    deadline, collided = time.monotonic() + patience, time.monotonic() + COLLIDING
    while True:
        found = real(lab)
        lines = [
            f"{host}: {route}: predicted {own.get(route)}, found {found[host].get(route)}"
            for host, own in expected.items()
            for route in sorted({*own, *found[host]})
            if not is_as_predicted(host, own.get(route), found[host].get(route))
        ]
        if not lines or time.monotonic() > deadline:
            return sum(len({*own, *found[host]}) for host, own in expected.items()), lines
        if time.monotonic() > collided:
            _part(lab)
            collided = time.monotonic() + COLLIDING
        time.sleep(1)


def _part(lab: Lab) -> None:
    """Let one end of each session that does not come up wait, so that both no longer connect at the same moment.

    Peers of a peerSelector are active on both ends, and two BIRDs were seen to close each other's connections for
    minutes when both were configured in one moment.
    """
    nodes = {node: addresses for rack in lab.fabric.racks.values() for node, addresses in rack.nodes.items()}
    for place, node in enumerate(nodes):
        later = {
            f"{kind}_{re.sub('[.:]', '_', str(address))}"
            for addresses in list(nodes.values())[place + 1 :]
            for address in addresses
            for kind in ("Node", "Mesh")
        }
        for control in (f"/var/run/calico/{daemon}.ctl" for daemon in ("bird", "bird6")):
            said = [line.split() for line in lab.run(node, "birdc", "-s", control, "show", "protocols").splitlines()]
            waiting = [words[0] for words in said if words and words[0] in later and words[3] == "start"]
            for verb, seconds in (("disable", 2), ("enable", 0)) if waiting else ():
                for protocol in waiting:
                    lab.run(node, "birdc", "-s", control, verb, protocol)
                time.sleep(seconds)
