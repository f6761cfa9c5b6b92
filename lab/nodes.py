"""Nodes that join a lab that is up, leave it, or change their rack by label: ``python -m lab node ...``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from ipaddress import ip_interface
from typing import Any

from lab.calico import V1_GROUP, V3_GROUP
from lab.cluster import node_objects
from lab.control import holder_environment, locked, running_lab, say
from lab.errors import LabError
from lab.paths import CLONE, TOOLS, Folder
from lab.plan import BLOCK_PREFIX, Node, node_of
from lab.state import Host, State
from leafrack.fabric import Fabric
from leafrack.fabric.load import load_fabric
from leafrack.fabric.names import IPV4_ANNOTATION, IPV6_ANNOTATION
from leafrack.fabric.stand_ins import newcomers

Json = dict[str, Any]


def change(folder: Folder, what: str, who: str, rack: str = "") -> None:
    """One of the three; raises LabError."""
    if what == "add":
        add(folder, who)
    elif what == "remove":
        remove(folder, who)
    else:
        relabel(folder, who, rack)


def add(folder: Folder, rack: str) -> None:
    """Let a node join a rack, with the rack's label where it has one; says its name."""
    with locked(folder):
        running = running_lab(folder)
        fabric = _fabric(running, rack)
        node = _newcomer(folder, running, fabric, rack)
        _kubectl(folder, "apply", "--server-side", "-f", "-", text=json.dumps(_objects(running, node)))
        try:
            pid = int(_inside(folder, running, "attach", json.dumps([asdict(node), len(running.hosts)])))
        except LabError:
            _forget(folder, running, node.name)
            raise
        host = Host(node.name, node.kind, rack, pid)
        replace(running, hosts=(*running.hosts, host)).save(folder.state)
    say(f"{node.name} has joined rack {rack}, {', '.join(node.addresses)}")


def remove(folder: Folder, name: str) -> None:
    """Let a node leave: its Node object and its pod blocks first, as an autoscaler does, then the machine."""
    with locked(folder):
        running = running_lab(folder)
        host = _host(running, name)
        _forget(folder, running, name)
        os.kill(host.pid, signal.SIGKILL)
        _inside(folder, running, "detach", name)
        replace(running, hosts=tuple(each for each in running.hosts if each != host)).save(folder.state)
    say(f"{name} has left")


def relabel(folder: Folder, name: str, rack: str) -> None:
    """Give a node the label of another rack, or none of any; its cable stays where it is."""
    with locked(folder):
        running = running_lab(folder)
        _host(running, name)
        fabric = load_fabric(running.fabric)
        labels = {key: declared.label for key, declared in fabric.racks.items() if declared.label is not None}
        if rack and rack not in labels:
            raise LabError(f"rack {rack} knows no node by a label; {', '.join(labels) or 'no rack'} does")
        gone = {f"{label.key}-" for other, label in labels.items() if other != rack}
        given = {f"{labels[rack].key}={labels[rack].value}"} if rack else set()
        gone -= {f"{labels[rack].key}-"} if rack else set()
        _kubectl(folder, "label", "node", name, "--overwrite", *sorted(given), *sorted(gone))
    say(f"{name} carries {' '.join(sorted(given)) or 'no label of a rack'} now")


def _forget(folder: Folder, running: State, name: str) -> None:
    """Delete what the cluster has of a node."""
    _kubectl(folder, "delete", "node", name)
    named = [each for each in _affinities(folder, running) if each["spec"]["node"] == name]
    for each in named:
        _kubectl(folder, "delete", f"blockaffinities.{_group(running)}", each["metadata"]["name"])


def _fabric(running: State, rack: str) -> Fabric:
    fabric = load_fabric(running.fabric)
    if rack not in fabric.racks:
        raise LabError(f"no rack '{rack}' in this lab; it has {', '.join(fabric.racks)}")
    return fabric


def _host(running: State, name: str) -> Host:
    found = next((host for host in running.hosts if host.name == name and host.kind == "node"), None)
    if found is None:
        names = ", ".join(host.name for host in running.hosts if host.kind == "node")
        raise LabError(f"no node '{name}' in this lab; it has {names}")
    return found


def _newcomer(folder: Folder, running: State, fabric: Fabric, rack: str) -> Node:
    """A node with the first name, address and pod blocks that nobody has."""
    taken = {host.name for host in running.hosts}
    annotations = [node["metadata"].get("annotations", {}) for node in _listed(folder, "nodes")]
    used = {
        ip_interface(each[key]).ip for each in annotations for key in (IPV4_ANNOTATION, IPV6_ANNOTATION) if key in each
    }
    for name, addresses in newcomers(fabric, rack):
        if name not in taken and not used & set(addresses):
            node = node_of(fabric, rack, name, addresses, len(taken))
            blocks = {each["spec"]["cidr"] for each in _affinities(folder, running)}
            return replace(node, blocks=tuple(_free_blocks(fabric, blocks, node)))
    raise LabError(f"rack {rack} has no address left")


def _free_blocks(fabric: Fabric, used: set[str], node: Node) -> Iterator[str]:
    for version in sorted({ip_interface(address).version for address in node.addresses}):
        pool = next((network for network in fabric.pod_cidrs if network.version == version), None)
        if pool is not None:
            prefix = max(BLOCK_PREFIX[version], pool.prefixlen)
            yield next(str(each) for each in pool.subnets(new_prefix=prefix) if str(each) not in used)


def _objects(running: State, node: Node) -> Json:
    return {"apiVersion": "v1", "kind": "List", "items": node_objects(node, native=_group(running) == V3_GROUP)}


def _affinities(folder: Folder, running: State) -> list[Json]:
    return _listed(folder, f"blockaffinities.{_group(running)}")


def _listed(folder: Folder, kind: str) -> list[Json]:
    found: list[Json] = json.loads(_kubectl(folder, "get", kind, "-o", "json"))["items"]
    return found


def _group(running: State) -> str:
    return V3_GROUP if running.native else V1_GROUP


def _kubectl(folder: Folder, *arguments: str, text: str | None = None) -> str:
    command = [str(TOOLS / "kubectl"), "--kubeconfig", str(folder.kubeconfig), "--context", "admin"]
    done = subprocess.run([*command, *arguments], input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def _inside(folder: Folder, running: State, what: str, given: str) -> str:
    """Run a command of :mod:`lab.attach` where the holder is."""
    # Whoever enters a mount namespace stands at its root.
    here = ["nsenter", "-t", str(running.holder.pid), "-m", "-p", "--", "env", "-C", str(CLONE)]
    done = subprocess.run(
        [*here, sys.executable, "-m", "lab.attach", what, given],
        env=holder_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError((done.stderr.strip().splitlines() or [f"{what} ended with {done.returncode}"])[-1])
    return done.stdout
