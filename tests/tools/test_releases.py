"""FRR of newer Debian releases: where it is had from, and that it runs with its own libraries."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import debian, releases
from tools.clone import Clone
from tools.progress import ToolError
from tools.store import Store


def said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, text))


def test_packages_come_from_where_apt_has_this_machines_release(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, "x-security http://a.test/s/\nx http://b.test/d/\nx-updates http://c.test/d/\n")
    assert releases.archive() == "http://b.test/d/"


def test_without_lists_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, "")
    with pytest.raises(ToolError, match="run apt-get update"):
        releases.archive()


def test_what_is_unpacked_is_started_by_its_own_loader_with_its_own_libraries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unpacked(command: list[Any], **_: Any) -> None:
        files = ["usr/lib/x-linux-gnu/ld-linux-x.so.2", "usr/lib/x-linux-gnu/libc.so.6", "usr/bin/vtysh"]
        files.append("usr/share/yang/modules/libyang/x.yang")
        for name in (*files, *(f"usr/lib/frr/{daemon}" for daemon in ("bgpd", "mgmtd", "staticd", "zebra"))):
            path = Path(command[-1]) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    monkeypatch.setattr(releases, "run_logged", unpacked)
    (tmp_path / "cache" / "archives").mkdir(parents=True)
    (tmp_path / "cache" / "archives" / "frr.deb").touch()
    made = releases._unpacked(tmp_path, Path("/there"), tmp_path / "log")
    start = 'exec /there/lib/ld-linux-x.so.2 --library-path /there/lib /there/lib/{} "$@"\n'
    assert (made / "bgpd").read_text().endswith(start.format("bgpd"))
    assert (made / "bin" / "vtysh").read_text().endswith(start.format("vtysh"))
    assert sorted(path.name for path in made.iterdir()) == ["bgpd", "bin", "lib", "mgmtd", "staticd", "yang", "zebra"]
    assert (made / "yang" / "modules" / "libyang" / "x.yang").exists()


def test_the_suite_runs_once_for_each_release_and_one_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[tuple[list[str], str]] = []

    def run(command: list[Any], **given: Any) -> subprocess.CompletedProcess[str]:
        if "pytest" not in command:
            return subprocess.CompletedProcess(command, 0, "bgpd version 10.3\n")
        ran.append(([*map(str, command)], given["env"][releases.VARIABLE]))
        return subprocess.CompletedProcess(command, len(ran) % 2)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(debian, "missing_prerequisite", lambda _: None)
    monkeypatch.setattr(releases, "had", lambda release, _: tmp_path / release)
    assert releases.test(Clone(tmp_path), Store(tmp_path / "store")) == 1
    assert [where for _, where in ran] == [str(tmp_path / release) for release in releases.RELEASES]
    assert all(command[-2:] == ["-k", "frr or sonic"] for command, _ in ran)
