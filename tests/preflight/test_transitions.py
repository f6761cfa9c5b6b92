"""What one update cannot do: said before it begins, with what to do instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import Fabric, Interconnect, names
from leafrack.fabric.load import load_fabric
from leafrack.fabric.switch import Apply
from leafrack.platforms import Feature
from leafrack.preflight import transitions as moves
from leafrack.world.cluster import PeerState
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState
from tests.labelled import by_label
from tests.world import toy_switch

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


def of_as(number: int, **second: Any) -> Fabric:
    """The example with another asNumber, and its racks with numbers of their own, the second changed."""
    racks = {
        "rr1": FABRIC.racks["rr1"].model_copy(update={"as_number": 64601}),
        "rr2": FABRIC.racks["rr2"].model_copy(update={"as_number": 64602, **second}),
    }
    if "local_as_number" in second:
        racks["rr2"] = racks["rr2"].model_copy(update={"as_number": None})
    return FABRIC.model_copy(update={"as_number": number, "racks": racks})


def said(fabric: Fabric, cluster: ClusterState, with_passwords: Collection[str] | None = None) -> list[str]:
    passwords = None if with_passwords is None else dict.fromkeys(with_passwords, "s3cret")
    return [str(problem) for problem in moves.findings(fabric, cluster, passwords)]


@pytest.mark.parametrize(
    ("before", "after", "refused"), [(None, None, False), (64600, None, True), (None, 64600, True)]
)
def test_a_rack_moves_to_another_interconnect_without_a_local_as_only(
    before: int | None, after: int | None, *, refused: bool
) -> None:
    spec = {"peerIP": "173.20.0.254", "asNumber": 65010, **({"localASNumber": before} if before else {})}
    cluster = ClusterState(nodes(**{"rr-group": "x"}), peers=(PeerState("rr2-to-leaf02-peer", spec, OURS),))
    fabric = rack(as_number=None, interconnect=Interconnect.FULL_MESH, local_as_number=after)
    named = [
        line for line in said(fabric, cluster) if line.startswith("racks.rr2: a rack moves to another interconnect")
    ]
    assert bool(named) is refused


SECURITY = {"ttlSecurity": 1}
PASSWORD = {"password": {"secretKeyRef": {"name": "leafrack-bgp", "key": "rr2"}}}


@pytest.mark.parametrize(
    ("before", "security", "passwords", "named"),
    [
        ({}, False, [], []),
        (SECURITY | PASSWORD, True, ["rr2"], []),
        (SECURITY, False, [], ["ttlSecurity"]),
        ({}, True, [], ["ttlSecurity"]),
        (PASSWORD, False, [], ["leafrack:bgpPasswords.rr2"]),
        ({}, False, ["rr2"], ["leafrack:bgpPasswords.rr2"]),
        ({}, False, None, []),
        ({}, True, ["rr2"], ["ttlSecurity", "leafrack:bgpPasswords.rr2"]),
    ],
)
def test_a_rack_does_not_move_while_its_sessions_to_the_leaf_get_or_lose_what_both_ends_must_have(
    before: Mapping[str, Any], *, security: bool, passwords: list[str] | None, named: list[str]
) -> None:
    """Until it has moved, two BGPPeers name its leaf, and BIRD has one session for both."""
    spec = {"peerIP": "173.20.0.254", "asNumber": 65010, **before}
    cluster = ClusterState(nodes(**{"rr-group": "x"}), peers=(PeerState("rr2-to-leaf02-peer", spec, OURS),))
    moved = rack(interconnect=Interconnect.FULL_MESH).model_copy(update={"ttl_security": security})
    lines = said(moved, cluster, passwords)
    begins = "racks.rr2: a rack moves to another interconnect with "
    assert [line.removeprefix(begins).partition(" as it was only")[0] for line in lines] == named
    stays = FABRIC.model_copy(update={"ttl_security": security})
    peer = PeerState("rr2-to-leaf2-peer", spec, OURS)
    assert said(stays, ClusterState(nodes(**{"rr-group": "x"}), peers=(peer,)), passwords) == []


def test_a_local_as_comes_and_goes_where_the_rack_stays_as_it_is() -> None:
    spec = {"peerIP": "173.20.0.254", "asNumber": 65010, "localASNumber": 64600}
    cluster = ClusterState(nodes(**{"rr-group": "x"}), peers=(PeerState("rr2-to-leaf2-peer", spec, OURS),))
    for local in (None, 64600, 64601):
        assert said(rack(as_number=None, local_as_number=local), cluster) == []


OWN = {name: {"projectcalico.org/ASNumber": "64700"} for name in nodes()}


def numbered(states: Mapping[str, NodeState]) -> Mapping[str, NodeState]:
    """Nodes that have an AS number of their own each."""
    return {name: replace(state, annotations=OWN[name]) for name, state in states.items()}


@pytest.mark.parametrize(
    ("fabric", "configured", "states", "refused"),
    [
        (FABRIC, None, nodes(), False),
        (FABRIC, 64512, nodes(), False),
        (of_as(64512), 64900, nodes(), True),
        (of_as(64999), None, nodes(), True),
        (of_as(64999), 64999, nodes(), False),
        # Nodes with numbers of their own do not follow BGPConfiguration.
        (of_as(64999), None, numbered(nodes()), False),
        (of_as(64999, local_as_number=64901), None, nodes(), True),
        # What runs already changes as announced.
        (of_as(64999), None, nodes(**{"rr-group": "rr1"}), False),
    ],
)
def test_a_first_update_starts_from_the_as_that_the_nodes_have(
    fabric: Fabric, configured: int | None, states: Mapping[str, NodeState], *, refused: bool
) -> None:
    configuration = {} if configured is None else {"asNumber": configured}
    lines = said(fabric, ClusterState(states, bgp_configuration=configuration))
    assert len(lines) == refused, "one cause, one line"
    assert all(line.startswith("asNumber: nodes of rack rr1 are in AS ") for line in lines)
    remedy = "let asNumber of the fabric be the AS that the nodes have (2 racks are like this)"
    assert all(line.endswith(remedy) for line in lines)


def test_a_rack_that_is_to_keep_the_fabrics_as_is_told_to_take_its_own() -> None:
    (_, line) = said(of_as(64999, as_number=None), ClusterState(nodes()))
    assert line.startswith(
        "asNumber: nodes of rack rr2 are in AS 64512 now, and the rack is to be in the fabric's AS 64999"
    )
    assert line.endswith("and give the rack an asNumber of its own")


PINS = {Feature.ANY_AS: "it takes one AS a neighbour"}
PEER = PeerState("rr2-to-leaf2-peer", {"peerIP": "173.20.0.254", "asNumber": 65010}, OURS)
IN_OWN = {"projectcalico.org/ASNumber": "64513"}
RENUMBERED: dict[str, tuple[dict[str, Any], Mapping[str, Mapping[str, str]], int | None, list[str]]] = {
    "the first update": ({}, {}, None, ["racks.rr2.asNumber", "rack rr2", "64513", "64512"]),
    "it stands": ({}, {"node4": IN_OWN, "node5": IN_OWN}, None, []),
    "a node joins": ({}, {"node4": IN_OWN}, None, ["racks.rr2.asNumber", "node5", "64513", "64512"]),
    "another AS": (
        {"as_number": 64777},
        {"node4": IN_OWN, "node5": IN_OWN},
        None,
        ["racks.rr2.asNumber", "rack rr2", "64777", "64513"],
    ),
    "it gives its AS up": (
        {"as_number": None},
        {"node4": IN_OWN, "node5": IN_OWN},
        None,
        ["racks.rr2", "rack rr2", "64512", "64513"],
    ),
    "one that only leaves see": (
        {"as_number": None, "local_as_number": 64700},
        {},
        None,
        ["racks.rr2.localASNumber", "rack rr2", "64700", "64512"],
    ),
    "they see it": ({"as_number": None, "local_as_number": 64700}, {}, 64700, []),
    "they see it no more": ({"as_number": None}, {}, 64700, ["racks.rr2", "rack rr2", "64512", "64700"]),
    "the fabric's": ({"as_number": None}, {}, None, []),
}
"""What the rack is to be, numbers of nodes, the AS that its BGPPeer shows; what is said."""


@pytest.mark.parametrize(("change", "numbers", "local", "told"), RENUMBERED.values(), ids=RENUMBERED)
def test_a_preview_says_once_a_rack_what_another_as_costs_where_leaves_take_no_any(
    change: dict[str, Any],
    numbers: Mapping[str, Mapping[str, str]],
    local: int | None,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = {name: replace(state, annotations=numbers.get(name, {})) for name, state in nodes().items()}
    peer = PEER if local is None else replace(PEER, spec={**PEER.spec, "localASNumber": local})
    cluster = ClusterState(states, peers=(peer,))
    for made, said in ((toy_switch.platform(), False), (replace(toy_switch.platform(), cannot=PINS), bool(told))):
        toy_switch.register(monkeypatch, made)
        leaf02 = FABRIC.racks["rr2"].leaves["leaf02"].model_copy(update={"platform": toy_switch.NAME})
        fabric = rack(leaves={"leaf02": leaf02}, **change)
        found = [str(one) for one in moves.notices(fabric, cluster)]
        assert len(found) == said
        if said:
            path, whose, final, now = told
            (line,) = found
            assert line == (
                f"{path}: platform toyos of leaf02 has no neighbours of any AS: the sessions of {whose} to its leaves "
                f"end when these are given AS {final} in the place of {now}, on all leaves of the rack at the same "
                "time, and come back once the nodes have it too; what takes a leaf is lost meanwhile, some seconds"
            )
        by_hand = leaf02.model_copy(update={"apply": Apply.BY_HAND})
        assert list(moves.notices(rack(leaves={"leaf02": by_hand}, **change), cluster)) == []


NAMED, TOP_OF_RACK = "rr-group == 'rr1'", Interconnect.TOP_OF_RACK
LISTENING = names.rack_selector(by_label("rr1", how=Interconnect.TOP_OF_RACK), "rr1")
FROM_RANGES = {
    "to reflectors by name": (LISTENING, None, True),
    "to reflectors by label": (LISTENING, by_label("rr1", how=Interconnect.ROUTE_REFLECTORS), True),
    "it goes on listening": (LISTENING, by_label("rr1", how=Interconnect.FULL_MESH), False),
    "from names": (NAMED, None, False),
    "reflectors as before": ("rr-id == 'rr1'", by_label("rr1", how=Interconnect.ROUTE_REFLECTORS), False),
}


@pytest.mark.parametrize(("selector", "after", "refused"), FROM_RANGES.values(), ids=FROM_RANGES)
def test_a_rack_whose_leaves_listen_takes_names_before_it_moves_to_reflectors(
    selector: str, after: Fabric | None, *, refused: bool
) -> None:
    spec = {"peerIP": "172.20.0.254", "asNumber": 65009, "nodeSelector": selector}
    cluster = ClusterState(nodes(**{"rr-group": "x"}), peers=(PeerState("rr1-nodes-to-leaf01-peer", spec, OURS),))
    lines = [line for line in said(after or rack(), cluster) if "listen" in line]
    assert [line.partition(": ")[0] for line in lines] == (["racks.rr1"] if refused else [])
    assert all("write the members by name, run pulumi up, then move the rack" in line for line in lines)


TOP = by_label("rr1", how=Interconnect.TOP_OF_RACK)
NAMES = FABRIC.model_copy(
    update={"racks": {**FABRIC.racks, "rr1": FABRIC.racks["rr1"].model_copy(update={"interconnect": TOP_OF_RACK})}}
)
PASSWORD = {"password": {"secretKeyRef": {"name": "leafrack-bgp", "key": "rr1"}}}
WITH_MOVES: dict[str, tuple[str, Fabric, Mapping[str, Any], str | None, bool, list[str]]] = {
    "nothing else": (NAMED, TOP, PASSWORD, "s3cret", False, []),
    "a first password": (NAMED, TOP, {}, "s3cret", False, ["leafrack:bgpPasswords.rr1"]),
    "no password any more": (LISTENING, NAMES, PASSWORD, None, False, ["leafrack:bgpPasswords.rr1"]),
    "another password": (LISTENING, NAMES, PASSWORD, "0ther", False, ["leafrack:bgpPasswords.rr1"]),
    "TTL security": (NAMED, TOP, PASSWORD, "s3cret", True, ["ttlSecurity"]),
    "both, and no move": (LISTENING, TOP, {}, "s3cret", True, []),
    "to another label": ("rack == 'old' || rr-group == 'rr1'", TOP, {}, "s3cret", False, []),
}


@pytest.mark.parametrize(
    ("selector", "after", "has", "password", "security", "named"), WITH_MOVES.values(), ids=WITH_MOVES
)
def test_nodes_do_not_move_between_names_and_ranges_while_both_ends_get_or_lose_something(
    selector: str, after: Fabric, has: Mapping[str, Any], password: str | None, *, security: bool, named: list[str]
) -> None:
    spec = {"peerIP": "172.20.0.254", "asNumber": 65009, "nodeSelector": selector, **has}
    peer = PeerState("rr1-nodes-to-leaf01-peer", spec, OURS)
    cluster = ClusterState(nodes(**{"rr-group": "x"}), peers=(peer,), passwords={"rr1": "s3cret"})
    passwords = {"rr1": password} if password else {}
    wanted = after.model_copy(update={"ttl_security": security})
    found = [str(problem) for problem in moves.findings(wanted, cluster, passwords)]
    begins = "racks.rr1: the nodes of a rack move between names and ranges with "
    assert [line.removeprefix(begins).partition(" ")[0] for line in found if line.startswith(begins)] == named
    assert all(line.endswith("run pulumi up with one of the two changes, then with the other") for line in found)
    assert "0ther" not in "".join(found)


NAMED_IN_A_RANGE = {
    "it loses its name": ({"rack": "one", "rr-group": "rr1"}, False, ["ttlSecurity"]),
    "it gets a name": ({"rack": "one"}, True, ["ttlSecurity"]),
    "it has a name as before": ({"rack": "one", "rr-group": "rr1"}, True, []),
    "it has none as before": ({"rack": "one"}, False, []),
    "it is new and named, and never came by the range": ({}, True, []),
}


@pytest.mark.parametrize(("labels", "named", "keys"), NAMED_IN_A_RANGE.values(), ids=NAMED_IN_A_RANGE)
def test_one_node_moves_between_its_name_and_a_range_with_what_both_ends_have_as_it_was(
    labels: Mapping[str, str], *, named: bool, keys: list[str]
) -> None:
    wanted = by_label("rr1", how=TOP_OF_RACK, named=False)
    addresses = {name: one for name, one in FABRIC.racks["rr1"].reflectors.items() if named and name == "node1"}
    racks = {**wanted.racks, "rr1": wanted.racks["rr1"].model_copy(update={"reflectors": addresses})}
    wanted = wanted.model_copy(update={"racks": racks, "ttl_security": True})
    to_leaf = names.leaf_peer(wanted, "rr1", "leaf01", 4)
    peer = PeerState(to_leaf, {"peerIP": "172.20.0.254", "nodeSelector": LISTENING}, OURS)
    node = NodeState("node1", tuple(FABRIC.racks["rr1"].reflectors["node1"]), labels=labels)
    found = [str(each) for each in moves.findings(wanted, ClusterState({"node1": node}, peers=(peer,)))]
    assert found == [
        f"racks.rr1: node1 moves between a name and a range with {key} as it was only, or it never comes back to its "
        "leaf in time: run pulumi up with one of the two changes, then with the other"
        for key in keys
    ]


RESETS: dict[str, tuple[Mapping[str, Any], str | None, bool, list[str]]] = {
    "nothing": (PASSWORD, "s3cret", False, []),
    "another password": (PASSWORD, "0ther", False, ["leafrack:bgpPasswords.rr1"]),
    "a first password": ({}, "s3cret", False, ["leafrack:bgpPasswords.rr1"]),
    "no password any more": (PASSWORD, None, False, ["leafrack:bgpPasswords.rr1"]),
    "TTL security": (PASSWORD, "s3cret", True, ["ttlSecurity"]),
}


@pytest.mark.parametrize(("has", "password", "security", "named"), RESETS.values(), ids=RESETS)
def test_a_preview_says_what_a_password_that_changes_costs(
    has: Mapping[str, Any], password: str | None, *, security: bool, named: list[str]
) -> None:
    spec = {"peerIP": "172.20.0.254", "asNumber": 65009, "nodeSelector": LISTENING, **has}
    peer = PeerState("rr1-nodes-to-leaf01-peer", spec, OURS)
    standing = ClusterState(nodes(**{"rr-group": "x"}), peers=(peer,), passwords={"rr1": "s3cret"})
    passwords, wanted = {"rr1": password} if password else {}, TOP.model_copy(update={"ttl_security": security})
    found = [str(one) for one in moves.notices(wanted, standing, passwords)]
    assert found == [
        f"racks.rr1: {key} changes: each session between rack rr1 and its leaves ends once, on all of them at the same "
        "time, and the nodes connect again; what takes a leaf is lost meanwhile, some seconds"
        for key in named
    ]
    assert list(moves.notices(wanted, replace(standing, peers=()), passwords)) == [], "nothing stands yet"
