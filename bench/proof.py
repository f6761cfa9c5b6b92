"""How long the proof takes, by size of the fabric: ``python bench/proof.py``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from leafrack.fabric import Fabric
from leafrack.proof import prove
from leafrack.proof.topology import topology


def fabric(
    racks: int, nodes: int, *, kinds: int = 1, versions: tuple[int, ...] = (4,), shared_as: bool = False
) -> Fabric:
    """Racks with two leaves and two spines; of ``kinds`` kinds, which differ in how many reflectors they have."""

    def addresses(rack: int, host: int) -> list[str]:
        own = {4: f"172.{16 + rack // 256}.{rack % 256}.{host}", 6: f"fd00:{rack:x}::{host:x}"}
        return [own[version] for version in versions]

    def leaf(rack: int, number: int) -> dict[str, object]:
        v4, v6 = f"100.{64 + number}.{rack % 256}", f"fd01:{number}:{rack:x}:"
        uplinks = {
            f"spine{spine}": {
                "address": [f"{v4}.{8 * spine + 2}", f"{v6}{spine}::2"][: len(versions)],
                "peerAddress": [f"{v4}.{8 * spine + 1}", f"{v6}{spine}::1"][: len(versions)],
            }
            for spine in range(2)
        }
        return {
            "address": addresses(rack, 254 - number),
            "asNumber": 100000 + 10 * rack + number,
            "uplinks": uplinks,
        }

    def rack(number: int) -> dict[str, object]:
        reflectors = 2 + number % kinds % 2
        members = nodes - reflectors - (number % kinds) // 2
        names = [f"r{number}n{node}" for node in range(reflectors + max(members, 0))]
        given = {name: addresses(number, 1 + host) for host, name in enumerate(names)}
        return {
            "asNumber": 64512 if shared_as else 200000 + number,
            "interconnect": ("route-reflectors", "full-mesh", "top-of-rack")[number % kinds % 3],
            "leaves": {f"r{number}l{place}": leaf(number, place) for place in range(2)},
            "reflectors": dict(list(given.items())[:reflectors]),
            "members": dict(list(given.items())[reflectors:]),
        }

    ranges = {4: ("10.0.0.0/9", "10.128.0.0/12"), 6: ("fd10::/32", "fd20::/112")}
    return Fabric.model_validate(
        {
            "name": "bench",
            "podCIDRs": [ranges[version][0] for version in versions],
            "serviceClusterIPs": [ranges[version][1] for version in versions],
            "spines": {f"spine{number}": {"asNumber": 65000 + number} for number in range(2)},
            "racks": {f"r{number}": rack(number) for number in range(racks)},
        }
    )


CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("2 racks x 3 nodes", {"racks": 2, "nodes": 3}),
    ("8 racks x 40 nodes", {"racks": 8, "nodes": 40}),
    ("125 racks x 40 nodes", {"racks": 125, "nodes": 40}),
    ("125 racks x 40 nodes, dual stack", {"racks": 125, "nodes": 40, "versions": (4, 6)}),
    ("125 racks x 40 nodes, all in one AS", {"racks": 125, "nodes": 40, "shared_as": True}),
    ("125 racks x 40 nodes, 6 kinds of rack", {"racks": 125, "nodes": 40, "kinds": 6}),
    ("250 racks x 100 nodes", {"racks": 250, "nodes": 100}),
)


def main() -> None:
    """Print a line for each case: what there is, what is left after sorting by kind, and how long it took."""
    print(f"{'':40} {'speakers':>9} {'walked':>7} {'sessions':>9} {'findings':>9} {'seconds':>8}")
    for name, given in CASES:
        declared = fabric(**given)
        begun = time.perf_counter()
        proof = prove(declared)
        seconds = time.perf_counter() - begun
        small = topology(proof.classes.fabric)
        whole = sum(len(rack.nodes) + len(rack.leaves) for rack in declared.racks.values()) + len(declared.spines)
        findings = len(proof.unreachable)
        print(f"{name:40} {whole:9} {len(small.speakers):7} {len(small.sessions):9} {findings:9} {seconds:8.2f}")


if __name__ == "__main__":
    main()
