"""Nodes that no file names: they join and leave, and nobody runs leafrack for it.

One rack knows its members by a label, the other by name. The tests stand in the order of the fabric's life. Racks that
move to a label, and labels that change, are in test_moves_to_a_label.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lab.fabrics import rack, values
from lab.site import Site, running
from tests.e2e.world import comes_to_reach, eventually, loses_nothing, node_status, peers, routes

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

LABEL = "node-restriction.kubernetes.io/rack=rr1"
INVENTED = ("rr1-node-1", "rr1-node-2")
"""Nodes that the lab has for the label from the start."""
NEWCOMER = "rr1-node-3"
NEWCOMERS_ADDRESS = "172.20.0.103"
REFLECTORS = ("n1a", "n1b")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    racks = {"rr1": rack(1, spines=1, members=0), "rr2": rack(2, spines=1, localASNumber=64513)}
    racks["rr1"]["members"] = {"label": LABEL}
    del racks["rr2"]["asNumber"]
    with running(tmp_path_factory.mktemp("by-label"), values(racks, spines=1)) as own:
        yield own


def changes_nothing(site: Site) -> str:
    """What a preview says that reads everything; the test fails if it would change anything."""
    run = site.project.pulumi("preview", "--refresh", "--expect-no-changes", "--diff")
    assert run.code == 0, run.said
    return run.said


def sessions_with(site: Site, address: str) -> list[str]:
    """What the reflectors of the labelled rack say of their session with an address, of those that have one."""
    found = (node_status(site.lab, each).get(address) for each in REFLECTORS)
    return [each for each in found if each is not None]


def failing(site: Site) -> list[str]:
    return [str(row["what"]) for row in site.rows() if not row["ok"]]


def held(exported: Mapping[str, Any]) -> str:
    """Inputs and outputs of all resources, but for what gates have said while they waited: nothing goes by that."""
    resources = exported["deployment"]["resources"]
    outputs = [
        {key: value for key, value in each.get("outputs", {}).items() if key not in ("stdout", "stderr")}
        for each in resources
    ]
    return json.dumps([[each.get("inputs") for each in resources], outputs])


def test_the_first_update_sees_the_nodes_that_are_there_and_names_none_of_them(site: Site) -> None:
    site.applied()
    assert failing(site) == []
    assert all(loses_nothing(site.lab, one, other) for one in INVENTED for other in ("n2c", "n1a"))
    state = held(json.loads(site.project.check("stack", "export").said))
    assert "n1a" in state
    assert "node-1" not in state
    told = site.project.output()["racks"]["rr1"]
    assert (told["label"], told["members"]) == (LABEL, {})


def test_a_node_that_joins_peers_at_once_and_changes_nothing_in_a_preview(site: Site) -> None:
    done = site.lab.cli("node", "add", "rr1")
    assert (done.returncode, done.stdout.split()[0]) == (0, NEWCOMER), done.stderr
    assert eventually(lambda: sessions_with(site, NEWCOMERS_ADDRESS) == ["Established"] * 2, 30)
    assert comes_to_reach(site.lab, NEWCOMER, "n2c")
    assert loses_nothing(site.lab, NEWCOMER, INVENTED[0])
    assert NEWCOMER not in changes_nothing(site)
    assert failing(site) == []
    assert f"n1a ↔ {NEWCOMER}" in [row["what"] for row in site.rows()]


def test_a_node_that_leaves_leaves_nothing_behind(site: Site) -> None:
    block = site.lab.kubectl("get", "node", NEWCOMER, "-o", "jsonpath={.spec.podCIDR}")
    assert block in routes(site.lab, "leaf2")
    done = site.lab.cli("node", "remove", NEWCOMER)
    assert done.returncode == 0, done.stderr
    assert eventually(lambda: sessions_with(site, NEWCOMERS_ADDRESS) == [], 30)
    assert eventually(lambda: block not in routes(site.lab, "leaf2"), 30)
    assert NEWCOMERS_ADDRESS not in peers(site.lab, "leaf1")
    changes_nothing(site)
    assert failing(site) == []
