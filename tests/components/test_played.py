"""A leaf whose jobs are played: a command of this machine's, with nothing of the job in what is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from components import Access
from components.rerun import VARIABLE
from leafrack.commands.switch import SwitchJob
from leafrack.fabric.load import load_fabric
from leafrack.platforms import Feature, SwitchState, Task
from leafrack.world.login import PASSWORD_VARIABLE, PRIVATE_KEY_VARIABLE
from leafrack.world.observed import Observed
from tests.components.test_fabric import Resource, given, register
from tests.world import toy_switch


def played_by(
    platform: str, passwords: Mapping[str, str], rack: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Resource]:
    """What there is of leaf01, which runs a platform whose jobs are played."""
    racks = load_fabric(Path("config/fabrics/dev.yaml")).racks
    leaf01 = racks["rr1"].leaves["leaf01"].model_copy(update={"platform": platform})
    rr1 = racks["rr1"].model_copy(update={"leaves": {"leaf01": leaf01}, **(rack or {})})
    made = register(passwords, racks={**racks, "rr1": rr1}, **more)
    return {name: each for name, each in made.items() if name.startswith("leaf01-") and each.type.startswith("command")}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Resource]]:
    toy_switch.register(monkeypatch, toy_switch.platform())
    access = Access(kubeconfig="kube", context="c", ssh_private_key="s3cret-key", ssh_password="s3cret-word")
    yield played_by(toy_switch.NAME, {"rr1": "s3cret-rr1"}, access=access)
    pulumi.runtime.reset_options()


def test_it_reads_its_job_on_standard_input_and_what_to_log_in_with_from_the_environment(
    played: dict[str, Resource],
) -> None:
    for task in Task:
        inputs = played[f"leaf01-{task}"].inputs
        job = SwitchJob.model_validate_json(given(played[f"leaf01-{task}"]))
        assert (job.job.task, job.endpoint.name, job.endpoint.platform) == (task, "leaf01", toy_switch.NAME)
        assert {each.password for each in job.job.neighbours} == {"s3cret-rr1" if task is Task.SESSIONS else None}
        assert rpc.is_rpc_secret(inputs["environment"])
        given_there = str(rpc.unwrap_rpc_secret(inputs["environment"]))
        assert all(name in given_there for name in (PRIVATE_KEY_VARIABLE, PASSWORD_VARIABLE))
        shown = {key: value for key, value in inputs.items() if not rpc.is_rpc_secret(value)}
        assert "s3cret" not in str(shown)
        assert "172.20.0.11" not in str({key: shown[key] for key in ("create", "update", "delete") if key in shown})
        assert inputs["addPreviousOutputInEnv"] is True
    assert rpc.is_rpc_secret(played["leaf01-sessions"].inputs["stdin"])


def test_it_knows_whom_to_ask_where_the_leaf_takes_no_neighbours_of_any_as(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks = replace(toy_switch.platform(), cannot={Feature.ANY_AS: "it takes one AS a neighbour"})
    access = Access(kubeconfig="kube", context="c")
    for made, asks in ((toy_switch.platform(), False), (lacks, True)):
        toy_switch.register(monkeypatch, made)
        found = played_by(toy_switch.NAME, {}, access=access, rack={"as_number": 64777})
        jobs = {task: SwitchJob.model_validate_json(given(found[f"leaf01-{task}"])) for task in Task}
        pulumi.runtime.reset_options()
        starts = {each.as_number for each in jobs[Task.SESSIONS].job.neighbours}
        assert (starts, jobs[Task.AS_NUMBERS].job.final_as) == ({64512 if asks else None}, 64777)
        assert {each.as_number for each in jobs[Task.AS_NUMBERS].job.neighbours} == starts, "what it goes back to"
        assert "delete" in found[f"leaf01-{Task.AS_NUMBERS}"].inputs
        assert [task for task, each in jobs.items() if each.nodes] == [Task.SESSIONS] * asks
        nodes = jobs[Task.SESSIONS].nodes
        if nodes is not None:
            assert nodes.cluster == access.cluster
            assert {str(who): node for who, node in nodes.nodes.items()} == {
                "172.20.0.11": "node1",
                "172.20.0.12": "node2",
            }
            assert set(nodes.peers.values()) == {"rr1-to-leaf1-peer"}


def test_it_waits_for_what_a_program_on_the_leaf_waits_for_and_is_deleted_before_it_is_replaced(
    played: dict[str, Resource],
) -> None:
    assert all(each.deleted_first for each in played.values())
    assert "leaf01-sessions" in played["leaf01-retired"].waits_for
    assert "leaf01-sessions" in played["leaf01-as-numbers"].waits_for
    assert json.loads(given(played["leaf01-retired"]))["job"]["task"] == "retired"


def test_it_runs_again_where_something_of_the_leaf_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    toy_switch.register(monkeypatch, toy_switch.platform())
    found = Observed(switches={"leaf01": SwitchState(65009)})
    drifted = played_by(toy_switch.NAME, {}, observed=found)
    pulumi.runtime.reset_options()
    assert drifted["leaf01-sessions"].inputs["environment"][VARIABLE]
    assert drifted["leaf01-sessions"].ignores == set()
    assert drifted["leaf01-retired"].ignores == {f"environment.{VARIABLE}"}
