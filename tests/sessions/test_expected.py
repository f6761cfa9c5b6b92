"""What a healthy fabric looks like, from the fabric file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.fabrics import values as large
from leafrack.fabric import Fabric, Interconnect
from leafrack.fabric.load import load_fabric
from leafrack.sessions import expected
from leafrack.sessions.model import Phase, SessionKind

EXAMPLE = Path("config/fabrics/dev.yaml")

LEAF = {"node1 ↔ leaf01", "node2 ↔ leaf01", "node4 ↔ leaf02", "node5 ↔ leaf02"}
NODE = {
    "node1 ↔ node2",
    "node1 ↔ node3",
    "node2 ↔ node3",
    "node4 ↔ node5",
    "node4 ↔ node6",
    "node5 ↔ node6",
}


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return load_fabric(EXAMPLE)


@pytest.mark.parametrize(
    ("phase", "names"),
    [(Phase.CONNECTED, LEAF), *((phase, LEAF | NODE) for phase in Phase if phase is not Phase.CONNECTED)],
)
def test_each_phase_expects_its_sessions_once(fabric: Fabric, phase: Phase, names: set[str]) -> None:
    found = [str(session) for session in expected.sessions(fabric, phase)]
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize(
    ("phase", "as_numbers"),
    [(Phase.CONNECTED, (64512, 64513)), (Phase.LINKED, (64512, 64513)), (Phase.FINISHED, (64513,))],
)
def test_a_rack_may_still_have_the_fabrics_as_until_the_last_phase(
    fabric: Fabric, phase: Phase, as_numbers: tuple[int, ...]
) -> None:
    for session in expected.sessions(fabric, phase, ["rr2"]):
        assert session.near.as_numbers == as_numbers
        assert session.far.as_numbers == ((65010,) if session.kind is SessionKind.LEAF else as_numbers)


def test_a_reflectors_own_gate_sees_all_of_its_sessions_the_earlier_reflector_included(fabric: Fabric) -> None:
    sessions = expected.of_reflector(fabric, "rr1", "node2", Phase.LINKED)
    assert {str(session) for session in sessions} == {"node2 ↔ leaf01", "node2 ↔ node1", "node2 ↔ node3"}


def test_a_second_family_has_sessions_of_its_own_where_both_ends_have_an_address() -> None:
    fabric = Fabric.model_validate(
        {
            "name": "dual",
            "podCIDRs": ["10.244.0.0/16", "fd00:244::/48"],
            "racks": {
                "r1": {
                    "asNumber": 64601,
                    "leaves": {"l1": {"address": ["10.1.0.1", "fd00:1::1"], "asNumber": 65001}},
                    "reflectors": {"n1": ["10.1.0.11", "fd00:1::11"]},
                    "members": {"n2": "10.1.0.12"},
                }
            },
        }
    )
    assert [str(session) for session in expected.sessions(fabric)] == ["n1 ↔ l1", "n1 ↔ l1 (IPv6)", "n1 ↔ n2"]


def other_ways(**changed: object) -> Fabric:
    rack = {"interconnect": None, **changed}
    return Fabric.model_validate(
        {
            "name": "dc1",
            "podCIDRs": ["10.244.0.0/16"],
            "reflectorMesh": rack.pop("reflectorMesh", False),
            "racks": {
                f"r{number}": {
                    "asNumber": 64600 + number,
                    "leaves": {f"l{number}": {"address": f"10.{number}.0.1", "asNumber": 65000 + number}},
                    "reflectors": {f"a{number}": f"10.{number}.0.11"},
                    "members": {f"b{number}": f"10.{number}.0.12", f"c{number}": f"10.{number}.0.13"},
                    **(rack if number == 1 else {}),
                }
                for number in (1, 2)
            },
        }
    )


SECOND = {"a2 ↔ l2", "a2 ↔ b2", "a2 ↔ c2"}
ALL_TO_LEAF = {"a1 ↔ l1", "b1 ↔ l1", "c1 ↔ l1"}


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"interconnect": "top-of-rack"}, ALL_TO_LEAF),
        ({"interconnect": "full-mesh"}, ALL_TO_LEAF | {"a1 ↔ b1", "a1 ↔ c1", "b1 ↔ c1"}),
        ({"reflectorMesh": True}, {"a1 ↔ l1", "a1 ↔ b1", "a1 ↔ c1", "a1 ↔ a2"}),
    ],
)
def test_each_interconnect_has_sessions_of_its_own(changed: dict[str, object], names: set[str]) -> None:
    found = [str(session) for session in expected.sessions(other_ways(**changed))]
    assert sorted(found) == sorted(names | SECOND)


def test_a_full_mesh_of_all_racks_is_the_mesh_of_the_cluster_and_comes_last() -> None:
    racks = other_ways().racks
    whole = {name: rack.model_copy(update={"as_number": None}) for name, rack in racks.items()}
    fabric = other_ways().model_copy(update={"interconnect": Interconnect.FULL_MESH, "racks": whole})
    before = expected.sessions(fabric, Phase.LINKED)
    assert {session.kind for session in before} == {SessionKind.LEAF}
    final = expected.sessions(fabric)
    assert [str(session) for session in final[: len(before)]] == [str(session) for session in before]
    assert [session.kind for session in final[len(before) :]] == [SessionKind.MESH] * (6 * 5 // 2)


def test_a_rack_with_a_local_as_shows_it_to_its_leaves_only() -> None:
    sessions = expected.sessions(other_ways(asNumber=None, localASNumber=64700))
    numbers = {str(session): session.near.as_numbers for session in sessions if session.rack == "r1"}
    assert numbers == {"a1 ↔ l1": (64700,), "a1 ↔ b1": (64512,), "a1 ↔ c1": (64512,)}


def test_beyond_a_hundred_nodes_two_of_each_rack_tell_of_the_mesh() -> None:
    many = Fabric.model_validate(large(3, labelled=False))
    found = expected.mesh(many)
    assert {(s.near.name, s.rack) for s in found} == {
        (f"r{rack:03}n{node:02}", f"rack{rack:03}") for rack in range(3) for node in range(2)
    }
    assert len(found) == 3 * (39 + 38)
    others = expected.mesh(many, reflectors=False)
    assert [s.near.name for s in others if s.rack == "rack000"] == ["r000n02"] * 37 + ["r000n03"] * 36


def test_a_former_reflector_is_seen_in_the_mesh_or_with_the_other_reflectors(fabric: Fabric) -> None:
    for node, mesh, nodes in (
        ("node1", {"node1 ↔ node2", "node1 ↔ node3"}, {"node2 ↔ node1"}),
        ("node2", {"node2 ↔ node3"}, {"node1 ↔ node2"}),
    ):
        found = expected.of_former_reflector(fabric, "rr1", node)
        assert {str(session) for session in found if session.kind is SessionKind.MESH} == mesh
        assert {str(session) for session in found if session.kind is SessionKind.NODE} == nodes


@pytest.mark.parametrize(("phase", "keeps"), [(phase, phase is not Phase.FINISHED) for phase in Phase])
def test_a_session_may_keep_an_earlier_as_until_the_last_phase(fabric: Fabric, phase: Phase, *, keeps: bool) -> None:
    assert {session.near.keep for session in expected.sessions(fabric, phase)} == {keeps}


def test_on_the_way_back_the_leaves_must_see_the_fabrics_as(fabric: Fabric) -> None:
    near = {
        (session.kind, session.near.as_numbers, session.near.keep) for session in expected.way_back_to_leaves(fabric)
    }
    assert near == {(SessionKind.LEAF, (64512,), False)}
