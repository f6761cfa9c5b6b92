"""What nodes and leaves take from each other when the other's side of it is gone, and how many routes, over how far.

The tests stand in the order in which an operator would do it: each goes on from what the one before has left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab.site import Site, example, running
from tests.conftest import Lab
from tests.e2e.world import configure, eventually, peers, snapshot
from tests.e2e.world import running as configuration

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.nightly(twin="tests/platforms/test_conformance.py")]

LEAF, REFLECTORS = "leaf01", {"node1": "172.20.0.11", "node2": "172.20.0.12"}
SWITCHES = ("spine", LEAF)
CALICO = "crd.projectcalico.org"
PEER = f"bgppeers.{CALICO}/rr1-to-leaf1-peer"
INSIDE = {"10.233.0.0/18", "10.233.64.0/26", "10.233.64.64/26", "10.233.64.128/26"}
ANNOUNCED = {"0.0.0.0/0", "172.20.0.0/24"}
"""What a node announces that has all addresses for services: Calico then lets every route of its table out."""
SENT = {"0.0.0.0/0", "100.0.0.0/30"}
"""What the leaf sends that was told to originate a default route and has lost its list: links of the leaf too."""
ROUTES = 8
"""Routes from a reflector: the service range four times and the third node's pods twice, by all ways that it has."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The first rack of the example, behind its leaf and spine; nothing of it is applied."""
    whole = example()
    del whole["racks"]["rr2"]
    with running(tmp_path_factory.mktemp("filters"), whole) as own:
        yield own


@pytest.fixture(scope="module")
def before(site: Site) -> dict[str, Any]:
    """The world before leafrack comes."""
    return snapshot(site.lab, SWITCHES)


@pytest.fixture(scope="module")
def applied(site: Site, before: dict[str, Any]) -> Site:
    site.declared["maximumPrefix"] = 30
    site.applied()
    return site


def heard(lab: Lab, node: str) -> set[str]:
    """Routes that the leaf has from a node."""
    said = lab.exec(LEAF, "vtysh", "-c", f"show bgp ipv4 unicast neighbors {REFLECTORS[node]} routes json")
    return set(json.loads(said).get("routes", {}))


def sent(lab: Lab, node: str) -> set[str]:
    """Routes that the leaf sends to a node."""
    command = f"show bgp ipv4 unicast neighbors {REFLECTORS[node]} advertised-routes json"
    said = json.loads(lab.exec(LEAF, "vtysh", "-c", command))
    default = {"0.0.0.0/0"} if said.get("bgpOriginatingDefaultNetwork") else set[str]()
    return set(said.get("advertisedRoutes", {})) | default


def taken(lab: Lab, node: str) -> set[str]:
    """Routes that a node has from the leaf."""
    control = ("birdc", "-s", "/var/run/calico/bird.ctl")
    said = lab.exec(node, *control, "show", "route", "protocol", "Node_172_20_0_254")
    return {line.split()[0] for line in said.splitlines() if "/" in line.split(" ")[0]}


def outside(lab: Lab, table: Callable[[Lab, str], set[str]]) -> set[str]:
    """What any reflector has, or the leaf from any, besides pods and services."""
    return {route for node in REFLECTORS for route in table(lab, node)} - INSIDE


def bird(lab: Lab, node: str, name: str = "bird.cfg") -> str:
    """What Calico has configured for BIRD on a node."""
    return lab.exec(node, "cat", f"/etc/calico/confd/config/{name}")


def since(lab: Lab) -> dict[str, int]:
    """When each session to the nodes came up, by the leaf's clock."""
    return {node: peers(lab, LEAF)[address]["peerUptimeEstablishedEpoch"] for node, address in REFLECTORS.items()}


def test_without_the_leafs_lists_the_nodes_filters_hold_both_ways_and_without_these_nothing_does(
    applied: Site,
) -> None:
    lab, up_since = applied.lab, since(applied.lab)
    every_address = '{"spec":{"serviceLoadBalancerIPs":[{"cidr":"0.0.0.0/0"}]}}'
    lab.kubectl("patch", f"bgpconfigurations.{CALICO}", "default", "--type=merge", "-p", every_address)
    lines = (
        f"no neighbor {address} prefix-list LEAFRACK-dc1-{name}" for address in REFLECTORS.values()
        for name in ("IN in", "OUT out")
    )  # fmt: skip
    originate = (f"neighbor {address} default-originate" for address in REFLECTORS.values())
    configure(lab, LEAF, "router bgp 65009", "address-family ipv4 unicast", *lines, *originate)
    assert eventually(lambda: all("net ~ 0.0.0.0/0" in bird(lab, node, "bird_ipam.cfg") for node in REFLECTORS))
    assert eventually(lambda: all(sent(lab, node) >= SENT for node in REFLECTORS)), sent(lab, "node1")
    assert not eventually(lambda: outside(lab, heard) | outside(lab, taken) != set(), 4)
    lab.kubectl("patch", PEER, "--type=json", "-p", '[{"op":"remove","path":"/spec/filters"}]')
    assert eventually(lambda: all(heard(lab, node) >= ANNOUNCED for node in REFLECTORS)), heard(lab, "node1")
    assert eventually(lambda: all(taken(lab, node) >= SENT for node in REFLECTORS)), taken(lab, "node1")
    assert since(lab) == pytest.approx(up_since, abs=2), "a session was reset"


def test_an_update_puts_filters_and_lists_back_and_resets_no_session(applied: Site) -> None:
    lab, up_since = applied.lab, since(applied.lab)
    preview = applied.project.pulumi("preview", "--refresh")
    assert "BGPPeer rr1-to-leaf1-peer lacks filters" in preview.said
    assert "BGPConfiguration default has serviceLoadBalancerIPs=0.0.0.0/0" in preview.said
    run = applied.project.up("--skip-preview", "--refresh")
    assert run.code == 0, run.said
    assert eventually(lambda: not outside(lab, heard) | outside(lab, taken)), outside(lab, heard) | outside(lab, taken)
    assert all(heard(lab, node) == INSIDE for node in REFLECTORS)
    lines = (f"no neighbor {address} default-originate" for address in REFLECTORS.values())
    configure(lab, LEAF, "router bgp 65009", "address-family ipv4 unicast", *lines)
    assert since(lab) == pytest.approx(up_since, abs=2), "a session was reset"


def test_the_default_route_is_taken_where_the_file_says_so_and_only_it(applied: Site) -> None:
    lab, up_since = applied.lab, since(applied.lab)
    configure(lab, LEAF, "ip route 0.0.0.0/0 100.0.0.1", "router bgp 65009", "address-family ipv4 unicast",
              "network 0.0.0.0/0")  # fmt: skip
    assert "0.0.0.0/0" not in taken(lab, "node1")
    applied.declared["acceptCIDRs"] = ["0.0.0.0/0"]
    applied.applied()
    assert eventually(lambda: all("0.0.0.0/0" in taken(lab, node) for node in REFLECTORS)), taken(lab, "node1")
    assert outside(lab, taken) == {"0.0.0.0/0"}
    assert since(lab) == pytest.approx(up_since, abs=2), "a session was reset"


def test_with_ttl_security_sessions_come_back_and_say_so_on_both_ends(applied: Site) -> None:
    applied.declared |= {"ttlSecurity": True, "maximumPrefix": ROUTES + 1, "acceptCIDRs": []}
    applied.applied()
    assert [row["what"] for row in applied.rows() if not row["ok"]] == []
    assert eventually(lambda: not outside(applied.lab, taken)), "the default route is still accepted"
    configure(applied.lab, LEAF, "no ip route 0.0.0.0/0 100.0.0.1", "router bgp 65009", "address-family ipv4 unicast",
              "no network 0.0.0.0/0")  # fmt: skip
    for node, address in REFLECTORS.items():
        neighbour = json.loads(applied.lab.exec(LEAF, "vtysh", "-c", f"show bgp neighbors {address} json"))[address]
        assert neighbour["bgpState"] == "Established"
        assert neighbour["externalBgpNbrMaxHopsAway"] == 1
        assert "External BGP neighbor may be up to 1 hops away" in applied.lab.exec(
            LEAF, "vtysh", "-c", f"show bgp neighbors {address}"
        )
        session = bird(applied.lab, node).partition("protocol bgp Node_172_20_0_254 ")[2].partition("}")[0]
        assert "ttl security on;\n  multihop 1;" in session
    assert set(applied.applied().changes()) == {"unchanged"}


def test_too_many_routes_end_a_session_verify_says_why_and_it_comes_back_by_itself(applied: Site) -> None:
    lab = applied.lab
    assert {peers(lab, LEAF)[address]["pfxRcd"] for address in REFLECTORS.values()} == {ROUTES}
    blocks = [f"10.233.70.{64 * number}/26" for number in range(2)]
    for block in blocks:
        lab.kubectl("apply", "-f", "-", stdin=affinity("node3", block))

    def reasons() -> list[str]:
        return [row["found"] for row in applied.rows() if row["what"].endswith(f"↔ {LEAF}") and not row["ok"]]

    assert eventually(lambda: len(reasons()) == len(REFLECTORS)), applied.rows()
    assert all(f"maximum-prefix {ROUTES + 1} exceeded, tried again in " in reason for reason in reasons())
    for block in blocks:
        lab.kubectl("delete", "-f", "-", stdin=affinity("node3", block))
    assert eventually(lambda: not reasons(), 120), reasons()


def affinity(node: str, block: str) -> str:
    name = f"{node}-{block.replace('.', '-').replace('/', '-')}"
    spec = {"cidr": block, "node": node, "state": "confirmed", "deleted": "false"}
    return json.dumps({"apiVersion": f"{CALICO}/v1", "kind": "BlockAffinity", "metadata": {"name": name}, "spec": spec})


def test_a_destroy_leaves_the_world_as_it_was(applied: Site, before: dict[str, Any]) -> None:
    applied.destroyed()
    assert snapshot(applied.lab, SWITCHES) == before
    assert "LEAFRACK" not in configuration(applied.lab, LEAF)
