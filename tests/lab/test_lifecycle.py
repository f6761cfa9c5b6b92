"""Coming up, going down, crashing: what is left on the machine, and what a person reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.processes import family_of, still_there

if TYPE_CHECKING:
    from tests.conftest import Lab

pytestmark = pytest.mark.lab

KINDS = ("net", "mnt", "pid", "uts")
CHANGING = {"valid_life_time", "preferred_life_time", "expires"}


@pytest.fixture
def own(lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """A lab beside the session's, down at first and at the end."""
    other = type(lab)(tmp_path / "own")
    yield other
    other.down()


def _host_network(own: Lab) -> dict[str, Any]:
    """Links, addresses, routes, mounts of this machine, less what changes by itself or is another test's."""
    commands = ("link", "address", "route", "-6 route", "rule", "neigh show nud permanent")
    found = {}
    for command in commands:
        text = subprocess.run(["ip", "-j", *command.split()], capture_output=True, text=True, check=True).stdout
        found[command] = json.loads(
            text or "[]", object_pairs_hook=lambda pairs: {k: v for k, v in pairs if k not in CHANGING}
        )
    found["netns"] = sorted(map(str, Path("/run/netns").glob("*")))
    others = os.environ.get("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    found["mounts"] = sorted(each for each in points if each.startswith(str(own.dir)) or not each.startswith(others))
    found["folders"] = [
        str(path) for path in (Path("/etc/calico"), Path("/run/calico"), Path("/run/lab")) if path.exists()
    ]
    return found


def _namespaces(family: set[tuple[int, str]]) -> set[str]:
    found = {str(Path(f"/proc/{pid}/ns/{kind}").readlink()) for pid, _ in family for kind in KINDS}
    return found - {str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in KINDS}


def test_the_machine_s_network_is_the_same_before_during_and_after_and_a_crash_leaves_nothing(
    own: Lab,
) -> None:
    before = _host_network(own)
    own.up()
    assert _host_network(own) == before
    holder = own.state["holder"]["pid"]
    family = family_of(holder)
    assert len(family) > 60
    assert len(_namespaces(family)) > 30

    os.kill(holder, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while still_there(family) and time.monotonic() < deadline:
        time.sleep(0.1)
    # A namespace without a process, and without a mount of it, is none any more; another lab may get its number.
    assert still_there(family) == set()
    assert _host_network(own) == before
    assert "the lab is not up" in own.cli("status").stderr

    kept = (own.dir / "ports.json").read_text(), own.fabric
    discovered = own.dir / "kubectl-cache" / "discovery"
    discovered.mkdir(parents=True, exist_ok=True)
    own.up()
    assert ((own.dir / "ports.json").read_text(), own.fabric) == kept
    assert not discovered.exists(), "what kubectl knew of the lab before misleads it about one with another API"
    assert "Established" in own.exec("node1", "calicoctl", "node", "status")

    family = family_of(own.state["holder"]["pid"])
    assert own.down().startswith("lab ended")
    assert still_there(family) == set()
    assert own.down() == "lab is down\n"
    assert _host_network(own) == before


def test_two_labs_at_once_do_not_meet(lab: Lab, own: Lab) -> None:
    own.up()
    assert json.loads((own.dir / "ports.json").read_text()) != json.loads((lab.dir / "ports.json").read_text())
    own.kubectl("label", "node", "node1", "lab=own")
    assert "lab=own" not in lab.kubectl("get", "node", "node1", "--show-labels")
    lab.ssh("leaf01", "touch /run/frr/mark")
    assert own.run("ssh", "-F", own.dir / "ssh" / "config", "leaf01", "test -e /run/frr/mark").returncode == 1
    assert own.exec("node1", "calicoctl", "node", "status").count("Established") == 5
    own.down()
    assert lab.cli("status").returncode == 0
    lab.ssh("leaf01", "rm /run/frr/mark")


def _rack(number: int, *, dual: bool = False) -> dict[str, Any]:
    def address(last: int) -> list[str]:
        return [f"172.20.{number}.{last}", *([f"fd00:172:20:{number}::{last}"] if dual else [])]

    return {
        "asNumber": 64600 + number,
        "leaves": {
            f"leaf{number}a": {"address": address(254), "asNumber": 65100 + 10 * number},
            f"leaf{number}b": {"address": address(253), "asNumber": 65101 + 10 * number},
        },
        "reflectors": {f"r{number}-n1": address(11), f"r{number}-n2": address(12)},
    }


def _write(path: Path, racks: dict[str, Any], **values: Any) -> Path:
    fabric = {
        "name": "t",
        "podCIDRs": ["10.233.64.0/18"],
        "serviceClusterIPs": ["10.233.0.0/18"],
        "racks": racks,
    }
    path.write_text(yaml.safe_dump({**fabric, **values}))
    return path


def test_three_racks_with_redundant_leaves_come_up(lab: Lab, tmp_path: Path) -> None:
    file = _write(tmp_path / "fabric.yaml", {f"rack{number}": _rack(number) for number in (1, 2, 3)})
    three = type(lab)(tmp_path / "three", file)
    try:
        three.up()
        assert three.exec("r1-n1", "calicoctl", "node", "status").count("Established") == 5
        summary = json.loads(three.exec("spine", "vtysh", "-c", "show bgp ipv4 unicast summary json"))
        assert [peer["state"] for peer in summary["peers"].values()] == ["Established"] * 6
        route = json.loads(three.exec("spine", "ip", "-j", "route", "show", "172.20.1.0/24"))
        assert len(route[0]["nexthops"]) == 2
        # BIRD makes what it cannot resolve "unreachable".
        assert "unreachable" not in three.exec("r1-n1", "ip", "route")
        for gateway in ("172.20.2.253", "172.20.2.254"):
            assert " 0% packet loss" in three.exec("r2-n1", "ping", "-c1", "-W2", gateway)
    finally:
        three.down()


def test_both_families_come_up_on_nodes_and_switches(lab: Lab, tmp_path: Path) -> None:
    pods = ["10.233.64.0/18", "fd00:10:233::/112"]
    services = ["10.233.0.0/18", "fd00:10:96::/112"]
    racks = {f"rack{number}": _rack(number, dual=True) for number in (1, 2)}
    dual = type(lab)(
        tmp_path / "dual", _write(tmp_path / "fabric.yaml", racks, podCIDRs=pods, serviceClusterIPs=services)
    )
    try:
        dual.up()
        status = dual.exec("r1-n1", "calicoctl", "node", "status")
        assert status.partition("IPv6 BGP status")[2].count("Established") == 3
        assert status.count("Established") == 6
        summary = json.loads(dual.exec("leaf1a", "vtysh", "-c", "show bgp ipv6 unicast summary json"))
        assert [peer["state"] for peer in summary["peers"].values()] == ["Established"]
        assert " 0% packet loss" in dual.exec("r1-n1", "ping", "-c1", "-W2", "fd00:172:20:2::12")
    finally:
        dual.down()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_up_leaves_nothing(own: Lab, number: signal.Signals) -> None:
    # A background job of a shell has Ctrl-C ignored, and so would everything below it.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "lab", "up"]
    process = subprocess.Popen(command, env=own.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    family = {each for each in family_of(process.pid) if each[0] != process.pid}
    assert len(family) > 1
    process.send_signal(number)
    errors = process.communicate(timeout=60)[1]
    assert "Traceback" not in errors
    deadline = time.monotonic() + 30
    while still_there(family) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert still_there(family) == set()
    assert "the lab is not up" in own.cli("status").stderr


def test_a_daemon_that_ends_while_the_lab_comes_up_is_named_with_the_end_of_its_log(own: Lab) -> None:
    command = [sys.executable, "-m", "lab", "up"]
    process = subprocess.Popen(command, env=own.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    victim = None
    while victim is None:
        assert process.poll() is None
        victim = next((pid for pid, _ in family_of(process.pid) if _program(pid) == "kube-apiserver"), None)
    family = family_of(process.pid)
    os.kill(victim, signal.SIGKILL)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert errors.startswith(f"kube-apiserver ended with -9; the end of {own.dir / 'logs' / 'kube-apiserver.log'}:\n")
    assert "Traceback" not in errors
    assert still_there(family) == set()
    assert not own.state


def _program(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().partition("\0")[0]
    return ""


def test_a_dead_host_is_seen_by_status(own: Lab) -> None:
    own.up()
    leaf = next(host for host in own.state["hosts"] if host["name"] == "leaf01")
    os.kill(leaf["pid"], signal.SIGKILL)
    time.sleep(0.5)
    done = own.cli("status")
    assert done.returncode == 1
    assert next(line for line in done.stdout.splitlines() if "leaf01" in line).count("(dead)") == 3
    assert own.cli("exec", "leaf01", "--", "true").stderr.startswith("leaf01 has ended")
    again = own.cli("up")
    assert again.returncode == 1
    assert again.stderr.startswith("the lab is up, but dead: leaf01 (bgpd zebra staticd)")


@pytest.mark.parametrize(
    "command", [["up"], ["down"], ["status"], ["migrate-calico", "end"], ["exec", "node1", "--", "true"]]
)
def test_an_ordinary_user_reads_in_one_line_that_root_is_needed(lab: Lab, command: list[str]) -> None:
    text = "import os, sys; os.geteuid = lambda: 1; from lab.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = lab.run(sys.executable, "-c", text, *command)
    assert done.returncode == 1
    assert done.stderr == f"python -m lab {command[0]} needs root: run it with sudo\n"


def test_a_fabric_file_that_is_missing_is_one_line(own: Lab) -> None:
    done = own.cli("up", "nowhere.yaml")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nowhere.yaml" in done.stderr
