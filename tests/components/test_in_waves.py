"""A fabric that is registered wave by wave: the same resources, and nothing behind a wave that the SDK would walk."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, resource_cycle_breaker
from pulumi.runtime.proto import resource_pb2

from components import Access, Fabric, FabricArgs
from leafrack.fabric import Fabric as FabricFile
from leafrack.fabric import Interconnect
from leafrack.fabric.load import load_fabric
from leafrack.fabric.model import Waves
from tests.components.test_fabric import Monitor, Resource, _Mocks

PROD = load_fabric(Path("config/fabrics/prod.yaml")).model_copy(update={"waves": Waves(at_once=1)})
SECRETS = {"rack1": "s3cret"}


class Walked:
    """How far the SDK walks for each edge."""

    def __init__(self) -> None:
        self.most = 0

    def reachable(self, from_resource: pulumi.Resource, to_resource: pulumi.Resource) -> bool:
        visited: set[pulumi.Resource] = set()
        found = any(
            each == to_resource for each in resource_cycle_breaker._with_transitive_deps(from_resource, visited)
        )
        self.most = max(self.most, len(visited))
        return found


class Failing(Monitor):
    """An engine on which one resource fails, as under --continue-on-error."""

    def __init__(self, fails: str) -> None:
        super().__init__()
        self._fails = fails

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        answer = super().RegisterResource(request)
        if request.name == self._fails:
            answer.result = resource_pb2.Result.FAIL
        return answer


def build(*, in_waves: bool, monitor: Monitor, declared: FabricFile = PROD) -> Mapping[str, Resource]:
    mocks.set_mocks(_Mocks(), project="leafrack", stack="test", preview=False, monitor=monitor)
    args = FabricArgs(declared=declared, access=Access(kubeconfig="kube", context="c"), passwords=SECRETS)

    async def program() -> None:
        if in_waves:
            await Fabric.in_waves("prod", args)
        else:
            Fabric("prod", args)

    loop = asyncio.get_event_loop_policy().get_event_loop()
    loop.run_until_complete(pulumi.runtime.stack.run_pulumi_func(program))
    made = map(Resource, monitor.requests)
    return {resource.name: resource for resource in made if resource.type != "pulumi:pulumi:Stack"}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    pulumi.runtime.settings.SETTINGS.rpc_manager.clear()
    pulumi.runtime.settings.SETTINGS.outputs.clear()
    yield
    pulumi.runtime.reset_options()
    pulumi.runtime.settings.SETTINGS.rpc_manager.clear()
    pulumi.runtime.settings.SETTINGS.outputs.clear()


def test_wave_by_wave_the_same_is_registered_and_depends_on_the_same() -> None:
    whole, in_waves = (build(in_waves=way, monitor=Monitor()) for way in (False, True))
    assert set(in_waves) == set(whole)
    for name, resource in whole.items():
        assert in_waves[name].waits_for == resource.waits_for, name
        assert (in_waves[name].parent, in_waves[name].inputs) == (resource.parent, resource.inputs), name


def test_the_sdk_walks_no_further_than_a_rack_for_an_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    far: dict[bool, int] = {}
    for in_waves in (False, True):
        walked = Walked()
        monkeypatch.setattr(resource_cycle_breaker, "_reachable", walked.reachable)
        made = build(in_waves=in_waves, monitor=Monitor())
        far[in_waves] = walked.most
    assert far[False] > len(made) / 2
    assert far[True] < 2 * len(made) / len(PROD.racks)


def test_a_wave_that_fails_ends_the_program_and_no_later_one_is_registered() -> None:
    monitor = Failing("connected-2-gate")
    with pytest.raises(pulumi.RunError) as said:
        build(in_waves=True, monitor=monitor)
    racks = [rack for (rack,) in PROD.in_waves()]
    registered = {request.name for request in monitor.requests}
    assert {"connected-1-gate", *racks[:2]} <= registered
    assert not {"connected-3-gate", "linked-gate", *racks[2:]} & registered
    assert "connect: wave 2 of 4 (rack2) has failed: the waves after it were not begun" in str(said.value)


def test_an_update_tells_its_waves(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda line, *_, **__: told.append(line))
    build(in_waves=True, monitor=Monitor())
    waves = len(PROD.in_waves())
    assert told[0] == f"connect: wave 1 of {waves} ({', '.join(PROD.in_waves()[0])})"
    assert [line.partition(":")[0] for line in told] == ["connect"] * waves + ["link"] * waves + ["finish"] * waves


@pytest.mark.parametrize("interconnect", list(Interconnect))
def test_a_wave_waits_for_no_more_than_the_one_before_it_however_many_there_were(interconnect: Interconnect) -> None:
    racks = {name: rack.model_copy(update={"interconnect": interconnect}) for name, rack in PROD.racks.items()}
    many = PROD.model_copy(update={"racks": racks, "waves": Waves(at_once=1)})
    made = build(in_waves=True, monitor=Monitor(), declared=many)
    named = [next(iter(rack.leaves)) for rack in many.racks.values()]
    waits = [len(made[f"{leaf}-retired"].waits_for) for leaf in named]
    assert waits[2:] == waits[1:-1], waits


def test_each_resource_is_told_with_the_line_that_makes_it_and_little_of_the_stack_before() -> None:
    monitor = Monitor()
    build(in_waves=True, monitor=monitor)
    told = [request for request in monitor.requests if request.type.startswith(("command:", "kubernetes:"))]
    assert {Path(request.sourcePosition.uri).parent.name for request in told} == {"components"}
    assert max(len(request.stackTrace.frames) for request in told) <= 2


def test_all_objects_of_the_cluster_ask_for_one_version_of_the_provider() -> None:
    monitor = Monitor()
    build(in_waves=True, monitor=monitor)
    objects = [request for request in monitor.requests if request.type.startswith("kubernetes:")]
    assert "kubernetes:core/v1:NodePatch" in {request.type for request in objects}
    assert {request.version for request in objects} == {importlib.metadata.version("pulumi-kubernetes")}
