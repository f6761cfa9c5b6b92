"""The fabrics that are tried: valid, the same for the same seed, with every pair of kinds between them."""

from __future__ import annotations

import pytest

from tests.generated.choose import CANDIDATES, another, chosen, drawn, uncovered
from tests.generated.draw import MOST_NODES, Drawn, fabrics, kinds_of, nodes_of

SEED, TWELVE = 3, 12


@pytest.fixture(scope="module")
def twelve() -> list[Drawn]:
    return chosen(SEED, TWELVE, MOST_NODES)


def test_twelve_fabrics_have_every_pair_of_kinds_between_them(twelve: list[Drawn]) -> None:
    assert len(twelve) == TWELVE
    assert uncovered(twelve, drawn(fabrics(), SEED, CANDIDATES * TWELVE)) == frozenset()


def test_each_is_valid_and_small_enough_for_the_lab(twelve: list[Drawn]) -> None:
    assert all(one.is_whole for one in twelve)
    assert max(len(nodes_of(one)) for one in twelve) <= MOST_NODES


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    first = chosen(SEED, 1, MOST_NODES)
    assert chosen(SEED, 1, MOST_NODES) == first
    assert chosen(SEED + 1, 1, MOST_NODES) != first


def test_a_change_keeps_the_wiring_and_what_the_cluster_is(twelve: list[Drawn]) -> None:
    for number, one in enumerate(twelve[:2]):
        then = another(one, number)
        assert then.file != one.file
        assert then.is_whole
        assert nodes_of(then) == nodes_of(one)
        assert (then.cluster_as, then.wiring) == (one.cluster_as, one.wiring)
        for rack, declared in one.fabric.racks.items():
            for name, leaf in declared.leaves.items():
                now = then.fabric.racks[rack].leaves[name]
                assert (now.address, now.as_number, now.uplinks) == (leaf.address, leaf.as_number, leaf.uplinks)


def test_no_fabric_is_without_a_kind_of_each_sort(twelve: list[Drawn]) -> None:
    for one in twelve:
        kinds = kinds_of(one)
        assert kinds & {"IPv4", "IPv6", "both families"}
        assert kinds & {"route-reflectors", "full-mesh", "top-of-rack"}
