"""A gate or a step that cannot do what it is for says so in one line, and never a password."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import CLONE

NOWHERE = '"cluster": {"kubeconfig": "none"}}'
GIVEN = {
    "step": '{"target": "node label", "key": "k", "values": {}, "manager": "m", ' + NOWHERE,
    "password": '{"rack": "r", "password": "s3cret", "namespace": "n", "manager": "m", ' + NOWHERE,
}
HALF = {
    "step": ("{}", 5),
    "password": ('{"password": ["s3cret"]}', 5),
    "gate": ('{"name": ["s3cret"]}', 4),
}


def ended(module: str, *arguments: str, text: str = "") -> tuple[int, str]:
    command = [sys.executable, "-m", "leafrack", module, *arguments]
    done = subprocess.run(command, cwd=CLONE, input=text, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.mark.parametrize("arguments", [(), ("sideways",), ("forward", "back")])
@pytest.mark.parametrize("module", HALF)
def test_it_says_how_it_is_called(module: str, arguments: tuple[str, ...]) -> None:
    assert ended(module, *arguments) == (2, f"usage: python -m leafrack {module} forward|back < given.json")


@pytest.mark.parametrize("module", HALF)
def test_it_says_that_it_was_not_told_what_to_do(module: str) -> None:
    text, errors = HALF[module]
    said = f"{module}: cannot read what to do: {errors} errors in it"
    assert ended(module, "forward", text=text) == ended(module, "back", text=text) == (2, said)


@pytest.mark.parametrize("module", GIVEN)
def test_it_says_that_there_is_no_way_to_the_cluster(module: str) -> None:
    said = "cluster: there is no kubeconfig none"
    assert ended(module, "forward", text=GIVEN[module]) == ended(module, "back", text=GIVEN[module]) == (1, said)
