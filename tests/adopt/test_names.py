"""Names that a cluster has and a fabric file cannot, and leaves of two families that nobody named."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.adopt.describe import describe
from leafrack.adopt.write import text_of
from leafrack.fabric import Fabric, names
from leafrack.fabric.load import load_fabric
from leafrack.world.cluster import Pool
from leafrack.world.nodes import NodeState
from tests.adopt.article import facts, node


def written(tmp_path: Path, given: Any) -> Fabric:
    file = tmp_path / "dc1.yaml"
    file.write_text(text_of(describe("dc1", given)))
    return load_fabric(file)


def test_nodes_with_dots_in_their_names_give_names_that_load(tmp_path: Path) -> None:
    nodes = tuple(node(f"n{host}.rack.example.net", f"172.20.0.1{host}/24", 64512, "") for host in (1, 2))
    peers = {f"{one.name}-leaf": {"node": one.name, "peerIP": "172.20.0.254", "asNumber": 65009} for one in nodes}
    fabric = written(tmp_path, facts(nodes=nodes, peers=peers, leaves=()))
    assert {name: list(rack.leaves) for name, rack in fabric.racks.items()} == {
        "rack-n1-rack-example-net": ["rack-n1-rack-example-net-leaf1"]
    }
    assert list(fabric.racks["rack-n1-rack-example-net"].nodes) == [one.name for one in nodes]


@pytest.mark.parametrize("value", ["Row.7", "row_7", "-row 7-"])
def test_a_label_that_no_rack_may_be_called_becomes_one_that_it_may(tmp_path: Path, value: str) -> None:
    one = replace(node("n1", "172.20.0.11/24", 64512, ""), labels={"row": value})
    peers = {"one": {"nodeSelector": f"(row == '{value}')", "peerIP": "172.20.0.254", "asNumber": 65009}}
    assert list(written(tmp_path, facts(nodes=(one,), peers=peers, leaves=())).racks) == ["row-7"]


def dual(name: str, host: int) -> NodeState:
    both = (ip_address(f"172.20.0.{host}"), ip_address(f"fd00::{host}"))
    annotations = {names.IPV4_ANNOTATION: f"172.20.0.{host}/24", names.IPV6_ANNOTATION: f"fd00::{host}/64"}
    return NodeState(name, both, {"rack": "r1"}, {**annotations, names.AS_NUMBER_ANNOTATION: "64512"})


def peer(address: str, as_number: int) -> dict[str, Any]:
    return {"nodeSelector": "rack == 'r1'", "peerIP": address, "asNumber": as_number}


@pytest.mark.parametrize(
    ("peers", "leaves"),
    [
        ({"a": peer("172.20.0.254", 65009), "b": peer("fd00::fe", 65009)}, [["172.20.0.254", "fd00::fe"]]),
        (
            {
                "one": peer("172.20.0.254", 65009),
                "one-v6": peer("fd00::fe", 65009),
                "two": peer("172.20.0.253", 65009),
                "two-v6": peer("fd00::fd", 65009),
            },
            [["172.20.0.253", "fd00::fd"], ["172.20.0.254", "fd00::fe"]],
        ),
        (
            {"a": peer("172.20.0.254", 65009), "b": peer("fd00::fe", 65010)},
            [["172.20.0.254"], ["fd00::fe"]],
        ),
    ],
    ids=["one AS", "names", "two AS"],
)
def test_a_leaf_of_two_families_that_nobody_named_is_one_leaf(peers: dict[str, Any], leaves: list[list[str]]) -> None:
    nodes = (dual("n1", 11), dual("n2", 12))
    pools = (Pool("four", ip_network("10.233.64.0/18")), Pool("six", ip_network("fd10::/64")))
    values = describe("dc1", facts(nodes=nodes, peers=peers, leaves=(), pools=pools)).values
    (rack,) = values["racks"].values()
    found = [one["address"] for one in rack["leaves"].values()]
    assert [one if isinstance(one, list) else [one] for one in found] == leaves
