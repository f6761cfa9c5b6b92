from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import debian
from tools.catalog import DebianFile, Program
from tools.progress import ToolError


def forbidden(policy: Path) -> bool:
    return subprocess.run([policy, "frr", "start"], check=False).returncode == 101


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 0\n"])
@pytest.mark.parametrize("end", ["success", "failure", "interrupt"])
def test_policy_rc_d_forbids_services_and_is_as_before_afterwards(tmp_path: Path, before: str | None, end: str) -> None:
    policy = tmp_path / "policy-rc.d"
    if before:
        policy.write_text(before)
        policy.chmod(0o755)
    ends = {"failure": RuntimeError, "interrupt": KeyboardInterrupt}
    try:
        with debian.services_held_back(policy):
            assert forbidden(policy)
            if end in ends:
                raise ends[end]
    except (RuntimeError, KeyboardInterrupt):
        pass
    assert (policy.read_text() if policy.exists() else None) == before
    assert {item.name for item in tmp_path.iterdir()} == ({"policy-rc.d"} if before else set())


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 0\n"])
def test_what_a_killed_run_left_is_put_back_by_the_next(tmp_path: Path, before: str | None) -> None:
    policy = tmp_path / "policy-rc.d"
    if before:
        policy.write_text(before)
    killed = debian.services_held_back(policy)
    killed.__enter__()
    debian._restore(policy)
    assert (policy.read_text() if policy.exists() else None) == before


def test_somebody_elses_policy_is_left_alone(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    debian._restore(policy)
    assert policy.exists()


def test_a_package_whose_program_is_not_there_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "present").touch(mode=0o755)
    monkeypatch.setattr(debian, "_PATH", str(tmp_path))
    monkeypatch.setattr(debian, "PACKAGES", {"here": ("present",), "half": ("present", "absent"), "gone": ("absent",)})
    assert [name for name in debian.missing() if name != "python3-venv"] == ["half", "gone"]


def test_a_program_is_taken_out_of_a_package_and_of_its_library_without_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in {
        "apt-cache": "echo '  Candidate: 2.0'; echo '  Candidate: 1.0'",
        "apt-get": 'shift; for each; do echo "$each" >"${each}_1.deb"; done',
        "dpkg-deb": "case $2 in */frobber_1.deb) to=$3/usr/sbin/frobber ;; *) to=$3/usr/lib/cpu/libx.so ;; esac;"
        ' mkdir -p "${to%/*}"; cp "$2" "$to"',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setattr(debian, "_PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    files = (DebianFile("frobber", "usr/sbin/frobber", "frobber"), DebianFile("libx", "usr/lib/*/libx.so", "libx.so"))
    folder = tmp_path / "folder"
    folder.mkdir()
    debian.unpack(Program("frobber", "2", ("frobber", "libx.so"), unpacked=files), folder, tmp_path / "log")
    assert [(folder / name).read_text() for name in ("frobber", "libx.so")] == ["frobber\n", "libx\n"]
    missing = (*files, DebianFile("libx", "usr/lib/liby.so", "liby.so"))
    gone = Program("frobber", "2", (), unpacked=missing)
    with pytest.raises(ToolError, match=r"package libx has no usr/lib/liby\.so in this release"):
        debian.unpack(gone, folder, tmp_path / "log")
