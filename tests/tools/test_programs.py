from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools import catalog, environment
from tools.clone import Clone
from tools.store import Store

CLONE = Clone()

pytestmark = pytest.mark.toolchain


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pulumi version", f"v{catalog.PULUMI}"),
        ("pulumi-language-python -help", "-root"),
        ("etcd --version", f"etcd Version: {catalog.ETCD}"),
        ("kube-apiserver --version", f"Kubernetes v{catalog.KUBERNETES}"),
        ("kube-controller-manager --version", f"Kubernetes v{catalog.KUBERNETES}"),
        ("kubectl version --client", f"Client Version: v{catalog.KUBERNETES}"),
        ("calicoctl version --client", f"Client Version:    v{catalog.CALICO}"),
        ("calico-confd -version", f"confd v{catalog.CALICO}"),
    ],
)
def test_each_program_runs_and_says_its_version(command: str, expected: str) -> None:
    done = subprocess.run(
        command.split(),
        env=environment.process_environment(CLONE),
        capture_output=True,
        text=True,
        check=False,
    )
    assert expected in done.stdout + done.stderr


def test_the_status_reporter_starts_and_asks_for_the_cluster() -> None:
    env = {**environment.process_environment(CLONE), "NODENAME": "node1", "DATASTORE_TYPE": "kubernetes"}
    env |= {"KUBECONFIG": "/nowhere/kubeconfig"}
    done = subprocess.run([CLONE.bin / "calico-status"], env=env, capture_output=True, text=True, check=False)
    assert "/nowhere/kubeconfig" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "version"), [("kubernetes", catalog.PULUMI_KUBERNETES), ("command", catalog.PULUMI_COMMAND)]
)
def test_the_plugins_of_the_clone_have_the_version_of_the_sdk(name: str, version: str) -> None:
    listed = subprocess.run(
        ["pulumi", "plugin", "ls"],
        env=environment.process_environment(CLONE),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [line.split()[:3] for line in listed.splitlines() if line.startswith(name)] == [[name, "resource", version]]


@pytest.mark.parametrize(
    "path",
    [
        "crd/crd.projectcalico.org_bgppeers.yaml",
        "confd/conf.d/bird.toml",
        "confd/templates/bird.cfg.template",
    ],
)
def test_calicos_files_are_there_and_can_be_removed_again(path: str) -> None:
    file = CLONE.calico / path
    assert file.stat().st_size > 0
    assert os.access(file.parent, os.W_OK)


def test_pulumi_keeps_no_log_of_its_runs_in_a_clone(tmp_path: Path) -> None:
    clone, store = Clone(tmp_path), Store(CLONE.bin.joinpath("pulumi").resolve().parents[2])
    (clone.no_log / "of-a-former-run").mkdir(parents=True)
    assert not clone.is_linked(store)
    clone.link(store)
    assert clone.is_linked(store)
    env = {**environment.process_environment(CLONE), "PULUMI_HOME": str(clone.pulumi_home)}
    done = subprocess.run(["pulumi", "plugin", "ls"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert clone.no_log.read_bytes() == b""
