"""Pulumi.yaml and the two example stacks: what they declare is what the program reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import SECRETS, StackSettings, load_settings, unknown_racks
from leafrack.fabric.load import load

ROOT = Path(__file__).parents[2]
PULUMI = ROOT / ".tools" / "bin" / "pulumi"
NAMES = [f"leafrack:{name}" for name in (*StackSettings.keys(),)]
PASSPHRASES = {"dev": "leafrack-lab", "prod": "leafrack-example"}


def _yaml(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return values


def test_pulumi_yaml_declares_every_setting_with_type_and_description() -> None:
    declared = _yaml("Pulumi.yaml")["config"]
    assert list(declared) == NAMES
    assert all(value["type"] and value["description"] for value in declared.values())


def test_only_what_every_stack_must_set_has_no_default() -> None:
    declared = _yaml("Pulumi.yaml")["config"]
    compulsory = [key for key, value in declared.items() if "default" not in value]
    assert compulsory == ["leafrack:fabric"]
    defaults = {key.removeprefix("leafrack:"): value.get("default") for key, value in declared.items()}
    assert load_settings({**defaults, "fabric": "f"}, ()) == StackSettings(fabric="f")


@pytest.mark.parametrize("stack", sorted(PASSPHRASES))
def test_a_stack_sets_only_what_is_declared_and_keeps_no_secret_in_clear(stack: str) -> None:
    values = _yaml(f"Pulumi.{stack}.yaml")["config"]
    assert set(values) <= set(NAMES)
    for name in SECRETS:
        value = values.get(f"leafrack:{name}", {})
        parts = value.values() if name == "bgpPasswords" else [value] if value else []
        assert all(list(part) == ["secure"] for part in parts)


def test_the_prod_fabric_has_redundant_leaves_pinned_keys_and_no_warning() -> None:
    path = ROOT / _yaml("Pulumi.prod.yaml")["config"]["leafrack:fabric"]
    loaded = load(path)
    assert loaded.warnings == ()
    racks = loaded.fabric.racks.values()
    assert [len(rack.leaves) for rack in racks] == [2] * 4
    assert all(len(leaf.uplinks) == 2 and leaf.ssh.host_key for rack in racks for leaf in rack.leaves.values())


def test_the_dev_fabric_lacks_only_the_host_keys_that_the_overlay_of_its_lab_pins() -> None:
    warnings = load(ROOT / _yaml("Pulumi.dev.yaml")["config"]["leafrack:fabric"]).warnings
    assert [warning.path.rpartition(".")[2] for warning in warnings] == ["hostKey", "hostKey"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's settings files, with a state of its own."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "state").mkdir()
    return tmp_path


def _pulumi(project: Path, stack: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{project}/state",
        "PULUMI_HOME": str(project / "home"),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASES[stack],
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = [str(PULUMI), "--non-interactive", *words]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.toolchain
@pytest.mark.parametrize("stack", sorted(PASSPHRASES))
def test_pulumi_reads_the_stack_and_the_program_takes_what_it_reads(project: Path, stack: str) -> None:
    before = (project / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    _pulumi(project, stack, "stack", "init", stack)
    ran = _pulumi(project, stack, "config", "--stack", stack, "--show-secrets", "--json")
    assert ran.returncode == 0, ran.stderr
    read = {key.removeprefix("leafrack:"): one for key, one in json.loads(ran.stdout).items()}
    encrypted = [name for name, one in read.items() if one["secret"]]
    given = load_settings({name: one.get("value") for name, one in read.items()}, encrypted)
    fabric = load(ROOT / given.fabric).fabric
    assert unknown_racks(given, fabric.racks) == []
    assert list(given.bgp_passwords) == (list(fabric.racks) if stack == "prod" else [])
    assert (project / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8") == before


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("leafrack:fabric: config/fabrics/dev.yaml", "{}"),
            "Stack 'dev' is missing configuration value 'leafrack:fabric'",
        ),
        (
            ("leafrack:kubeContext: leafrack", "leafrack:kubeContext: [a]"),
            "'leafrack:kubeContext' must be of type 'string'",
        ),
        (
            ("leafrack:kubeContext: leafrack", "leafrack:bgpPasswords: x"),
            "'leafrack:bgpPasswords' must be of type 'object'",
        ),
    ],
)
def test_pulumi_itself_refuses_a_setting_of_the_wrong_type(
    project: Path, change: tuple[str, str], expected: str
) -> None:
    path = project / "Pulumi.dev.yaml"
    _pulumi(project, "dev", "stack", "init", "dev")
    old, new = change
    path.write_text(path.read_text(encoding="utf-8").replace(f"  {old}\n", "" if new == "{}" else f"  {new}\n"))
    ran = _pulumi(project, "dev", "preview", "--stack", "dev")
    assert ran.returncode != 0
    assert expected in ran.stdout + ran.stderr
