"""Whose routing tables ``leafrack status`` looks at: every one, or of a large fabric one of some racks."""

from __future__ import annotations

import pytest

from bench import fabrics
from leafrack.commands import status
from leafrack.fabric import Fabric


def fabric(racks: int) -> Fabric:
    """Racks of forty, every second one top of rack, the others with two reflectors."""
    return Fabric.model_validate(fabrics.values(racks, labelled=False))


def test_of_a_small_fabric_every_node_is_asked_reflectors_first() -> None:
    small = fabric(2)
    asked = status.tables(small)
    assert len(asked) == 80
    assert list(asked[:2]) == list(small.reflectors_of("rack000"))


def test_of_a_large_fabric_one_node_a_rack_is_asked_that_has_its_routes_from_reflectors() -> None:
    large = fabric(4)
    asked = status.tables(large)
    assert [next(rack for rack in large.racks if node in large.racks[rack].nodes) for node in asked] == [*large.racks]
    assert not {node for rack in large.racks for node in large.reflectors_of(rack)} & {*asked}
    assert len(status.tables(large, every=True)) == 160


@pytest.mark.parametrize(("racks", "asked"), [(10, 10), (50, 5), (125, 1)])
def test_the_larger_a_fabric_the_fewer_tables_go_to_all_of_its_nodes(racks: int, asked: int) -> None:
    large = fabric(racks)
    found = status.tables(large)
    numbers = [number for number, rack in enumerate(large.racks.values()) if set(rack.nodes) & set(found)]
    assert numbers == list(range(0, racks, racks // asked)), "all over the fabric"


def test_a_rack_of_reflectors_alone_is_asked_too() -> None:
    values = fabrics.values(4, labelled=False)
    values["racks"]["rack000"]["members"] = {}
    assert set(status.tables(Fabric.model_validate(values))) & set(values["racks"]["rack000"]["reflectors"])


@pytest.mark.parametrize(("given", "every"), [((), False), (("--every-table",), True)])
def test_every_table_is_asked_for_by_an_option(given: tuple[str, ...], every: bool) -> None:  # noqa: FBT001 - a case
    assert status.arguments(["--fabric", "x.yaml", *given]).every_table is every
