"""The lines of README and docs/own-cluster.md for a cluster of one's own, from ``pulumi install`` to the preview.

There is no cluster and no leaf here: a preview warns of that and goes on.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from lab.paths import CLONE
from lab.project import environment
from tests.e2e.newcomer import README, Copy, block

pytestmark = [pytest.mark.e2e, pytest.mark.lab, pytest.mark.nightly(twin="tests/e2e/test_make.py")]

PAGE = (CLONE / "docs" / "own-cluster.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Own:
    """A copy of the clone, on whose PATH is Pulumi, the folder of its file backend, and a home with the logins."""

    copy: Copy
    state: Path
    home: Path


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    folder = tmp_path_factory.mktemp("own")
    state, home = folder / "state", folder / "home"
    for each in (state, home / ".kube", home / ".ssh"):
        each.mkdir(parents=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / ".ssh" / "leafrack_ed25519"], check=True
    )
    kubeconfig = {
        "clusters": [{"name": "mydc", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "mydc", "user": {"token": "none"}}],
        "contexts": [{"name": "mydc", "context": {"cluster": "mydc", "user": "mydc"}}],
    }
    (home / ".kube" / "config").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    copy = Copy.of_the_clone(folder / "leafrack")
    pulumis = {name: value for name, value in environment().items() if name.startswith("PULUMI_")}
    env = {**copy.env, **pulumis, "PATH": f"{CLONE}/.tools/bin:{copy.env['PATH']}", "TMPDIR": str(folder)}
    backend = {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": "test"}
    return Own(replace(copy, env={**env, **backend}), state, home)


def test_the_lines_of_the_docs_lead_from_a_clone_to_a_preview(own: Own) -> None:
    settings = block(PAGE, "Secrets are encrypted by Pulumi and never shown:")
    check, last = block(PAGE, "and check it:"), block(PAGE, "An update stops before its first write.")[:1]
    assert last == ["pulumi preview"]
    lines = [*settings, *check]
    assert set(block(README, "## Your own cluster")) <= {"pulumi install", *lines, *last}
    installed = own.copy.shell("pulumi install")
    assert installed.code == 0, installed.said
    shutil.copy(own.copy.folder / "config" / "fabrics" / "prod.yaml", own.copy.folder / "mydc.yaml")
    for line in lines:
        run = own.copy.shell(line, HOME=str(own.home))
        assert run.code == 0, f"{line}\n{run.said}"
    # In a network namespace of its own: whatever has the example's addresses here is not asked.
    run = own.copy.shell(f"unshare --net sh -c 'ip link set lo up && {last[0]}'", HOME=str(own.home))
    assert run.code == 0, run.said
    assert re.search(r"warning: \[unreachable, up stops here\] cluster: ", run.said), run.said
    assert re.search(r"\+ \d+ to create\n", run.said), run.said
    key = (own.home / ".ssh" / "leafrack_ed25519").read_text(encoding="utf-8").splitlines()[1]
    assert key not in run.said + (own.copy.folder / "Pulumi.mydc.yaml").read_text(encoding="utf-8")


def test_pulumi_cancel_takes_away_the_lock_of_a_host_that_is_gone(own: Own) -> None:
    init = own.copy.shell("pulumi stack init locked")
    assert init.code == 0, init.said
    lock = own.state / ".pulumi" / "locks" / "organization" / "leafrack" / "locked" / "one.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = {"pid": 4711, "username": "ci", "hostname": "runner-7", "timestamp": "2026-01-01T10:00:00.123456789Z"}
    lock.write_text(json.dumps(held), encoding="utf-8")
    for line, code, said in (
        ("pulumi destroy --yes", 1, "the stack is currently locked by 1 lock(s)"),
        ("python3 -m tools unlock", 1, "stack organization/leafrack/locked: locked by process 4711 of runner-7"),
        ("pulumi cancel --yes", 0, "has been canceled"),
        ("python3 -m tools unlock", 0, ""),
        ("pulumi destroy --yes", 0, ""),
    ):
        run = own.copy.shell(line)
        assert (run.code, said in run.said) == (code, True), f"{line}\n{run.said}"
