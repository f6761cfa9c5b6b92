"""The example fabric from the first ``up`` to the end, as an operator checks it; one lab and one ``up`` for all.

The tests stand in the order of a fabric's life: the last ones give it passwords and take it down.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.paths import CLONE
from lab.project import Project
from tests.conftest import Lab
from tests.e2e.world import (
    BLOCKS,
    NODES,
    SERVICES,
    SWITCHES,
    configure,
    eventually,
    loses_nothing,
    mesh_is_on,
    node_status,
    peers,
    routes,
    running,
    snapshot,
)

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

SPINE_AND_REFLECTORS = {
    "leaf01": {"100.0.0.1": 65008, "172.20.0.11": 64512, "172.20.0.12": 64512},
    "leaf02": {"100.0.0.5": 65008, "173.20.0.11": 64513, "173.20.0.12": 64513},
}
SOMEBODY_ELSES_PEER = {
    "apiVersion": "crd.projectcalico.org/v1",
    "kind": "BGPPeer",
    "metadata": {"name": "somebody-elses", "labels": {"team": "storage"}},
    "spec": {"nodeSelector": "team == 'nobody'", "peerIP": "172.20.0.99", "asNumber": 65099},
}
PASSWORD = "Correct-Horse-7"


@pytest.fixture(scope="module")
def before(site: Lab) -> dict[str, Any]:
    """The world before leafrack, with things in it that belong to others."""
    site.kubectl("label", "node", "node1", "team=storage")
    site.kubectl("annotate", "node", "node1", "example.org/note=keep")
    site.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(SOMEBODY_ELSES_PEER))
    configure(
        site,
        "leaf01",
        "ip prefix-list THEIRS seq 5 permit 192.0.2.0/24",
        "router bgp 65009",
        "neighbor 172.20.0.99 remote-as 65099",
        "neighbor 172.20.0.99 description storage",
        "neighbor 172.20.0.99 shutdown",
        "address-family ipv4 unicast",
        "neighbor 172.20.0.99 prefix-list THEIRS in",
    )
    return snapshot(site)


@pytest.fixture(scope="module")
def fabric(site: Lab, project: Project, before: dict[str, Any]) -> Project:
    """The project after its first ``up``."""
    run = project.up()
    assert run.code == 0, run.said
    return project


@pytest.fixture
def stack_file(fabric: Project) -> list[str]:
    """Options of ``leafrack status`` for the project."""
    chosen = fabric.settings
    return ["--fabric", str(CLONE / chosen["fabric"]), "--overlay", chosen["overlay"],
            "--kubeconfig", chosen["kubeconfig"], "--context", chosen["kubeContext"]]  # fmt: skip


def verify(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    return lab.run("python", "-m", "leafrack", "status", *arguments)


def test_calicoctl_shows_every_node_with_an_as_number_of_its_own(site: Lab, fabric: Project) -> None:
    lines = site.run("calicoctl", "get", "nodes", "-o", "wide").stdout.splitlines()[1:]
    found = {line.split()[0]: line.split()[1] for line in lines if line}
    assert found == {**dict.fromkeys(NODES[:3], "64512"), **dict.fromkeys(NODES[3:], "64513")}


def test_calicoctl_shows_the_four_peers_of_the_example(site: Lab, fabric: Project) -> None:
    lines = site.run("calicoctl", "get", "bgppeer").stdout.splitlines()[1:]
    found = {re.split(r"\s{2,}", line.strip())[0]: re.split(r"\s{2,}", line.strip())[1:] for line in lines if line}
    del found["somebody-elses"]
    assert found == {
        "rr1-to-leaf1-peer": ["172.20.0.254", "rr-id == 'rr1'", "65009"],
        "rr1-to-node-peer": ["rr-group == 'rr1'", "0"],
        "rr2-to-leaf2-peer": ["173.20.0.254", "rr-id == 'rr2'", "65010"],
        "rr2-to-node-peer": ["rr-group == 'rr2'", "0"],
    }


def test_calicoctl_shows_the_mesh_off(site: Lab, fabric: Project) -> None:
    (line,) = [line for line in site.run("calicoctl", "get", "bgpconfig").stdout.splitlines()[1:] if line]
    assert line.split() == ["default", "Info", "false", "64512"]


def test_only_reflectors_carry_a_cluster_id_and_it_is_their_own_address(site: Lab, fabric: Project) -> None:
    listed = json.loads(site.kubectl("get", "nodes", "-o", "json"))["items"]
    key = "projectcalico.org/RouteReflectorClusterID"
    assert {node["metadata"]["name"]: node["metadata"]["annotations"].get(key) for node in listed} == {
        "node1": "172.20.0.11", "node2": "172.20.0.12", "node3": None,
        "node4": "173.20.0.11", "node5": "173.20.0.12", "node6": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("node", "expected"),
    [("node1", ["172.20.0.12", "172.20.0.13", "172.20.0.254"]), ("node3", ["172.20.0.11", "172.20.0.12"])],
)
def test_a_node_is_established_with_these_peers_and_no_others(
    node: str, expected: list[str], site: Lab, fabric: Project
) -> None:
    assert node_status(site, node) == dict.fromkeys(expected, "Established")


@pytest.mark.parametrize("leaf", SPINE_AND_REFLECTORS)
def test_a_leaf_is_established_with_spine_and_reflectors_and_nothing_else(
    leaf: str, site: Lab, fabric: Project
) -> None:
    ours = {address: peer for address, peer in peers(site, leaf).items() if address != "172.20.0.99"}
    assert {address: peer["remoteAs"] for address, peer in ours.items()} == SPINE_AND_REFLECTORS[leaf]
    assert {peer["state"] for peer in ours.values()} == {"Established"}


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_pod_block_and_the_services_are_in_the_kernel_of(switch: str, site: Lab, fabric: Project) -> None:
    assert {route for route in routes(site, switch) if route.startswith("10.233.")} == {*BLOCKS, SERVICES}


@pytest.mark.parametrize(("node", "other"), [("node3", "node6"), ("node6", "node3"), ("node1", "node3")])
def test_pods_reach_each_other(node: str, other: str, site: Lab, fabric: Project) -> None:
    assert loses_nothing(site, node, other)


def test_the_output_is_what_its_page_documents(fabric: Project) -> None:
    found = fabric.output()
    assert set(found) == {"version", "fabric", "asNumber", "racks", "sessions", "advertised"}
    assert (found["version"], found["fabric"], found["asNumber"]) == (2, "dc1", 64512)
    assert found["racks"]["rr2"] == {
        "asNumber": 64513,
        "localASNumber": None,
        "interconnect": "route-reflectors",
        "leaves": {"leaf02": {"addresses": ["173.20.0.254"], "asNumber": 65010, "peerNames": ["rr2-to-leaf2-peer"]}},
        "reflectors": {
            "node4": {"addresses": ["173.20.0.11"], "clusterID": "173.20.0.11"},
            "node5": {"addresses": ["173.20.0.12"], "clusterID": "173.20.0.12"},
        },
        "members": {"node6": {"addresses": ["173.20.0.13"]}},
    }
    ends = [(each["kind"], *(end["name"] for end in each["ends"])) for each in found["sessions"]]
    assert len(ends) == 10
    assert ("leaf", "node4", "leaf02") in ends
    assert ("node", "node4", "node6") in ends
    assert found["advertised"] == {
        "podCIDRs": ["10.233.64.0/18"],
        "serviceClusterIPs": [SERVICES],
        "serviceExternalIPs": [],
        "serviceLoadBalancerIPs": [],
    }
    documented = (CLONE / "docs" / "outputs.md").read_text(encoding="utf-8")
    for key in found:
        assert f"`{key}" in documented


def test_everything_of_ours_can_be_told_from_other_peoples(site: Lab, fabric: Project) -> None:
    listed = json.loads(site.kubectl("get", "bgppeers.crd.projectcalico.org", "-o", "json"))["items"]
    ours = [each for each in listed if each["metadata"]["name"] != "somebody-elses"]
    assert {each["metadata"]["labels"]["app.kubernetes.io/managed-by"] for each in ours} == {"leafrack"}
    assert {each["metadata"]["labels"]["leafrack/fabric"] for each in ours} == {"dc1"}
    for leaf, rack in (("leaf01", "172.20.0.1"), ("leaf02", "173.20.0.1")):
        described = [peer["desc"] for address, peer in peers(site, leaf).items() if address.startswith(rack)]
        assert len(described) == 2
        assert all(each.startswith("leafrack ") for each in described)
        lists = set(re.findall(r"^ip prefix-list (\S+)", running(site, leaf), re.MULTILINE))
        assert lists - {"THEIRS"} == {"LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT"}


@pytest.mark.parametrize("verb", ["create", "delete", "update"])
def test_the_deployer_cannot_make_or_remove_nodes(verb: str, site: Lab) -> None:
    said = site.run("kubectl", "--context", "leafrack", "auth", "can-i", verb, "nodes").stdout
    assert said.strip() == "no"


def since(lab: Lab, leaf: str) -> dict[str, int]:
    """When each session of a leaf was Established, in seconds of the epoch; FRR computes it anew and may round."""
    found = peers(lab, leaf).items()
    return {address: peer["peerUptimeEstablishedEpoch"] for address, peer in found if peer["state"] == "Established"}


def test_a_second_up_changes_nothing_and_resets_no_session(site: Lab, fabric: Project) -> None:
    before = {leaf: since(site, leaf) for leaf in SPINE_AND_REFLECTORS}
    applied = snapshot(site)
    run = fabric.up()
    assert run.code == 0, run.said
    # No gate ran either: each would be in the list as created or updated.
    assert set(run.changes()) == {"unchanged"}, run.said
    assert snapshot(site) == applied
    for leaf, then in before.items():
        assert since(site, leaf) == pytest.approx(then, abs=2)


@pytest.mark.parametrize("arguments", [(), ("--refresh",)])
def test_a_preview_of_what_stands_expects_no_changes(arguments: tuple[str, ...], fabric: Project) -> None:
    fabric.check("preview", "--expect-no-changes", *arguments)


def test_verify_counts_every_session_and_route(site: Lab, fabric: Project, stack_file: list[str]) -> None:
    shown = verify(site, *stack_file)
    assert shown.returncode == 0, shown.stdout
    assert "18 of 18 as expected" in shown.stdout
    assert "node1 ↔ leaf01" in shown.stdout
    parsed = json.loads(verify(site, "--json", *stack_file).stdout)
    assert (parsed["fabric"], parsed["ok"], len(parsed["rows"])) == ("dc1", True, 18)
    assert set(parsed["rows"][0]) == {"rack", "what", "expected", "found", "ok", "hides"}


def test_verify_names_a_session_that_is_shut_and_sees_it_heal(
    site: Lab, fabric: Project, stack_file: list[str]
) -> None:
    configure(site, "leaf01", "router bgp 65009", "neighbor 172.20.0.12 shutdown")
    try:
        shown = verify(site, *stack_file)
    finally:
        configure(site, "leaf01", "router bgp 65009", "no neighbor 172.20.0.12 shutdown")
    assert shown.returncode == 1
    assert "node2 ↔ leaf01 – expected Established with AS 65009, found Idle" in shown.stdout
    assert "17 of 18 as expected" in shown.stdout
    healed = verify(site, "--wait", "60", *stack_file)
    assert healed.returncode == 0, healed.stdout
    assert snapshot(site)["leaf01"].count("shutdown") == 1


def test_nothing_of_a_status_request_is_left(site: Lab, fabric: Project) -> None:
    assert site.kubectl("get", "caliconodestatuses.crd.projectcalico.org", "-o", "name") == ""


def test_a_password_comes_to_both_ends_and_is_shown_nowhere(site: Lab, fabric: Project) -> None:
    fabric.check("config", "set", "--secret", "--path", "leafrack:bgpPasswords.rr1", PASSWORD)
    said = [fabric.check("preview", "--diff").said, fabric.check("preview", "--json").said]
    run = fabric.up("--skip-preview")
    assert run.code == 0, run.said
    said += [run.said, fabric.check("stack", "export").said, fabric.check("stack", "output", "--json").said]
    assert not [text for text in said if PASSWORD in text]
    kept = [file for file in fabric.folder.rglob("*") if file.is_file() and not file.is_symlink()]
    assert not [file for file in kept if PASSWORD.encode() in file.read_bytes()]

    def authenticated() -> bool:
        heard = json.loads(site.exec("leaf01", "vtysh", "-c", "show bgp neighbors 172.20.0.11 json"))["172.20.0.11"]
        return bool(heard["bgpState"] == "Established" and heard.get("authenticationEnabled") == 1)

    assert eventually(authenticated)
    for node, expected in (("node1", 1), ("node2", 1), ("node3", 0), ("node4", 0)):
        assert site.exec(node, "cat", "/etc/calico/confd/config/bird.cfg").count(f'password "{PASSWORD}"') == expected
    # What one end does not know, the kernel of the other drops.
    configure(site, "leaf01", "router bgp 65009", "neighbor 172.20.0.12 password another")
    try:
        assert eventually(lambda: peers(site, "leaf01")["172.20.0.12"]["state"] != "Established")
    finally:
        configure(site, "leaf01", "router bgp 65009", f"neighbor 172.20.0.12 password {PASSWORD}")
    assert eventually(lambda: peers(site, "leaf01")["172.20.0.12"]["state"] == "Established", 120)


def test_destroy_takes_back_what_was_made_and_nothing_else(site: Lab, fabric: Project, before: dict[str, Any]) -> None:
    run = fabric.pulumi("destroy", "--yes")
    assert run.code == 0, run.said
    assert snapshot(site) == before
    assert eventually(lambda: mesh_is_on(site))
    assert fabric.resources() == {}
    assert not (Path(fabric.folder) / "state" / ".pulumi" / "locks" / "dev").exists()
