"""Racks whose every node peers with its leaves, known by a label: leaves take whoever comes from the rack's subnet.

Rack rr1 has a pair of leaves, rr2 one. The tests stand in the order of the fabric's life; pods ping each other through
the moves.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.fabrics import rack, values
from lab.pings import Pings, lines
from lab.site import Site, running
from lab.tables import without_a_route
from tests.e2e.world import comes_to_reach, eventually, peers

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.loss,
    pytest.mark.nightly(twin="tests/e2e/test_nodes_by_label.py"),
]

LABELS = {"rr1": "example.net/rack=rr1", "rr2": "example.net/rack=rr2"}
NODES = ("n1a", "n1b", "n2a", "n2b")
OF_RACKS = {"rr1": ("n1a", "n1b"), "rr2": ("n2a", "n2b")}
INSIDE_THE_PAIR = [("n1a", "n1b")]
ACROSS = [("n1a", "n2a"), ("n1b", "n2b")]
GONE = 150.0
"""Seconds in which a leaf forgets a machine that stopped without a word: hold time, and BIRD's 120 of graceful restart,
which FRR 8.4 grants whoever comes by a range."""
BOUND = 15.0
"""Seconds that a node may be without a session behind one leaf: BIRD waits five, then connects."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    racks = {
        "rr1": rack(1, spines=1, leaves=2, reflectors=0, members=2, localASNumber=64601),
        "rr2": rack(2, spines=1, reflectors=0, members=2, localASNumber=64602),
    }
    for each in racks.values():
        del each["asNumber"]
        # A leaf forgets a machine that is gone once its hold time is over.
        for leaf in each["leaves"].values():
            leaf["timers"] = {"keepalive": 3, "hold": 9}
    whole = values(racks, spines=1, interconnect="top-of-rack")
    with running(tmp_path_factory.mktemp("listening"), whole) as own:
        assert eventually(lambda: not without_a_route(own.lab, NODES)), without_a_route(own.lab, NODES)
        own.applied()
        yield own


def failing(site: Site) -> list[str]:
    return [str(row) for row in site.rows() if not row["ok"]]


def dynamic(site: Site, leaf: str) -> set[str]:
    """Neighbours of a leaf that a range made."""
    return {address for address, peer in peers(site.lab, leaf).items() if peer.get("dynamicPeer")}


def moved(site: Site) -> Pings:
    with Pings(site.lab, [*INSIDE_THE_PAIR, *ACROSS]) as pings:
        site.applied()
    assert failing(site) == []
    assert site.project.pulumi("preview", "--refresh", "--expect-no-changes").code == 0
    return pings


def test_racks_move_from_names_to_labels(site: Site) -> None:
    for name, nodes in OF_RACKS.items():
        for node in nodes:
            site.lab.kubectl("label", "node", node, LABELS[name])
        site.racks[name]["members"] = {"label": LABELS[name]}
    pings = moved(site)
    assert lines(pings.between(INSIDE_THE_PAIR)) == []
    assert [str(loss) for loss in pings.between(ACROSS) if loss.gap > BOUND or loss.after] == []
    for leaf, addresses in (("leaf1", "172.20.0.1"), ("leaf1b", "172.20.0.1"), ("leaf2", "172.21.0.1")):
        assert dynamic(site, leaf) == {f"{addresses}1", f"{addresses}2"}


def test_a_node_that_joins_peers_with_both_leaves_at_once(site: Site) -> None:
    done = site.lab.cli("node", "add", "rr1")
    assert done.returncode == 0, done.stderr
    node, address = done.stdout.split()[0], done.stdout.split()[-1].partition("/")[0]
    site.lab.kubectl("label", "node", node, LABELS["rr1"])

    def on_both() -> bool:
        return all(peers(site.lab, leaf).get(address, {}).get("state") == "Established" for leaf in ("leaf1", "leaf1b"))

    assert eventually(on_both, 30)
    assert comes_to_reach(site.lab, node, "n2b")
    assert failing(site) == []
    run = site.project.pulumi("preview", "--refresh", "--expect-no-changes")
    assert (run.code, node in run.said) == (0, False), run.said
    assert site.lab.cli("node", "remove", node).returncode == 0
    assert eventually(lambda: address not in dynamic(site, "leaf1"), GONE)
    assert failing(site) == []


@pytest.mark.parametrize("word", ["s3cret", "an0ther", ""], ids=["a first one", "another one", "none any more"])
def test_a_password_of_a_range_comes_changes_and_goes_and_every_node_is_back(site: Site, word: str) -> None:
    for name in OF_RACKS:
        given = ("set", "--secret", "--path", f"leafrack:bgpPasswords.{name}", word)
        site.project.check("config", *(given if word else ("rm", "--path", given[3])))
    pings = moved(site)
    assert [str(loss) for loss in pings.losses if loss.gap > BOUND or loss.after] == []
    for leaf in ("leaf1", "leaf1b", "leaf2"):
        running_now = site.lab.exec(leaf, "vtysh", "-c", "show running-config")
        assert running_now.count(" password ") == bool(word)


def test_racks_move_from_labels_to_names(site: Site) -> None:
    for name in OF_RACKS:
        site.racks[name]["members"] = dict(site.whole["racks"][name]["members"])
    pings = moved(site)
    assert lines(pings.between(INSIDE_THE_PAIR)) == []
    assert [str(loss) for loss in pings.between(ACROSS) if loss.gap > BOUND or loss.after] == []
    assert [dynamic(site, leaf) for leaf in ("leaf1", "leaf1b", "leaf2")] == [set()] * 3


def test_a_destroy_leaves_nothing_of_a_rack_by_label(site: Site) -> None:
    for name in OF_RACKS:
        site.racks[name]["members"] = {"label": LABELS[name]}
    site.applied()
    site.destroyed()
    running_now = site.lab.exec("leaf1", "vtysh", "-c", "show running-config")
    assert "LEAFRACK" not in running_now
    assert "listen" not in running_now
