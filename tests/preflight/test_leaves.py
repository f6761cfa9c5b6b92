"""Neighbours that a leaf has already: which are in the way, and which line of the switch it is."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from leafrack.fabric.load import load_fabric
from leafrack.platforms import Effect, Line, NeighbourState, SessionState, SwitchState
from leafrack.preflight import leaves

UP, IDLE = SessionState.ESTABLISHED, SessionState.IDLE
FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))
NODE1, MEMBER, SPINE = ip_address("172.20.0.11"), ip_address("172.20.0.13"), ip_address("100.0.0.1")
PLACE = "racks.rr1.leaves.leaf01: leaf01 has a neighbour 172.20.0.11 (node1) already"


def said(*neighbours: NeighbourState) -> tuple[list[str], list[str]]:
    """Findings and notices where leaf01 has these neighbours."""
    switches = {"leaf01": SwitchState(65009, {state.address: state for state in neighbours})}
    found = leaves.findings(FABRIC, switches), leaves.notices(FABRIC, switches)
    return [str(each) for each in found[0]], [str(each) for each in found[1]]


def node1(remote_as: int = 64512, *lines: Line, state: SessionState = IDLE, description: str = "") -> NeighbourState:
    return NeighbourState(NODE1, remote_as, state, description=description, lines=lines)


SHUT = Line("neighbor 172.20.0.11 shutdown", Effect.SHUTS)
GROUP = Line("neighbor 172.20.0.11 peer-group NODES", Effect.REFUSES)
NOTHING = Line("neighbor 172.20.0.11 route-map NOTHING in", Effect.DROPS, "NOTHING")
MAP = Line("neighbor NODES route-map RM in", Effect.FILTERS, "RM")
LIST = Line("neighbor 172.20.0.11 prefix-list PODS in", Effect.REPLACED, "PODS")
OUR_LIST = Line("neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in", Effect.REPLACED, "LEAFRACK-dc1-IN")

HARM = {
    "another AS": (
        node1(65099),
        (
            f"{PLACE} (in AS 65099, Idle), which this file has in AS 64512: leafrack leaves the AS of a neighbour as "
            "it finds it; correct it, or `no neighbor 172.20.0.11` on leaf01 first"
        ),
    ),
    "somebody else's session": (
        node1(65099, state=UP, description="old cluster"),
        (
            f"{PLACE} ('old cluster', in AS 65099, Established), which this file has in AS 64512: leafrack leaves "
            "the AS of a neighbour as it finds it, and this session will not be the node's; correct it, or "
            "`no neighbor 172.20.0.11` on leaf01 first"
        ),
    ),
    "a shutdown": (
        node1(64512, SHUT),
        f"{PLACE}, with `{SHUT.text}`: it keeps the session down; take that line away on leaf01 first",
    ),
    "a group that gives the AS": (
        node1(64512, GROUP),
        (
            f"{PLACE}, with `{GROUP.text}`: the switch refuses leafrack's neighbour beside it; take that line away on "
            "leaf01 first"
        ),
    ),
    "a map that lets nothing pass, beside our own lines": (
        node1(64512, NOTHING, description="leafrack rr1 node1"),
        f"{PLACE}, with `{NOTHING.text}`: nothing passes it; take that line away on leaf01 first",
    ),
}


@pytest.mark.parametrize(("neighbour", "line"), HARM.values(), ids=HARM)
def test_a_neighbour_is_in_the_way_with(neighbour: NeighbourState, line: str) -> None:
    assert said(neighbour) == ([line], [])


MULTIHOP = Line("neighbor 172.20.0.11 ebgp-multihop 3", Effect.MULTIHOP)
SECURED = replace(node1(), ttl_security=1)
LIMITS = {
    "more routes than it may have": (
        {"maximum_prefix": 7},
        replace(node1(state=UP), prefixes_received=8),
        (
            "maximumPrefix: leaf01 takes 8 routes from node1 now, and would end the session at more than 7: give a "
            "larger number, or let node1 announce less first"
        ),
    ),
    "a line that TTL security excludes": (
        {"ttl_security": True},
        node1(64512, MULTIHOP),
        (f"{PLACE}, with `{MULTIHOP.text}`: the switch refuses ttlSecurity beside it; take that line away first"),
    ),
    "TTL security that the file does not have": (
        {},
        SECURED,
        (
            f"{PLACE}, with `ttl-security hops 1`: without it, as this file has it, the session would reset and, while "
            "the BGPPeer keeps its ttlSecurity, not come back; say ttlSecurity: true, or take it away on both ends "
            "first"
        ),
    ),
}


@pytest.mark.parametrize(("changes", "neighbour", "line"), LIMITS.values(), ids=LIMITS)
def test_a_setting_of_the_file_does_harm_to_a_neighbour_with(
    changes: dict[str, object], neighbour: NeighbourState, line: str
) -> None:
    switches = {"leaf01": SwitchState(65009, {neighbour.address: neighbour})}
    assert [str(each) for each in leaves.findings(FABRIC.model_copy(update=changes), switches)] == [line]


FITTING = {
    "as many routes as it may have": (
        {"maximum_prefix": 8},
        replace(node1(state=UP), prefixes_received=8),
    ),
    "more than one hop without TTL security": ({}, node1(64512, MULTIHOP)),
    "TTL security that the file has": ({"ttl_security": True}, SECURED),
    "our own, from which it is taken": ({}, replace(SECURED, description="leafrack rr1 node1")),
}


@pytest.mark.parametrize(("changes", "neighbour"), FITTING.values(), ids=FITTING)
def test_a_setting_of_the_file_does_none_with(changes: dict[str, object], neighbour: NeighbourState) -> None:
    switches = {"leaf01": SwitchState(65009, {neighbour.address: neighbour})}
    assert list(leaves.findings(FABRIC.model_copy(update=changes), switches)) == []


WORTH_KNOWING = {
    "a map that stays": (
        node1(64512, MAP),
        f"{PLACE}, with `{MAP.text}`: it stays, and filters routes beside leafrack's lists",
    ),
    "a list that goes": (node1(0, LIST), f"{PLACE}, with `{LIST.text}`: leafrack's list takes its place"),
    "an uplink without policy": (
        NeighbourState(SPINE, 65008, UP, description="spine", lacks_policy=True),
        (
            "racks.rr1.leaves.leaf01: leaf01 has no policy for 100.0.0.1 (spine) and discards the routes of such "
            "neighbours (RFC 8212), so that no other rack is reached by way of them: give them one, or "
            "`no bgp ebgp-requires-policy`"
        ),
    ),
}


@pytest.mark.parametrize(("neighbour", "line"), WORTH_KNOWING.values(), ids=WORTH_KNOWING)
def test_an_operator_is_told_of(neighbour: NeighbourState, line: str) -> None:
    assert said(neighbour) == ([], [line])


SILENT = {
    "a neighbour as it should be": node1(64512, state=UP),
    "one that takes any AS": node1(0),
    "one without policy, which gets lists": NeighbourState(NODE1, 64512, IDLE, lacks_policy=True),
    "our own, whose AS, shutdown and list are put right": node1(
        65099, SHUT, LIST, OUR_LIST, description="leafrack rr1 node1"
    ),
    "our list on a neighbour that was described anew": node1(64512, OUR_LIST, description="node one"),
    "our own that was described anew and shut down": node1(65099, SHUT, OUR_LIST, description="node one"),
    "a node that gets no session": NeighbourState(MEMBER, 65099, IDLE, lines=(SHUT, MAP)),
    "an uplink": NeighbourState(SPINE, 65008, UP, lines=(MAP,)),
}


@pytest.mark.parametrize("neighbour", SILENT.values(), ids=SILENT)
def test_nothing_is_said_of(neighbour: NeighbourState) -> None:
    assert said(neighbour) == ([], [])


def test_a_rack_that_gets_its_own_as_may_have_neighbours_in_either() -> None:
    for number, findings in ((64512, 0), (64513, 0), (64514, 1)):
        state = NeighbourState(ip_address("173.20.0.11"), number, UP)
        switches = {"leaf02": SwitchState(65010, {state.address: state})}
        assert len(list(leaves.findings(FABRIC, switches))) == findings
