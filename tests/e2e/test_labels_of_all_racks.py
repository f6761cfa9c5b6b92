"""Two racks by label in both families, one on route reflectors, one in full mesh; then all of the cluster in full mesh.

The tests stand in the order of the fabric's life. It begins with a label that nobody carries yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.fabrics import rack, values
from lab.site import Site, running
from tests.e2e.world import eventually, snapshot
from tests.e2e.world import running as configuration

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.nightly(twin="tests/e2e/test_nodes_by_label.py")]

KEY = "example.net/rack"
RR2 = ("rr2-node-1", "rr2-node-2")
"""Nodes that the lab has for the label of rr2."""
NEWCOMER = "rr2-node-3"
SWITCHES = ("spine1", "leaf1", "leaf2")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    racks = {
        "rr1": rack(1, spines=1, members=0, versions=(4, 6)),
        "rr2": rack(2, spines=1, reflectors=0, members=0, versions=(4, 6), localASNumber=64513),
    }
    del racks["rr2"]["asNumber"]
    for name, each in racks.items():
        each["members"] = {"label": f"{KEY}={name}"}
        # At the end both racks are in one AS.
        for leaf in each["leaves"].values():
            leaf["asOverride"] = True
    racks["rr2"]["interconnect"] = "full-mesh"
    with running(tmp_path_factory.mktemp("labels"), values(racks, spines=1, versions=(4, 6))) as own:
        yield own


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, Any]:
    """The world before leafrack."""
    return snapshot(site.lab, SWITCHES)


def failing(site: Site) -> list[str]:
    return [str(row) for row in site.rows() if not row["ok"]]


def stand(site: Site, node: str, *others: str) -> bool:
    """Whether the sessions of a node with others come to stand in both families, as status names them."""
    wanted = {frozenset((node, other + family)) for other in others for family in ("", " (IPv6)")}

    def named(what: str) -> frozenset[str]:
        one, _, other = what.partition(" ↔ ")
        family = " (IPv6)" if other.endswith(" (IPv6)") else ""
        other = other.removesuffix(" (IPv6)")
        return frozenset((one, other + family)) if one == node else frozenset((other, one + family))

    return eventually(lambda: wanted <= {named(str(row["what"])) for row in site.rows() if row["ok"]})


def pod(site: Site, node: str, version: int) -> str:
    """The address of a family that stands for a pod of a node."""
    shown = json.loads(site.lab.exec(node, "ip", "-j", f"-{version}", "address", "show", "dev", "lo"))
    begins = {4: "10.233.", 6: "fd10:"}[version]
    return next(str(one["local"]) for each in shown for one in each["addr_info"] if one["local"].startswith(begins))


def reach(site: Site, node: str, other: str) -> bool:
    """Whether pods of two nodes come to reach each other in both families."""

    def holds(version: int) -> bool:
        ping = ("ping", "-c", "2", "-i", "0.2", "-W", "2", "-I", pod(site, node, version), pod(site, other, version))
        try:
            return " 0% packet loss" in site.lab.exec(node, *ping)
        except AssertionError:  # nobody has answered
            return False

    return all(eventually(lambda version=version: holds(version), 30) for version in (4, 6))  # type: ignore[misc]


def changes_nothing(site: Site) -> None:
    run = site.project.pulumi("preview", "--refresh", "--expect-no-changes")
    assert run.code == 0, run.said


@pytest.mark.usefixtures("before")
def test_an_update_goes_on_where_nobody_carries_a_label_and_says_so(site: Site) -> None:
    site.lab.kubectl("label", "node", *RR2, f"{KEY}-")
    run = site.project.pulumi("preview")
    site.applied()
    assert f"no node carries {KEY}=rr2: check it with kubectl get nodes -l {KEY}=rr2; the first that joins" in run.said
    assert failing(site) == []
    assert not [row for row in site.rows() if any(node in str(row["what"]) for node in RR2)]


def test_nodes_that_get_the_label_peer_with_their_leaf_and_each_other_in_both_families(site: Site) -> None:
    site.lab.kubectl("label", "node", *RR2, f"{KEY}=rr2")
    assert stand(site, RR2[0], "leaf2", RR2[1]), site.rows()
    assert failing(site) == []
    assert reach(site, RR2[0], RR2[1])
    assert reach(site, RR2[0], "rr1-node-1")
    assert reach(site, RR2[1], "n1a")
    changes_nothing(site)


def test_a_node_joins_a_full_mesh_by_label_and_leaves_it(site: Site) -> None:
    done = site.lab.cli("node", "add", "rr2")
    assert (done.returncode, done.stdout.split()[0]) == (0, NEWCOMER), done.stderr
    assert stand(site, NEWCOMER, "leaf2"), site.rows()
    assert reach(site, NEWCOMER, RR2[0])
    assert reach(site, NEWCOMER, "rr1-node-2")
    changes_nothing(site)
    assert site.lab.cli("node", "remove", NEWCOMER).returncode == 0
    assert failing(site) == []
    changes_nothing(site)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (("n1a",), f"n1a carries {KEY}=rr2, and rack rr1 of this file names it: kubectl label node n1a {KEY}-"),
        (("--all",), f"every node of the cluster carries {KEY}=rr2: choose a label that only the nodes of this rack"),
    ],
    ids=["a reflector of another rack", "everybody"],
)
def test_a_label_that_selects_others_stops_an_update_before_it_touches_anything(
    site: Site, who: tuple[str, ...], said: str
) -> None:
    site.lab.kubectl("label", "node", *who, "--overwrite", f"{KEY}=rr2")
    stood = snapshot(site.lab, SWITCHES)
    run = site.up()
    after = snapshot(site.lab, SWITCHES)
    site.lab.kubectl("label", "node", "n1a", "n1b", f"{KEY}-")
    site.lab.kubectl("label", "node", "rr1-node-1", "rr1-node-2", "--overwrite", f"{KEY}=rr1")
    assert run.code != 0
    assert said in run.said
    assert after == stood
    assert eventually(lambda: failing(site) == [])


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("172.21.0.0/24", "holds 172.21.0.254, the address of leaf leaf2"),
        ("172.20.0.0/25", "is not inside the rack's subnets"),
    ],
    ids=["the leaf itself", "another rack"],
)
def test_a_range_that_covers_others_stops_an_update_before_it_begins(site: Site, prefix: str, said: str) -> None:
    site.racks["rr2"]["listenRanges"] = [prefix]
    run = site.up()
    del site.racks["rr2"]["listenRanges"]
    assert run.code != 0
    assert f"racks.rr2.listenRanges[0]: {prefix} {said}" in run.said
    assert set(run.changes()) <= {"unchanged", "errored"}, run.said


def test_all_racks_go_into_one_mesh_by_label(site: Site) -> None:
    del site.racks["rr2"]["localASNumber"]
    site.applied()
    site.declared["interconnect"] = "full-mesh"
    site.applied()
    assert failing(site) == []
    assert reach(site, "rr1-node-1", RR2[1])
    assert reach(site, "n1b", "rr1-node-2")
    changes_nothing(site)


def test_a_destroy_leaves_all_as_it_was(site: Site, before: dict[str, Any]) -> None:
    site.destroyed()
    for leaf in SWITCHES[1:]:
        assert not {"LEAFRACK", "listen"} & set(configuration(site.lab, leaf).replace("-", " ").split())
    assert eventually(lambda: snapshot(site.lab, SWITCHES) == before)
