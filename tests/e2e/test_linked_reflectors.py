"""``reflectorMesh``: reflectors of different racks peer with each other where leaves carry no pods between racks.

The leaves pass on subnets and nothing else to their spine, as an operator with encapsulated pools has them. There are
no tunnels in the lab, whose kernel may lack them: across racks the nodes' tables say what would be reached.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from lab.fabrics import rack, values
from lab.pings import Pings, lines
from lab.site import Site, running
from lab.tables import kernel, without_a_route
from tests.e2e.tables import Watch
from tests.e2e.world import configure, eventually, node_status, snapshot

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.loss,
    pytest.mark.nightly(twin="tests/e2e/test_any_fabric.py"),
]

REFLECTORS = {"rr1": ("n1a", "n1b"), "rr2": ("n2a", "n2b")}
NODES = ("n1a", "n1b", "n2a", "n2b", "n2c")
SWITCHES = ("spine1", "leaf1", "leaf2")
LEAVES = {"leaf1": (65101, "100.1.1.1"), "leaf2": (65102, "100.1.2.1")}
"""AS number, and address of the spine."""
IN_THE_RACK = [("n2a", "n2b"), ("n2a", "n2c"), ("n2b", "n2c")]
"""In the rack whose AS is the fabric's."""
IN_THE_RACKS = [*IN_THE_RACK, ("n1a", "n1b")]
ACROSS = [("n1a", "n2a"), ("n1b", "n2c")]
USUAL = 20.0
"""Seconds in one piece for which nodes have no route to a pod of the other rack, most of them: docs/order.md."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two racks behind leaves that carry no pods, an encapsulated pool, the mesh complete."""
    racks = {"rr1": rack(1, members=0, spines=1, asNumber=64513), "rr2": rack(2, spines=1, asNumber=64512)}
    whole = values(racks, spines=1, reflectorMesh=True)
    with running(tmp_path_factory.mktemp("linked"), whole) as own:
        for leaf, (number, spine) in LEAVES.items():
            configure(
                own.lab,
                leaf,
                "ip prefix-list UNDERLAY seq 5 deny 10.233.0.0/17 le 32",
                "ip prefix-list UNDERLAY seq 10 permit any",
                f"router bgp {number}",
                "address-family ipv4 unicast",
                f"neighbor {spine} prefix-list UNDERLAY out",
            )
        encapsulated(own, "Always")
        assert eventually(lambda: not without_a_route(own.lab, NODES)), without_a_route(own.lab, NODES)
        yield own


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, Any]:
    """The world before the first update."""
    return snapshot(site.lab, SWITCHES)


def encapsulated(site: Site, mode: str) -> None:
    """Set the pool's ``ipipMode``."""
    spec = json.dumps({"spec": {"ipipMode": mode}})
    site.lab.kubectl("patch", "ippools.crd.projectcalico.org", "default-ipv4-ippool", "--type=merge", "-p", spec)


def addresses(site: Site) -> dict[str, str]:
    """Address by node."""
    return {node.name: node.addresses[0].partition("/")[0] for node in site.plan.nodes}


def next_hops(site: Site, node: str) -> dict[str, str]:
    """BGP next hop of the best route to each pod block that a node has learned, as its BIRD has it."""
    said = site.lab.exec(node, "birdc", "-s", "/var/run/calico/bird.ctl", "show", "route", "primary", "all")
    routes = re.split(r"^(?=\S)", said, flags=re.MULTILINE)
    hops = ((route.split()[0], re.search(r"BGP\.next_hop: (\S+)", route)) for route in routes if route.strip())
    return {block: found[1] for block, found in hops if found}


def wrong_hops(site: Site) -> list[str]:
    """A line for each pod block that a node does not reach by the node that has it, which is where its tunnel ends."""
    own = addresses(site)
    owners = {block: node.name for node in site.plan.nodes for block in node.blocks}
    found = {node: next_hops(site, node) for node in NODES}
    return [
        f"{node}: {block} of {owner} by {found[node].get(block)}"
        for node in NODES
        for block, owner in owners.items()
        if owner != node and found[node].get(block) != own[owner]
    ]


def not_linked(site: Site) -> list[str]:
    """A line for each session between reflectors of different racks that an end of it has not Established."""
    own = addresses(site)
    lacking = []
    for here, there in (("rr1", "rr2"), ("rr2", "rr1")):
        for near in REFLECTORS[here]:
            status = node_status(site.lab, near)
            lacking += [f"{near} to {far}" for far in REFLECTORS[there] if status.get(own[far]) != "Established"]
    return lacking


def blocks(site: Site, *racks: str) -> set[str]:
    """Pod blocks of some racks."""
    return {block for node in site.plan.nodes if node.rack in racks for block in node.blocks}


def on_leaf(site: Site, leaf: str) -> set[str]:
    """Pod blocks that a leaf has a BGP route to."""
    have = {route["dst"] for route in kernel(site.lab, leaf) if route.get("protocol") == "bgp"}
    return have & blocks(site, "rr1", "rr2")


def changed(site: Site, folder: Path, change: Callable[[], object], pairs: list[tuple[str, str]]) -> Pings:
    """Make a change with the pods of pairs pinging; a node soon has a route again to a pod of the other rack.

    Most do: two BIRDs that both connect may close each other's connections, and wait up to 30 s after it.
    """
    with Pings(site.lab, pairs) as pings, Watch(site.lab, NODES, folder) as watch:
        change()
    report = "\n".join(map(str, (*pings.losses, *watch.absent, *watch.unreachable)))
    (folder / "losses").write_text(report, encoding="utf-8")
    racks = {block: node.rack for node in site.plan.nodes for block in node.blocks}
    longest = {(node, block): 0.0 for node in NODES for block in racks if racks[block] != rack_of(site, node)}
    for gap in watch.absent:
        if (way := (gap.node, gap.block)) in longest:
            longest[way] = max(longest[way], gap.seconds)
    assert median(longest.values()) < USUAL, report
    assert max(longest.values()) < math.inf, report
    return pings


def rack_of(site: Site, node: str) -> str:
    """Rack of a node."""
    return next(each.rack for each in site.plan.nodes if each.name == node)


def stands(site: Site) -> None:
    """Everything is as declared, from both ends and from the tables."""
    assert not_linked(site) == []
    assert eventually(lambda: not wrong_hops(site), 10), wrong_hops(site)
    assert eventually(lambda: not without_a_route(site.lab, NODES), 10), without_a_route(site.lab, NODES)
    assert [row["what"] for row in site.rows() if not row["ok"]] == []


def test_linked_reflectors_carry_the_pods_between_racks_whose_leaves_do_not(
    site: Site, before: dict[str, Any], tmp_path: Path
) -> None:
    assert before
    pings = changed(site, tmp_path, site.applied, IN_THE_RACKS)
    assert lines(pings.between(IN_THE_RACK)) == []
    stands(site)
    assert {leaf: on_leaf(site, leaf) for leaf in LEAVES} == {
        "leaf1": blocks(site, "rr1"),
        "leaf2": blocks(site, "rr2"),
    }


def test_a_second_up_changes_nothing(site: Site) -> None:
    assert set(site.applied().changes()) == {"unchanged"}


def test_reflectors_that_are_unlinked_and_linked_again_lose_nothing_where_leaves_carry_the_pods(
    site: Site, tmp_path: Path
) -> None:
    encapsulated(site, "Never")
    for leaf, (number, spine) in LEAVES.items():
        own = (f"router bgp {number}", "address-family ipv4 unicast")
        configure(site.lab, leaf, *own, f"no neighbor {spine} prefix-list UNDERLAY out")
    everything = blocks(site, "rr1", "rr2")
    assert eventually(lambda: all(on_leaf(site, leaf) == everything for leaf in LEAVES))
    for linked in (False, True):
        site.declared["reflectorMesh"] = linked
        (folder := tmp_path / str(linked)).mkdir()
        pings = changed(site, folder, site.applied, [*IN_THE_RACKS, *ACROSS])
        assert lines(pings.between(IN_THE_RACKS)) == []
        assert lines(pings.between(ACROSS)) == []
        assert [row["what"] for row in site.rows() if not row["ok"]] == []
        assert bool(not_linked(site)) is not linked
    stands(site)


def test_a_destroy_goes_back_to_the_mesh_and_leaves_the_world_as_it_was(
    site: Site, before: dict[str, Any], tmp_path: Path
) -> None:
    encapsulated(site, "Always")
    for leaf, (number, spine) in LEAVES.items():
        own = (f"router bgp {number}", "address-family ipv4 unicast")
        configure(site.lab, leaf, *own, f"neighbor {spine} prefix-list UNDERLAY out")
    pings = changed(site, tmp_path, site.destroyed, IN_THE_RACK)
    assert lines(pings.losses) == []
    assert eventually(lambda: not without_a_route(site.lab, NODES)), without_a_route(site.lab, NODES)
    assert snapshot(site.lab, SWITCHES) == before
