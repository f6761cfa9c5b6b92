"""A rack that knew its nodes by name knows them by a label, and by name again, with their pods pinging each other.

In between nodes are not Ready, lose the label and get it again. The tests stand in the order of the fabric's life.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lab.fabrics import rack, values
from lab.pings import Pings, lines
from lab.site import Site, running
from lab.tables import without_a_route
from tests.e2e.world import comes_to_reach, eventually, node_status

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


def row_of(site: Site, what: str) -> dict[str, object] | None:
    return next((row for row in site.rows() if row["what"] == what), None)


def test_a_node_that_is_not_ready_is_named_and_holds_nothing(site: Site) -> None:
    for status, shown in (("False", True), ("True", False)):
        conditions = json.dumps({"status": {"conditions": [{"type": "Ready", "status": status}]}})
        site.lab.kubectl("patch", "node", "n1d", "--subresource=status", "--type=strategic", "-p", conditions)
        row = row_of(site, "n1d")
        assert (row is not None) is shown
        run = site.project.pulumi("preview", "--refresh", "--expect-no-changes")
        assert (run.code, "these nodes hold nothing: n1d (not Ready)" in run.said) == (0, shown), run.said


def test_a_node_loses_its_sessions_with_the_label_and_has_them_again_with_it(site: Site) -> None:
    def sessions() -> list[str]:
        found = (node_status(site.lab, each).get("172.20.0.14") for each in ("n1a", "n1b"))
        return [each for each in found if each is not None]

    site.lab.kubectl("label", "node", "n1d", f"{LABEL.partition('=')[0]}-")
    assert eventually(lambda: sessions() == [], 30)
    assert [row["what"] for row in site.rows() if "n1d" in str(row["what"])] == []
    site.lab.kubectl("label", "node", "n1d", LABEL)
    assert eventually(lambda: sessions() == ["Established"] * 2, 30)
    assert comes_to_reach(site.lab, "n1d", "n2c")


def test_a_label_that_reaches_into_another_rack_stops_an_update(site: Site) -> None:
    site.lab.kubectl("label", "node", "n2c", LABEL)
    run = site.up()
    site.lab.kubectl("label", "node", "n2c", f"{LABEL.partition('=')[0]}-")
    assert run.code != 0
    assert f"n2c carries {LABEL}, and rack rr2 of this file names it: kubectl label node n2c" in run.said


def test_a_move_back_that_forgets_a_node_is_refused(site: Site) -> None:
    site.racks["rr1"]["members"] = {"n1c": site.whole["racks"]["rr1"]["members"]["n1c"]}
    run = site.up()
    assert run.code != 0
    assert "n1d would lose its sessions when the rack knows its nodes by name: name them here" in run.said


def test_a_rack_moves_from_a_label_to_names_without_a_lost_packet(site: Site) -> None:
    site.racks["rr1"]["members"] = dict(site.whole["racks"]["rr1"]["members"])
    moved(site)
    assert '"rr-group":"rr1"' in site.lab.kubectl("get", "node", "n1c", "-o", "jsonpath={.metadata.labels}")


def test_a_destroy_gives_the_mesh_back_to_nodes_by_label_too(site: Site) -> None:
    site.racks["rr1"]["members"] = {"label": LABEL}
    site.applied()
    site.destroyed()
    assert eventually(lambda: sorted(node_status(site.lab, "n1c").values()) == ["Established"] * 6, 60)
