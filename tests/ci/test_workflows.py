"""The pipelines that a clone brings: what their linters and their own promises say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHECK = ROOT / ".github" / "workflows" / "check.yml"
OF_A_FABRIC = [path for path in WORKFLOWS if path != CHECK]
"""For those who run a fabric from their clone; the other one is for those who change leafrack."""
HOOKS = ROOT / ".pre-commit-config.yaml"
GITLAB = ROOT / ".gitlab-ci.yml"
ON_SWITCHES = [*(ROOT / "leafrack" / "platforms").glob("*/*.sh"), *(ROOT / "lab" / "switches").glob("*.sh")]
SCRIPTS = [*sorted((ROOT / "ci").glob("*.sh")), ROOT / ".ci" / "run", *sorted(ON_SWITCHES)]
BIN = Path(sys.executable).parent

LINTERS: dict[str, list[str | Path]] = {
    "yamllint": ["yamllint", "--strict", ROOT / ".github", GITLAB, HOOKS],
    "schema of GitHub": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
    "schema of GitLab": [
        "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", GITLAB,
    ],
    "zizmor": ["zizmor", "--quiet", "--offline", "--strict-collection", "--persona", "pedantic", ROOT / ".github"],
    "shellcheck": ["shellcheck", "--external-sources", *SCRIPTS],
}  # fmt: skip


@pytest.mark.parametrize("command", LINTERS.values(), ids=LINTERS)
def test_the_pipelines_please(command: list[str | Path]) -> None:
    program, *rest = command
    done = subprocess.run([BIN / program, *rest], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


MISTAKES = {
    "yamllint": ("yamllint --strict", OF_A_FABRIC[0], "permissions: {}", "permissions: {}\npermissions: {}"),
    "schema of GitHub": (
        "check-jsonschema --builtin-schema vendor.github-workflows", OF_A_FABRIC[0], "runs-on:", "runs-at:",
    ),
    "schema of GitLab": ("check-jsonschema --builtin-schema vendor.gitlab-ci", GITLAB, "when: manual", "when: by-hand"),
    "zizmor": ("zizmor --offline", OF_A_FABRIC[0], "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6"),
    "zizmor on injection": ("zizmor --offline", OF_A_FABRIC[0], "run: pulumi", "run: ${{ github.head_ref }} pulumi"),
    "shellcheck": ("shellcheck -x", ROOT / "ci" / "up.sh", '"$stack"', "$stack"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "file", "right", "wrong"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_by(command: str, file: Path, right: str, wrong: str, tmp_path: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert right in text
    # Where zizmor takes it for a workflow.
    copy = tmp_path / ".github" / "workflows" / file.name
    copy.parent.mkdir(parents=True)
    copy.write_text(text.replace(right, wrong), encoding="utf-8")
    program, *options = command.split()
    done = subprocess.run([BIN / program, *options, copy], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode not in (0, 2), done.stdout + done.stderr


def workflow(path: Path) -> dict[Any, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def jobs(of: list[Path] = WORKFLOWS) -> list[Any]:
    each = ((path.name, name, job) for path in of for name, job in workflow(path)["jobs"].items())
    return [pytest.param(job, id=f"{file} {name}") for file, name, job in each]


def steps() -> list[dict[str, Any]]:
    return [step for job in jobs() for step in job.values[0]["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("job", jobs())
def test_every_job_has_its_own_permissions_and_a_time_limit(job: dict[str, Any]) -> None:
    assert job["permissions"].get("contents") == "read"
    assert [right for right, of in job["permissions"].items() if of == "write"] in ([], ["pull-requests"], ["issues"])
    assert job["timeout-minutes"] > 0


@pytest.mark.parametrize("job", jobs(OF_A_FABRIC))
def test_every_job_of_a_fabric_has_an_environment_that_gives_it_secrets(job: dict[str, Any]) -> None:
    assert job["environment"] in {"fabric", "fabric-preview"}


@pytest.mark.parametrize("path", OF_A_FABRIC, ids=lambda path: path.name)
def test_nothing_of_a_fabric_runs_in_a_clone_that_names_no_stack(path: Path) -> None:
    for job in workflow(path)["jobs"].values():
        assert "vars.LEAFRACK_STACK != ''" in job.get("if", "") or "needs" in job


def test_a_contributors_pull_request_is_checked_with_nothing_that_a_stranger_may_not_have() -> None:
    text = CHECK.read_text(encoding="utf-8")
    assert workflow(CHECK)[True] == {"pull_request": None}  # `on` is a truth to YAML 1.1
    (job,) = workflow(CHECK)["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make check"]
    assert "if" not in job
    assert job["permissions"] == {"contents": "read"}
    # A stranger's code runs here: on no machine of ours, with no secret, and no token stays behind the checkout.
    assert job["runs-on"] == "ubuntu-24.04"
    assert [word for word in ("secrets.", "vars.", "github.token", "environment:", "cache") if word in text] == []
    assert [step["with"] for step in job["steps"] if "uses" in step] == [{"persist-credentials": False}]


def test_a_pull_request_of_a_fork_starts_no_job_of_a_fabric() -> None:
    assert "pull_request_target" not in "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    (job,) = workflow(ROOT / ".github" / "workflows" / "preview.yml")["jobs"].values()
    assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
    (rule,) = workflow(GITLAB)["preview"]["rules"]
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in rule["if"]


def test_no_secret_and_no_text_of_a_stranger_is_part_of_a_command() -> None:
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_the_step_that_talks_to_github_has_no_secret_of_the_fabric_and_the_others_no_token() -> None:
    for step in steps():
        env = " ".join(step.get("env", {}).values())
        assert ("github.token" in env) == ("ci.forge" in step.get("run", ""))
        assert not ("github.token" in env and "secrets." in env)


def test_two_updates_never_meet_and_none_is_cut_off() -> None:
    ups = [job for job in jobs() if any("ci/up.sh" in step.get("run", "") for step in job.values[0]["steps"])]
    (job,) = (up.values[0] for up in ups)
    assert job["concurrency"] == {"group": "fabric-up", "cancel-in-progress": False}
    assert job["environment"] == "fabric"
    gitlab = workflow(GITLAB)
    assert gitlab["up"]["resource_group"] == gitlab["drift"]["resource_group"]
    assert gitlab["up"]["rules"][0]["when"] == "manual"
    assert gitlab["up"].get("interruptible", gitlab["default"]["interruptible"]) is False


def test_the_pulumi_of_the_pipelines_is_that_of_the_requirements() -> None:
    (pinned,) = re.findall(r"^pulumi==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    versions = {step["with"]["pulumi-version"] for step in steps() if "pulumi/actions" in step.get("uses", "")}
    assert versions == {pinned}
    assert workflow(GITLAB)["default"]["image"]["name"].endswith(f":{pinned}")


@pytest.mark.parametrize("script", ["preview.sh", "up.sh", "drift.sh"])
def test_both_forges_call_the_same_script_and_it_can_be_called(script: str) -> None:
    assert any(f"ci/{script}" in step.get("run", "") for step in steps())
    assert f"ci/{script}" in GITLAB.read_text(encoding="utf-8")
    assert (ROOT / "ci" / script).stat().st_mode & 0o111


@pytest.mark.parametrize("script", ["preview.sh", "up.sh", "drift.sh"])
def test_a_script_without_a_stack_says_so_in_one_line(script: str) -> None:
    done = subprocess.run(["bash", f"ci/{script}"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"name the stack: ci/{script} STACK\n"


def test_the_hooks_before_a_commit_are_of_this_clone_only_and_do_what_make_check_does() -> None:
    (repository,) = workflow(HOOKS)["repos"]
    assert repository["repo"] == "local"
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    assert {hook["language"] for hook in hooks.values()} == {"system"}
    assert all(hook["entry"].startswith(".venv/bin/python -m ") for hook in hooks.values())
    assert set(hooks) == {"ruff-check", "ruff-format", "mypy", "schema"}
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    for command in ("ruff check", "ruff format --check", "mypy"):
        assert any(f"-m {command}" in hook["entry"] for hook in hooks.values())
        assert f"python -m {command}" in recipe


def test_the_hook_of_the_schema_runs_where_the_schema_comes_from() -> None:
    (hook,) = [hook for hook in workflow(HOOKS)["repos"][0]["hooks"] if hook["id"] == "schema"]
    for file in ("leafrack/fabric/model.py", "leafrack/fabric/switch.py", "config/fabric.schema.json"):
        assert (ROOT / file).exists()
        assert re.search(hook["files"], file)
    assert not re.search(hook["files"], "components/fabric.py")
