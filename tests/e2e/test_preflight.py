"""What is in the way of an update is said by its preview, with the line that removes it, and nothing is applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.project import OF_THE_ENGINE, Project, Run
from tests.conftest import Lab
from tests.e2e.world import bgp_peer, configure, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

FILE = "config/fabrics/dev.yaml"


@dataclass(frozen=True)
class Case:
    """Something that is in the way: how it comes, how it goes, and where and how it is said."""

    come: Callable[[Lab], object]
    go: Callable[[Lab], object]
    key: str
    says: str
    warns: bool = False


def a_peer(name: str, *, key: str, says: str, warns: bool = False, **spec: Any) -> Case:
    return Case(
        lambda lab: lab.kubectl("apply", "-f", "-", stdin=bgp_peer(name, **spec)),
        lambda lab: lab.kubectl("delete", "bgppeers.crd.projectcalico.org", name),
        key,
        says,
        warns,
    )


def a_neighbour(*lines: str, says: str, warns: bool = False) -> Case:
    return Case(
        lambda lab: configure(lab, "leaf01", "router bgp 65009", *lines),
        lambda lab: configure(lab, "leaf01", "router bgp 65009", "no neighbor 172.20.0.11"),
        "racks.rr1.leaves.leaf01",
        f"leaf01 has a neighbour 172.20.0.11 (node1) already{says}",
        warns,
    )


def pool(lab: Lab, mode: str) -> None:
    spec = json.dumps({"spec": {"ipipMode": mode}})
    lab.kubectl("patch", "ippools.crd.projectcalico.org", "default-ipv4-ippool", "--type=merge", "-p", spec)


CASES = {
    "a peer of somebody else for a session of ours": a_peer(
        "old-leaf-peer",
        peerIP="172.20.0.254",
        asNumber=65009,
        nodeSelector="kubernetes.io/hostname in {'node1', 'node2'}",
        key="racks.rr1.leaves.leaf01",
        says=(
            "BGPPeer old-leaf-peer makes node1 and node2 peer with leaf01 (172.20.0.254), as rr1-to-leaf1-peer will: "
            "Calico takes either of the two, by chance; name it as peerName of leaf01 to take it over, or "
            "kubectl delete bgppeers.crd.projectcalico.org old-leaf-peer"
        ),
    ),
    "a peer without AS number": a_peer(
        "half-a-peer",
        peerIP="192.0.2.1",
        nodeSelector="all()",
        key="racks",
        says=(
            "BGPPeer half-a-peer has a peerIP but no asNumber and selects node1, node2, node3 and 3 other nodes: "
            "BIRD refuses the whole configuration of these nodes, so that no change arrives there any more; give it an "
            "asNumber, or kubectl delete bgppeers.crd.projectcalico.org half-a-peer"
        ),
    ),
    "a peer that selects our nodes for something else": a_peer(
        "monitor",
        peerIP="192.0.2.1",
        asNumber=65100,
        nodeSelector="kubernetes.io/hostname == 'node6'",
        key="racks.rr2",
        says=(
            "BGPPeer monitor selects node6 too; it stays as it is. If nobody needs it: "
            "kubectl delete bgppeers.crd.projectcalico.org monitor"
        ),
        warns=True,
    ),
    "a member with a reflector's label": Case(
        lambda lab: lab.kubectl("label", "node", "node3", "rr-id=rr1"),
        lambda lab: lab.kubectl("label", "node", "node3", "rr-id-"),
        "racks.rr1.members.node3",
        (
            "node3 is no reflector of rr1 in this file, but its label rr-id=rr1 makes it one: "
            "kubectl label node node3 rr-id-"
        ),
    ),
    "a neighbour with another AS": a_neighbour(
        "neighbor 172.20.0.11 remote-as 65123",
        "neighbor 172.20.0.11 description old cluster",
        says=" ('old cluster', in AS 65123, ",
    ),
    "a neighbour that is shut down": a_neighbour(
        "neighbor 172.20.0.11 remote-as 64512",
        "neighbor 172.20.0.11 shutdown",
        says=(", with `neighbor 172.20.0.11 shutdown`: it keeps the session down; take that line away on leaf01 first"),
    ),
    "a neighbour with a map that does not exist": a_neighbour(
        "neighbor 172.20.0.11 remote-as 64512",
        "address-family ipv4 unicast",
        "neighbor 172.20.0.11 route-map GONE in",
        says=", with `neighbor 172.20.0.11 route-map GONE in`: nothing passes it; take that line away on leaf01 first",
    ),
    "a neighbour with a list that ours replaces": a_neighbour(
        "neighbor 172.20.0.11 remote-as 64512",
        "address-family ipv4 unicast",
        "neighbor 172.20.0.11 prefix-list PODS in",
        says=", with `neighbor 172.20.0.11 prefix-list PODS in`: leafrack's list takes its place",
        warns=True,
    ),
    "an encapsulated pool": Case(
        lambda lab: pool(lab, "Always"),
        lambda lab: pool(lab, "Never"),
        "podCIDRs",
        (
            "IPPool default-ipv4-ippool (10.233.64.0/18) uses IPIP Always: leaves route pods only without "
            "encapsulation; set ipipMode and vxlanMode to Never first"
        ),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, site: Lab) -> Iterator[Case]:
    """A case that has come, and goes afterwards."""
    chosen = CASES[request.param]
    chosen.come(site)
    yield chosen
    chosen.go(site)


def said(run: Run, word: str) -> list[str]:
    """Lines that the operator reads after ``error:`` or ``warning:``."""
    return [line.partition(f"{word}: ")[2] for line in run.said.splitlines() if f"{word}: " in line]


def test_a_preview_says_what_is_in_the_way_and_nothing_is_applied(case: Case, site: Lab, project: Project) -> None:
    before = snapshot(site)
    run = project.pulumi("preview")
    assert (run.code == 0) is case.warns, run.said
    lines = said(run, "warning" if case.warns else "error")
    place = f": {case.key}: "
    # The proof warns of leaves and racks as well: it is the only line of its kind, not the only one of its place.
    found = {line for line in lines if line.startswith(FILE) and line.partition(place)[2].startswith(case.says)}
    assert len(found) == 1, run.said
    assert "Traceback" not in run.said
    assert snapshot(site) == before


def test_everything_that_is_in_the_way_is_said_at_once(site: Lab, project: Project) -> None:
    chosen = [CASES["a peer without AS number"], CASES["a neighbour with another AS"], CASES["an encapsulated pool"]]
    for each in chosen:
        each.come(site)
    try:
        run = project.up()
    finally:
        for each in chosen:
            each.go(site)
    assert run.code != 0
    lines = said(run, "error")
    for each in chosen:
        assert any(f": {each.key}: {each.says}" in line for line in lines), run.said
    assert set(project.resources().values()) <= OF_THE_ENGINE


def test_a_world_in_order_previews_without_a_line(site: Lab, project: Project) -> None:
    run = project.check("preview")
    assert said(run, "error") == []
    assert [line for line in said(run, "warning") if "BGPPeer" in line or "neighbour" in line] == []
