"""What somebody has changed by hand: seen by a plain preview, named, put right by ``pulumi up``, seen a second time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.project import Project, Run
from leafrack.errors import ProblemKind, kind_of
from leafrack.fabric import names
from tests.conftest import Lab
from tests.e2e.killed import Moment
from tests.e2e.world import bgp_peer, configure, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.timeout(900)]
NIGHTLY = pytest.mark.nightly(twin="tests/e2e/test_drift.py")

PASSWORD = "Correct-Horse-7"
CHECK = ("preview", "--refresh", "--expect-no-changes", "--suppress-outputs")
DRIFT = 7
BGP = "router bgp 65009"
FIRST, SECOND = "172.20.0.11", "172.20.0.12"
LEAF = f"leaf01: neighbour {SECOND} (node2)"
LISTS = "LEAFRACK-dc1"
PEER2 = ("patch", "bgppeers.crd.projectcalico.org", "rr2-to-leaf2-peer", "--type=json", "-p")
CONFIGURATION = ("patch", "bgpconfigurations.crd.projectcalico.org", "default", "--type=json", "-p")
RANGES, SERVICES, OTHERS = "/spec/serviceClusterIPs", "10.233.0.0/18", "10.9.0.0/16"
PEER = ("patch", "bgppeers.crd.projectcalico.org", "rr1-to-leaf1-peer", "--type=merge", "-p")
FILTER = ("patch", "bgpfilters.crd.projectcalico.org", "rr1-leaf-filter", "--type=json", "-p")
OPEN = {"action": "Accept", "matchOperator": "In", "cidr": "172.16.0.0/12"}

Damage = Callable[[Lab], None]


@pytest.fixture(scope="module")
def fabric(site: Lab, project: Project) -> Project:
    """The example fabric with a password, applied."""
    project.check("config", "set", "--secret", "--path", "leafrack:bgpPasswords.rr1", PASSWORD)
    project.settings.update({"bgpPasswords": kept(project)["leafrack:bgpPasswords"]})
    done = project.up("--skip-preview", "--suppress-outputs")
    assert done.code == 0, done.said
    return project


def kept(project: Project) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((project.folder / "Pulumi.dev.yaml").read_text())["config"]
    return found


def world(lab: Lab) -> dict[str, Any]:
    """Everything that leafrack may touch, but for the mark that it leaves on a node whose labels it has put right."""
    found = snapshot(lab)
    for thing in found.values():
        if isinstance(thing, dict):
            thing["metadata"].get("annotations", {}).pop(names.RERUN_ANNOTATION, None)
    return found


def checked(fabric: Project, **env: str) -> Run:
    run = fabric.pulumi(*CHECK, env=env)
    assert PASSWORD not in run.said
    return run


def repaired(fabric: Project) -> None:
    run = fabric.up("--skip-preview", "--refresh", "--suppress-outputs")
    assert run.code == 0, run.said
    assert PASSWORD not in run.said


def told(run: Run) -> list[str]:
    """What a run says that differs."""
    lines = [line.strip().removeprefix("warning: ") for line in run.said.splitlines() if line.startswith("    warning")]
    return sorted(text for kind, text in map(kind_of, lines) if kind is ProblemKind.DRIFT)


def on_leaf(*lines: str) -> Damage:
    return lambda lab: configure(lab, "leaf01", *lines)


def by_kubectl(*words: str, stdin: str = "") -> Damage:
    return lambda lab: (lab.kubectl(*words, stdin=stdin), None)[1]


QUIET: dict[str, tuple[Damage, str]] = {
    "another description": (
        on_leaf(BGP, f"neighbor {SECOND} description mine"),
        f"{LEAF} has `description mine` instead of `description leafrack rr1 node2`",
    ),
    "timers": (on_leaf(BGP, f"neighbor {SECOND} timers 1 3"), f"{LEAF} has `timers 1 3`"),
    "a list taken off a neighbour": (
        on_leaf(BGP, "address-family ipv4 unicast", f"no neighbor {SECOND} prefix-list {LISTS}-OUT out"),
        f"{LEAF} lacks `prefix-list {LISTS}-OUT out`",
    ),
    "an entry more in a list": (
        on_leaf(f"ip prefix-list {LISTS}-IN seq 1 permit 0.0.0.0/0"),
        f"leaf01: prefix list {LISTS}-IN has `permit 0.0.0.0/0`",
    ),
    "an entry less in a list": (
        on_leaf(f"no ip prefix-list {LISTS}-OUT seq 10 permit 10.233.0.0/18 le 32"),
        f"leaf01: prefix list {LISTS}-OUT lacks `permit 10.233.0.0/18 le 32`",
    ),
    "a field of a BGPPeer": (
        by_kubectl(*PEER, json.dumps({"spec": {"nodeSelector": "rr-id == 'rr1' && rr-group == 'rr1'"}})),
        "BGPPeer rr1-to-leaf1-peer has nodeSelector=rr-id == 'rr1' && rr-group == 'rr1' instead of rr-id == 'rr1'",
    ),
    "a rule more in a filter": (
        by_kubectl(*FILTER, json.dumps([{"op": "add", "path": "/spec/importV4/0", "value": OPEN}])),
        "BGPFilter rr1-leaf-filter has `Accept In 172.16.0.0/12` in importV4",
    ),
    "a rule more at the end of a filter": (
        by_kubectl(*FILTER, json.dumps([{"op": "add", "path": "/spec/exportV4/-", "value": OPEN}])),
        "BGPFilter rr1-leaf-filter has `Accept In 172.16.0.0/12` in exportV4",
    ),
    "a filter more of a BGPPeer": (
        by_kubectl(*PEER2, json.dumps([{"op": "add", "path": "/spec/filters/-", "value": "theirs"}])),
        'BGPPeer rr2-to-leaf2-peer has filters=["rr2-leaf-filter", "theirs"] instead of ["rr2-leaf-filter"]',
    ),
    "a range more of services": (
        by_kubectl(*CONFIGURATION, json.dumps([{"op": "add", "path": f"{RANGES}/-", "value": {"cidr": OTHERS}}])),
        f"BGPConfiguration default has serviceClusterIPs={SERVICES}, {OTHERS} instead of {SERVICES}",
    ),
    "the log's severity": (
        by_kubectl(*CONFIGURATION, json.dumps([{"op": "remove", "path": "/spec/logSeverityScreen"}])),
        "BGPConfiguration default lacks logSeverityScreen=Info",
    ),
    "a label": (
        by_kubectl("label", "node", "node1", "leafrack/cluster-id=1.2.3.4", "--overwrite"),
        "node node1 has leafrack/cluster-id=1.2.3.4 instead of 172.20.0.11",
    ),
}

LOUD: dict[str, tuple[Damage, tuple[str, ...]]] = {
    "a neighbour removed": (
        on_leaf(BGP, f"no neighbor {SECOND}"),
        (f"{LEAF} is missing",),
    ),
    "another password": (
        on_leaf(BGP, f"neighbor {FIRST} password Battery-Staple-8"),
        (f"leaf01: neighbour {FIRST} (node1) has another password",),
    ),
    "another password in the Secret": (
        by_kubectl("patch", "secret", "leafrack-bgp", "-n", "kube-system", "-p", '{"stringData": {"rr1": "another"}}'),
        ("Secret leafrack-bgp has another password of rr1",),
    ),
    "another AS number": (
        lambda lab: configure(lab, "leaf02", "router bgp 65010", "neighbor 173.20.0.11 remote-as 64599"),
        ("leaf02: neighbour 173.20.0.11 (node4) has `remote-as 64599` instead of `remote-as 64513`",),
    ),
    "a shutdown of a neighbour that was described anew": (
        lambda lab: configure(
            lab, "leaf02", "router bgp 65010", "neighbor 173.20.0.12 shutdown", "neighbor 173.20.0.12 description mine"
        ),
        (
            "leaf02: neighbour 173.20.0.12 (node5) has `shutdown`",
            (
                "leaf02: neighbour 173.20.0.12 (node5) has `description mine` instead of "
                "`description leafrack rr2 node5`"
            ),
        ),
    ),
    "a cluster ID": (
        by_kubectl("annotate", "node", "node2", "projectcalico.org/RouteReflectorClusterID=9.9.9.9", "--overwrite"),
        ("node node2 has projectcalico.org/RouteReflectorClusterID=9.9.9.9 instead of 172.20.0.12",),
    ),
    "a label that is gone": (
        by_kubectl("label", "node", "node3", "rr-group-"),
        ("node node3 lacks rr-group=rr1",),
    ),
    "a BGPPeer that is gone": (
        by_kubectl("delete", "bgppeers.crd.projectcalico.org", "rr2-to-leaf2-peer"),
        ("BGPPeer rr2-to-leaf2-peer is missing",),
    ),
    "an AS number of a node": (
        by_kubectl("annotate", "node", "node6", "projectcalico.org/ASNumber-"),
        ("node node6 lacks projectcalico.org/ASNumber=64513",),
    ),
}


@dataclass(frozen=True)
class Theirs:
    """Something of somebody else's: how it comes and goes, and what is said of it, with what removes it."""

    comes: Damage
    goes: Damage
    says: str
    command: str


def test_in_sync_nothing_is_said(fabric: Project) -> None:
    run = checked(fabric)
    assert (run.code, told(run)) == (0, []), run.said


@pytest.mark.parametrize("time", ["at first", pytest.param("and again", marks=NIGHTLY)])
def test_what_resets_no_session_is_named_and_put_right_without_a_reset(time: str, site: Lab, fabric: Project) -> None:
    del time
    before, stood = world(site), Moment.of(site)
    for damage, _ in QUIET.values():
        damage(site)
    run = checked(fabric)
    assert run.code == DRIFT, run.said
    assert told(run) == sorted(line for _, line in QUIET.values())
    repaired(fabric)
    assert world(site) == before
    assert stood.lost_until(Moment.of(site)) == []
    again = checked(fabric)
    assert (again.code, told(again)) == (0, []), again.said


@NIGHTLY
def test_what_breaks_sessions_is_named_and_put_right_and_healthy_sessions_stay(site: Lab, fabric: Project) -> None:
    before = world(site)
    for damage, _ in LOUD.values():
        damage(site)
    run = checked(fabric)
    assert run.code == DRIFT, run.said
    assert told(run) == sorted(line for _, lines in LOUD.values() for line in lines)
    stood = Moment.of(site)
    repaired(fabric)
    assert world(site) == before
    assert stood.lost_until(Moment.of(site)) == []
    again = checked(fabric)
    assert (again.code, told(again)) == (0, []), again.said


def test_lines_labels_and_neighbours_of_others_are_no_drift(site: Lab, fabric: Project) -> None:
    configure(
        site, "leaf01", "ip prefix-list THEIRS seq 5 permit 10.0.0.0/8", "route-map THEIRS permit 10", "exit", BGP,
        "neighbor 172.20.0.99 remote-as 64999", "address-family ipv4 unicast", f"neighbor {FIRST} route-map THEIRS in",
    )  # fmt: skip
    site.kubectl("label", "node", "node1", "theirs=yes")
    site.kubectl("annotate", "node", "node1", "theirs=yes")
    before = world(site)
    try:
        run = checked(fabric)
        assert (run.code, told(run)) == (0, []), run.said
        repaired(fabric)
        assert world(site) == before
    finally:
        site.kubectl("label", "node", "node1", "theirs-")
        site.kubectl("annotate", "node", "node1", "theirs-")
        configure(
            site, "leaf01", BGP, "no neighbor 172.20.0.99", "address-family ipv4 unicast",
            f"no neighbor {FIRST} route-map THEIRS in",
        )  # fmt: skip


EXTRA_FIELD = json.dumps([{"op": "remove", "path": "/spec/maxRestartTime"}])
CLUSTER_ID = "projectcalico.org/RouteReflectorClusterID"
BGP_PEER = bgp_peer("theirs", peerIP="173.20.0.254", asNumber=65010, nodeSelector="rr-id == 'rr2'")
THEIRS = {
    "a cluster ID on a member": Theirs(
        by_kubectl("annotate", "node", "node3", f"{CLUSTER_ID}=1.2.3.4"),
        by_kubectl("annotate", "node", "node3", f"{CLUSTER_ID}-"),
        f"node node3 is no reflector in this file and has {CLUSTER_ID}=1.2.3.4: ",
        f"kubectl annotate node node3 {CLUSTER_ID}-",
    ),
    "a label for a cluster ID on a member": Theirs(
        by_kubectl("label", "node", "node6", "leafrack/cluster-id=1.2.3.4"),
        by_kubectl("label", "node", "node6", "leafrack/cluster-id-"),
        "node node6 is no reflector in this file and has leafrack/cluster-id=1.2.3.4: ",
        "kubectl label node node6 leafrack/cluster-id-",
    ),
    "a field of a BGPPeer that leafrack does not set": Theirs(
        by_kubectl(*PEER, json.dumps({"spec": {"maxRestartTime": "10s"}})),
        by_kubectl(*PEER[:3], "--type=json", "-p", EXTRA_FIELD),
        "BGPPeer rr1-to-leaf1-peer has maxRestartTime=10s, which this file does not give it: ",
        f"kubectl {' '.join(PEER[:3])} --type=json -p '{EXTRA_FIELD}'",
    ),
    "a reflector's label on a member": Theirs(
        by_kubectl("label", "node", "node3", "rr-id=rr1"),
        by_kubectl("label", "node", "node3", "rr-id-"),
        "node3 is no reflector of rr1 in this file, but its label rr-id=rr1 makes it one: ",
        "kubectl label node node3 rr-id-",
    ),
    "a BGPPeer for sessions of ours": Theirs(
        by_kubectl("apply", "-f", "-", stdin=BGP_PEER),
        by_kubectl("delete", "bgppeers.crd.projectcalico.org", "theirs"),
        "BGPPeer theirs makes node4 and node5 peer with leaf02 (173.20.0.254), as rr2-to-leaf2-peer will: ",
        "kubectl delete bgppeers.crd.projectcalico.org theirs",
    ),
    "a neighbour in the place of ours": Theirs(
        lambda lab: configure(
            lab, "leaf02", "router bgp 65010", "no neighbor 173.20.0.12", "neighbor 173.20.0.12 remote-as 64599",
            "neighbor 173.20.0.12 description theirs",
        ),
        lambda lab: configure(lab, "leaf02", "router bgp 65010", "no neighbor 173.20.0.12"),
        "leaf02 has a neighbour 173.20.0.12 (node5) already ('theirs', in AS 64599, ",
        "`no neighbor 173.20.0.12` on leaf02 first",
    ),
}  # fmt: skip


@NIGHTLY
def test_what_somebody_else_has_put_in_the_way_is_named_with_what_removes_it_and_left(
    site: Lab, fabric: Project
) -> None:
    whole = world(site)
    for each in THEIRS.values():
        each.comes(site)
    before = world(site)
    run = checked(fabric)
    refused = fabric.up("--suppress-outputs")
    after = world(site)
    for each in THEIRS.values():
        each.goes(site)
    assert run.code == DRIFT, run.said
    for each in THEIRS.values():
        assert any(each.says in line and each.command in line for line in run.said.splitlines()), run.said
    assert refused.code not in (0, DRIFT), refused.said
    assert "error: config/fabrics/dev.yaml" in refused.said
    assert after == before
    repaired(fabric)
    assert world(site) == whole
    again = checked(fabric)
    assert (again.code, told(again)) == (0, []), again.said


@pytest.fixture
def elsewhere(fabric: Project) -> Path:
    """An overlay that sends leafrack to a port where no switch answers."""
    declared = yaml.safe_load(Path(fabric.settings["overlay"]).read_text())
    declared["racks"]["rr1"]["leaves"]["leaf01"]["ssh"]["port"] = 9
    # Beside the other: paths of keys in it are relative to it.
    other = Path(fabric.settings["overlay"]).with_name("elsewhere.yaml")
    other.write_text(yaml.safe_dump(declared))
    return other


def test_a_switch_that_cannot_be_read_fails_the_check_and_is_a_warning_in_a_preview(
    fabric: Project, elsewhere: Path
) -> None:
    fabric.configure(overlay=str(elsewhere))
    try:
        run = checked(fabric, LEAFRACK_UNREACHABLE="fail")
        assert run.code not in (0, DRIFT), run.said
        usual = fabric.pulumi("preview", "--suppress-outputs")
        assert usual.code == 0, usual.said
        assert "cannot connect to 127.0.0.1 port 9: connection refused; this preview goes on" in usual.said
    finally:
        fabric.configure()
