"""What an operator sees on the example fabric right after ``python -m lab up``."""

from __future__ import annotations

import json
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import mesh
from lab.plan import plan_of
from leafrack.fabric.load import load_fabric
from leafrack.world import node_status
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster
from tests.conftest import CLONE, DEV_FABRIC

if TYPE_CHECKING:
    from tests.conftest import Lab

pytestmark = pytest.mark.lab

NODES = {
    "node1": "172.20.0.11", "node2": "172.20.0.12", "node3": "172.20.0.13",
    "node4": "173.20.0.11", "node5": "173.20.0.12", "node6": "173.20.0.13",
}  # fmt: skip


@pytest.mark.parametrize("node", NODES)
def test_calicoctl_node_status_shows_the_full_mesh(lab: Lab, node: str) -> None:
    rows = re.findall(
        r"\| (\S+)\s+\| node-to-node mesh \| up .*Established", lab.exec(node, "calicoctl", "node", "status")
    )
    assert sorted(rows) == sorted(address for name, address in NODES.items() if name != node)


def test_no_two_nodes_count_their_seconds_alike(lab: Lab) -> None:
    """BIRDs that did would all connect in the same moment, and close each other's connections."""
    pids = [host["pid"] for host in lab.state["hosts"] if host["name"] in NODES]
    clocks = [Path(f"/proc/{pid}/timens_offsets").read_text(encoding="ascii").split()[:3] for pid in pids]
    ahead = sorted(int(nanoseconds) for _, _, nanoseconds in clocks)
    assert len(ahead) == len(NODES)
    assert min(later - earlier for earlier, later in pairwise(ahead)) > 10**8


@pytest.mark.parametrize(
    ("switch", "peers"),
    [("leaf01", {"100.0.0.1"}), ("leaf02", {"100.0.0.5"}), ("spine", {"100.0.0.2", "100.0.0.6"})],
)
def test_switches_have_sessions_with_each_other_only(lab: Lab, switch: str, peers: set[str]) -> None:
    summary = json.loads(lab.exec(switch, "vtysh", "-c", "show bgp ipv4 unicast summary json"))
    assert {address: peer["state"] for address, peer in summary["peers"].items()} == dict.fromkeys(peers, "Established")


@pytest.mark.parametrize("switch", ["leaf01", "spine"])
def test_the_lab_itself_can_ask_a_switch_what_it_lacks(lab: Lab, switch: str) -> None:
    """It does so only when it has waited in vain, and then needs the answer."""
    found = next(one for one in plan_of(load_fabric(DEV_FABRIC)).switches if one.name == switch)
    enter = ["nsenter", "--target", str(lab.state["holder"]["pid"]), "--mount", "--"]
    summary = subprocess.run([*enter, *mesh.ask(found)], capture_output=True, text=True, check=True).stdout
    assert list(mesh.missing_of_switch(found, summary)) == []


def test_nothing_of_the_pods_is_in_the_fabric_yet(lab: Lab) -> None:
    routes = json.loads(lab.exec("spine", "ip", "-j", "route"))
    assert not [route for route in routes if route["dst"].startswith("10.233.")]


def test_nodes_of_two_racks_reach_each_other_through_the_fabric(lab: Lab) -> None:
    assert " 0% packet loss" in lab.exec("node1", "ping", "-c2", "-i0.2", "-W2", NODES["node6"])


def test_pods_of_one_rack_reach_each_other(lab: Lab) -> None:
    pods = {}
    for node in ("node1", "node3"):
        found = json.loads(lab.exec(node, "ip", "-j", "-4", "address", "show", "dev", "lo"))[0]["addr_info"]
        pods[node] = next(each["local"] for each in found if each["local"].startswith("10.233."))
    assert " 0% packet loss" in lab.exec("node1", "ping", "-c2", "-i0.2", "-W2", "-I", pods["node1"], pods["node3"])


def test_every_node_is_in_as_64512_by_default(lab: Lab) -> None:
    nodes = json.loads(lab.kubectl("get", "nodes", "-o", "json"))["items"]
    assert {node["metadata"]["name"] for node in nodes} == set(NODES)
    keys = {key for node in nodes for key in node["metadata"]["annotations"]}
    assert keys == {"projectcalico.org/IPv4Address"}
    spec = json.loads(lab.kubectl("get", "bgpconfigurations.crd.projectcalico.org", "default", "-o", "json"))["spec"]
    assert not {"asNumber", "nodeToNodeMeshEnabled", "serviceClusterIPs"} & set(spec)
    assert "local as 64512" in lab.exec("node6", "cat", "/etc/calico/confd/config/bird.cfg")


def test_calico_node_status_is_answered_with_real_sessions(lab: Lab) -> None:
    status = {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "CalicoNodeStatus",
        "metadata": {"name": "test-node1"},
        "spec": {"node": "node1", "classes": ["Agent", "BGP", "Routes"], "updatePeriodSeconds": 1},
    }
    lab.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(status))
    try:
        deadline = time.monotonic() + 20
        found: dict[str, object] = {}
        while "bgp" not in found and time.monotonic() < deadline:
            found = json.loads(lab.kubectl("get", "caliconodestatus", "test-node1", "-o", "json")).get("status", {})
        assert found["bgp"]["numberEstablishedV4"] == 5  # type: ignore[index]
    finally:
        lab.kubectl("delete", "caliconodestatus", "test-node1")


def test_a_request_that_lost_its_owner_and_to_calico_node_its_labels_is_swept(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Connection(Cluster(kubeconfig=str(lab.dir / "kubeconfig"), context="leafrack"))
    client = connection.client
    with monkeypatch.context() as dying:
        dying.setattr(client, "delete", lambda *_given: None)
        assert node_status.ask(client, connection.group, ["node1"])["node1"].sessions
    (left,) = json.loads(lab.kubectl("get", "caliconodestatus", "-o", "json"))["items"]
    assert "labels" not in left["metadata"], "calico-node keeps labels now: the sweep may select by them"
    node_status.sweep(client, connection.group, datetime.now(UTC))
    assert lab.kubectl("get", "caliconodestatus", "-o", "name") != "", "it may have an owner yet"
    monkeypatch.setattr(node_status, "LEFT_OVER", timedelta())
    node_status.sweep(client, connection.group, datetime.now(UTC))
    assert lab.kubectl("get", "caliconodestatus", "-o", "name") == ""


def test_the_command_of_the_docs_removes_leafracks_requests_and_no_other(lab: Lab) -> None:
    page = (CLONE / "docs" / "errors.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^    (kubectl delete .*)$", page, re.MULTILINE)
    spec = {"node": "node1", "classes": ["BGP"], "updatePeriodSeconds": 0}
    for name in ("leafrack-0123abcd-node1", "theirs"):
        request = {"apiVersion": "crd.projectcalico.org/v1", "kind": "CalicoNodeStatus", "metadata": {"name": name}}
        lab.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps({**request, "spec": spec}))
    try:
        done = lab.run("sh", "-c", command)
        assert done.returncode == 0, done.stderr
        assert lab.kubectl("get", "caliconodestatus", "-o", "name").split() == [
            "caliconodestatus.crd.projectcalico.org/theirs"
        ]
    finally:
        lab.kubectl("delete", "caliconodestatus", "theirs")


@pytest.mark.parametrize("host", ["spine", "leaf01", "node1"])
@pytest.mark.parametrize("code", [0, 1, 42])
def test_exec_passes_the_exit_code_through(lab: Lab, host: str, code: int) -> None:
    assert lab.cli("exec", host, "--", "sh", "-c", f"exit {code}").returncode == code


@pytest.mark.parametrize("host", ["spine", "leaf02", "node4"])
def test_exec_enters_all_namespaces_of_a_host(lab: Lab, host: str) -> None:
    script = "hostname; ps -o args= -p 1; ip -br link show; ls /sys/class/net"
    name, first, *interfaces = lab.exec(host, "sh", "-c", script).splitlines()
    assert name == host
    assert re.search(r"(frr|node)\.sh", first)
    assert (
        "eth0@" in "".join(interfaces)
        if host == "node4"
        else "down0" in "".join(interfaces) or "up0" in "".join(interfaces)
    )


def test_exec_passes_standard_input_and_arguments_as_they_are(lab: Lab) -> None:
    done = lab.run(
        "python",
        "-m",
        "lab",
        "exec",
        "node1",
        "--",
        "sh",
        "-c",
        'cat; echo "$1"',
        "x",
        "a -- b",
        stdin="in\n",
    )
    assert done.stdout == "in\na -- b\n"


def test_an_unknown_host_is_refused_with_the_list_of_hosts(lab: Lab) -> None:
    done = lab.cli("exec", "leaf1", "--", "true")
    assert done.returncode == 1
    assert done.stderr == "no host 'leaf1' in this lab; it has spine, leaf01, leaf02, " + ", ".join(NODES) + "\n"


def test_the_operator_logs_in_to_a_switch_with_key_and_pinned_host_key(lab: Lab) -> None:
    assert lab.ssh("leaf01", "hostname; id -un").split() == ["leaf01", "root"]
    assert "router bgp 65010" in lab.ssh("leaf02", "vtysh -c 'show running-config'")
    assert lab.ssh("leaf01", "cat", stdin="by stdin\n") == "by stdin\n"


def test_a_wrong_host_key_is_refused(lab: Lab) -> None:
    wrong = lab.fabric.racks["rr2"].leaves["leaf02"].ssh.host_key
    port = lab.fabric.racks["rr1"].leaves["leaf01"].ssh.port
    known = lab.dir / "wrong_hosts"
    known.write_text(f"[127.0.0.1]:{port} {wrong}\n")
    done = lab.run("ssh", "-F", lab.dir / "ssh" / "config", "-o", f"UserKnownHostsFile={known}", "leaf01", "true")
    assert done.returncode == 255
    assert "HOST IDENTIFICATION HAS CHANGED" in done.stderr


def test_a_switch_takes_no_password_and_no_other_key(lab: Lab) -> None:
    other = lab.dir / "other_key"
    lab.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other)
    config = (lab.dir / "ssh" / "config").read_text().replace(str(lab.dir / "ssh" / "id_ed25519"), str(other))
    (lab.dir / "other_config").write_text(config)
    done = lab.run("ssh", "-F", lab.dir / "other_config", "leaf01", "true")
    assert "Permission denied (publickey)" in done.stderr


def test_twenty_logins_at_once_work(lab: Lab) -> None:
    command = ["ssh", "-F", str(lab.dir / "ssh" / "config"), "spine", "hostname"]
    logins = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(20)]
    assert [login.communicate(timeout=60)[0] for login in logins] == ["spine\n"] * 20


def test_the_overlay_makes_the_lab_s_leaves_reachable_for_leafrack(lab: Lab) -> None:
    ssh = lab.fabric.racks["rr1"].leaves["leaf01"].ssh
    assert (ssh.host, ssh.user) == ("127.0.0.1", "root")
    assert Path(str(ssh.identity_file)).resolve() == lab.dir / "ssh" / "id_ed25519"
    assert (lab.dir / "ssh" / "id_ed25519").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("verb", "resource", "allowed"),
    [
        ("patch", "nodes", True),
        ("create", "nodes", False),
        ("delete", "nodes", False),
        ("update", "nodes", False),
        ("get", "secrets", False),
        ("create", "bgppeers.crd.projectcalico.org", True),
        ("delete", "bgppeers.crd.projectcalico.org", True),
        ("patch", "bgpconfigurations.crd.projectcalico.org", True),
        ("delete", "bgpconfigurations.crd.projectcalico.org", False),
        ("list", "customresourcedefinitions.apiextensions.k8s.io", True),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io", False),
    ],
)
def test_the_deployer_may_do_its_work_and_nothing_else(lab: Lab, verb: str, resource: str, allowed: bool) -> None:  # noqa: FBT001
    done = lab.run("kubectl", "--context", "leafrack", "auth", "can-i", verb, resource, "-A")
    assert done.stdout.strip() == ("yes" if allowed else "no")


def test_the_deployer_cannot_make_a_node_by_patching_one_that_does_not_exist(lab: Lab) -> None:
    phantom = json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "phantom"}})
    done = lab.run("kubectl", "--context", "leafrack", "apply", "--server-side", "-f", "-", stdin=phantom)
    assert 'nodes "phantom" is forbidden' in done.stderr or "cannot create resource" in done.stderr
    assert "phantom" not in lab.kubectl("get", "nodes")


def test_garbage_is_collected_so_that_foreground_deletion_ends(lab: Lab) -> None:
    peer = {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "BGPFilter",
        "metadata": {"name": "test"},
        "spec": {},
    }
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(peer))
    lab.kubectl("delete", "bgpfilters.crd.projectcalico.org", "test", "--cascade=foreground", "--timeout=30s")


def test_a_second_up_says_that_the_lab_is_up_and_changes_nothing(lab: Lab) -> None:
    before = (lab.state, (lab.dir / "kubeconfig").read_text(), (lab.dir / "overlay.yaml").read_text())
    assert lab.up().startswith("lab is up: 3 switches, 6 nodes")
    assert (lab.state, (lab.dir / "kubeconfig").read_text(), (lab.dir / "overlay.yaml").read_text()) == before


def test_another_fabric_is_refused_while_the_lab_is_up(lab: Lab, tmp_path: object) -> None:
    other = lab.dir / "other.yaml"
    other.write_text(lab.fabric_file.read_text().replace("172.20.0.13", "172.20.0.14"))
    done = lab.cli("up", other)
    assert done.returncode == 1
    assert "run 'python -m lab down' first" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_lists_every_host_and_is_content(lab: Lab) -> None:
    done = lab.cli("status")
    assert done.returncode == 0
    assert all(host in done.stdout for host in ("spine", "leaf01", "leaf02", *NODES))


def test_a_daemon_of_a_node_comes_back_and_the_mesh_with_it(lab: Lab) -> None:
    pid = int(lab.exec("node2", "pgrep", "-x", "bird"))
    lab.exec("node2", "kill", "-9", str(pid))
    deadline = time.monotonic() + 60
    while lab.exec("node2", "calicoctl", "node", "status").count("Established") < 5 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert lab.exec("node2", "calicoctl", "node", "status").count("Established") == 5
    assert lab.cli("status").returncode == 0


def test_all_listeners_are_on_loopback(lab: Lab) -> None:
    base = json.loads((lab.dir / "ports.json").read_text())
    block = range(base["base"], base["base"] + base["size"])
    lines = lab.run("ss", "-Htln").stdout.splitlines()
    listening = [line.split()[3].rsplit(":", 1) for line in lines]
    own = {(address, int(port)) for address, port in listening if int(port) in block}
    assert {address for address, _ in own} == {"127.0.0.1"}
    assert len(own) == 7


def test_a_daemon_of_a_switch_comes_back_with_its_saved_configuration(lab: Lab) -> None:
    lab.exec("leaf01", "pkill", "-9", "-x", "bgpd")
    deadline = time.monotonic() + 60
    command = ("exec", "leaf01", "--", "vtysh", "-c", "show running-config bgpd")
    while "neighbor 100.0.0.1" not in lab.cli(*command).stdout and time.monotonic() < deadline:
        time.sleep(0.5)
    assert "neighbor 100.0.0.1 remote-as 65008" in lab.cli(*command).stdout


def test_a_nodes_confd_opens_one_inotify_instance_and_not_one_every_half_minute(lab: Lab) -> None:
    """A user has 128 of them (fs.inotify.max_user_instances), and a machine may have several labs."""
    said = (lab.dir / "logs" / "node3" / "confd.log").read_text(encoding="utf-8")
    assert "Started watching directory via fsnotify" in said
    assert "Falling back to polling" not in said


def test_a_login_to_a_switch_runs_nothing_that_this_machine_has_for_its_own_root(lab: Lab) -> None:
    """Such as ``pyenv init``: of each login of each gate it took a quarter of a second, and it writes files."""
    for file in (f"~root/{name}" for name in (".bashrc", ".zshenv")):
        assert lab.exec("leaf01", "sh", "-c", f"cat {file} 2>/dev/null || true") == ""
    assert [name for name in ("BASH_ENV", "PYENV_ROOT") if f"{name}=" in lab.ssh("leaf01", "env")] == []
    assert lab.ssh("leaf01", "echo alone") == "alone\n"
