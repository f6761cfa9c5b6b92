"""Switches behind a jump host, against SSH servers of this process: what is read, and which hop an error is about."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from leafrack.commands import host_keys
from leafrack.errors import Problem, UnreadableError
from leafrack.fabric.load import load
from leafrack.preflight import findings as preflight
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint, JumpHost, endpoints
from leafrack.world.observed import Observed
from leafrack.world.ssh import read_all
from tests.fabric.fabric_files import RIGHT, changed
from tests.ssh_servers import CANNOT_READ, KEYS, OTHER, USER, Seen, Servers, line, silent, text, unused_port

HOST_KEY = line(KEYS["ssh-ed25519"])
READ = f"the switch refuses to be read: {CANNOT_READ}"
"""A switch was reached, logged in to and asked."""


@dataclass
class Way:
    """A jump host and a switch behind it that work; a case makes one thing wrong."""

    servers: Servers
    jump: dict[str, Any]
    leaf: dict[str, Any]
    credentials: Credentials
    seen: Seen

    def ask(self, *names: str, timeout: float = 10) -> list[UnreadableError]:
        """Why the switches of these names cannot be read."""
        jump = JumpHost(**{"host": "127.0.0.1", "user": "operator", **self.jump})
        leaf = {"platform": "frr", "host": "127.0.0.1", "user": "root", **self.leaf}
        states = read_all([Endpoint(name=name, jump=jump, **leaf) for name in names], self.credentials, timeout=timeout)
        return [state for state in states.values() if isinstance(state, UnreadableError)]


@pytest.fixture
def way(servers: Servers) -> Way:
    port, seen = servers.jump_host()
    return Way(
        servers,
        {"port": port, "host_key": HOST_KEY},
        {"port": servers.switch(), "host_key": HOST_KEY},
        Credentials(private_key=text(USER)),
        seen,
    )


def another_key(way: Way) -> None:
    way.credentials = Credentials(private_key=text(OTHER))


def no_forwarding(way: Way) -> None:
    port, way.seen = way.servers.jump_host(forwards=False)
    way.jump["port"] = port


def locked_switch(way: Way) -> None:
    way.leaf["port"] = way.servers.start("ssh-ed25519")


JUMP = "jump host 127.0.0.1 port {jump}"
LEAF = "127.0.0.1 port {leaf} (by way of " + JUMP + ")"
CASES: dict[str, tuple[Callable[[Way], object], str, bool]] = {
    "all is well": (lambda _: None, READ, True),
    "jump host unreachable": (
        lambda w: w.jump.update(port=unused_port()),
        f"cannot connect to {JUMP}: connection refused",
        False,
    ),
    "jump host has no such name": (
        lambda w: w.jump.update(host="bastion.invalid"),
        "cannot connect to jump host bastion.invalid port {jump}: ",
        False,
    ),
    "jump host refuses the key": (
        another_key,
        f"{JUMP} refuses user operator: wrong key (leafrack:sshPrivateKey)",
        True,
    ),
    "jump host refuses the key of its own file": (
        lambda w: w.jump.update(identity_file="none.key"),
        "cannot read the private key none.key: No such file or directory",
        True,
    ),
    "jump host has another host key": (
        lambda w: w.jump.update(host_key=line(OTHER)),
        f"the host key of {JUMP} is not the pinned one (jump.hostKey): another machine, or a replaced one",
        True,
    ),
    "jump host does not forward": (
        no_forwarding,
        JUMP + " does not forward to 127.0.0.1 port {leaf}: allow it there (AllowTcpForwarding, PermitOpen, "
        "options of the key)",
        True,
    ),
    "switch unreachable": (
        lambda w: w.leaf.update(port=unused_port()),
        JUMP + " cannot connect to 127.0.0.1 port {leaf}: ",
        False,
    ),
    "switch refuses the key": (
        locked_switch,
        LEAF + " refuses user root: wrong key or password (leafrack:sshPrivateKey, leafrack:sshPassword)",
        True,
    ),
    "switch has another host key": (
        lambda w: w.leaf.update(host_key=line(OTHER)),
        f"the host key of {LEAF} is not the pinned one (ssh.hostKey): wrong switch, or a replaced one",
        True,
    ),
}
AT_JUMP = {name for name in CASES if name.startswith("jump host") and name != "jump host does not forward"}


@pytest.mark.parametrize("name", CASES)
def test_an_error_says_which_of_the_two_hops_it_is_about(name: str, way: Way) -> None:
    spoil, expected_line, refused = CASES[name]
    spoil(way)
    (error,) = way.ask("leaf01")
    assert error.why.startswith(expected_line.format(jump=way.jump["port"], leaf=way.leaf["port"]))
    assert "\n" not in error.why
    assert (error.who, error.refused, error.at_jump) == ("leaf01", refused, name in AT_JUMP)


@pytest.mark.parametrize(("hop", "behind"), [("jump", JUMP), ("leaf", LEAF)])
def test_a_hop_that_hangs_costs_its_time_once_however_many_switches_wait(hop: str, behind: str, way: Way) -> None:
    names = [f"leaf{number:02}" for number in range(40)]
    with silent() as port:
        (way.jump if hop == "jump" else way.leaf)["port"] = port
        begun = time.monotonic()
        errors = way.ask(*(names if hop == "jump" else names[:30]), timeout=1)
        assert time.monotonic() - begun < 2.5
    where = behind.format(jump=way.jump["port"], leaf=way.leaf["port"])
    assert {error.why for error in errors} == {f"no answer from {where} within its time"}


def test_a_jump_host_is_logged_in_to_once_for_all_switches_behind_it_and_told_the_way(way: Way) -> None:
    errors = way.ask(*(f"leaf{number:02}" for number in range(40)))
    assert [error.why for error in errors] == [READ] * 40
    assert way.seen.logins == ["in"]
    assert way.seen.ways == [("127.0.0.1", way.leaf["port"])] * 40


def test_the_password_of_the_switches_is_never_shown_to_a_jump_host(way: Way) -> None:
    way.credentials = Credentials(private_key=text(OTHER), password="s3cret")
    (error,) = way.ask("leaf01")
    assert "refuses user operator" in error.why
    assert way.seen.passwords == []


def test_an_identity_file_may_begin_with_the_home_folder(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "id").write_text(text(USER), encoding="utf-8")
    way.credentials = Credentials()
    way.jump["identity_file"] = "~/id"
    assert [error.why for error in way.ask("leaf01")] == [READ]


def test_a_jump_host_that_fails_is_one_problem_at_its_own_line_however_many_leaves_are_behind_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.yaml"
    own = ("port: 2202", "port: 2202, jump: {host: b}")
    path.write_text(changed(("name: dc1", "name: dc1\njump: {host: a}"), own), encoding="utf-8")
    loaded = load(path)
    asked = [endpoint.name for endpoint in endpoints(loaded.fabric)]
    away = [UnreadableError(name, "refused", refused=True, at_jump=True) for name in asked]
    found = preflight.unreadable(loaded.fabric, Observed(unreadable=(*away, away[0])), refused=True)
    assert found == (Problem("refused", "jump"), Problem("refused", "racks.rr2.leaves.leaf02.ssh.jump"))


def fabric_file(folder: Path, jump: dict[str, Any], ports: tuple[int, int], *, own: bool) -> Path:
    """Two leaves behind a jump host, which the second one has as its own if so; no key of a leaf is pinned."""
    values = yaml.safe_load(RIGHT)
    values["jump"] = jump
    for rack, port in zip(values["racks"].values(), ports, strict=True):
        (leaf,) = rack["leaves"].values()
        leaf["ssh"] = {"host": "127.0.0.1", "port": port}
    if own:
        leaf["ssh"]["jump"] = dict(jump)
    path = folder / "fabric.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LEAFRACK_SSH_PRIVATE_KEY", text(USER))


@pytest.mark.usefixtures("in_the_environment")
@pytest.mark.parametrize("own", [False, True], ids=["of the fabric", "of a leaf"])
def test_host_keys_are_read_through_a_jump_host_whose_own_is_shown_and_pinned_wherever_it_is_declared(
    own: bool,  # noqa: FBT001
    servers: Servers,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port, seen = servers.jump_host()
    ports = servers.start("ssh-ed25519"), servers.start("ecdsa-sha2-nistp256")
    path = fabric_file(tmp_path, {"host": "127.0.0.1", "port": port}, ports, own=own)
    assert host_keys.main([str(path)]) == 0
    out = capsys.readouterr().out
    (row,) = [row.split() for row in out.splitlines() if row.strip().startswith("jump host")]
    fingerprint = KEYS["ssh-ed25519"].get_fingerprint()
    assert row == ["jump", "host", "127.0.0.1", "port", str(port), "ssh-ed25519", fingerprint, "not", "pinned"]
    assert sorted(to for _, to in seen.ways) == sorted(ports)
    overlay = tmp_path / "keys.yaml"
    overlay.write_text(out[out.index("# Before you trust") :], encoding="utf-8")
    assert host_keys.main([str(path), "--overlay", str(overlay)]) == 0
    again = capsys.readouterr().out
    assert again.count("same") == 3
    assert "hostKey" not in again


@pytest.mark.usefixtures("in_the_environment")
def test_another_jump_host_than_the_pinned_one_is_told_once_and_nobody_behind_it_is_asked(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port, seen = servers.jump_host()
    jump = {"host": "127.0.0.1", "port": port, "hostKey": line(OTHER)}
    path = fabric_file(tmp_path, jump, (unused_port(), unused_port()), own=False)
    assert host_keys.main([str(path)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"jump host: the host key of 127.0.0.1 port {port} is SHA256:")
    why = f"the host key of jump host 127.0.0.1 port {port} is not the pinned one (jump.hostKey)"
    assert told[1].startswith(f"no host key from leaf01, leaf02: {why}")
    assert (len(told), seen.logins) == (2, [])
