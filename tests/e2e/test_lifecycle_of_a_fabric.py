"""What happens to a fabric in the years after its first update: what preview says, what up does, what is lost.

The tests stand in the order of the fabric's life. docs/lifecycle.md has a row for each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.pings import Loss, Pings, lines
from lab.project import Run
from lab.site import Site, example, running
from leafrack.errors import PREFIXES, ProblemKind
from leafrack.fabric.names import CLUSTER_ID_ANNOTATION, PASSWORD_SECRET
from tests.e2e.machines import came_up, comes_anew, dies, is_another_box, up_again

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.loss,
    pytest.mark.nightly(twin="tests/e2e/test_no_packet_lost.py"),
]

DRIFT = PREFIXES[ProblemKind.DRIFT]
LEAVES = ("leaf01", "leaf02")
IN_RACK_1 = [("node1", "node2"), ("node1", "node3"), ("node2", "node8")]
IN_RACK_2 = [("node4", "node5"), ("node4", "node6")]
ACROSS = [("node2", "node5"), ("node8", "node4"), ("node3", "node6")]
BOUND = 20.0
"""Seconds in one piece that are lost at most where sessions to a leaf reset: docs/lifecycle.md."""
RACKS = ("rr1", "rr2")
PASSWORDS = "Correct-Horse-7", "Battery-Staple-8"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example with a node more, and passwords for the sessions of its racks; applied."""
    whole = example()
    whole["racks"]["rr1"]["members"]["node8"] = "172.20.0.18"
    with running(tmp_path_factory.mktemp("lifecycle"), whole) as own:
        passwords(own, PASSWORDS[0])
        own.applied()
        yield own


def passwords(site: Site, word: str) -> None:
    """Give each rack a password that begins with a word."""
    for rack in RACKS:
        site.project.check("config", "set", "--secret", "--path", f"leafrack:bgpPasswords.{rack}", f"{word}-{rack}")


@dataclass
class Seen:
    """What was lost while something changed, and how often each session of the leaves came up."""

    losses: list[Loss] = field(default_factory=list)
    resets: dict[str, int] = field(default_factory=dict)
    """By the neighbour's address, those that did at all."""

    def between(self, pairs: list[tuple[str, str]]) -> list[Loss]:
        wanted = {frozenset(pair) for pair in pairs}
        return [loss for loss in self.losses if frozenset((loss.source, loss.target)) in wanted]

    def lost(self, pairs: list[tuple[str, str]]) -> list[str]:
        """A line for each direction in which anything was lost."""
        return lines(self.between(pairs))

    def too_long(self, pairs: list[tuple[str, str]]) -> list[str]:
        """A line for each direction that was interrupted for longer than the bound, or does not work in the end."""
        return [str(loss) for loss in self.between(pairs) if loss.gap > BOUND or loss.after]


@contextmanager
def watched(site: Site, folder: Path, pairs: list[tuple[str, str]]) -> Iterator[Seen]:
    """Pings between pairs and the leaves' counts, over the body's time; afterwards every session and route is there."""
    seen = Seen()
    before = {address: times for leaf in LEAVES for address, times in came_up(site.lab, leaf).items()}
    with Pings(site.lab, pairs) as pings:
        yield seen
    seen.losses = list(pings.losses)
    racks = [leaf for rack in site.racks.values() for leaf in rack["leaves"]]
    after = {address: times for leaf in racks for address, times in came_up(site.lab, leaf).items()}
    seen.resets = {each: times - before.get(each, 0) for each, times in after.items() if times != before.get(each, 0)}
    report = "\n".join([*map(str, seen.losses), str(seen.resets)])
    (folder / "seen").write_text(report, encoding="utf-8")
    print(report)  # noqa: T201 - what pytest shows of a test that fails
    assert min(loss.sent for loss in seen.losses) > 300, report
    assert [row for row in site.rows() if not row["ok"]] == []


def previewed(site: Site, *arguments: str) -> Run:
    """``pulumi preview`` of what is declared now."""
    site.write()
    return site.project.pulumi("preview", "--suppress-outputs", *arguments)


def told(run: Run, word: str) -> set[str]:
    """What follows ``error:`` or ``warning:`` in the output, the place in the fabric file without its folder."""
    found = (line.partition(f"{word}: ")[2] for line in run.said.splitlines() if f" {word}: " in line)
    return {line.rpartition(".yaml:")[2].partition(": ")[2] if ".yaml:" in line else line for line in found}


def refreshed(site: Site) -> Run:
    """``pulumi up --refresh``; the test fails if that does."""
    site.write()
    run = site.project.up("--skip-preview", "--suppress-outputs", "--refresh")
    assert run.code == 0, run.said
    return run


def test_a_leaf_that_is_another_box_gets_everything_again(site: Site, tmp_path: Path) -> None:
    key = is_another_box(site, "leaf01")
    refused = previewed(site)
    assert refused.code != 0
    (line,) = told(refused, "error")
    assert line.startswith("racks.rr1.leaves.leaf01.ssh: the host key of 127.0.0.1 port ")
    assert line.endswith(" is not the pinned one (ssh.hostKey): wrong switch, or a replaced one")
    site.pin("rr1", "leaf01", key)
    plan = previewed(site)
    assert plan.code == 0, plan.said
    for node in ("172.20.0.11 (node1)", "172.20.0.12 (node2)"):
        assert f"{DRIFT}leaf01: neighbour {node} is missing" in told(plan, "warning")
    with watched(site, tmp_path, [*IN_RACK_1, *ACROSS]) as seen:
        run = site.applied()
    assert set(run.changes()) == {"updated", "unchanged"}, run.said
    assert seen.resets.keys() == {"172.20.0.11", "172.20.0.12"}
    assert seen.lost(IN_RACK_1) == []
    assert seen.too_long(ACROSS) == []
    assert set(site.applied().changes()) == {"unchanged"}


def test_passwords_that_change_cost_each_session_one_reset_and_one_rack_after_the_other(
    site: Site, tmp_path: Path
) -> None:
    passwords(site, PASSWORDS[1])
    plan = previewed(site, "--diff")
    assert plan.code == 0, plan.said
    for line in (
        *("leaf01: neighbour 172.20.0.11 (node1) has another", "leaf02: neighbour 173.20.0.12 (node5) has another"),
        *(f"Secret leafrack-bgp has another password of {rack}" for rack in RACKS),
    ):
        assert line in plan.said
    with watched(site, tmp_path, [*IN_RACK_1, *IN_RACK_2, *ACROSS]) as seen:
        run = site.applied()
    assert set(run.changes()) == {"updated", "unchanged"}, run.said
    assert [each for each in PASSWORDS if each in plan.said + run.said] == []
    stands = [up_again(site.lab, leaf) for leaf in LEAVES]
    assert seen.resets == dict.fromkeys(("172.20.0.11", "172.20.0.12", "173.20.0.11", "173.20.0.12"), 1)
    first, second = ([stood[each] for each in seen.resets if each in stood] for stood in stands)
    # The gate between the racks saw the first one's sessions for a second.
    assert min(down for down, _ in second) - max(up for _, up in first) > 1, (first, second)
    assert seen.lost([*IN_RACK_1, *IN_RACK_2]) == []
    assert seen.too_long(ACROSS) == []


def test_nodes_that_are_other_machines_take_their_places_and_nobody_else_loses_anything(
    site: Site, tmp_path: Path
) -> None:
    """A reflector and a member with new addresses, and a node of a rack with its own AS that registered again."""
    others = [("node2", "node8"), ("node4", "node5"), ("node2", "node5"), ("node8", "node4")]
    for node, address in (("node1", "172.20.0.41"), ("node3", "172.20.0.43"), ("node6", "173.20.0.13")):
        dies(site, node)
        comes_anew(site, node, address)
    refused = previewed(site)
    assert refused.code != 0
    cases = (("reflectors", "node1", "172.20.0.41", "172.20.0.11"), ("members", "node3", "172.20.0.43", "172.20.0.13"))
    assert told(refused, "error") == {
        f"racks.rr1.{group}.{node}: Calico uses {has} for {node} in the cluster, this file says {says}: if the node "
        "was replaced or renumbered, correct this file"
        for group, node, has, says in cases
    }
    site.racks["rr1"]["reflectors"]["node1"] = "172.20.0.41"
    site.racks["rr1"]["members"]["node3"] = "172.20.0.43"
    plan = previewed(site)
    assert plan.code == 0, plan.said
    for line in ("node1 lacks rr-group=rr1", "node3 lacks rr-group=rr1", "node6 lacks rr-group=rr2"):
        assert f"{DRIFT}node {line}" in told(plan, "warning")
    with watched(site, tmp_path, [*IN_RACK_1, *IN_RACK_2, *ACROSS]) as seen:
        site.applied()
    assert seen.resets.keys() == {"172.20.0.41"}
    assert "172.20.0.11" not in came_up(site.lab, "leaf01")
    assert seen.lost(others) == []
    assert [str(loss) for loss in seen.losses if loss.after] == []
    (node1,) = json.loads(site.lab.kubectl("get", "nodes", "-o", "json", "-l", "leafrack/cluster-id=172.20.0.41"))[
        "items"
    ]
    assert node1["metadata"]["annotations"][CLUSTER_ID_ANNOTATION] == "172.20.0.41"
    site.project.check("preview", "--refresh", "--expect-no-changes")


def test_nodes_that_left_the_cluster_before_the_file_go_without_a_loss(site: Site, tmp_path: Path) -> None:
    for node in ("node2", "node8"):
        dies(site, node)
    refused = previewed(site)
    assert refused.code != 0
    assert told(refused, "error") == {
        f"racks.rr1.{group}.{node}: the cluster has no node {node}: check its name with kubectl get nodes; if the node "
        "is gone, take it out of this file and run `pulumi up --refresh`"
        for group, node in (("reflectors", "node2"), ("members", "node8"))
    }
    del site.racks["rr1"]["reflectors"]["node2"]
    del site.racks["rr1"]["members"]["node8"]
    left = [("node1", "node3"), *IN_RACK_2, ("node3", "node6")]
    with watched(site, tmp_path, left) as seen:
        plain = site.up()
        refreshed(site)
    assert plain.code != 0, plain.said
    # As docs/errors.md and docs/lifecycle.md have it.
    assert 'nodes "node2" is forbidden: User "leafrack" cannot create resource "nodes"' in plain.said
    assert seen.resets == {}
    assert "172.20.0.12" not in came_up(site.lab, "leaf01")
    assert seen.lost(left) == []
    assert not {"node2-labels", "node8-labels"} & set(site.project.resources())
    assert set(site.lab.kubectl("get", "nodes", "-o", "name").split()) == {f"node/node{n}" for n in (1, 3, 4, 5, 6)}


def test_an_as_number_that_changes_resets_the_sessions_of_its_rack_once(site: Site, tmp_path: Path) -> None:
    site.racks["rr2"]["asNumber"] = 64514
    plan = previewed(site)
    assert plan.code == 0, plan.said
    resets = "every session of the rack resets once, for some seconds (docs/order.md)"
    assert f"racks.rr2.asNumber: its nodes change from AS 64513 to 64514: {resets}" in told(plan, "warning")
    left = [("node1", "node3"), *IN_RACK_2, ("node3", "node6")]
    with watched(site, tmp_path, left) as seen:
        site.applied()
    # Both ends connect anew at the same time: on a busy machine a session has come up on both connections, one after
    # the other, within the one interruption.
    assert seen.resets.keys() == {"173.20.0.11", "173.20.0.12"}
    assert seen.lost([("node1", "node3")]) == []
    assert seen.too_long([*IN_RACK_2, ("node3", "node6")]) == []


def test_ranges_that_change_reset_no_session_and_a_pool_that_is_left_out_is_told(site: Site, tmp_path: Path) -> None:
    ours, site.declared["podCIDRs"] = site.declared["podCIDRs"], ["10.235.0.0/16"]
    gone = (
        "podCIDRs: IPPool default-ipv4-ippool (10.233.64.0/18) is not within these ranges: leaves take no route to its "
        "pods, so that they are reached within their own rack only; add it while any pod has an address of it"
    )
    assert gone in told(previewed(site), "warning")
    site.declared["podCIDRs"] = [*ours, "10.235.0.0/16"]
    site.declared["serviceClusterIPs"] = ["10.234.0.0/24"]
    plan = previewed(site)
    assert plan.code == 0, plan.said
    assert gone not in told(plan, "warning")
    left = [("node1", "node3"), *IN_RACK_2, ("node3", "node6")]
    with watched(site, tmp_path, left) as seen:
        site.applied()
    assert seen.resets == {}
    assert seen.lost(left) == []


def test_a_rack_whose_nodes_are_gone_already_leaves_the_other_in_peace(site: Site, tmp_path: Path) -> None:
    for node in site.racks["rr2"]["reflectors"] | site.racks["rr2"]["members"]:
        dies(site, node)
    del site.racks["rr2"]
    site.project.check("config", "rm", "--path", "leafrack:bgpPasswords.rr2")
    with watched(site, tmp_path, [("node1", "node3")]) as seen:
        refreshed(site)
    assert seen.resets == {}
    assert seen.lost([("node1", "node3")]) == []
    # Of the rack nothing is left, neither on its leaf, which is there still, nor in the cluster.
    assert set(came_up(site.lab, "leaf02")) == {"100.0.0.5"}
    assert "rr2" not in site.lab.kubectl("get", "bgppeers.crd.projectcalico.org", "-o", "name")
    secret = json.loads(site.lab.kubectl("get", "secret", PASSWORD_SECRET, "-n", "kube-system", "-o", "json"))
    assert secret["data"].keys() == {"rr1"}
    assert set(site.applied().changes()) == {"unchanged"}


def test_a_destroy_finishes_although_a_node_is_gone(site: Site) -> None:
    dies(site, "node3")
    run = site.project.pulumi("destroy", "--yes", "--refresh")
    assert run.code == 0, run.said
    assert set(came_up(site.lab, "leaf01")) == {"100.0.0.1"}
    assert site.project.resources() == {}
