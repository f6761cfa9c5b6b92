"""The Kubernetes provider of a fabric: a create of what exists takes it over, whatever SDK is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.runtime import mocks

from components import Access
from components import access as module


class _Mocks(mocks.Mocks):
    def __init__(self) -> None:
        self.made: dict[str, mocks.MockResourceArgs] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[args.name] = args
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


@pytest.fixture
def engine() -> _Mocks:
    made = _Mocks()
    mocks.set_mocks(made, project="leafrack", stack="test", preview=False)
    return made


class _OldArgs:
    """Arguments of a provider of pulumi-kubernetes 4.25."""


class _NewArgs:
    """Arguments of a provider from 4.29 on."""

    upsert_existing_objects = None


class _Sdk:
    """A pulumi-kubernetes of which only the provider is looked at: it notes what it is given."""

    KubeClientSettingsArgs = dict[str, int]

    def __init__(self, arguments: type) -> None:
        self.ProviderArgs = arguments
        self.given: dict[str, Any] = {}

    def Provider(self, name: str, opts: pulumi.ResourceOptions | None, **given: Any) -> None:  # noqa: N802 - the SDK's
        self.given = given


COMMON = {
    "kubeconfig": "kube",
    "context": "c",
    "enable_server_side_apply": True,
    "kube_client_settings": {"qps": 500, "burst": 1000, "timeout": 30},
}
SDKS = {
    "4.25, where a create always does": (_OldArgs, COMMON),
    "4.29, where it is asked for": (_NewArgs, {**COMMON, "upsert_existing_objects": True}),
}


@pytest.mark.parametrize(("arguments", "given"), SDKS.values(), ids=SDKS)
def test_a_create_takes_over_what_exists_with_pulumi_kubernetes(
    arguments: type, given: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = _Sdk(arguments)
    monkeypatch.setattr(module, "kubernetes", sdk)
    Access(kubeconfig="kube", context="c").provider("cluster")
    assert sdk.given == given


def test_the_installed_sdk_sends_it_to_the_engine_where_its_provider_knows_it(engine: _Mocks) -> None:
    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def build() -> pulumi.Output[str]:
        return Access(kubeconfig="kube", context="c").provider("cluster").id

    build()
    made = engine.made["cluster"]
    major, minor = map(int, version("pulumi-kubernetes").split(".")[:2])
    assert made.typ == "pulumi:providers:kubernetes"
    assert made.inputs["enableServerSideApply"] == "true"
    assert made.inputs.get("upsertExistingObjects") == ("true" if (major, minor) >= (4, 29) else None)
    assert hasattr(kubernetes.ProviderArgs, "upsert_existing_objects") is ((major, minor) >= (4, 29))
