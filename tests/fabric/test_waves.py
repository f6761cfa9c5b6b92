"""In which order racks change."""

from __future__ import annotations

from pathlib import Path

import pytest

from leafrack.errors import FabricError
from leafrack.fabric.load import load_fabric

EXAMPLE = Path("config/fabrics/prod.yaml").read_text(encoding="utf-8")


def fabric_with(tmp_path: Path, waves: str) -> Path:
    file = tmp_path / "fabric.yaml"
    file.write_text(f"{EXAMPLE}\n{waves}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("waves", "sizes"),
    [
        ("", [1, 3]),
        ("waves: {atOnce: 1}", [1, 1, 1, 1]),
        ("waves: {atOnce: 2}", [1, 2, 1]),
    ],
)
def test_one_rack_goes_first_and_then_some_at_once(tmp_path: Path, waves: str, sizes: list[int]) -> None:
    fabric = load_fabric(fabric_with(tmp_path, waves))
    assert [len(wave) for wave in fabric.in_waves()] == sizes
    assert [rack for wave in fabric.in_waves() for rack in wave] == list(fabric.racks)


def test_the_canary_can_be_chosen(tmp_path: Path) -> None:
    last = list(load_fabric("config/fabrics/prod.yaml").racks)[-1]
    fabric = load_fabric(fabric_with(tmp_path, f"waves: {{canary: {last}}}"))
    assert fabric.in_waves()[0] == (last,)


def test_a_canary_that_is_no_rack_is_refused_with_its_line(tmp_path: Path) -> None:
    file = fabric_with(tmp_path, "waves: {canary: nowhere}")
    with pytest.raises(FabricError) as refused:
        load_fabric(file)
    line = len(file.read_text(encoding="utf-8").splitlines())
    known = "known here are rack1, rack2, rack3, rack4"
    assert str(refused.value) == f"{file}:{line}: waves.canary: the fabric has no rack 'nowhere': {known}"
