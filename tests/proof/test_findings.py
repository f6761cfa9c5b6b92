"""What an operator is told about a fabric: which pods do not arrive, why, and what would break the rest."""

from __future__ import annotations

import pytest

from lab.fabrics import Values, rack, values
from leafrack.errors import Problem
from leafrack.fabric.source import at
from leafrack.proof import prove
from tests.proof.fabrics import changed, fabric

TWO = values(2, spines=1)
DUAL = values(2, spines=1, versions=(4, 6))
ONE_AS = changed(TWO, racks__rr2__asNumber=64512)
LOCAL_AS = changed(TWO, racks__rr2__asNumber=None, racks__rr2__localASNumber=64513)
OVERRIDE = {"racks__rr1__leaves__leaf1__asOverride": True, "racks__rr2__leaves__leaf2__asOverride": True}

BROKEN: list[tuple[str, Values, str, str]] = [
    (
        "fewer routes than a rack has",
        changed(TWO, maximumPrefix=7),
        "maximumPrefix",
        (
            "leaf1 gets at least 8 routes from n1a, by every way that the node has to them, and ends a session with "
            "more than 7: give a larger number"
        ),
    ),
    (
        "same AS behind different leaves",
        changed(TWO, racks__rr2__asNumber=64512),
        "racks.rr2.asNumber",
        (
            "pods of rr2 never arrive in rr1, nor the other way round: n1a drops them, AS 64512 is in their path "
            "already (65101 65201 65102 64512; racks rr1 and rr2 share it); give rr2 its own asNumber, or "
            "asOverride to the leaves of both"
        ),
    ),
    (
        "same AS, and only one of both leaves overrides it",
        changed(ONE_AS, racks__rr2__leaves__leaf2__asOverride=True),
        "racks.rr2.asNumber",
        "pods of rr2 never arrive in rr1: n1a drops them, AS 64512 is in their path already",
    ),
    (
        "same local AS",
        changed(LOCAL_AS, racks__rr1__asNumber=None, racks__rr1__localASNumber=64513),
        "racks.rr2.localASNumber",
        (
            "n1a drops them, AS 64513 is in their path already (65101 65101 65101 64513; racks rr1 and rr2 share it); "
            "give rr2 its own localASNumber, or asOverride"
        ),
    ),
    (
        "local AS over a public one",
        changed(LOCAL_AS, asNumber=100, racks__rr1__asNumber=None),
        "racks.rr2.localASNumber",
        (
            "pods of rr1 never arrive on n2c: n2c drops them, AS 100 is in their path already (65102 65102 65102 "
            "100); the nodes of rr2 are in it too, and no leaf replaces an AS that is not private (RFC 6996); give rr2 "
            "an asNumber instead of localASNumber"
        ),
    ),
    (
        "local AS that is the spine's",
        changed(LOCAL_AS, racks__rr2__localASNumber=65201),
        "racks.rr2.localASNumber",
        "rack rr2 and spine spine1 share it); give rack rr2 its own localASNumber",
    ),
    (
        "the default AS behind different leaves",
        changed(TWO, racks__rr2__asNumber=None),
        "racks.rr2.asNumber",
        "racks rr1 and rr2 share it); give rr2 its own asNumber, or asOverride to the leaves of both",
    ),
    (
        "same AS in four racks",
        changed(values(4), **{f"racks__rr{number}__asNumber": 64512 for number in (2, 3, 4)}),
        "racks.rr2.asNumber",
        "or asOverride to the leaves of both (12 pairs of racks in all)",
    ),
    (
        "rack with the spine's AS",
        changed(TWO, racks__rr2__asNumber=65201),
        "racks.rr2.asNumber",
        (
            "spine1 drops them, AS 65201 is in their path already (65102 65201; rack rr2 and spine spine1 share it); "
            "give rack rr2 its own asNumber"
        ),
    ),
    (
        "leaf with another rack's AS",
        changed(TWO, racks__rr2__leaves__leaf2__asNumber=64512),
        "racks.rr1.asNumber",
        "rack rr1 and leaf leaf2 share it); give rack rr1 its own asNumber",
    ),
    (
        "leaves of two racks with one AS",
        changed(TWO, racks__rr2__leaves__leaf2__asNumber=65101),
        "racks.rr2.leaves.leaf2.asNumber",
        "leaf leaf2 and leaf leaf1 share it); give leaf leaf2 its own asNumber",
    ),
    (
        "leaf with the spine's AS",
        changed(TWO, racks__rr2__leaves__leaf2__asNumber=65201),
        "racks.rr2.leaves.leaf2.asNumber",
        "leaf2 cannot resolve their next hop 100.1.1.2, which spine1 leaves as it is because both are in AS 65201",
    ),
    (
        "leaves and spine in one AS",
        changed(TWO, racks__rr1__leaves__leaf1__asNumber=65201, racks__rr2__leaves__leaf2__asNumber=65201),
        "racks.rr1.leaves.leaf1.asNumber",
        "spine1 does not pass on to leaf1 what it has over iBGP: leaf1 and spine1 are both in AS 65201",
    ),
    (
        "leaf without uplink",
        changed(TWO, racks__rr2__leaves__leaf2__uplinks={}),
        "racks.rr2.leaves.leaf2",
        "pods of rr2 never arrive in rr1, nor the other way round: leaf leaf2 has no uplink: declare its link",
    ),
    (
        "leaves on different spines",
        changed(
            values(2, spines=2),
            racks__rr1__leaves__leaf1__uplinks__spine2=None,
            racks__rr2__leaves__leaf2__uplinks__spine1=None,
        ),
        "racks.rr1.leaves.leaf1.uplinks",
        "no spine connects leaves leaf1 and leaf2: link both to one",
    ),
    (
        "rack with no reflectors",
        changed(TWO, racks__rr2__reflectors={}),
        "racks.rr2.reflectors",
        "rack rr2 has no route reflector, so none of its nodes has a session: declare two",
    ),
    (
        "member without one of the families",
        changed(DUAL, racks__rr2__members__n2c="172.21.0.13"),
        "racks.rr2.members.n2c",
        "IPv6 pods of n2c never arrive in rr1, nor the other way round: n2c has no IPv6 address",
    ),
    (
        "member without any family in common",
        changed(TWO, racks__rr2__members__n2c="fd00:2::13"),
        "racks.rr2.members.n2c",
        "pods of n2c never arrive in rr1, nor the other way round: n2c has no IPv4 address",
    ),
    (
        "leaf without one of the families",
        changed(DUAL, racks__rr2__leaves__leaf2__address="172.21.0.254"),
        "racks.rr2.leaves.leaf2.address",
        "leaf leaf2 has no IPv6 address, so no node peers with it",
    ),
    (
        "uplink without one of the families",
        changed(
            DUAL,
            racks__rr2__leaves__leaf2__uplinks__spine1={"address": "100.1.2.2", "peerAddress": "100.1.2.1"},
        ),
        "racks.rr2.leaves.leaf2.uplinks.spine1",
        "the uplink of leaf2 to spine1 has no IPv6 addresses: declare both",
    ),
    (
        "reflector outside of its leaf's subnet",
        changed(
            TWO,
            racks__rr1__nodeCIDRs=["172.20.0.0/24", "172.29.0.0/24"],
            racks__rr1__reflectors__n1a="172.29.0.11",
        ),
        "racks.rr1.leaves.leaf1.address",
        "n1a (172.29.0.11) and leaf leaf1 (172.20.0.254) share no subnet: no session between them comes up",
    ),
    (
        "one mesh of racks that no spine connects",
        changed(
            ONE_AS,
            interconnect="full-mesh",
            spines__spine2={"asNumber": 65202},
            racks__rr2__leaves__leaf2__uplinks={"spine2": {"address": "100.2.2.2", "peerAddress": "100.2.2.1"}},
        ),
        "racks.rr1.leaves.leaf1.uplinks",
        "no spine connects leaves leaf1 and leaf2: link both to one",
    ),
]

WHOLE: list[tuple[str, Values]] = [
    ("route reflectors", TWO),
    ("no spine declared", values(2)),
    ("spines without uplinks", changed(values(2), spines={"s": {"asNumber": 65200}})),
    ("two spines", values(3, spines=2)),
    ("two spines in one AS", changed(values(2, spines=2), spines__spine2__asNumber=65201)),
    ("redundant leaves", values({f"rr{n}": rack(n, leaves=2, spines=1) for n in (1, 2)}, spines=1)),
    (
        "redundant leaves in one AS",
        changed(
            values({f"rr{n}": rack(n, leaves=2, spines=1) for n in (1, 2)}, spines=1),
            racks__rr1__leaves__leaf1b__asNumber=65101,
        ),
    ),
    ("dual stack", DUAL),
    ("IPv6 only", values(2, spines=1, versions=(6,))),
    ("one rack", values(1)),
    ("one node", values({"rr1": rack(1, reflectors=1, members=0)})),
    ("one AS and leaves that override it", changed(ONE_AS, **OVERRIDE)),
    ("local AS", LOCAL_AS),
    (
        "local AS in a top-of-rack rack",
        changed(LOCAL_AS, racks__rr2__interconnect="top-of-rack"),
    ),
    ("linked reflectors", changed(TWO, reflectorMesh=True)),
    ("linked reflectors in one AS", changed(ONE_AS, reflectorMesh=True)),
    ("leaf with its own rack's AS", changed(TWO, racks__rr2__leaves__leaf2__asNumber=64513)),
    ("full mesh of all racks in one AS", changed(ONE_AS, interconnect="full-mesh")),
    ("full mesh of all racks", changed(TWO, interconnect="full-mesh")),
    ("full mesh in one rack", changed(TWO, racks__rr2__interconnect="full-mesh")),
    (
        "full mesh in which all nodes peer with the leaf",
        changed(
            TWO,
            racks__rr2__interconnect="full-mesh",
            racks__rr2__reflectors={},
            racks__rr2__members={"n2a": "172.21.0.11", "n2b": "172.21.0.12"},
        ),
    ),
    ("top of rack", changed(TWO, interconnect="top-of-rack")),
    (
        "top of rack in one AS",
        changed(TWO, interconnect="top-of-rack", racks__rr2__asNumber=64512),
    ),
    (
        "all three",
        changed(values(3), racks__rr2__interconnect="full-mesh", racks__rr3__interconnect="top-of-rack"),
    ),
]


@pytest.mark.parametrize(("given", "path", "text"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_fabric_whose_pods_do_not_reach_each_other_names_the_missing_link(
    given: Values, path: str, text: str
) -> None:
    found = prove(fabric(given)).unreachable
    assert found[0].path == path
    assert text in found[0].text


@pytest.mark.parametrize("given", [case[1] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_a_fabric_that_works_has_no_finding(given: Values) -> None:
    assert prove(fabric(given)).unreachable == ()


def test_a_cause_is_said_once_however_many_racks_and_families_it_concerns() -> None:
    given = changed(values(6, versions=(4, 6)), **{f"racks__rr{number}__asNumber": 64512 for number in range(2, 7)})
    (only,) = prove(fabric(given)).unreachable
    assert only.text.startswith("pods of rr2 never arrive in rr1, nor the other way round: ")


@pytest.mark.parametrize("given", [case[1] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_cause_is_said_once_for_both_ways(given: Values) -> None:
    causes = [one.text.partition(": ")[2] or one.text for one in prove(fabric(given)).unreachable]
    assert len(causes) == len(set(causes))


def test_two_causes_are_two_findings() -> None:
    given = changed(values(4), racks__rr2__asNumber=64512, racks__rr4__reflectors={})
    assert {one.path for one in prove(fabric(given)).unreachable} == {"racks.rr2.asNumber", "racks.rr4.reflectors"}


SINGLE: list[tuple[str, Values, dict[str, str]]] = [
    ("nothing is single", values({f"rr{n}": rack(n, leaves=2, spines=2) for n in (1, 2)}, spines=2), {}),
    (
        "one leaf a rack",
        values(2, spines=2),
        {
            "racks.rr1.leaves.leaf1": "leaf1 is a single point of failure: without it pods of rack rr1 no longer "
            "reach other racks (2 racks are like this); give the rack a second leaf"
        },
    ),
    (
        "one spine",
        values({f"rr{n}": rack(n, leaves=2, spines=1) for n in (1, 2)}, spines=1),
        {
            "spines.spine1": "spine1 is a single point of failure: without it pods of rr1, rr2 no longer reach "
            "each other; link their leaves to a second spine"
        },
    ),
    (
        "one reflector",
        values(
            {"rr1": rack(1, reflectors=1, members=2, leaves=2, spines=2), "rr2": rack(2, leaves=2, spines=2)},
            spines=2,
        ),
        {
            "racks.rr1.reflectors.n1a": "n1a is a single point of failure: without it pods of rack rr1 "
            "no longer reach each other and other racks; make another node one too"
        },
    ),
    (
        "IPv6 through one leaf of two",
        changed(
            values({f"rr{n}": rack(n, leaves=2, spines=2, versions=(4, 6)) for n in (1, 2)}, spines=2, versions=(4, 6)),
            racks__rr1__leaves__leaf1b__address="172.20.0.253",
        ),
        {
            "racks.rr1.leaves.leaf1": "leaf1 is a single point of failure: without it IPv6 pods of rack rr1 no "
            "longer reach other racks; leaf1b does not take its place: it needs sessions with the same nodes, and "
            "uplinks to the same spines"
        },
    ),
    (
        "the leaf of a mesh of all racks",
        changed(values(2, spines=2), interconnect="full-mesh", racks__rr2__asNumber=64512),
        {
            "racks.rr1.leaves.leaf1": "leaf1 is a single point of failure: without it pods of rack rr1 no longer "
            "reach other racks (2 racks are like this); give the rack a second leaf"
        },
    ),
    (
        "the leaf of linked reflectors",
        changed(values(2, spines=2), reflectorMesh=True),
        {
            "racks.rr1.leaves.leaf1": "leaf1 is a single point of failure: without it pods of rack rr1 no longer "
            "reach other racks (2 racks are like this); give the rack a second leaf"
        },
    ),
    (
        "a lone rack's leaf",
        values(1),
        {},
    ),
    (
        "the leaf of nodes that meet only there",
        changed(values(1), interconnect="top-of-rack"),
        {
            "racks.rr1.leaves.leaf1": "leaf1 is a single point of failure: without it pods of rack rr1 no longer "
            "reach each other; give the rack a second leaf"
        },
    ),
]


@pytest.mark.parametrize(("given", "expected"), [case[1:] for case in SINGLE], ids=[case[0] for case in SINGLE])
def test_a_speaker_whose_loss_cuts_pods_off_is_a_warning(given: Values, expected: dict[str, str]) -> None:
    assert {one.path: one.text for one in prove(fabric(given)).warnings} == expected


def test_every_pair_of_racks_names_whose_loss_alone_breaks_it() -> None:
    given = values(
        {"rr1": rack(1, reflectors=1, members=2, spines=1), "rr2": rack(2, leaves=2, spines=1)},
        spines=1,
    )
    proof = prove(fabric(given))
    assert proof.of("rr1", "rr1", 4).breaks == ("n1a",)
    assert proof.of("rr2", "rr2", 4).breaks == ()
    assert set(proof.of("rr1", "rr2", 4).breaks) == {"n1a", "leaf1", "spine1"}
    assert set(proof.of("rr2", "rr1", 4).breaks) == {"n1a", "leaf1", "spine1"}


def test_a_pair_of_racks_that_are_alike_names_the_leaves_of_both() -> None:
    proof = prove(fabric(values(4, spines=2)))
    assert proof.of("rr1", "rr2", 4).breaks == ("leaf1", "leaf2")


def test_a_verdict_of_any_pair_is_that_of_its_like() -> None:
    proof = prove(fabric(values(5)))
    assert proof.of("rr4", "rr5", 4) is proof.of("rr1", "rr2", 4)
    assert proof.of("rr4", "rr4", 4) is proof.of("rr1", "rr1", 4)
    assert sum(verdict.alike for verdict in proof.verdicts) == 25


def test_the_path_between_members_is_told_with_its_as_path_and_next_hop() -> None:
    path = prove(fabric(TWO)).of("rr1", "rr2", 4).path
    assert path is not None
    assert path.speakers == ("n2c", "n2a", "leaf2", "spine1", "leaf1", "n1a", "n1c")
    assert path.as_path == (65101, 65201, 65102, 64513)
    assert [tuple(hop) for hop in path.next_hops] == [("leaf1", "172.20.0.254")]


def test_every_finding_has_a_key_that_is_in_the_file() -> None:
    for _, given, _, _ in BROKEN:
        for problem in (*prove(fabric(given)).unreachable, *prove(fabric(given)).warnings):
            assert _exists(given, problem), problem


def _exists(given: Values, problem: Problem) -> bool:
    """The key, or what should hold it: ``racks.rr2`` for a rack without ``asNumber``."""
    place, done = given, list[str]()
    for part in problem.path.split("."):
        if part not in place:
            return at(*done) != "" and part in {"asNumber", "reflectors"}
        place, done = place[part], [*done, part]
    return True
