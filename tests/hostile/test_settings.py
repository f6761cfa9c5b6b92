"""Whatever stands in a stack's settings, the environment or a command line: a value, or a line without secrets."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import SECRETS, StackSettings, load_settings
from leafrack.commands import adopt as discover
from leafrack.commands import gate, step
from leafrack.commands import password as passwords
from leafrack.errors import FabricError, UnreadableError
from leafrack.fabric.load import load
from leafrack.world.connection import Connection
from leafrack.world.login import Credentials
from leafrack.world.model import Cluster, Endpoint
from leafrack.world.ssh import read_all
from tests.hostile.texts import HOSTILE, WHOLE, is_plain

LIGHT = settings(max_examples=30, deadline=None)
DEEP = ("[" * 100_000, "a:\n - " * 1_000, "{a: " * 100_000, '{"a": ' * 100_000, "? " * 50_000)
CONTENTS = (
    *WHOLE,
    *DEEP,
    "",
    "- a",
    "a",
    "null",
    "users: 1",
    "contexts: [1]\nusers: x",
    "a: &a [*a]\ncurrent-context: *a",
)


def lines_of(error: FabricError | UnreadableError) -> list[str]:
    return [str(problem) for problem in error.problems] if isinstance(error, FabricError) else [str(error)]


def said(does: Callable[[], object]) -> list[str]:
    """Lines for the operator; none where all is well. Nothing else is raised."""
    try:
        does()
    except (FabricError, UnreadableError) as error:
        lines = lines_of(error)
        assert all(is_plain(line) for line in lines), lines
        return lines
    return []


@pytest.mark.parametrize("key", StackSettings.keys())
@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_a_setting_is_taken_or_refused_and_a_secret_never_said(key: str, text: str) -> None:
    for value in (text, {"rr1": text}, {text: "Word"}):
        lines = said(lambda value=value: load_settings({"fabric": "f.yaml", key: value}, {key}))  # type: ignore[misc]
        if key in SECRETS and not isinstance(value, dict):
            assert not [line for line in lines if text in line]


@LIGHT
@given(st.sampled_from(StackSettings.keys()), HOSTILE | st.dictionaries(HOSTILE, HOSTILE, max_size=2))
def test_any_setting(key: str, value: object) -> None:
    said(lambda: load_settings({"fabric": "f.yaml", key: value}, {key}))


@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_a_path_leads_to_a_file_or_a_line(text: str, tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text("name: x")
    assert said(lambda: load(text))
    assert said(lambda: load(good, text))
    assert said(lambda: Connection(Cluster(kubeconfig=text)))


@pytest.mark.parametrize("text", CONTENTS, ids=lambda text: ascii(text[:30]))
def test_a_kubeconfig_that_is_none_ends_in_a_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text, encoding="utf-8")
    assert said(lambda: Connection(Cluster(kubeconfig=str(file))))
    assert said(lambda: Connection(Cluster(kubeconfig=str(file), context=text)))


@pytest.mark.parametrize("text", CONTENTS, ids=lambda text: ascii(text[:30]))
def test_a_file_of_leaves_or_a_leaf_that_is_none_ends_in_a_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "leaves"
    file.write_text(text, encoding="utf-8")
    said(lambda: discover.leaves_of(discover.arguments(["x.yaml", "--leaves", str(file)])))
    said(lambda: discover.leaves_of(discover.arguments(["x.yaml", f"--leaf={text}"])))
    said(lambda: discover.leaves_of(discover.arguments(["x.yaml", f"--leaf={text}=root@host:22"])))


@pytest.mark.parametrize("text", CONTENTS, ids=lambda text: ascii(text[:30]))
def test_gates_and_steps_refuse_what_is_not_theirs(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for main in (gate.main, step.main, passwords.main):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        assert main(["forward"]) == 2
        assert is_plain(capsys.readouterr().out.removesuffix("\n"))


@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_the_environment_is_no_command(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.environ", {gate.WAIT_VARIABLE: text, step.PREVIOUS_VARIABLE: text})
    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "x", "forward": [], "endpoints": [], "cluster": {}}'))
    assert gate.main(["forward"]) == 2
    assert is_plain(capsys.readouterr().out.removesuffix("\n"))
    assert step.previous() == {}
    leaf = Endpoint(name="leaf01", platform="frr", host="192.0.2.1", port=22, user="root")
    (answer,) = read_all([leaf], Credentials(private_key=text), timeout=0.1).values()
    assert isinstance(answer, UnreadableError)
    assert text not in str(answer)
    assert is_plain(str(answer))
