"""IPv6 beside IPv4, and alone, through a whole life: sessions, routes and pods of every family of the fabric."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lab.fabrics import values
from lab.pings import Pings, lines
from lab.site import Site, running
from lab.tables import kernel, without_a_route
from tests.conftest import Lab
from tests.e2e.tables import missing
from tests.e2e.world import configure, eventually
from tests.e2e.world import running as configuration

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.loss]

FAMILIES = {"dual-stack": (4, 6), "ipv6-only": (6,)}
NODES = ("n1a", "n1b", "n1c", "n2a", "n2b", "n2c")
IN_THE_RACK = [("n1a", "n1b"), ("n1a", "n1c"), ("n1b", "n1c")]
"""In the rack that keeps the fabric's AS: reflector and reflector, reflectors and member."""
PAIRS = [*IN_THE_RACK, ("n1c", "n2c"), ("n1b", "n2a")]


CHECK = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
DRIFT = 7
LISTS = "LEAFRACK-dc1"


def established(lab: Lab, leaf: str) -> dict[str, int]:
    """Since when each IPv6 session of a leaf has been up, in seconds of the epoch."""
    summary = json.loads(lab.exec(leaf, "vtysh", "-c", "show bgp summary json"))["ipv6Unicast"]["peers"]
    return {
        peer: each["peerUptimeEstablishedEpoch"] for peer, each in summary.items() if each["state"] == "Established"
    }


ONLY_IPV6 = pytest.mark.nightly(twin="tests/e2e/test_dual_stack.py")


@pytest.fixture(scope="module", params=["dual-stack", pytest.param("ipv6-only", marks=ONLY_IPV6)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two racks in a fabric of these families, its mesh complete, nothing applied."""
    whole = values(2, spines=1, versions=FAMILIES[request.param])
    with running(tmp_path_factory.mktemp(request.param), whole) as own:
        assert eventually(lambda: not without_a_route(own.lab, NODES)), without_a_route(own.lab, NODES)
        yield own


@pytest.fixture(scope="module")
def leaves(site: Site) -> dict[str, str]:
    """What runs on the leaves before leafrack comes."""
    return {leaf: configuration(site.lab, leaf) for leaf in ("leaf1", "leaf2")}


@pytest.fixture(scope="module")
def first(site: Site, leaves: dict[str, str]) -> Pings:
    """What pings saw of the first ``up``."""
    assert not any("leafrack" in said for said in leaves.values())
    with Pings(site.lab, PAIRS) as pings:
        site.applied()
    return pings


@pytest.fixture(scope="module")
def applied(site: Site, first: Pings) -> Site:
    assert first.losses
    return site


def test_the_first_up_loses_nothing_in_a_rack(site: Site, first: Pings) -> None:
    seen = first.between(IN_THE_RACK)
    assert len(seen) == 2 * len(IN_THE_RACK) * len(site.fabric.versions)
    assert lines(seen) == []


def test_the_sessions_of_every_family_are_established(applied: Site) -> None:
    found = applied.rows()
    assert [row["what"] for row in found if not row["ok"]] == []
    for family in applied.fabric.versions:
        suffix = " (IPv6)" if family == 6 else ""
        # Of each rack: two reflectors with the leaf, with each other, and with the member.
        sessions = {row["what"] for row in found if "↔" in row["what"] and ("IPv6" in row["what"]) == bool(suffix)}
        assert len(sessions) == 2 * (2 + 1 + 2)
        assert f"n1a ↔ leaf1{suffix}" in sessions


def test_pod_routes_of_every_family_are_on_nodes_leaves_and_spine(applied: Site) -> None:
    assert missing(applied.lab, applied.fabric) == []
    assert eventually(lambda: not without_a_route(applied.lab, NODES), 10), without_a_route(applied.lab, NODES)
    blocks = {block for node in applied.plan.nodes for block in node.blocks}
    for switch in ("spine1", "leaf1", "leaf2"):
        have = {route["dst"] for route in kernel(applied.lab, switch) if route.get("protocol") == "bgp"}
        assert have >= blocks | {str(cidr) for cidr in applied.fabric.service_cluster_ips}, switch


def test_pods_of_every_family_reach_each_other_within_and_across_racks(applied: Site) -> None:
    with Pings(applied.lab, PAIRS) as pings:
        pass
    assert len(pings.losses) == 2 * len(PAIRS) * len(applied.fabric.versions)
    assert lines(pings.losses) == []


def test_a_second_up_changes_nothing(applied: Site) -> None:
    again = applied.applied()
    assert set(again.changes()) == {"unchanged"}, again.said


def test_what_somebody_changes_of_an_ipv6_neighbour_is_named_and_put_right_without_a_reset(applied: Site) -> None:
    before, neighbour = configuration(applied.lab, "leaf1"), "fd00:1::c"
    since = established(applied.lab, "leaf1")
    assert neighbour in since
    configure(
        applied.lab, "leaf1", f"ipv6 prefix-list {LISTS}-IN6 seq 1 permit any", "router bgp 65101",
        f"neighbor {neighbour} description mine",
        "address-family ipv6 unicast", f"no neighbor {neighbour} prefix-list {LISTS}-OUT6 out",
    )  # fmt: skip
    seen = applied.project.pulumi(*CHECK)
    assert seen.code == DRIFT, seen.said
    for line in (
        f"leaf1: neighbour {neighbour} (n1b) has `description mine` instead of `description leafrack rr1 n1b`",
        f"leaf1: neighbour {neighbour} (n1b) lacks `prefix-list {LISTS}-OUT6 out`",
        f"leaf1: prefix list {LISTS}-IN6 has `permit any`",
    ):
        assert line in seen.said
    applied.applied()
    assert configuration(applied.lab, "leaf1") == before
    now = established(applied.lab, "leaf1")
    # FRR computes it anew each time, and may round.
    assert {peer: abs(now.get(peer, 0) - then) <= 2 for peer, then in since.items()} == dict.fromkeys(since, True)
    again = applied.project.pulumi(*CHECK)
    assert again.code == 0, again.said


def test_a_destroy_takes_back_what_was_made_and_loses_nothing_in_a_rack(applied: Site, leaves: dict[str, str]) -> None:
    with Pings(applied.lab, PAIRS) as pings:
        applied.destroyed()
    assert lines(pings.between(IN_THE_RACK)) == []
    assert eventually(lambda: not without_a_route(applied.lab, NODES)), without_a_route(applied.lab, NODES)
    assert {leaf: configuration(applied.lab, leaf) for leaf in leaves} == leaves
    assert "rr-group" not in applied.lab.kubectl("get", "nodes", "-o", "yaml")
