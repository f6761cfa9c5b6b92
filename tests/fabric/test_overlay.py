"""A second file laid over the fabric file: it refines, and every value keeps the place that it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from leafrack.fabric.load import load
from tests.fabric.fabric_files import ED25519, RIGHT, errors_of


def _files(folder: Path, overlay: str, fabric: str = RIGHT) -> tuple[Path, Path]:
    (folder / ".lab").mkdir()
    (folder / "x.yaml").write_text(fabric, encoding="utf-8")
    (folder / ".lab" / "overlay.yaml").write_text(overlay, encoding="utf-8")
    return folder / "x.yaml", folder / ".lab" / "overlay.yaml"


def test_an_overlay_replaces_values_and_leaves_the_others(tmp_path: Path) -> None:
    overlay = "racks:\n  rr1:\n    leaves:\n      leaf01:\n        ssh: {port: 40001, user: lab}\n"
    loaded = load(*_files(tmp_path, overlay))
    leaf = loaded.fabric.racks["rr1"].leaves["leaf01"]
    assert (leaf.ssh.port, leaf.ssh.user, leaf.ssh.host, leaf.ssh.host_key) == (
        40001,
        "lab",
        "127.0.0.1",
        ED25519,
    )
    assert loaded.lines["racks.rr1.leaves.leaf01.ssh.port"] == f"{tmp_path}/.lab/overlay.yaml:5"
    assert loaded.lines["racks.rr1.leaves.leaf01.ssh.host"] == f"{tmp_path}/x.yaml:15"


def test_an_overlay_may_give_what_the_fabric_file_leaves_open(tmp_path: Path) -> None:
    fabric = RIGHT.replace(f"        ssh: {{host: 127.0.0.1, port: 2202, hostKey: {ED25519}}}\n", "")
    overlay = f"racks: {{rr2: {{leaves: {{leaf02: {{ssh: {{port: 40002, hostKey: {ED25519}}}}}}}}}}}\n"
    loaded = load(*_files(tmp_path, overlay, fabric))
    assert loaded.fabric.racks["rr2"].leaves["leaf02"].ssh.port == 40002
    assert loaded.warnings == ()


def test_lists_are_replaced_not_joined(tmp_path: Path) -> None:
    loaded = load(*_files(tmp_path, "podCIDRs: [10.240.0.0/16]\n"))
    assert [str(network) for network in loaded.fabric.pod_cidrs] == ["10.240.0.0/16"]
    assert loaded.lines["podCIDRs[0]"] == f"{tmp_path}/.lab/overlay.yaml:1"


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        (
            "racks: {rr9: {asNumber: 1}}",
            "racks.rr9: the fabric file has no 'rr9' here, and an overlay only refines: did",
        ),
        (
            "racks: {rr1: {leaves: {leaf1: {}}}}",
            "racks.rr1.leaves.leaf1: the fabric file has no 'leaf1' here",
        ),
        (
            "racks: {rr1: {members: {node9: 172.20.0.19}}}",
            "racks.rr1.members.node9: the fabric file has no 'node9'",
        ),
        (
            "racks: {rr2: {leaves: {leaf02: {uplinks: {s: {}}}}}}",
            "racks.rr2.leaves.leaf02.uplinks.s: the fabric file has",
        ),
        ("spines: {spine2: {asNumber: 1}}", "spines.spine2: the fabric file has no 'spine2' here"),
        ("colour: red", "colour: unknown key"),
        (
            "racks: {rr1: {leaves: {leaf01: {asNumber: 0}}}}",
            "racks.rr1.leaves.leaf01.asNumber: AS 0 is reserved",
        ),
        (
            "racks: {rr1: {leaves: {leaf01: {asNumber: 64512}}}}",
            "racks.rr1.leaves.leaf01.asNumber: AS 64512 is the rack's",
        ),
        ("racks:", "racks: is empty: give it a value"),
    ],
)
def test_what_an_overlay_gets_wrong_is_said_with_its_own_line(tmp_path: Path, overlay: str, expected: str) -> None:
    (line,) = errors_of(*_files(tmp_path, f"# a lab\n{overlay}\n"))
    assert line.startswith(f".lab/overlay.yaml:2: {expected}")


def test_problems_of_both_files_come_at_once_the_fabric_file_first(tmp_path: Path) -> None:
    fabric = RIGHT.replace("172.20.0.13", "nix")
    lines = errors_of(*_files(tmp_path, "racks: {rr9: {}}\n", fabric))
    assert [line.split(":")[0] for line in lines] == ["x.yaml", ".lab/overlay.yaml"]


def test_a_missing_overlay_ends_in_one_line(tmp_path: Path) -> None:
    path, overlay = _files(tmp_path, "")
    overlay.unlink()
    assert errors_of(path, overlay) == [".lab/overlay.yaml: no such file"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [("id", ".lab/id"), ("../keys/id", "keys/id"), ("/etc/id", "/etc/id"), ("~/.ssh/id", "~/.ssh/id")],
)
def test_an_identity_file_starts_at_the_folder_of_the_file_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    _files(tmp_path, f"racks: {{rr1: {{leaves: {{leaf01: {{ssh: {{identityFile: {given}}}}}}}}}}}\n")
    monkeypatch.chdir(tmp_path)
    fabric = load("x.yaml", ".lab/overlay.yaml").fabric
    assert fabric.racks["rr1"].leaves["leaf01"].ssh.identity_file == expected


def test_an_overlay_gives_all_leaves_a_jump_host_and_one_its_own_with_keys_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "{racks: {rr2: {leaves: {leaf02: {ssh: {jump: {host: b, identityFile: b.key}}}}}}, "
    _files(tmp_path, f"{own}jump: {{host: a, identityFile: a.key}}}}\n")
    monkeypatch.chdir(tmp_path)
    fabric = load("x.yaml", ".lab/overlay.yaml").fabric
    jumps = [fabric.jump_to(leaf) for rack in fabric.racks.values() for leaf in rack.leaves.values()]
    assert [jump and (jump.host, jump.identity_file) for jump in jumps] == [("a", ".lab/a.key"), ("b", ".lab/b.key")]
