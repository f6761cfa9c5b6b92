"""What the cluster says of its nodes, in the ways in which people write it."""

from __future__ import annotations

import pytest

from leafrack.fabric import names
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState


@pytest.mark.parametrize(
    ("said", "number"),
    [("64513", 64513), ("4200000001", 4200000001), ("1.10", 65546), ("0.64513", 64513), ("64513x", None), ("", None)],
)
def test_the_as_of_a_node_is_read_in_asplain_and_asdot(said: str, number: int | None) -> None:
    node = NodeState("n1", (), annotations={names.AS_NUMBER_ANNOTATION: said})
    assert ClusterState({"n1": node}, bgp_configuration={"asNumber": 64900}).as_of("n1") == number


def test_a_node_without_a_number_has_that_of_the_cluster() -> None:
    assert ClusterState({"n1": NodeState("n1", ())}, bgp_configuration={"asNumber": 64900}).as_of("n1") == 64900
    assert ClusterState({"n1": NodeState("n1", ())}).as_of("n1") == 64512
