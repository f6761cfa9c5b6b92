"""What one update cannot do: said before it begins, with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import Fabric, Interconnect
from leafrack.fabric.load import load_fabric
from leafrack.preflight import transitions as moves
from leafrack.world.cluster import Peer
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState

FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))
OURS = {"app.kubernetes.io/managed-by": "leafrack", "leafrack/fabric": "dc1"}


def nodes(**labels: str) -> Mapping[str, NodeState]:
    return {
        name: NodeState(name, tuple(addresses), labels=labels)
        for declared in FABRIC.racks.values()
        for name, addresses in declared.nodes.items()
    }


def rack(**changed: Any) -> Fabric:
    """The example with its second rack changed."""
    changes = {**FABRIC.racks, "rr2": FABRIC.racks["rr2"].model_copy(update=changed)}
    return FABRIC.model_copy(update={"racks": changes})


def said(fabric: Fabric, cluster: ClusterState) -> list[str]:
    return [str(problem) for problem in moves.findings(fabric, cluster)]


@pytest.mark.parametrize(
    ("before", "after", "refused"), [(None, None, False), (64600, None, True), (None, 64600, True)]
)
def test_a_rack_moves_to_another_interconnect_without_a_local_as_only(
    before: int | None, after: int | None, *, refused: bool
) -> None:
    spec = {"peerIP": "173.20.0.254", "asNumber": 65010, **({"localASNumber": before} if before else {})}
    cluster = ClusterState(nodes(**{"rr-group": "x"}), peers=(Peer("rr2-to-leaf02-peer", spec, OURS),))
    fabric = rack(as_number=None, interconnect=Interconnect.FULL_MESH, local_as_number=after)
    named = [
        line for line in said(fabric, cluster) if line.startswith("racks.rr2: a rack moves to another interconnect")
    ]
    assert bool(named) is refused


def test_a_local_as_comes_and_goes_where_the_rack_stays_as_it_is() -> None:
    spec = {"peerIP": "173.20.0.254", "asNumber": 65010, "localASNumber": 64600}
    cluster = ClusterState(nodes(**{"rr-group": "x"}), peers=(Peer("rr2-to-leaf2-peer", spec, OURS),))
    for local in (None, 64600, 64601):
        assert said(rack(as_number=None, local_as_number=local), cluster) == []


def test_a_first_update_starts_from_the_as_that_the_nodes_have() -> None:
    fabric = FABRIC.model_copy(update={"as_number": 64999})
    (line,) = said(rack(as_number=None).model_copy(update={"as_number": 64999}), ClusterState(nodes()))
    assert line.startswith(
        "asNumber: nodes of rack rr2 are in AS 64512 now, and the rack is to be in the fabric's AS 64999"
    )
    assert said(fabric, ClusterState(nodes())) == [], "racks with an AS of their own start in any"
    assert said(FABRIC, ClusterState(nodes())) == []
