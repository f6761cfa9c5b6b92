"""A rack that knew its nodes by name knows them by a label, and by name again, with their pods pinging each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.fabrics import rack, values
from lab.pings import Pings, lines
from lab.site import Site, running
from lab.tables import without_a_route
from tests.e2e.world import eventually

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.loss,
    pytest.mark.nightly(twin="tests/e2e/test_nodes_by_label.py"),
]

LABEL = "example.net/rack=rr1"
NODES = ("n1a", "n1b", "n1c", "n1d", "n2a", "n2b", "n2c")
PAIRS = [("n1a", "n1c"), ("n1c", "n1d"), ("n1b", "n1d"), ("n1c", "n2c"), ("n1d", "n2a")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    racks = {"rr1": rack(1, spines=1, members=2), "rr2": rack(2, spines=1, localASNumber=64513)}
    del racks["rr2"]["asNumber"]
    with running(tmp_path_factory.mktemp("moves"), values(racks, spines=1)) as own:
        assert eventually(lambda: not without_a_route(own.lab, NODES)), without_a_route(own.lab, NODES)
        own.applied()
        yield own


def moved(site: Site) -> None:
    """Apply what is declared, with the pods pinging; nothing is lost."""
    with Pings(site.lab, PAIRS) as pings:
        site.applied()
    assert lines(pings.losses) == []
    assert [row["what"] for row in site.rows() if not row["ok"]] == []
    assert site.project.pulumi("preview", "--refresh", "--expect-no-changes").code == 0


def test_a_move_to_a_label_that_nobody_carries_yet_is_refused_with_what_to_do(site: Site) -> None:
    site.racks["rr1"]["members"] = {"label": LABEL}
    run = site.up()
    assert run.code != 0
    assert f"n1c and n1d would lose their sessions when the rack knows its nodes by {LABEL}" in run.said
    assert f"kubectl label node n1c {LABEL}" in run.said


def test_a_rack_moves_from_names_to_a_label_without_a_lost_packet(site: Site) -> None:
    for node in ("n1c", "n1d"):
        site.lab.kubectl("label", "node", node, LABEL)
    moved(site)
    labels = site.lab.kubectl("get", "node", "n1c", "-o", "jsonpath={.metadata.labels}")
    assert "rr-group" not in labels


def test_a_move_back_that_forgets_a_node_is_refused(site: Site) -> None:
    site.racks["rr1"]["members"] = {"n1c": site.whole["racks"]["rr1"]["members"]["n1c"]}
    run = site.up()
    assert run.code != 0
    assert "n1d would lose its sessions when the rack knows its nodes by name: name them here" in run.said


def test_a_rack_moves_from_a_label_to_names_without_a_lost_packet(site: Site) -> None:
    site.racks["rr1"]["members"] = dict(site.whole["racks"]["rr1"]["members"])
    moved(site)
    assert '"rr-group":"rr1"' in site.lab.kubectl("get", "node", "n1c", "-o", "jsonpath={.metadata.labels}")
