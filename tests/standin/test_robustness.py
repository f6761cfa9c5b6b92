"""Interrupts, crowds and large texts."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import LIMIT, Sshd, Stack, local, remote

pytestmark = pytest.mark.toolchain

MANY = 20
MEGABYTE = "0123456789abcde\n" * 65536


def wait_until(reached: Callable[[], bool], what: str) -> None:
    """Wait for something that must come soon, or fail with what was waited for."""
    for _ in range(600):
        if reached():
            return
        time.sleep(0.05)
    raise AssertionError(f"in vain: {what}")


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_interrupt_ends_the_running_commands(
    make_stack: Callable[[str], Stack], sshd: Sshd, standin_only: None
) -> None:
    stack = make_stack("interrupted")
    pids = {name: stack.folder / f"{name}.pid" for name in ("shell", "child", "remote")}
    stack.declare(
        {
            "local": local(create=f"sleep 300 & echo $! > {pids['child']}; echo $$ > {pids['shell']}; wait"),
            "remote": remote(sshd.connection(), create=f"echo $$ > {pids['remote']}; exec sleep 300"),
        }
    )
    process = stack.start("up", "--yes", "--skip-preview")
    try:
        wait_until(lambda: all(path.exists() and path.read_text() for path in pids.values()), "a start")
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    number = {name: int(path.read_text()) for name, path in pids.items()}
    try:
        assert process.returncode != 0, text
        assert not is_running(number["shell"])
        assert not is_running(number["child"])
        assert stack.outputs() == {}
    finally:
        # sshd need not pass the signal on: the remote command may outlive its connection.
        if is_running(number["remote"]):
            os.kill(number["remote"], signal.SIGKILL)


def test_many_commands_and_megabytes_of_stdin_run_at_once(make_stack: Callable[[str], Stack], sshd: Sshd) -> None:
    stack, good = make_stack("crowd"), sshd.connection()
    run = stack.up(
        {
            **{f"local-{i}": local(create=f"cat; echo {i}", stdin="local ") for i in range(MANY)},
            **{f"remote-{i}": remote(good, create=f"cat; echo {i}", stdin="remote ") for i in range(MANY)},
            "local-large": local(create="sha256sum", stdin=MEGABYTE),
            "remote-large": remote(good, create="sha256sum", stdin=MEGABYTE),
            "local-loud": local(create="cat", stdin=MEGABYTE, logging="none"),
            "remote-loud": remote(good, create="cat", stdin=MEGABYTE, logging="none"),
        },
        "--parallel=64",
    )
    assert run.code == 0, run.text
    outputs = stack.outputs()
    digest = hashlib.sha256(MEGABYTE.encode()).hexdigest()
    for kind in ("local", "remote"):
        assert [outputs[f"{kind}-{i}"]["stdout"] for i in range(MANY)] == [f"{kind} {i}" for i in range(MANY)]
        assert str(outputs[f"{kind}-large"]["stdout"]).split()[0] == digest
        assert outputs[f"{kind}-loud"]["stdout"] == MEGABYTE.removesuffix("\n")


def test_a_line_of_any_length_can_be_shown(make_stack: Callable[[str], Stack], sshd: Sshd, standin_only: None) -> None:
    stack, line = make_stack("long-line"), "x" * 200_000
    run = stack.up(
        {
            "local": local(create="cat", stdin=line),
            "remote": remote(sshd.connection(), create="cat", stdin=line),
        }
    )
    assert run.code == 0, run.text[-2000:]
    assert {outputs["stdout"] for outputs in stack.outputs().values()} == {line}


def test_the_standin_says_what_it_is_and_refuses_what_it_does_not_serve(
    plugin: Path, standin_only: None, make_stack: Callable[[str], Stack]
) -> None:
    said = subprocess.run([plugin, "-version"], capture_output=True, text=True, check=True).stdout
    assert said == "offline stand-in for pulumi-command 1.2.1\n"
    preview = make_stack("identity").preview({"files": local(create="true", asset_paths=["*"])}, "--debug")
    assert said.strip() in preview.diagnostics("contract-test")
    assert preview.code != 0
    assert "need the official pulumi-command plugin" in preview.diagnostics("files")
