"""The scripts that pipelines call, on a real fabric: apply, plan, and the drift check with each of its verdicts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.project import Project, Run
from tests.conftest import Lab
from tests.e2e.world import bgp_peer, configure, eventually, peers, snapshot

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.timeout(1200),
    pytest.mark.nightly(twin="tests/e2e/test_drift.py"),
]

PASSWORD, NEXT_PASSWORD = "Correct-Horse-7", "Battery-Staple-8"


def script(project: Project, name: str, **env: str) -> Run:
    """A script as a pipeline runs it: everything that its log would show, and its exit code."""
    done = subprocess.run(
        ["bash", f"ci/{name}.sh", "dev", *([] if name == "up" else ["report.md"])],
        cwd=project.folder,
        env={**project.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def report(project: Project) -> str:
    return (project.folder / "report.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def key(site: Lab) -> str:
    return (site.dir / "ssh" / "id_ed25519").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cluster(site: Lab) -> dict[str, str]:
    """The kubeconfig as a pipeline's secret."""
    return {"LEAFRACK_KUBECONFIG": (site.dir / "kubeconfig").read_text(encoding="utf-8")}


@pytest.fixture(scope="module")
def fabric(site: Lab, project: Project, cluster: dict[str, str], key: str) -> Project:
    """The fabric after ``ci/up.sh``: the login to the switches and a BGP password are secrets of the stack."""
    overlay: dict[str, Any] = yaml.safe_load((site.dir / "overlay.yaml").read_text())
    for rack in overlay["racks"].values():
        for leaf in rack["leaves"].values():
            del leaf["ssh"]["identityFile"]
    own = project.folder / "overlay.yaml"
    own.write_text(yaml.safe_dump(overlay))
    project.settings["overlay"] = str(own)
    # As on a runner: the kubeconfig comes with the job, not with the clone.
    project.settings["kubeconfig"] = ".kubeconfig"
    project.configure()
    subprocess.run(
        ["pulumi", "config", "set", "--secret", "leafrack:sshPrivateKey", "--stack", "dev"],
        cwd=project.folder, env=project.env, input=key, text=True, check=True,
    )  # fmt: skip
    project.check("config", "set", "--secret", "--path", "leafrack:bgpPasswords.rr1", PASSWORD)
    project.settings.update(_secrets(project))
    done = script(project, "up", **cluster)
    assert done.code == 0, done.said
    assert "18 of 18 as expected" in done.said
    assert_nothing_secret(done.said, key)
    return project


def _secrets(project: Project) -> dict[str, Any]:
    kept = yaml.safe_load((project.folder / "Pulumi.dev.yaml").read_text())["config"]
    return {name.removeprefix("leafrack:"): value for name, value in kept.items() if isinstance(value, dict)}


def assert_nothing_secret(text: str, key: str) -> None:
    hidden = (PASSWORD, NEXT_PASSWORD, *(line for line in key.splitlines()[1:-1]))
    assert not [secret for secret in hidden if secret in text]


def test_in_sync_the_drift_check_ends_with_0_says_nothing_and_changes_nothing(
    site: Lab, fabric: Project, cluster: dict[str, str]
) -> None:
    before = snapshot(site)
    done = script(fabric, "drift", **cluster)
    assert done.code == 0, done.said
    assert done.said == "stack dev: nothing differs, every session and route is as expected\n"
    assert report(fabric) == ""
    assert snapshot(site) == before


def test_a_plan_of_what_stands_has_nothing_to_change(fabric: Project, cluster: dict[str, str]) -> None:
    done = script(fabric, "preview", **cluster)
    assert done.code == 0, done.said
    assert report(fabric).startswith("### Stack dev: nothing to change\n")
    assert "spine is a single point of failure" in report(fabric)


def test_a_label_changed_by_hand_ends_with_7_and_is_named(
    site: Lab, fabric: Project, cluster: dict[str, str], key: str
) -> None:
    site.kubectl("label", "node", "node3", "rr-group=rr9", "--overwrite")
    try:
        done = script(fabric, "drift", **cluster)
    finally:
        site.kubectl("label", "node", "node3", "rr-group=rr1", "--overwrite")
    assert done.code == 7, done.said
    said = report(fabric).splitlines()
    assert said[0] == "### Stack dev is not what it was made to be"
    assert "! update NodePatch node3-labels" in said
    assert "-    metadata.labels.rr-group: rr9" in said
    assert "+    metadata.labels.rr-group: rr1" in said
    assert any(line.startswith("- node1 ↔ node3 – expected Established") for line in said)
    assert_nothing_secret(done.said, key)


def test_a_session_shut_on_a_switch_ends_with_7_and_is_named(
    site: Lab, fabric: Project, cluster: dict[str, str]
) -> None:
    configure(site, "leaf01", "router bgp 65009", "neighbor 172.20.0.12 shutdown")
    try:
        done = script(fabric, "drift", **cluster)
    finally:
        configure(site, "leaf01", "router bgp 65009", "no neighbor 172.20.0.12 shutdown")
    assert done.code == 7, done.said
    assert "- node2 ↔ leaf01 – expected Established with AS 65009, found Idle" in report(fabric)
    assert "- leaf01: neighbour 172.20.0.12 (node2) has `shutdown`" in report(fabric)
    assert eventually(lambda: peers(site, "leaf01")["172.20.0.12"]["state"] == "Established")


def test_a_bgp_peer_of_somebody_else_in_the_way_ends_with_7_and_comes_with_the_command_that_removes_it(
    site: Lab, fabric: Project, cluster: dict[str, str]
) -> None:
    theirs = bgp_peer("theirs", node="node1", peerIP="172.20.0.254", asNumber=65009)
    site.kubectl("apply", "-f", "-", stdin=theirs)
    remove = ("delete", "bgppeers.crd.projectcalico.org", "theirs")
    try:
        done = script(fabric, "drift", **cluster)
    finally:
        site.kubectl(*remove)
    assert done.code == 7, done.said
    said = report(fabric)
    assert "Somebody else's, and left alone; `pulumi up` stops there:" in said
    assert f"kubectl {' '.join(remove)}" in said


@pytest.fixture
def elsewhere(fabric: Project) -> Iterator[Path]:
    """An overlay that sends leafrack to a port where no switch answers."""
    declared = yaml.safe_load(Path(fabric.settings["overlay"]).read_text())
    declared["racks"]["rr1"]["leaves"]["leaf01"]["ssh"]["port"] = 9
    other = fabric.folder / "elsewhere.yaml"
    other.write_text(yaml.safe_dump(declared))
    fabric.configure(overlay=str(other))
    yield other
    fabric.configure()


def test_a_switch_that_does_not_answer_is_a_failure_and_no_drift(
    fabric: Project, cluster: dict[str, str], elsewhere: Path
) -> None:
    done = script(fabric, "drift", **cluster)
    assert done.code == 1, done.said
    assert report(fabric).splitlines()[0] == "### Stack dev could not be checked"
    assert "cannot connect to 127.0.0.1 port 9: connection refused" in report(fabric)


def test_an_api_server_that_does_not_answer_is_a_failure_and_no_drift(fabric: Project, cluster: dict[str, str]) -> None:
    away = yaml.safe_load(cluster["LEAFRACK_KUBECONFIG"])
    for each in away["clusters"]:
        each["cluster"]["server"] = "https://127.0.0.1:9"
    done = script(fabric, "drift", LEAFRACK_KUBECONFIG=yaml.safe_dump(away))
    assert done.code == 1, done.said
    assert report(fabric).splitlines()[0] == "### Stack dev could not be checked"
    assert "cluster unreadable: cannot reach the API server" in report(fabric)
    assert "Traceback" not in done.said


def test_a_kubeconfig_that_is_there_already_is_not_overwritten(fabric: Project, cluster: dict[str, str]) -> None:
    mine = fabric.folder / ".kubeconfig"
    mine.write_text("mine")
    try:
        done = script(fabric, "drift", **cluster)
        assert done.code == 2
        assert "is there already: move it away" in done.said
        assert mine.read_text() == "mine"
    finally:
        mine.unlink()


def test_a_plan_names_a_password_that_changes_and_shows_neither_of_the_two(
    fabric: Project, cluster: dict[str, str], key: str
) -> None:
    fabric.check("config", "set", "--secret", "--path", "leafrack:bgpPasswords.rr1", NEXT_PASSWORD)
    try:
        done = script(fabric, "preview", **cluster)
    finally:
        fabric.configure()
    assert done.code == 0, done.said
    assert "leaf01-sessions" in report(fabric)
    assert "[secret]" in report(fabric)
    assert_nothing_secret(done.said, key)


def test_nothing_that_was_secret_is_left_in_the_folder_or_beside_it(fabric: Project, key: str) -> None:
    kept = [file for file in fabric.folder.rglob("*") if file.is_file() and not file.is_symlink()]
    for file in kept:
        assert_nothing_secret(file.read_bytes().decode(errors="replace"), key)
    # The project's folder is the scripts' TMPDIR: what they and the Kubernetes provider put there is gone.
    assert not [*fabric.folder.glob("tmp.*"), *fabric.folder.glob("kubeconfig*"), *fabric.folder.glob(".kubeconfig")]
