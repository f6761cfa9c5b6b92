from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tools.conftest import BUILT, RELEASED, Mirror
from tools import debian, fetch, getting, gobuild
from tools.catalog import Program, Release
from tools.clone import OFFICIAL, STAND_IN
from tools.getting import Survey
from tools.progress import ToolError
from tools.store import Store


def nothing_missing() -> Survey:
    return Survey(programs=[], packages=[], provider=False, links=False, virtualenv=False, environment=False)


def test_all_missing_prerequisites_are_named_at_once_a_line_each(go: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go.unlink()
    monkeypatch.setattr(gobuild, "_USUAL_PLACES", ())
    monkeypatch.setenv("PATH", str(go.parent))
    monkeypatch.setattr(debian, "_PATH", str(go.parent))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    missing = nothing_missing()
    missing.programs, missing.packages = [BUILT], ["frr", "bird"]
    with pytest.raises(ToolError) as caught:
        getting._check_prerequisites(missing, set(), for_lab=True)
    assert str(caught.value).splitlines() == [
        "not root, and the lab makes network namespaces: run it with sudo, `sudo make …`",
        "apt-get is missing, so this is no Debian: install what it calls frr bird, then run it again",
        "go is missing: install Go 1.26 or newer and put it on PATH (builds frobber)",
    ]


def test_an_ordinary_user_with_everything_in_place_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    getting._check_prerequisites(nothing_missing(), set(), for_lab=False)


def test_an_ordinary_user_without_the_packages_is_told_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    line = debian.missing_prerequisite(["frr"])
    assert line is not None
    assert "sudo apt-get install -y --no-install-recommends frr" in line


@pytest.mark.parametrize(
    ("version", "complaint"),
    [("go1.26.0", None), ("go1.27.3", None), ("go1.25.9", "is go1.25.9: install Go 1.26 or newer")],
)
@pytest.mark.usefixtures("go")
def test_the_version_of_go_is_checked_before_anything_is_built(
    version: str, complaint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GO_VERSION", version)
    line = gobuild.missing_go([BUILT])
    assert (line is None) if complaint is None else (line is not None and complaint in line)


@pytest.mark.usefixtures("go")
def test_go_is_not_needed_where_every_release_can_be_had() -> None:
    missing = nothing_missing()
    missing.programs = [RELEASED]
    getting._check_prerequisites(missing, {"mirror"}, for_lab=False)


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("reading proxy: 403 Forbidden", "set GOPROXY"),
        ("write /tmp/x: no space left on device", "The disk is full"),
        ("compile: signal: killed", "want of memory"),
        ("something else", "Put right what the lines above name"),
    ],
)
@pytest.mark.usefixtures("go")
def test_a_failing_build_shows_its_last_lines_its_log_and_what_to_do(
    store: Store, monkeypatch: pytest.MonkeyPatch, output: str, advice: str
) -> None:
    monkeypatch.setenv("FAKE_GO_FAILS", output)
    with pytest.raises(ToolError) as caught:
        getting._one(BUILT, store, set())
    lines = str(caught.value).splitlines()
    assert str(store.logs / "frobber.log") in lines[0]
    assert lines[1:3] == ["    main.go:3: undefined: leaf", f"    {output}"]
    assert advice in lines[3]
    assert not store.has(BUILT)


@pytest.mark.usefixtures("go")
def test_the_stand_in_is_built_only_where_the_official_provider_cannot_be_had(
    store: Store, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = Program("command", "1.0", ("frobber",), RELEASED.release)
    monkeypatch.setattr(getting, "COMMAND_PROVIDER", official)
    monkeypatch.setattr(getting, "COMMAND_STAND_IN", BUILT)
    assert getting._command_provider(store, set()) == STAND_IN
    assert getting._command_provider(store, {"mirror"}) == STAND_IN
    mirror.release(b"official\n")
    assert getting._command_provider(store, {"mirror"}) == OFFICIAL
    assert getting._command_provider(store, set()) == OFFICIAL


@pytest.mark.usefixtures("go")
def test_an_unreachable_host_is_said_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "reachable", lambda hosts: set())
    missing = nothing_missing()
    missing.programs = [
        Program(name, "1", (name,), Release("kubernetes", name, name)) for name in ("kubectl", "kube-apiserver")
    ]
    assert getting._hosts(missing) == set()
    assert capsys.readouterr().out.count("does not answer") == 1
