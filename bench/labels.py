"""How far behind the labels of a wave confd comes, in a cluster of so many nodes (root).

    python bench/labels.py --nodes 400 2000 --bursts 1 40 160 640

Each label on a node makes confd on every node look through all peers again. One real confd runs here, for a node of
its own, against the real API server of bench/world.py with the nodes and the BGPPeers of such a fabric. A burst of
labels is written on other nodes, sixteen at a time; then a label that this node's BIRD configuration shows. It tells
how long the writes took, how long from then on until the configuration was there, and what of a processor confd
took. There is no BIRD.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import fabrics
from bench.held import world
from bench.world import Api
from lab.hosts import confd_files
from lab.paths import PATH
from leafrack.fabric import Fabric, names

_PEERS = "/apis/crd.projectcalico.org/v1/bgppeers"
_AT_ONCE = 16
_PROBE, _PROBED = "bench-probe", "198.51.100.1"
_NODE = "r000n05"
"""A member of the first rack."""
_PATIENCE = 300.0
_POLL = 0.02


class Confd:
    """A confd and the BIRD configuration that it writes."""

    def __init__(self, process: subprocess.Popen[bytes], file: Path) -> None:
        self._process, self._file = process, file

    def shows(self, *, probe: bool) -> bool:
        """Whether the configuration has the probe's peer, or has it no more."""
        try:
            return (_PROBED in self._file.read_text(encoding="utf-8")) is probe
        except FileNotFoundError:
            return False

    def until(self, *, probe: bool) -> float:
        """Seconds until it does."""
        begun = time.monotonic()
        while not self.shows(probe=probe):
            if time.monotonic() - begun > _PATIENCE or self._process.poll() is not None:
                sys.exit("confd does not write its configuration")
            time.sleep(_POLL)
        return time.monotonic() - begun

    @property
    def processor(self) -> float:
        """Seconds of a processor that it has taken so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def confd(folder: Path) -> Iterator[Confd]:
    """A confd of the node, in a mount namespace of its own."""
    home = folder / "confd"
    confd_files(_NODE, home)
    # Instead of runit's, which has BIRD read its configuration.
    (folder / "sv").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "sv").chmod(0o755)
    at = "/etc/calico/confd"
    # Both over what is there, so that nothing of it stays on this machine.
    script = (
        "mount -t tmpfs tmpfs /run && mkdir -p /run/upper /run/work /run/calico/endpoint-status && "
        "mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc && "
        f'mkdir -p {at} && mount --bind "$1" {at} && exec calico-confd -confdir {at}'
    )
    env = {
        "PATH": f"{folder}:{PATH}",
        "KUBECONFIG": str(folder / "kubeconfig"),
        "NODENAME": _NODE,
        "CALICO_NODENAME": _NODE,
        "DATASTORE_TYPE": "kubernetes",
        "CALICO_NETWORKING_BACKEND": "bird",
    }
    with (folder / "confd.log").open("wb") as log:
        process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--", "bash", "-c", script, "confd", str(home)],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Confd(process, home / "config" / "bird.cfg")
    finally:
        process.kill()
        process.wait()


def peers(fabric: Fabric) -> Iterator[dict[str, object]]:
    """The BGPPeers of the fabric as leafrack names and selects them, and one for the probe."""
    made: list[tuple[str, dict[str, object]]] = [
        ("probe", {"nodeSelector": f"has({_PROBE})", "peerIP": _PROBED, "asNumber": 64999})
    ]
    for name, rack in fabric.racks.items():
        nodes, reflecting = names.rack_selector(fabric, name), names.reflector_selector(name)
        border = reflecting if fabric.reflectors_of(name) else nodes
        for leaf, switch in rack.leaves.items():
            (address,) = switch.address
            spec = {"nodeSelector": border, "peerIP": str(address), "asNumber": switch.as_number}
            made.append((names.leaf_peer(fabric, name, leaf, address.version), spec))
        if fabric.reflectors_of(name):
            made.append((names.node_peer(name), {"nodeSelector": nodes, "peerSelector": reflecting}))
    for name, given in made:
        yield {
            "apiVersion": "crd.projectcalico.org/v1",
            "kind": "BGPPeer",
            "metadata": {"name": name},
            "spec": given,
        }


def measured(api: Api, running: Confd, nodes: Sequence[str], bursts: Sequence[int]) -> Iterator[str]:
    """A line for each burst."""
    numbers = itertools.count()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for burst in bursts:
            probe = not running.shows(probe=True)
            value, before, begun = f"b{next(numbers)}", running.processor, time.monotonic()
            list(pool.map(lambda node, value=value: label(api, node, names.RACK_LABEL, value), nodes[:burst]))
            wrote = time.monotonic() - begun
            label(api, _NODE, _PROBE, "yes" if probe else None)
            behind = running.until(probe=probe)
            took = running.processor - before
            yield f"{burst:6} labels in {wrote:.1f} s, seen {behind:.2f} s later, {took:.1f} s of a processor"


def label(api: Api, node: str, key: str, value: str | None) -> None:
    """Set a label of a node, or take it away."""
    api.ask("PATCH", f"/api/v1/nodes/{node}", {"metadata": {"labels": {key: value}}})


def main() -> None:
    """Each size in a world of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[400, 2000])
    parser.add_argument("--bursts", type=int, nargs="+", default=[1, 40, 160, 640])
    chosen = parser.parse_args()
    for size in chosen.nodes:
        with (
            tempfile.TemporaryDirectory(prefix="labels-") as folder,
            world(Path(folder), size, labelled=False) as held,
        ):
            api, fabric = (
                Api(held.folder / "kubeconfig"),
                Fabric.model_validate(fabrics.values(held.racks, labelled=False)),
            )
            for rack, declared in fabric.racks.items():
                for node in declared.nodes:
                    label(api, node, names.RACK_LABEL, rack)
                for node in fabric.reflectors_of(rack):
                    label(api, node, names.REFLECTOR_LABEL, rack)
            made = list(peers(fabric))
            for peer in made:
                api.ask("POST", _PEERS, peer)
            others = [node for rack in list(fabric.racks)[1:] for node in fabric.racks[rack].nodes]
            with confd(held.folder) as running:
                first = running.until(probe=False)
                print(
                    f"{size} nodes, {len(made)} BGPPeers: confd's first configuration after {first:.1f} s", flush=True
                )
                for line in measured(api, running, others, chosen.bursts):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
