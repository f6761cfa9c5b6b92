"""How the graph goes through racks: as many at once as the file says, in every phase each wave after the one before."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from components import waves as going
from leafrack.fabric.load import load_fabric
from leafrack.fabric.model import Waves
from tests.components.test_fabric import Registered, behind, register

PROD = load_fabric(Path("config/fabrics/prod.yaml"))
RACKS = {"rack1", "rack2", "rack3", "rack4"}
PHASES = {
    "connect": ("{}-node03-labels", "connected-{}-gate"),
    "link": ("{}-reflectors", ""),
    "finish": ("{}-as-number", ""),
}
"""What a rack begins a phase with, and the gate of a wave where it has one of its own."""


@pytest.fixture(scope="module")
def at_once() -> Iterator[dict[int, Registered]]:
    """The graph of four racks by how many of them change together."""
    given = {name: getattr(PROD, name) for name in type(PROD).model_fields}
    yield {number: register({}, **{**given, "waves": Waves(at_once=number)}) for number in (1, 2, 4)}
    pulumi.runtime.reset_options()


@pytest.mark.parametrize(
    ("number", "waves"),
    [
        (1, ({"rack1"}, {"rack2"}, {"rack3"}, {"rack4"})),
        (2, ({"rack1"}, {"rack2", "rack3"}, {"rack4"})),
        (4, ({"rack1"}, {"rack2", "rack3", "rack4"})),
    ],
)
@pytest.mark.parametrize("phase", PHASES)
def test_a_rack_waits_for_all_racks_of_the_waves_before_and_for_none_of_its_own(
    number: int, waves: tuple[set[str], ...], phase: str, at_once: dict[int, Registered]
) -> None:
    made = at_once[number]
    first, gate = PHASES[phase]
    done: set[str] = set()
    for at, wave in enumerate(waves, start=1):
        for rack in wave:
            waited = behind(made, first.format(rack))
            assert {other for other in RACKS - {rack} if first.format(other) in waited} == done
            if phase == "finish":
                assert {other for other in RACKS - {rack} if f"{other}-finished-gate" in waited} == done
            if gate:
                assert {n for n in range(1, 5) if gate.format(n) in waited} == set(range(1, at))
        done |= wave


def test_the_sdk_sees_the_end_of_the_stack_alone_and_an_error_all_of_it() -> None:
    seen: list[tuple[int, str]] = []

    def walk() -> going.Walk:
        for _ in range(2):
            frames = traceback.extract_stack()
            seen.append((len(frames), frames[-1].name))
            yield going.Wave(phase="connect", number=1, of=1, racks=["rr1"], made=[])
        deep(20)

    def deep(left: int) -> None:
        if left == 0:
            raise RuntimeError
        deep(left - 1)

    with pytest.raises(RuntimeError) as caught:
        going.at_once(walk())
    assert seen == [(7, "walk"), (7, "walk")]
    assert len(traceback.extract_tb(caught.value.__traceback__)) > 20
