"""In which AS nodes are for their leaf: what a BGPPeer shows of them, before their own number, before the cluster's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address
from typing import Any

import pytest

from leafrack.fabric import names
from leafrack.world import shown
from leafrack.world.cluster import PeerState
from leafrack.world.model import Cluster
from leafrack.world.nodes import NodeState
from leafrack.world.shown import Nodes

FOUR, SIX, GONE = ip_address("172.20.0.11"), ip_address("fd00:1::11"), ip_address("172.20.0.99")
WHO = Nodes(
    cluster=Cluster(kubeconfig="kube", context="c"),
    nodes={FOUR: "node1", SIX: "node1", GONE: "node9"},
    peers={FOUR: "rr1-to-leaf01-peer", SIX: "rr1-to-leaf01-peer-v6", GONE: "rr1-to-leaf01-peer"},
)


@pytest.mark.parametrize(
    ("annotation", "configured", "local", "said"),
    [
        (None, {}, {}, (64512, 64512)),
        (None, {"asNumber": 64900}, {}, (64900, 64900)),
        ("64601", {"asNumber": 64900}, {}, (64601, 64601)),
        ("1.10", {}, {}, (65546, 65546)),
        ("64601", {}, {"rr1-to-leaf01-peer": 64700}, (64700, 64601)),
        (None, {}, {"rr1-to-leaf01-peer": 64700, "rr1-to-leaf01-peer-v6": 64701}, (64700, 64701)),
        ("x", {}, {}, (None, None)),
    ],
    ids=["Calico's own", "the cluster's", "its own", "asdot", "one peer's", "each peer's", "none that Calico reads"],
)
def test_a_node_shows_the_as_of_the_peer_before_its_own_before_the_clusters(
    annotation: str | None,
    configured: Mapping[str, Any],
    local: Mapping[str, int],
    said: tuple[int | None, int | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []
    has = {"node1": NodeState("node1", (), annotations={names.AS_NUMBER_ANNOTATION: annotation} if annotation else {})}

    class Reader:
        def __init__(self, of: object) -> None:
            assert of == WHO.cluster

        def nodes_named(self, named: Collection[str]) -> Mapping[str, NodeState]:
            asked.append(list(named))
            return {name: has[name] for name in named if name in has}

        def bgp_configuration(self) -> Mapping[str, Any]:
            return configured

        def peers_named(self, named: Iterable[str]) -> Mapping[str, PeerState]:
            return {name: PeerState(name, {"localASNumber": local[name]} if name in local else {}) for name in named}

    monkeypatch.setattr(shown, "Connection", lambda of: of)
    monkeypatch.setattr(shown, "ClusterReader", Reader)
    wanted = {who: number for who, number in zip((FOUR, SIX), said, strict=True) if number is not None}
    assert WHO.as_numbers((FOUR, SIX)) == wanted
    assert asked == [["node1"]], "each node once, and nobody else"


def test_what_is_asked_survives_the_way_to_the_command() -> None:
    assert Nodes.model_validate_json(WHO.model_dump_json()) == WHO
