"""The fabrics that are tried: valid, the same for the same seed, with every pair of kinds between them."""

from __future__ import annotations

import pytest

from leafrack.fabric.load import load_fabric
from leafrack.fabric.stand_ins import with_stand_ins
from leafrack.proof import prove
from tests.generated.choose import another, candidates_of, chosen, moves_of, uncovered
from tests.generated.draw import MOST_NODES, Drawn, kinds_of, nodes_of
from tests.generated.files import written

SEED, TWELVE = 3, 12
SOME = 60
"""Of the fabrics that twelve are chosen from: a look at one takes its time."""


@pytest.fixture(scope="module")
def twelve() -> list[Drawn]:
    return chosen(SEED, TWELVE, MOST_NODES)


def test_twelve_fabrics_have_every_pair_of_kinds_between_them(twelve: list[Drawn]) -> None:
    assert len(twelve) == TWELVE
    assert uncovered(twelve, candidates_of(SEED, TWELVE)) == frozenset()
    new = {"by label", "leaves that listen", "ranges", "services only"}
    assert new <= frozenset[str]().union(*map(kinds_of, twelve))


def test_every_fabric_that_is_drawn_passes_all_checks() -> None:
    for one in candidates_of(SEED, TWELVE)[:SOME]:
        with written(one.file) as file:
            load_fabric(file)
        with written(one.named) as file:
            load_fabric(file)


def test_the_proof_of_a_label_is_that_of_the_names_that_it_selects() -> None:
    labelled = [one for one in candidates_of(SEED, TWELVE)[:SOME] if one.labels]
    assert len(labelled) > SOME / 3
    for one in labelled[: SOME // 3]:
        invented = with_stand_ins(one.fabric, 1)
        by_label = [rack for rack in one.fabric.racks if one.fabric.by_label(rack)]
        assert all(invented.racks[rack].members for rack in by_label), (
            "somebody stands for those that the label selects"
        )
        assert [(each.holder, each.origin, each.ok) for each in prove(one.fabric).verdicts] == [
            (each.holder, each.origin, each.ok) for each in prove(one.named_fabric).verdicts
        ]


def test_each_is_valid_and_small_enough_for_the_lab(twelve: list[Drawn]) -> None:
    assert all(one.is_whole for one in twelve)
    assert max(len(nodes_of(one)) for one in twelve) <= MOST_NODES


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    first = chosen(SEED, 1, MOST_NODES)
    assert chosen(SEED, 1, MOST_NODES) == first
    assert chosen(SEED + 1, 1, MOST_NODES) != first


def test_a_change_keeps_the_wiring_and_what_the_cluster_is(twelve: list[Drawn]) -> None:
    moves = set[str]()
    for number, one in enumerate(twelve[:2]):
        then = another(one, number)
        moves |= moves_of(one, then)
        assert then.file != one.file
        assert then.is_whole
        assert nodes_of(then) == nodes_of(one)
        assert (then.cluster_as, then.wiring) == (one.cluster_as, one.wiring)
        for rack, declared in one.fabric.racks.items():
            for name, leaf in declared.leaves.items():
                now = then.fabric.racks[rack].leaves[name]
                assert (now.address, now.as_number, now.uplinks) == (leaf.address, leaf.as_number, leaf.uplinks)
    assert moves, "racks change in whom they know"


def test_every_node_that_a_label_selects_carries_it(twelve: list[Drawn]) -> None:
    for one in twelve:
        for rack, declared in one.fabric.racks.items():
            carry = {node for node, labels in one.labels.items() if str(declared.label) in labels}
            left = set(one.named_fabric.racks[rack].nodes) - set(declared.nodes)
            assert left <= carry <= set(one.named_fabric.racks[rack].nodes)
            ranges = one.fabric.ranges_of(rack)
            assert all(
                any(address in each for each in ranges)
                for node in left
                for address in one.named_fabric.racks[rack].nodes[node]
            )


def test_no_fabric_is_without_a_kind_of_each_sort(twelve: list[Drawn]) -> None:
    for one in twelve:
        kinds = kinds_of(one)
        assert kinds & {"IPv4", "IPv6", "both families"}
        assert kinds & {"route-reflectors", "full-mesh", "top-of-rack"}
