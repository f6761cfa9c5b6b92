"""The example ``prod`` as someone tries it who has no data centre at hand: without any network, and in the lab."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.paths import CLONE
from lab.project import PROGRAM, environment
from lab.site import running
from leafrack.errors import PREFIXES, ProblemKind
from tests.e2e.world import eventually, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.lab]

AWAY = PREFIXES[ProblemKind.UNREACHABLE]
LEAVES = tuple(f"racks.rack{rack}.leaves.leaf{rack}{letter}.ssh" for rack in range(1, 5) for letter in "ab")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder as a clone is, with its own state."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in PROGRAM:
        (folder / name).symlink_to(CLONE / name)
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(CLONE / name, folder)
    (folder / "state").mkdir()
    return folder


def pulumi(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pulumi in a network namespace of its own, where nothing but loopback exists."""
    script = 'ip link set lo up && exec pulumi --non-interactive --color never "$@"'
    own = {"PULUMI_BACKEND_URL": f"file://{clone}/state", "PULUMI_CONFIG_PASSPHRASE": "leafrack-example"}
    return subprocess.run(
        ["unshare", "--net", "sh", "-c", script, "sh", *arguments],
        cwd=clone,
        env={**environment(), **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


def secrets(clone: Path) -> list[str]:
    """Every secret of the example in clear, word by word where it has several lines."""
    shown = pulumi(clone, "config", "--show-secrets", "--json").stdout
    values = yaml.safe_load(shown)
    found = [values["leafrack:sshPrivateKey"]["value"].splitlines()[1]]
    return found + list(yaml.safe_load(values["leafrack:bgpPasswords"]["value"]).values())


def test_the_example_stack_can_be_previewed_where_nothing_of_it_can_be_reached(clone: Path) -> None:
    selected = pulumi(clone, "stack", "select", "prod", "--create")
    assert selected.returncode == 0, selected.stdout
    hidden = secrets(clone)
    assert len(hidden) == 5
    run = pulumi(clone, "preview", "--diff")
    assert run.returncode == 0, run.stdout
    warnings = "\n".join(line for line in run.stdout.splitlines() if "warning:" in line)
    assert f"warning: {AWAY}cluster: " in warnings, run.stdout
    for leaf in LEAVES:
        assert re.search(rf"warning: {re.escape(AWAY)}config/fabrics/prod\.yaml:\d+: {re.escape(leaf)}: ", warnings), (
            run.stdout
        )
    assert "this preview goes on without what it would tell" in warnings
    assert not [secret for secret in hidden if secret in run.stdout]
    assert "Traceback" not in run.stdout
    assert "rack4-node06-labels" in run.stdout


def test_an_update_of_the_example_stack_stops_before_its_first_write(clone: Path) -> None:
    assert pulumi(clone, "stack", "select", "prod", "--create").returncode == 0
    run = pulumi(clone, "up", "--yes", "--skip-preview")
    assert run.returncode != 0
    assert "nothing was changed" in run.stdout
    assert "Traceback" not in run.stdout


@pytest.mark.nightly(twin="tests/lab/test_plan.py")
@pytest.mark.timeout(1500)
def test_its_fabric_goes_up_in_the_lab_and_comes_down_again(tmp_path: Path) -> None:
    whole = yaml.safe_load((CLONE / "config" / "fabrics" / "prod.yaml").read_text(encoding="utf-8"))
    with running(tmp_path, whole, patience=600) as site:
        switches = [switch.name for switch in site.plan.switches]
        before = snapshot(site.lab, switches)
        site.applied()
        assert eventually(lambda: [row for row in site.rows() if not row["ok"]] == []), site.rows()
        site.destroyed()
        assert eventually(lambda: snapshot(site.lab, switches) == before), "something is left"
