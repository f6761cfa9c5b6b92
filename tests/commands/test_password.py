"""The step that gives calico-node a rack's password, against a real API server: each rack's key is its own."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from leafrack.fabric.names import PASSWORD_SECRET
from leafrack.world.model import Cluster
from leafrack.world.passwords import RackPassword, back, forward
from tests.conftest import Lab

pytestmark = pytest.mark.lab

NAMESPACE = "kube-system"


@pytest.fixture
def rr1(lab: Lab) -> Iterator[RackPassword]:
    yield RackPassword(
        rack="rr1",
        password="Correct-Horse-7",
        namespace=NAMESPACE,
        manager="leafrack:test/step:password-rr1",
        cluster=Cluster(kubeconfig=str(lab.dir / "kubeconfig"), context="leafrack"),
    )
    lab.kubectl("delete", "secret", PASSWORD_SECRET, "-n", NAMESPACE, "--ignore-not-found")
    lab.kubectl("create", "secret", "generic", PASSWORD_SECRET, "-n", NAMESPACE)


def of(rack: str, rr1: RackPassword, password: str = "Battery-Staple-8") -> RackPassword:  # noqa: S107 - a test's
    return rr1.model_copy(update={"rack": rack, "password": password, "manager": f"leafrack:test/step:password-{rack}"})


def secret(lab: Lab) -> dict[str, Any]:
    return dict(json.loads(lab.kubectl("get", "secret", PASSWORD_SECRET, "-n", NAMESPACE, "-o", "json")))


def keys(lab: Lab) -> dict[str, str]:
    return {rack: b64decode(text).decode() for rack, text in (secret(lab).get("data") or {}).items()}


def test_a_rack_gets_another_password_or_loses_it_and_the_others_keep_theirs(lab: Lab, rr1: RackPassword) -> None:
    rr2 = of("rr2", rr1)
    forward(rr1)
    forward(rr2)
    assert keys(lab) == {"rr1": "Correct-Horse-7", "rr2": "Battery-Staple-8"}
    forward(of("rr1", rr1, "another"))
    assert keys(lab) == {"rr1": "another", "rr2": "Battery-Staple-8"}
    back(rr1)
    assert keys(lab) == {"rr2": "Battery-Staple-8"}
    back(rr2)
    assert keys(lab) == {}


def test_the_same_password_again_changes_nothing(lab: Lab, rr1: RackPassword) -> None:
    forward(rr1)
    before = secret(lab)
    forward(rr1)
    assert secret(lab) == before


def test_a_password_that_was_set_by_hand_is_taken_over(lab: Lab, rr1: RackPassword) -> None:
    forward(rr1)
    lab.kubectl("patch", "secret", PASSWORD_SECRET, "-n", NAMESPACE, "-p", '{"stringData": {"rr1": "by-hand"}}')
    assert keys(lab) == {"rr1": "by-hand"}
    forward(rr1)
    assert keys(lab) == {"rr1": "Correct-Horse-7"}


def test_a_key_that_an_older_leafrack_gives_up_afterwards_stays(lab: Lab, rr1: RackPassword) -> None:
    """In the state of an older version all racks' keys were one resource's, under the stack's own manager."""
    older = ("apply", "--server-side", "--field-manager", "leafrack:test/step", "-f", "-")
    content = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": PASSWORD_SECRET, "namespace": NAMESPACE},
        "stringData": None, "data": {"rr1": "Q29ycmVjdC1Ib3JzZS03"},
    }  # fmt: skip
    lab.kubectl(*older, stdin=json.dumps(content))
    forward(rr1)
    lab.kubectl(*older, stdin=json.dumps({**content, "data": None}))
    assert keys(lab) == {"rr1": "Correct-Horse-7"}


def test_many_racks_at_once_all_get_theirs(lab: Lab, rr1: RackPassword) -> None:
    racks = [of(f"rack{number}", rr1) for number in range(24)]
    with ThreadPoolExecutor(len(racks)) as pool:
        list(pool.map(forward, racks))
    assert keys(lab).keys() == {each.rack for each in racks}


def test_a_secret_that_is_gone_is_not_made_to_take_a_key_from_it(lab: Lab, rr1: RackPassword) -> None:
    lab.kubectl("delete", "secret", PASSWORD_SECRET, "-n", NAMESPACE)
    back(rr1)
    assert lab.kubectl("get", "secret", PASSWORD_SECRET, "-n", NAMESPACE, "--ignore-not-found") == ""
