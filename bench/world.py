"""A large world to measure on: the lab's API server with nodes in it, and leaves that only answer (root).

    python -m bench.world FOLDER NODES [HANGING-LEAF…]

It is the first process of namespaces of its own, so that all ends with it. It prints a line of JSON when all is there,
and ends with its standard input. Statuses of nodes are filled as calico-node does it: within a second, all sessions
Established. There is no BIRD.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

import yaml

from bench import fabrics, leaves
from lab.api import ControlPlane
from lab.cluster import objects
from lab.daemons import Daemons
from lab.holder import private_mounts
from lab.paths import PATH, RUN, Folder
from lab.plan import Plan, plan_of
from lab.ports import claim
from leafrack.fabric import Fabric

_AT_ONCE = 8
"""Requests at a time while objects are made."""
_PERIOD = 0.5
"""Seconds between two looks at what calico-node is asked for; it takes up to a second itself."""
_STATUSES = "/apis/crd.projectcalico.org/v1/caliconodestatuses"
_NAMES = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
"""A list without what its objects hold: a node reads the one that is for it, not those of all others."""
_NAME = _NAMES.replace("MetadataList", "Metadata")


class Api:
    """The API server as admin, with a connection for each thread."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        self._server = config["clusters"][0]["cluster"]["server"].removeprefix("https://")
        self._token = config["users"][0]["user"]["token"]
        self._local = threading.local()

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | str | None = None, *, kind: str = "application/json"
    ) -> Any:
        """An answer of the API server, of a kind; raises RuntimeError for one that is no success."""
        if not hasattr(self._local, "connection"):
            self._local.connection = HTTPSConnection(self._server, context=ssl._create_unverified_context())  # noqa: S323, SLF001 - a server of our own
        given = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": given, "Accept": kind}
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        try:
            self._local.connection.request(method, path, text, headers)
            answer = self._local.connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException):
            # One that has failed in the middle takes no further request.
            del self._local.connection
            raise
        if answer.status >= 300 and answer.status not in (404, 409):
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return json.loads(said)


def make(api: Api, made: Iterable[Mapping[str, Any]]) -> None:
    """Create objects, some at a time."""
    paths = {"Node": "/api/v1/nodes", "BlockAffinity": "/apis/crd.projectcalico.org/v1/blockaffinities"}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda each: api.ask("POST", paths[each["kind"]], each), made))


def node_objects(plan: Plan) -> list[dict[str, Any]]:
    """Nodes and blocks, the nodes with what a kubelet and a cloud write on them: it is read with every list."""
    found = [each for each in objects(plan) if each["kind"] in ("Node", "BlockAffinity")]
    racks = {node.name: node.rack for node in plan.nodes}
    for each in found:
        if each["kind"] == "Node":
            name = each["metadata"]["name"]
            each["metadata"]["labels"] |= {
                fabrics.LABEL: racks[name],
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "metal",
                "topology.kubernetes.io/zone": "dc1",
            }
            each["status"] = {
                "capacity": {"cpu": "64", "memory": "263856248Ki", "pods": "250", "ephemeral-storage": "936Gi"},
                "conditions": [
                    {"type": kind, "status": state, "reason": f"Kubelet{kind}", "message": "as the kubelet says"}
                    for kind, state in (
                        ("Ready", "True"),
                        ("MemoryPressure", "False"),
                        ("DiskPressure", "False"),
                        ("PIDPressure", "False"),
                    )
                ],
                "images": [
                    {"names": [f"registry.example/team/app{n}@sha256:{n:064x}"], "sizeBytes": 10**8 + n}
                    for n in range(25)
                ],
                "nodeInfo": {
                    "kubeletVersion": "v1.36.3",
                    "osImage": "Debian GNU/Linux 12",
                    "kernelVersion": "6.1.0",
                    "containerRuntimeVersion": "containerd://2.1.4",
                    "architecture": "amd64",
                    "operatingSystem": "linux",
                    "kubeProxyVersion": "",
                    "bootID": "",
                    "machineID": name,
                    "systemUUID": name,
                },
            }
    return found


class Statuses(threading.Thread):
    """Fills every CalicoNodeStatus that is asked for, as the nodes' calico-node; those that a file names do not."""

    def __init__(self, api: Api, fabric: Fabric, blocks: Iterable[str], silent: Path) -> None:
        super().__init__(daemon=True)
        self._api, self._silent = api, silent
        self._peers = {
            node: [
                str(address)
                for other in (*rack.nodes.values(), *(leaf.address for leaf in rack.leaves.values()))
                for address in other
            ]
            for rack in fabric.racks.values()
            for node in rack.nodes
        }
        # Written down once: all nodes have the same routes.
        self._routes = json.dumps([{"type": "FIB", "destination": block} for block in blocks])
        self._filled: frozenset[str] = frozenset()

    def run(self) -> None:
        """Look and fill, for ever: nodes do it at the same time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while True:
                begun = time.monotonic()
                # An API server that has just started, or is busy, is asked again.
                with suppress(RuntimeError, OSError, HTTPException):
                    self._look(pool)
                time.sleep(max(0.05, _PERIOD - (time.monotonic() - begun)))

    def _look(self, pool: ThreadPoolExecutor) -> None:
        asked = {each["metadata"]["name"] for each in self._api.ask("GET", _STATUSES, kind=_NAMES).get("items") or ()}
        # leafrack-XXXXXXXX-NODE
        new = {name: name.split("-", 2)[2] for name in asked - self._filled}
        silent = self._silent.read_text(encoding="utf-8").split() if new and self._silent.exists() else ()
        waiting = [(name, node) for name, node in new.items() if node not in silent]
        list(pool.map(lambda each: self._fill(*each), waiting))
        self._filled = frozenset(asked)

    def _fill(self, name: str, node: str) -> None:
        peers = [{"peerIP": ip, "type": "nodePeer", "state": "Established"} for ip in self._peers[node]]
        filled = {
            "lastUpdated": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "bgp": {
                "numberEstablishedV4": len(peers),
                "numberNotEstablishedV4": 0,
                "numberEstablishedV6": 0,
                "numberNotEstablishedV6": 0,
                "peersV4": peers,
            },
        }
        status = json.dumps(filled)
        if "Routes" in self._api.ask("GET", f"{_STATUSES}/{name}").get("spec", {}).get("classes", ()):
            status = f'{status[:-1]}, "routes": {{"routesV4": {self._routes}}}}}'
        self._api.ask("PATCH", f"{_STATUSES}/{name}", f'{{"status": {status}}}', kind=_NAME)


def main(folder: Path, racks: int, *hangs: str) -> None:
    """Build it, say so, and hold it until standard input ends."""
    os.environ["PATH"] = PATH
    private_mounts()
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    fabric = Fabric.model_validate(fabrics.values(racks, labelled=False))
    plan = plan_of(fabric)
    claimed = claim(folder, folder / "ports.json")
    cluster = ControlPlane(Folder(folder), claimed.ports, replace(plan, nodes=()), Daemons(RUN / "cluster"))
    cluster.start()
    cluster.install()
    api = Api(folder / "kubeconfig")
    make(api, node_objects(plan))
    blocks = [block for node in plan.nodes for block in node.blocks]
    Statuses(api, fabric, blocks, folder / "silent").start()
    made = [
        leaves.Leaf(
            name,
            leaf.as_number,
            str(next(iter(leaf.address))),
            [str(next(iter(addresses))) for addresses in rack.nodes.values()],
            "".join(f"{route}\n" for route in (*blocks, fabrics.SERVICES)),
        )
        for rack in fabric.racks.values()
        for name, leaf in rack.leaves.items()
    ]

    async def answer() -> None:
        ports, key = await leaves.serve(made, leaves.Counted(), hangs=frozenset(hangs))
        print(json.dumps({"ports": ports, "key": key}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    asyncio.run(answer())
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
