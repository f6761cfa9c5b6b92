"""The three ways to connect the nodes of a rack, redundant leaves, and moving between them with the pods running.

One fabric of two racks for all: rack rr1 behind a redundant pair of leaves, rack rr2 first with an AS of its own
towards its leaf only, then in the AS that both share. The tests stand in the order of its life.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.fabrics import rack, values
from lab.pings import Pings, lines
from lab.site import Site, running
from lab.tables import kernel, without_a_route
from tests.e2e.tables import Watch, gateways, missing, without_default_routes
from tests.e2e.world import configure, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.loss]

NODES = ("n1a", "n1b", "n1c", "n2a", "n2b", "n2c")
IN_THE_RACKS = [("n1a", "n1b"), ("n1a", "n1c"), ("n2a", "n2b"), ("n2b", "n2c")]
ACROSS = [("n1a", "n2a"), ("n1c", "n2c"), ("n1b", "n2c")]
LEAVES = {"leaf1": 65101, "leaf1b": 65111, "leaf2": 65102}
PAIR = {"172.20.0.254", "172.20.0.253"}
"""Addresses of the redundant leaves."""
HOLD = 9
"""Seconds: the hold time of the leaves, which is less than BIRD's and so the one negotiated (RFC 4271 §4.2)."""
LATE = 3
"""Seconds on top of it for both ends' timers and for a busy machine."""
BOUND = 10.0
"""Seconds in one piece that are lost across racks at most by a move: docs/order.md."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The fabric's lab with its mesh complete; the leaves' own timers are short, as an operator sets them."""
    racks = {"rr1": rack(1, leaves=2, spines=1), "rr2": rack(2, spines=1, localASNumber=64513)}
    del racks["rr2"]["asNumber"]
    with running(tmp_path_factory.mktemp("interconnects"), values(racks, spines=1)) as own:
        for leaf, number in LEAVES.items():
            configure(own.lab, leaf, f"router bgp {number}", f"timers bgp {HOLD // 3} {HOLD}")
        # FRR 8.4 keeps its nexthop groups in the kernel, which takes a pulled cable out of them for good.
        configure(own.lab, "spine1", "no zebra nexthop kernel enable")
        assert eventually(lambda: not without_a_route(own.lab, NODES)), without_a_route(own.lab, NODES)
        yield own


def local_as(site: Site) -> None:
    """As the file has it from the start."""


def one_as_for_both_racks(site: Site) -> None:
    """What a rack needs before it moves: no AS of its own towards its leaf."""
    del site.racks["rr2"]["localASNumber"]
    for each in site.racks.values():
        for leaf in each["leaves"].values():
            leaf["asOverride"] = True


def route_reflectors(site: Site) -> None:
    site.declared["interconnect"] = "route-reflectors"
    for each in site.racks.values():
        each.pop("interconnect", None)


def top_of_rack(site: Site) -> None:
    route_reflectors(site)
    site.declared["interconnect"] = "top-of-rack"


def full_mesh_in_one_rack_and_top_of_rack_in_the_other(site: Site) -> None:
    top_of_rack(site)
    site.racks["rr1"]["interconnect"] = "full-mesh"


def full_mesh(site: Site) -> None:
    route_reflectors(site)
    site.declared["interconnect"] = "full-mesh"


MOVES = [
    one_as_for_both_racks,
    top_of_rack,
    full_mesh_in_one_rack_and_top_of_rack_in_the_other,
    full_mesh,
    route_reflectors,
]


def moved(site: Site, folder: Path, move: Callable[[Site], None]) -> None:
    """Apply a move with the pods pinging: nothing lost in a rack, little across; then everything is as declared."""
    move(site)
    with Pings(site.lab, [*IN_THE_RACKS, *ACROSS]) as pings, Watch(site.lab, NODES, folder) as watch:
        site.applied()
    report = "\n".join(map(str, (*pings.losses, *watch.without, *watch.unreachable)))
    (folder / "losses").write_text(report, encoding="utf-8")
    assert lines(pings.between(IN_THE_RACKS)) == [], report
    assert [str(loss) for loss in pings.between(ACROSS) if loss.gap > BOUND or loss.after] == [], report
    # A leaf hears of a way that is gone, takes the next one and tells: packets go by the leaf meanwhile.
    assert eventually(lambda: not missing(site.lab, site.fabric), 10), missing(site.lab, site.fabric)
    assert eventually(lambda: not without_a_route(site.lab, NODES), 10), without_a_route(site.lab, NODES)
    assert [row["what"] for row in site.rows() if not row["ok"]] == []
    # The mesh knows nodes of other racks by their own address, and that only by the default route.
    reached = IN_THE_RACKS if site.fabric.cluster_mesh else [*IN_THE_RACKS, *ACROSS]
    with without_default_routes(site.lab, NODES), Pings(site.lab, reached) as without:
        pass
    assert lines(without.losses) == []


def hops(site: Site, host: str, block: str) -> set[str]:
    """Gateways of a host's route to a pod block."""
    return gateways(next((route for route in kernel(site.lab, host) if route["dst"] == block), {}))


def test_a_rack_with_a_local_as_towards_its_leaf_loses_nothing_when_it_gets_it(site: Site, tmp_path: Path) -> None:
    moved(site, tmp_path, local_as)
    paths = json.loads(site.lab.exec("spine1", "vtysh", "-c", "show bgp ipv4 unicast json"))["routes"]
    for node, expected in (("n1a", {"65101 64512", "65111 64512"}), ("n2c", {"65102 64513"})):
        assert {path["path"] for path in paths[block_of(site, node)]} >= expected


def block_of(site: Site, node: str) -> str:
    (block,) = next(each.blocks for each in site.plan.nodes if each.name == node)
    return block


def test_both_leaves_of_a_redundant_pair_are_used(site: Site) -> None:
    for node in ("n1a", "n1b", "n1c"):
        assert hops(site, node, block_of(site, "n2c")) == PAIR, node
    assert len(hops(site, "spine1", block_of(site, "n1a"))) == 2


@pytest.mark.parametrize(
    ("leaf", "address"),
    [
        ("leaf1", "172.20.0.254"),
        pytest.param("leaf1b", "172.20.0.253", marks=pytest.mark.nightly(twin="tests/e2e/test_interconnects.py")),
    ],
)
def test_either_leaf_of_a_redundant_pair_may_die_and_costs_no_more_than_the_hold_time(
    leaf: str, address: str, site: Site
) -> None:
    links = [link["ifname"] for link in json.loads(site.lab.exec(leaf, "ip", "-j", "link", "show", "type", "veth"))]
    assert "rack0" in links
    with Pings(site.lab, [*IN_THE_RACKS, *ACROSS]) as pings:
        switched(site, leaf, links, "down")
        noticed = eventually(lambda: all(each == PAIR - {address} for each in ways_out(site)), 3 * HOLD)
        switched(site, leaf, links, "up")
    assert noticed, ways_out(site)
    assert lines(pings.between(IN_THE_RACKS)) == []
    assert [str(loss) for loss in pings.losses if loss.gap > HOLD + LATE] == []
    assert eventually(lambda: all(each == PAIR for each in ways_out(site))), ways_out(site)
    # A leaf tries a spine again after two minutes at most: until then the next one that dies is the only way there.
    assert eventually(lambda: len(hops(site, "spine1", block_of(site, "n1a"))) == 2, 130)


def ways_out(site: Site) -> list[set[str]]:
    """By which leaves each node of the redundant rack reaches a pod of the other one."""
    return [hops(site, node, block_of(site, "n2c")) for node in ("n1a", "n1b", "n1c")]


def switched(site: Site, leaf: str, links: list[str], state: str) -> None:
    """Pull all cables of a leaf, or put them in again."""
    for link in links:
        site.lab.exec(leaf, "ip", "link", "set", link, state)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_nothing_is_lost_in_a_rack_by_moving_to(move: Callable[[Site], None], site: Site, tmp_path: Path) -> None:
    moved(site, tmp_path, move)


def test_a_second_up_changes_nothing(site: Site) -> None:
    assert set(site.applied().changes()) == {"unchanged"}


def test_a_destroy_goes_back_to_the_mesh_and_loses_nothing_in_a_rack(site: Site) -> None:
    with Pings(site.lab, IN_THE_RACKS) as pings:
        site.destroyed()
    assert lines(pings.losses) == []
    assert eventually(lambda: not without_a_route(site.lab, NODES)), without_a_route(site.lab, NODES)
