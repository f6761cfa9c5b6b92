"""What holds for every fabric, however odd."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.fabrics import Values, rack, values
from leafrack.fabric import Fabric
from leafrack.proof import prove
from leafrack.proof.classes import Classes
from leafrack.proof.model import What
from leafrack.proof.proof import losses
from leafrack.proof.sessions import carried, standing
from leafrack.proof.simulate import Walk
from leafrack.proof.topology import topology
from leafrack.proof.verdict import verdicts
from tests.proof.fabrics import fabric

WAYS = ("route-reflectors", "full-mesh", "top-of-rack")
PLAIN = settings(deadline=None, max_examples=60)


@st.composite
def racks_of(draw: st.DrawFn, number: int, spines: int, versions: tuple[int, ...]) -> Values:
    made = rack(
        number,
        reflectors=draw(st.integers(0, 3)),
        members=draw(st.integers(0, 2)),
        leaves=draw(st.integers(1, 2)),
        spines=spines,
        versions=versions,
        asNumber=draw(st.sampled_from([64512, 64513, 64514, 65101, 65201])),
        interconnect=draw(st.sampled_from(WAYS)),
    )
    if draw(st.booleans()):
        made["localASNumber"] = draw(st.sampled_from([64513, 64514, 64515, 65101]))
        del made["asNumber"]
    for leaf in made["leaves"].values():
        leaf["asOverride"] = draw(st.booleans())
        leaf["uplinks"] = {name: link for name, link in leaf["uplinks"].items() if draw(st.booleans())}
        leaf["asNumber"] = draw(st.sampled_from([leaf["asNumber"], 65101, 65201, 64513]))
    return made


@st.composite
def odd_fabrics(draw: st.DrawFn) -> Fabric:
    """AS numbers that clash, leaves without uplinks, racks without reflectors or nodes: whatever a file can hold."""
    spines = draw(st.integers(0, 3))
    versions = draw(st.sampled_from([(4,), (6,), (4, 6)]))
    count = draw(st.integers(1, 4))
    made: dict[str, Any] = {f"rr{one}": draw(racks_of(one, spines, versions)) for one in range(1, count + 1)}
    shared = {"asNumber": draw(st.sampled_from([64512, 100])), "reflectorMesh": draw(st.booleans())}
    return fabric(values(made, spines=spines, versions=versions, **shared))


@st.composite
def symmetric(draw: st.DrawFn) -> Values:
    spines = draw(st.integers(0, 2))
    way = draw(st.sampled_from(WAYS))
    reflectors, members = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    leaves, count = draw(st.integers(1, 2)), draw(st.integers(1, 4))
    shared, linked = draw(st.booleans()), draw(st.booleans())

    def one(number: int) -> Values:
        made = rack(number, reflectors=reflectors, members=members, leaves=leaves, spines=spines)
        return {**made, "asNumber": 64512} if shared else made

    return values(
        {f"rr{number}": one(number) for number in range(1, count + 1)},
        spines=spines,
        interconnect=way,
        reflectorMesh=linked,
    )


@PLAIN
@given(odd_fabrics())
def test_every_walk_ends_and_every_missing_route_has_a_cause(declared: Fabric) -> None:
    proof = prove(declared)
    assert all(problem.text and problem.path for problem in (*proof.unreachable, *proof.warnings))
    assert bool(proof.unreachable) >= any(not verdict.ok for verdict in proof.verdicts)
    assert not any("never settle" in problem.text for problem in proof.unreachable)


@PLAIN
@given(odd_fabrics())
def test_what_is_proved_on_a_few_of_each_kind_holds_for_all(declared: Fabric) -> None:
    proof, walk = prove(declared), Walk(standing(topology(declared), {}))
    for holder, there in declared.racks.items():
        for origin, here in declared.racks.items():
            for version in declared.versions:
                entries = [
                    (name, walk.of(prefix).entries.get(name))
                    for prefix in walk.topology.origins
                    if prefix.what is What.PODS and prefix.node in here.nodes and prefix.version == version
                    for name in (*there.nodes, *there.leaves)
                ]
                whole = all(entry is not None and entry.usable for _, entry in entries)
                services = proof.of(holder, origin, version).services
                assert (proof.of(holder, origin, version).ok and services) == (whole and services)


@settings(PLAIN, max_examples=30)
@given(odd_fabrics())
def test_single_points_found_on_a_few_of_each_kind_are_those_of_the_whole_fabric(declared: Fabric) -> None:
    every = Classes(declared, {name: (name,) for name in declared.racks}, {})
    walk = Walk(carried(topology(declared)))
    whole = set(losses(every, walk, tuple(verdicts(every, walk))))
    proof = prove(declared)
    alike = {name for point in proof.single_points for name in proof.classes.likes.get(point.rack, ())}
    assert {point.speaker for point in proof.single_points} <= whole
    racks = {walk.topology.speakers[name].rack for name in whole} - {""}
    assert racks == alike


@PLAIN
@given(symmetric())
def test_in_a_symmetric_fabric_reachability_is_symmetric(given_values: Values) -> None:
    proof = prove(fabric(given_values))
    for verdict in proof.verdicts:
        assert proof.of(verdict.origin, verdict.holder, verdict.version).ok == verdict.ok


@PLAIN
@given(symmetric(), st.data())
def test_one_more_reflector_never_takes_reachability_away(given_values: Values, data: st.DataObject) -> None:
    before = prove(fabric(given_values))
    name = data.draw(st.sampled_from(sorted(given_values["racks"])))
    chosen = given_values["racks"][name]
    if not chosen["members"]:
        return
    promoted = next(iter(chosen["members"]))
    more = {
        **chosen,
        "reflectors": {**chosen["reflectors"], promoted: chosen["members"][promoted]},
        "members": {node: own for node, own in chosen["members"].items() if node != promoted},
    }
    after = prove(fabric({**given_values, "racks": {**given_values["racks"], name: more}}))
    for holder in given_values["racks"]:
        for origin in given_values["racks"]:
            assert after.of(holder, origin, 4).ok >= before.of(holder, origin, 4).ok


@pytest.mark.parametrize("way", WAYS)
def test_the_tables_hold_every_pod_block_on_every_speaker(way: str) -> None:
    declared = fabric(values(3, spines=2, versions=(4, 6), interconnect=way))
    tables = prove(declared).tables
    assert set(tables) == set(topology(declared).speakers)
    for table in tables.values():
        assert sum(prefix.what is What.PODS and entry.usable for prefix, entry in table.items()) == 2 * 9
