"""Leaves that answer only inside their fabric, reached by way of its spine, which lets a key forward, and only that."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.paths import home_of
from lab.project import Project
from tests.conftest import DEV_FABRIC, Lab
from tests.e2e.world import peers

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.nightly(twin="tests/world/test_jump_hosts.py")]

INSIDE = {"leaf01": "100.0.0.2", "leaf02": "100.0.0.6"}
"""Addresses at which the leaves' sshd listen: of their links to the spine, which no other machine has a way to."""
SPINE = {"leaf01": "100.0.0.1", "leaf02": "100.0.0.5"}


@dataclass
class Way:
    """A lab whose leaves are behind its spine, a project that knows the way, and what a case makes wrong."""

    lab: Lab
    project: Project
    folder: Path
    jump: dict[str, Any]
    leaves: dict[str, dict[str, Any]]

    def write(self, jump: dict[str, Any] | None = None, leaf01: dict[str, Any] | None = None) -> None:
        """The overlay: a jump host for the whole fabric, and the same one as leaf02's own, with its key in a file."""
        own = {**self.jump, "identityFile": "jump"}
        racks = {
            "rr1": {"leaves": {"leaf01": {"ssh": {**self.leaves["leaf01"], **(leaf01 or {})}}}},
            "rr2": {"leaves": {"leaf02": {"ssh": {**self.leaves["leaf02"], "jump": own}}}},
        }
        text = yaml.safe_dump({"jump": {**self.jump, **(jump or {})}, "racks": racks}, sort_keys=False)
        self.overlay.write_text(text, encoding="utf-8")

    @property
    def overlay(self) -> Path:
        """The file that the stack lays over the example."""
        return self.folder / "overlay.yaml"

    def verify(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of ``verify`` as an operator gives it, with the jump host's key in the environment."""
        env = {**self.lab.env, "LEAFRACK_SSH_PRIVATE_KEY": self.key, "COLUMNS": "200"}
        return subprocess.run(command, env=env, text=True, capture_output=True, timeout=180, check=False)

    @property
    def key(self) -> str:
        """The private key for the jump host, which no leaf knows."""
        return (self.folder / "jump").read_text(encoding="utf-8")

    def logins(self, leaf: str) -> list[str]:
        """Where from somebody logged in to a leaf's own sshd, once for each time."""
        log = self.lab.exec(leaf, "cat", str(home_of(leaf) / "inside.log"))
        return re.findall(r"Accepted publickey for root from (\S+)", log)


@pytest.fixture(scope="module")
def way(site: Lab, project: Project, tmp_path_factory: pytest.TempPathFactory) -> Way:
    folder = tmp_path_factory.mktemp("way")
    for name in ("jump", "locked", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
    public = {name: (folder / f"{name}.pub").read_text(encoding="utf-8").strip() for name in ("jump", "locked")}
    allowed = f"restrict,port-forwarding {public['jump']}\nrestrict {public['locked']}"
    site.exec("spine", "sh", "-c", f"echo '{allowed}' > {home_of('spine')}/authorized_keys")
    for leaf, address in INSIDE.items():
        files = ("-f", f"{home_of(leaf)}/sshd_config", "-E", f"{home_of(leaf)}/inside.log")
        site.exec(leaf, "/usr/sbin/sshd", *files, "-o", f"ListenAddress={address}", "-p", "22")
    known = (site.dir / "ssh" / "config").read_text(encoding="utf-8")
    (port,) = re.findall(r"Host spine\n  Port (\d+)", known)
    own = str(site.dir / "ssh" / "id_ed25519")
    made = Way(
        site,
        project,
        folder,
        {"host": "127.0.0.1", "port": int(port), "hostKey": host_key(site, "spine")},
        {
            leaf: {"host": address, "port": 22, "hostKey": host_key(site, leaf), "identityFile": own}
            for leaf, address in INSIDE.items()
        },
    )
    made.write()
    project.settings["overlay"] = str(made.overlay)
    project.configure()
    with (folder / "jump").open(encoding="utf-8") as key:
        subprocess.run(
            ["pulumi", "config", "set", "--secret", "leafrack:sshPrivateKey", "--stack", "dev"],
            cwd=project.folder,
            env=project.env,
            stdin=key,
            check=True,
        )
    return made


def host_key(lab: Lab, switch: str) -> str:
    """The public host key of a switch in two words."""
    return " ".join((lab.dir / "ssh" / f"host_{switch}.pub").read_text(encoding="utf-8").split()[:2])


@pytest.fixture(scope="module")
def built(way: Way) -> Way:
    """The fabric after a preview and an update by way of the jump host."""
    previewed = way.project.check("preview")
    assert "by way of" not in previewed.said, previewed.said
    run = way.project.up("--skip-preview")
    assert run.code == 0, run.said
    return way


def test_a_fabric_is_built_through_the_jump_host_and_nothing_changes_the_second_time(built: Way) -> None:
    leaf_commands = sum(kind == "command:remote:Command" for kind in built.project.resources().values())
    assert leaf_commands == 3 * len(INSIDE)
    for leaf, spine in SPINE.items():
        logins = built.logins(leaf)
        assert set(logins) == {spine}
        assert len(logins) >= leaf_commands // 2
    built.project.check("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_verify_sees_every_session_and_route_through_the_jump_host(built: Way) -> None:
    given = ("--fabric", str(DEV_FABRIC), "--overlay", str(built.overlay))
    kubeconfig = ("--kubeconfig", str(built.lab.dir / "kubeconfig"))
    done = built.verify("python", "-m", "leafrack", "status", "--json", "--wait", "30", *given, *kubeconfig)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {leaf for leaf in INSIDE if any(leaf in row["what"] for row in rows)} == set(INSIDE)


def test_the_host_keys_of_the_jump_host_and_of_the_leaves_behind_it_are_those_that_are_pinned(built: Way) -> None:
    done = built.verify("python", "-m", "leafrack", "host-keys", str(DEV_FABRIC), "--overlay", str(built.overlay))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.split()[-1:] == ["same"]]
    assert sorted(row[1] for row in rows) == ["host", "host", "leaf01", "leaf02"]


def test_the_keys_are_secret_in_the_state(built: Way) -> None:
    for name in (built.folder / "jump", built.lab.dir / "ssh" / "id_ed25519"):
        body = name.read_text(encoding="utf-8").splitlines()[2]
        states = [file for file in (built.project.folder / "state").rglob("*") if file.is_file()]
        assert states
        assert not [file for file in states if body.encode() in file.read_bytes()]


JUMP = "jump host 127.0.0.1 port {jump}"
CASES: dict[str, tuple[Callable[[Way, int], tuple[dict[str, Any], dict[str, Any]]], str]] = {
    "jump host unreachable": (
        lambda _, closed: ({"port": closed}, {}),
        "jump: cannot connect to jump host 127.0.0.1 port {closed}: connection refused: nothing was changed",
    ),
    "jump host with another host key": (
        lambda w, _: ({"hostKey": host_key(w.lab, "leaf01")}, {}),
        f"jump: the host key of {JUMP} is not the pinned one (jump.hostKey): another machine, or a replaced",
    ),
    "jump host refuses the key": (
        lambda w, _: ({"identityFile": str(w.folder / "stranger")}, {}),
        f"jump: {JUMP} refuses user root: wrong key (",
    ),
    "jump host forwards nothing for the key": (
        lambda w, _: ({"identityFile": str(w.folder / "locked")}, {}),
        f"leaf01.ssh: {JUMP} does not forward to 100.0.0.2 port 22: allow it there (AllowTcpForwarding, ",
    ),
    "switch behind it unreachable": (
        lambda _w, _: ({}, {"port": 23}),
        f"leaf01.ssh: {JUMP} cannot connect to 100.0.0.2 port 23: connection refused: nothing was changed",
    ),
    "switch behind it with a name that it does not know": (
        lambda _w, _: ({}, {"host": "leaf01.invalid"}),
        f"leaf01.ssh: {JUMP} cannot connect to leaf01.invalid port 22: ",
    ),
    "switch behind it with another host key": (
        lambda w, _: ({}, {"hostKey": host_key(w.lab, "spine")}),
        f"leaf01.ssh: the host key of 100.0.0.2 port 22 (by way of {JUMP}) is not the pinned one (ssh.hostKey): wrong",
    ),
    "switch behind it refuses the key": (
        lambda w, _: ({}, {"identityFile": str(w.folder / "stranger")}),
        f"leaf01.ssh: 100.0.0.2 port 22 (by way of {JUMP}) refuses user root: wrong key or password (",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_update_says_which_hop_fails_and_changes_nothing(name: str, built: Way) -> None:
    spoil, line = CASES[name]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, so that nobody else takes it, but not listening
        port = closed.getsockname()[1]
        built.write(*spoil(built, port))
        run = built.project.up("--skip-preview")
    built.write()
    assert run.code != 0
    (said,) = {each.partition("error: ")[2] for each in run.said.splitlines() if "overlay.yaml:" in each}
    assert line.format(jump=built.jump["port"], closed=port) in said, run.said
    assert "Traceback" not in run.said
    assert set(run.changes()) <= {"unchanged", "errored"}


def test_leaves_that_are_reached_in_another_way_from_now_on_keep_their_sessions(built: Way) -> None:
    before = {leaf: counted(built.lab, leaf) for leaf in INSIDE}
    stack = yaml.safe_load((built.project.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]
    direct = {"overlay": str(built.lab.dir / "overlay.yaml"), "sshPrivateKey": stack["leafrack:sshPrivateKey"]}
    built.project.configure(**direct)
    run = built.project.up("--skip-preview")
    assert run.code == 0, run.said
    assert set(run.changes()) == {"updated", "unchanged"}
    assert {leaf: counted(built.lab, leaf) for leaf in INSIDE} == before


def counted(lab: Lab, leaf: str) -> dict[str, tuple[int, int]]:
    """How often each session of a leaf came up and how often it was dropped, by neighbour."""
    return {
        address: (int(peer["connectionsEstablished"]), int(peer["connectionsDropped"]))
        for address, peer in peers(lab, leaf).items()
    }
