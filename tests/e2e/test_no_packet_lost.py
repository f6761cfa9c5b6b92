"""Pods of a rack reach each other through every change: pings each 10 ms, none of them lost.

That holds in a rack that keeps the fabric's AS. In one whose AS changes, and between racks, BGP itself resets, and
what is lost is bounded (docs/order.md).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.pings import Loss, Pings, lines
from lab.site import Site, example, running
from lab.tables import without_a_route
from tests.e2e.tables import Watch, missing, without_default_routes
from tests.e2e.world import NODES, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.loss]

RACK = ("node1", "node2", "node3", "node8")
IN_THE_RACK = [
    ("node1", "node2"),  # reflector and reflector
    ("node1", "node3"),  # reflector and member
    ("node2", "node3"),
    ("node3", "node8"),  # member and member
]
"""Both directions of each are pinged; what the nodes are is what they begin as."""
ACROSS = [("node3", "node6"), ("node1", "node4")]
IN_ANOTHER_AS = [("node4", "node5"), ("node4", "node6")]
"""In the rack whose AS is not the fabric's."""
BOUND = 10.0
"""Seconds in one piece that are lost at most where an AS number changes: docs/order.md."""
CHANGE_OF_ROUTE = 0.05
"""Seconds without a route, where no default route stands in: BIRD takes a kernel route away before it sets the next one
(CZ-NIC/bird: sysdep/linux/netlink.c, krt_replace_rte). A ping each 10 ms has met that once in 94,000."""
SENT_AT_LEAST = 300


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example with two nodes more, one of which is not declared at first; the mesh of all of them is complete."""
    whole = example()
    whole["racks"]["rr1"]["members"] |= {"node8": "172.20.0.18", "node7": "172.20.0.17"}
    nodes = (*NODES, "node7", "node8")
    with running(tmp_path_factory.mktemp("loss"), whole) as own:
        del own.racks["rr1"]["members"]["node7"]
        assert eventually(lambda: not without_a_route(own.lab, nodes)), without_a_route(own.lab, nodes)
        yield own


def the_first_update(site: Site) -> None:
    """From a fresh Calico install's full mesh to the reflectors as they are declared."""


def a_new_member(site: Site) -> None:
    site.racks["rr1"]["members"]["node7"] = "172.20.0.17"


def a_member_that_leaves(site: Site) -> None:
    del site.racks["rr1"]["members"]["node7"]


def a_member_that_becomes_a_reflector(site: Site) -> None:
    site.racks["rr1"]["reflectors"]["node3"] = site.racks["rr1"]["members"].pop("node3")


def a_reflector_replaced_by_another(site: Site) -> None:
    site.racks["rr1"]["members"]["node2"] = site.racks["rr1"]["reflectors"].pop("node2")
    site.racks["rr1"]["reflectors"]["node8"] = site.racks["rr1"]["members"].pop("node8")


def a_new_service_range(site: Site) -> None:
    site.declared["serviceClusterIPs"].append("10.234.0.0/24")


def a_new_pod_range(site: Site) -> None:
    site.declared["podCIDRs"].append("10.235.0.0/16")


def an_as_override(site: Site) -> None:
    site.racks["rr1"]["leaves"]["leaf01"]["asOverride"] = True


def a_rack_that_leaves(site: Site) -> None:
    del site.racks["rr2"]


def a_new_rack(site: Site) -> None:
    site.racks["rr2"] = copy.deepcopy(site.whole["racks"]["rr2"])


WITHIN_ONE_RACK = [
    a_new_member,
    a_member_that_becomes_a_reflector,
    a_reflector_replaced_by_another,
    pytest.param(a_new_service_range, marks=pytest.mark.nightly(twin="tests/e2e/test_no_packet_lost.py")),
    a_new_pod_range,
    an_as_override,
]
"""What costs no packet anywhere."""


@contextmanager
def watched(site: Site, folder: Path, pairs: list[tuple[str, str]], most: float = 0.0) -> Iterator[list[Loss]]:
    """Pings between all these pairs in the body's time; afterwards what they saw, and how the tables looked meanwhile.

    In the rack nothing may be lost for more than ``most`` seconds, and no pod block may have become unreachable,
    default gateway or not.
    """
    seen: list[Loss] = []
    with Pings(site.lab, [*IN_THE_RACK, *pairs]) as pings, Watch(site.lab, RACK, folder) as watch:
        yield seen
    seen += pings.between(pairs)
    report = "\n".join(map(str, (*pings.losses, *watch.without, *watch.unreachable)))
    (folder / "losses").write_text(report, encoding="utf-8")
    assert min(loss.sent for loss in pings.losses) > SENT_AT_LEAST, report
    assert lines(loss for loss in pings.between(IN_THE_RACK) if loss.gap > most) == [], report
    assert watch.unreachable == (), report


def test_the_first_update_loses_nothing_in_a_rack_and_little_across(site: Site, tmp_path: Path) -> None:
    with watched(site, tmp_path, [*ACROSS, *IN_ANOTHER_AS]) as losses:
        site.applied()
        absent = missing(site.lab, site.fabric)
    assert absent == []
    # Pods of different racks begin to reach each other when the leaves have their routes.
    assert [str(loss) for loss in losses if loss.gap > BOUND or loss.after] == []


@pytest.mark.parametrize("change", WITHIN_ONE_RACK, ids=lambda change: change.__name__)
def test_no_packet_is_lost_anywhere_by(change: Callable[[Site], None], site: Site, tmp_path: Path) -> None:
    change(site)
    with watched(site, tmp_path, [*ACROSS, *IN_ANOTHER_AS]) as losses:
        site.applied()
        absent = missing(site.lab, site.fabric)
    assert absent == []
    assert lines(losses) == []


def test_no_packet_is_lost_by_a_member_that_leaves_where_there_is_no_default_route(site: Site, tmp_path: Path) -> None:
    a_member_that_leaves(site)
    with without_default_routes(site.lab, [*RACK, "node4", "node5", "node6"]):
        with watched(site, tmp_path, [*ACROSS, *IN_ANOTHER_AS]) as losses:
            site.applied()
        assert lines(losses) == []


@pytest.mark.parametrize("change", [a_rack_that_leaves, a_new_rack], ids=lambda change: change.__name__)
def test_no_packet_is_lost_in_the_other_rack_by(change: Callable[[Site], None], site: Site, tmp_path: Path) -> None:
    change(site)
    site.write()
    plan = site.project.check("preview", "--suppress-outputs").said
    planned = "delete" if change is a_rack_that_leaves else "create"
    assert re.search(rf"leafrack:index:LeafRack +rr2 +{planned}", plan), plan
    with watched(site, tmp_path, []):
        site.applied()
        absent = missing(site.lab, site.fabric)
    assert absent == []


def test_a_destroy_loses_nothing_in_a_rack_and_little_across(site: Site, tmp_path: Path) -> None:
    with watched(site, tmp_path, [*ACROSS, *IN_ANOTHER_AS]) as losses:
        site.destroyed()
    # With the leaves' routes, pods of different racks lose each other: the mesh alone brings no packet over the spine.
    assert [str(loss) for loss in losses if loss.gap > BOUND or loss.before] == []
    # node7 went with its labels before.
    assert eventually(lambda: not without_a_route(site.lab, (*NODES, "node8")))


def test_the_first_update_needs_no_default_route_where_the_leaf_overrides_the_as(site: Site, tmp_path: Path) -> None:
    assert site.racks["rr1"]["leaves"]["leaf01"]["asOverride"]
    with without_default_routes(site.lab, [*NODES, "node8"]), watched(site, tmp_path, [], CHANGE_OF_ROUTE):
        site.applied()
