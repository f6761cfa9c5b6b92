"""``leafrack host-keys`` against SSH servers of this process."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
import yaml

from leafrack.commands import host_keys
from tests.fabric.fabric_files import ED25519, RIGHT
from tests.ssh_servers import KEYS, OTHER, Servers, line, unused_port


def fabric_file(folder: Path, ports: tuple[int, int], pinned: tuple[str | None, str | None]) -> Path:
    values = yaml.safe_load(RIGHT)
    for rack, port, key in zip(values["racks"].values(), ports, pinned, strict=True):
        (leaf,) = rack["leaves"].values()
        leaf["ssh"]["port"] = port
        if key is None:
            del leaf["ssh"]["hostKey"]
        else:
            leaf["ssh"]["hostKey"] = key
    path = folder / "fabric.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


ED, EC = line(KEYS["ssh-ed25519"]), line(KEYS["ecdsa-sha2-nistp256"])
BOTH = ("ssh-ed25519", "ecdsa-sha2-nistp256")


@pytest.mark.parametrize(
    ("has", "pinned", "shown", "verdict", "code"),
    [
        (("ssh-ed25519",), ED, ED, "same", 0),
        (("ssh-ed25519",), f"{ED} admin@leaf01", ED, "same", 0),
        (BOTH, EC, EC, "same", 0),
        (BOTH, ED, ED, "same", 0),
        (BOTH, None, ED, "not pinned", 0),
        (("ecdsa-sha2-nistp256",), None, EC, "not pinned", 0),
        (("ssh-ed25519",), line(OTHER), ED, "DIFFERENT", 1),
        (("ecdsa-sha2-nistp256",), ED, EC, "DIFFERENT", 1),
    ],
    ids=["same", "pinned with a comment", "both, ECDSA pinned", "both, ed25519 pinned", "both, none pinned",
         "ECDSA only", "another key", "another type"],
)  # fmt: skip
def test_a_leaf_is_listed_with_its_fingerprint_and_held_against_its_pinned_key(  # noqa: PLR0917 - a column each
    has: tuple[str, ...],
    pinned: str | None,
    shown: str,
    verdict: str,
    code: int,
    servers: Servers,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = servers.start(*has)
    path = fabric_file(tmp_path, (port, servers.start("ssh-ed25519")), (pinned, ED))
    assert host_keys.main([str(path)]) == code
    out, err = capsys.readouterr()
    (row,) = [row for row in out.splitlines() if row.split()[:1] == ["rr1"]]
    kind = shown.partition(" ")[0]
    fingerprint = KEYS[kind].get_fingerprint()
    assert row.split() == ["rr1", "leaf01", "127.0.0.1", "port", str(port), kind, fingerprint, *verdict.split()]
    assert (f"hostKey: {shown}" in out) == (verdict != "same")
    told = f"leaf01: the host key of 127.0.0.1 port {port} is {fingerprint}, pinned is SHA256:"
    assert err.startswith(told) == (verdict == "DIFFERENT")


def test_the_lines_to_paste_are_an_overlay_after_which_every_key_is_the_same(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = fabric_file(tmp_path, (servers.start(*BOTH), servers.start("ecdsa-sha2-nistp256")), (None, None))
    before = path.read_bytes()
    assert host_keys.main([str(path)]) == 0
    out = capsys.readouterr().out
    assert out.count("not pinned") == 2
    overlay = tmp_path / "keys.yaml"
    overlay.write_text(out[out.index("# Before you trust") :], encoding="utf-8")
    assert host_keys.main([str(path), "--overlay", str(overlay)]) == 0
    again = capsys.readouterr().out
    assert again.count("same") == 2
    assert "hostKey" not in again
    assert path.read_bytes() == before


def test_json_has_every_key_and_who_has_shown_none(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = servers.start("ssh-ed25519")
    path = fabric_file(tmp_path, (port, unused_port()), (ED, None))
    assert host_keys.main([str(path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["keys"] == [
        {
            "leaf": "leaf01",
            "host": "127.0.0.1",
            "port": port,
            "hostKey": ED,
            "fingerprint": KEYS["ssh-ed25519"].get_fingerprint(),
            "verdict": "same",
        }
    ]
    assert [one["who"] for one in said["unreadable"]] == ["leaf02"]


def test_leaves_that_do_not_answer_are_named_in_one_line_and_the_others_shown(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = unused_port()
    path = fabric_file(tmp_path, (port, servers.start("ssh-ed25519")), (ED, ED))
    assert host_keys.main([str(path)]) == 1
    out, err = capsys.readouterr()
    assert err == f"no host key from leaf01: cannot connect to 127.0.0.1 port {port}: connection refused\n"
    assert "leaf02" in out


def test_a_switch_with_an_rsa_key_only_is_named_with_what_to_do(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = servers.start("ssh-rsa")
    path = fabric_file(tmp_path, (port, servers.start("ssh-ed25519")), (None, ED))
    assert host_keys.main([str(path)]) == 1
    said = f"leaf01: 127.0.0.1 port {port} has no ed25519 or ECDSA host key: make one, RSA cannot be pinned\n"
    assert capsys.readouterr().err == f"no host key from {said}"


def test_switches_that_hang_or_talk_nonsense_cost_one_timeout_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_keys.ask, "__kwdefaults__", {"timeout": 1.0})
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as mute:
        ports = (int(silent.getsockname()[1]), int(mute.getsockname()[1]))
        path = fabric_file(tmp_path, ports, (None, None))
        begun = time.monotonic()
        assert host_keys.main([str(path)]) == 1
        assert time.monotonic() - begun < 1.9
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("within its time") == 2
    assert err.count("\n") == 1


def test_a_fabric_file_that_is_wrong_ends_in_its_lines_and_asks_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = fabric_file(tmp_path, (22, 22), (ED25519, "ssh-rsa AAAA"))
    assert host_keys.main([str(path)]) == 2
    assert "racks.rr2.leaves.leaf02.ssh.hostKey: RSA host keys cannot be pinned" in capsys.readouterr().err
