"""``leafrack check``: a fabric file checked from the shell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from leafrack.commands.check import main
from tests.fabric.fabric_files import RIGHT, changed

ROOT = Path(__file__).parents[2]


def test_a_right_file_is_summed_up_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(RIGHT, encoding="utf-8")
    assert main([str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{path}: fabric dc1 is fine: 2 racks, 2 leaves, 1 spine, 6 nodes, 4 route reflectors\n"
    assert err == ""


def test_warnings_do_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(changed(("node2: 172.20.0.12", "")), encoding="utf-8")
    assert main([str(path)]) == 0
    assert capsys.readouterr().err.startswith(f"warning: {path}:17: racks.rr1.reflectors: only one route reflector")


def test_an_overlay_is_laid_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, overlay = tmp_path / "x.yaml", tmp_path / "overlay.yaml"
    path.write_text(RIGHT, encoding="utf-8")
    overlay.write_text("name: dc7\n", encoding="utf-8")
    assert main([str(path), "--overlay", str(overlay)]) == 0
    assert "fabric dc7 is fine" in capsys.readouterr().out


def test_a_wrong_file_ends_in_lines_and_exit_code_1_never_in_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(changed(("asNumber: 65009", "asNumber: 0"), ("172.20.0.13", "nix")), encoding="utf-8")
    command = [sys.executable, "-m", "leafrack", "check", str(path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert [line.split(": ")[1] for line in ran.stderr.splitlines()] == [
        "racks.rr1.leaves.leaf01.asNumber",
        "racks.rr1.members.node3",
    ]


@pytest.mark.parametrize(("wrong", "more"), [(99, 0), (100, 0), (101, 1), (20_000, 19_900)])
def test_of_very_many_problems_the_first_hundred_are_said_and_how_many_there_are(
    wrong: int, more: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(RIGHT + "".join(f"wrong{number}: 1\n" for number in range(wrong)), encoding="utf-8")
    assert main([str(path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if ": wrong" in line]) == min(wrong, 100)
    assert lines[100:] == ([f"and {more} more: put these right first"] if more else [])


def test_json_has_every_problem_with_file_line_key_and_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(changed(("asNumber: 65009", "asNumber: 0"), ("172.20.0.13", "nix")), encoding="utf-8")
    assert main([str(path), "--json"]) == 1
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert said["ok"] is False
    assert [(one["file"], one["path"], one["kind"]) for one in said["problems"]] == [
        (str(path), "racks.rr1.leaves.leaf01.asNumber", "error"),
        (str(path), "racks.rr1.members.node3", "error"),
    ]
    # The same lines as without it stand on standard error.
    assert [
        f"{one['file']}:{one['line']}: {one['path']}: {one['text']}" for one in said["problems"]
    ] == err.splitlines()


def test_json_has_warnings_of_a_fabric_that_can_be_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(changed(("node2: 172.20.0.12", "")), encoding="utf-8")
    assert main([str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["fabric"], said["ok"], said["problems"]) == ("dc1", True, [])
    (warning,) = said["warnings"]
    assert (warning["line"], warning["path"], warning["kind"]) == (17, "racks.rr1.reflectors", "notice")


@pytest.mark.parametrize("overlay", [False, True])
def test_a_file_that_is_not_there_ends_with_2(
    overlay: bool,  # noqa: FBT001 - a case of the table
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, none = tmp_path / "x.yaml", tmp_path / "none.yaml"
    path.write_text(RIGHT, encoding="utf-8")
    given = [str(path), "--overlay", str(none)] if overlay else [str(none)]
    assert main([*given, "--json"]) == 2
    out, err = capsys.readouterr()
    assert err == f"{none}: no such file\n"
    assert json.loads(out)["problems"][0] == {
        "file": str(none), "line": None, "path": "", "kind": "error", "text": "no such file",
    }  # fmt: skip
