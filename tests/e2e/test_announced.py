"""Every range that nodes announce, on links numbered from /31s: it comes, gets communities, and goes alone.

The tests stand in the order in which an operator would do it: each goes on from what the one before has left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.fabrics import values
from lab.pings import Pings, lines
from lab.site import Site, running
from tests.e2e.world import eventually, peers, routes, snapshot
from tests.proof.fabrics import changed

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.loss,
    pytest.mark.nightly(twin="tests/e2e/test_any_fabric.py"),
]

LINKS = {
    f"racks__rr{number}__leaves__leaf{number}__uplinks__spine1": {
        "address": f"10.254.0.{2 * number + 1}",
        "peerAddress": f"10.254.0.{2 * number}",
    }
    for number in (1, 2)
}
SWITCHES, NODES = ("spine1", "leaf1", "leaf2"), ("n1a", "n1b", "n1c", "n2a", "n2b", "n2c")
CONFIGURATION = "bgpconfigurations.crd.projectcalico.org"
LOAD_BALANCERS, EXTERNAL, SERVICES = "192.0.2.0/24", "198.51.100.0/24", "10.233.0.0/18"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two racks whose cluster announces load balancers' addresses; nothing of the fabric is applied."""
    with running(tmp_path_factory.mktemp("announced"), changed(values(2, spines=1), **LINKS)) as own:
        patch = json.dumps({"spec": {"serviceLoadBalancerIPs": [{"cidr": LOAD_BALANCERS}]}})
        own.lab.kubectl("patch", CONFIGURATION, "default", "--type=merge", "-p", patch)
        yield own


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, Any]:
    """The world before leafrack comes."""
    return snapshot(site.lab, SWITCHES)


def since(site: Site) -> dict[str, int]:
    """When each session of a leaf to a node came up."""
    return {
        address: found["peerUptimeEstablishedEpoch"]
        for leaf in SWITCHES[1:]
        for address, found in peers(site.lab, leaf).items()
        if address.startswith("172.")
    }


def communities(site: Site, prefix: str) -> str:
    """What the spine has of a route, as text."""
    return site.lab.exec("spine1", "vtysh", "-c", f"show bgp ipv4 unicast {prefix}")


def test_what_the_cluster_announces_is_not_cut_off(site: Site, before: dict[str, Any]) -> None:
    run = site.up()
    assert run.code != 0
    assert f"serviceLoadBalancerIPs: nodes announce {LOAD_BALANCERS} by BGPConfiguration default" in run.said
    assert snapshot(site.lab, SWITCHES) == before


def test_a_declared_range_is_in_the_tables_of_all_switches(site: Site) -> None:
    site.declared["serviceLoadBalancerIPs"] = [LOAD_BALANCERS]
    site.applied()
    assert eventually(lambda: all({LOAD_BALANCERS, SERVICES} <= routes(site.lab, switch) for switch in SWITCHES), 20)
    assert [row for row in site.rows() if not row["ok"]] == []


def test_ranges_and_communities_come_and_go_and_nothing_else_is_touched(site: Site) -> None:
    up_since = since(site)
    with Pings(site.lab, [("n1c", "n2c"), ("n1a", "n1c")]) as pings:
        site.declared["serviceExternalIPs"] = [EXTERNAL]
        site.declared["communities"] = [{"name": "pods", "value": "65001:100"}]
        site.declared["prefixAdvertisements"] = [{"cidr": EXTERNAL, "communities": ["pods", "65001:7"]}]
        site.applied()
        assert eventually(lambda: all(EXTERNAL in routes(site.lab, switch) for switch in SWITCHES), 20)
        assert eventually(lambda: "65001:7 65001:100" in communities(site, EXTERNAL), 10), communities(site, EXTERNAL)
        assert [row for row in site.rows() if not row["ok"]] == []
        del site.declared["serviceLoadBalancerIPs"]
        site.applied()
        assert eventually(lambda: all(LOAD_BALANCERS not in routes(site.lab, switch) for switch in SWITCHES), 20)
        assert not eventually(lambda: any(EXTERNAL not in routes(site.lab, switch) for switch in SWITCHES), 8)
        assert all(SERVICES in routes(site.lab, switch) for switch in SWITCHES)
        assert [row for row in site.rows() if not row["ok"]] == []
    assert lines(pings.losses) == []
    assert since(site) == pytest.approx(up_since, abs=2), "a session was reset"
    preview = site.project.pulumi("preview", "--refresh", "--expect-no-changes")
    assert preview.code == 0, preview.said


def test_a_destroy_takes_what_was_announced_back(site: Site) -> None:
    site.destroyed()
    found = json.loads(site.lab.kubectl("get", CONFIGURATION, "default", "-o", "json"))["spec"]
    assert not {"serviceExternalIPs", "communities", "prefixAdvertisements"} & set(found)


def test_a_fabric_may_announce_services_only(tmp_path: Path) -> None:
    with running(tmp_path, changed(values(2, spines=1), podCIDRs=None, serviceLoadBalancerIPs=[LOAD_BALANCERS])) as own:
        before = snapshot(own.lab, SWITCHES)
        own.applied()
        assert eventually(lambda: all({SERVICES, LOAD_BALANCERS} <= set(routes(own.lab, each)) for each in SWITCHES))
        assert [row for row in own.rows() if not row["ok"]] == []
        own.project.check("preview", "--refresh", "--expect-no-changes")
        own.destroyed()
        assert eventually(lambda: snapshot(own.lab, SWITCHES) == before), "something is left"
