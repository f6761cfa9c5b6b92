"""What a healthy fabric looks like, from the fabric file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Fabric
from config.load import load_fabric
from verify import expected
from verify.model import Kind, Phase

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
    [(Phase.CONNECTED, LEAF), (Phase.REFLECTED, LEAF | NODE), (Phase.FINAL, LEAF | NODE)],
)
def test_each_phase_expects_its_sessions_once(fabric: Fabric, phase: Phase, names: set[str]) -> None:
    found = [str(session) for session in expected.sessions(fabric, phase)]
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize(
    ("phase", "as_numbers"),
    [(Phase.CONNECTED, (64512, 64513)), (Phase.REFLECTED, (64512, 64513)), (Phase.FINAL, (64513,))],
)
def test_a_rack_may_still_have_the_fabrics_as_until_the_last_phase(
    fabric: Fabric, phase: Phase, as_numbers: tuple[int, ...]
) -> None:
    for session in expected.sessions(fabric, phase, ["rr2"]):
        assert session.near.as_numbers == as_numbers
        assert session.far.as_numbers == ((65010,) if session.kind is Kind.LEAF else as_numbers)


def test_a_reflectors_own_gate_sees_all_of_its_sessions_the_earlier_reflector_included(fabric: Fabric) -> None:
    sessions = expected.of_reflector(fabric, "rr1", "node2", Phase.REFLECTED, whole=True)
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
