"""No node has two BIRD protocols for one neighbour, so a fabric that went up comes down, whatever resets on the way.

A rack in full mesh with an AS of its own once went up and could not be destroyed: the mesh was back, its peer still
there, and each end closed the other's connections for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.fabrics import rack, values
from lab.site import Site, running
from lab.tables import without_a_route
from tests.e2e.protocols import Doubles, Protocols
from tests.e2e.world import eventually, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

NODES = ("n1a", "n1b", "n1c", "n2a", "n2b", "n2c")
SWITCHES = ("spine1", "leaf1", "leaf2")
SOON = 10.0
"""Seconds until a peer that has just come is narrowed to the reflectors that there are: until the step has started,
which takes one on an idle machine."""
RESETS = 4
"""At most: each time that sessions have moved from one kind to the other. On a busy machine two moves are one look."""
FEWEST = 2


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A rack with route reflectors, which shows its leaf an AS of its own, and a rack in full mesh that has one."""
    racks = {"rr1": rack(1, spines=1, localASNumber=64901), "rr2": rack(2, spines=1, interconnect="full-mesh")}
    del racks["rr1"]["asNumber"]
    with running(tmp_path_factory.mktemp("protocols"), values(racks, spines=1)) as own:
        assert eventually(lambda: not without_a_route(own.lab, NODES)), without_a_route(own.lab, NODES)
        yield own


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, Any]:
    """The world before leafrack comes."""
    return snapshot(site.lab, SWITCHES)


@pytest.mark.usefixtures("before")
def test_a_fabric_goes_up_although_sessions_reset_on_the_way(site: Site) -> None:
    with Doubles(Protocols(site.lab, NODES), resets=RESETS) as seen:
        site.applied()
    assert seen.reset >= FEWEST
    assert seen.longest < SOON
    assert eventually(lambda: [row for row in site.rows() if not row["ok"]] == []), site.rows()


def test_it_comes_down_to_the_full_mesh_although_sessions_reset_on_the_way(site: Site, before: dict[str, Any]) -> None:
    protocols = Protocols(site.lab, NODES)
    with Doubles(protocols, resets=RESETS) as seen:
        site.destroyed()
    assert seen.reset >= FEWEST
    assert seen.longest < SOON
    assert protocols.doubled() == set()
    assert all(kinds == {"Mesh"} for node in NODES for kinds in protocols.of(node).values())
    assert eventually(lambda: not without_a_route(site.lab, NODES)), without_a_route(site.lab, NODES)
    assert snapshot(site.lab, SWITCHES) == before
