"""What differs of leafrack's own, as the operator reads it: fields of nodes and BGPPeers, lines of leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from leafrack.fabric import leaf, names
from leafrack.fabric.load import load_fabric
from leafrack.platforms import NeighbourState, SessionState, SwitchState
from leafrack.platforms.seals import Seal, Seals
from leafrack.platforms.state import Password
from leafrack.preflight.drift import Comparison
from leafrack.world.calico_api import CalicoApi
from leafrack.world.cluster import PeerState
from leafrack.world.fields import Target
from leafrack.world.nodes import NodeState
from leafrack.world.observed import ClusterState, Observed

FABRIC = load_fabric(Path("config/fabrics/dev.yaml"))
AS_NUMBER = names.AS_NUMBER_ANNOTATION
NODE = NodeState("node4", (), labels={"rr-group": "rr2"}, annotations={AS_NUMBER: "65099"})
PEER = PeerState("rr1-to-leaf1-peer", {"peerIP": "172.20.0.254", "asNumber": 65019})
SPEC = {"peerIP": "172.20.0.254", "asNumber": 65009, "nodeSelector": "rr-id == 'rr1'"}
CLUSTER = ClusterState({"node4": NODE}, peers=(PEER,), bgp_configuration={"nodeToNodeMeshEnabled": True})
DRIFT = Comparison(FABRIC, Observed(CLUSTER))
NEIGHBOUR, *_ = leaf.neighbours(FABRIC, "rr2", "leaf02")["node4"]
RIGHT = NeighbourState(
    ip_address("173.20.0.11"),
    64513,
    SessionState.ESTABLISHED,
    set_as=64513,
    description="leafrack rr2 node4",
    list_in="LEAFRACK-dc1-IN",
    list_out="LEAFRACK-dc1-OUT",
    paths_in="LEAFRACK-dc1-AS",
    activated=True,
)


def test_a_field_says_what_it_is_and_what_it_should_be() -> None:
    assert DRIFT.of_fields(Target.NODE_ANNOTATION, AS_NUMBER, {"node4": "64513", "node5": "64513"}) == (
        f"node node4 has {AS_NUMBER}=65099 instead of 64513",
        f"node node5 lacks {AS_NUMBER}=64513",
    )
    assert DRIFT.of_fields(Target.BGP_CONFIGURATION_SPEC, "nodeToNodeMeshEnabled", {"default": False}) == (
        "BGPConfiguration default has nodeToNodeMeshEnabled=true instead of false",
    )
    assert DRIFT.of_fields(Target.NODE_LABEL, "rr-group", {"node4": "rr2"}) == ()


def test_a_bgp_peer_says_which_of_leafracks_fields_differ() -> None:
    assert DRIFT.of_peer("rr1-to-leaf1-peer", SPEC) == (
        "BGPPeer rr1-to-leaf1-peer has asNumber=65019 instead of 65009",
        "BGPPeer rr1-to-leaf1-peer lacks nodeSelector=rr-id == 'rr1'",
    )
    assert DRIFT.of_peer("rr1-to-node-peer", SPEC) == ("BGPPeer rr1-to-node-peer is missing",)


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ({}, ()),
        ({"reversePeering": "Manual"}, ()),
        ({"reversePeering": "Auto"}, ("BGPPeer rr1-to-leaf1-peer has reversePeering=Auto instead of Manual",)),
    ],
    ids=["of an earlier leafrack", "as it should be", "set by hand"],
)
def test_a_field_that_an_earlier_leafrack_did_not_write_is_to_come_and_no_drift(
    found: dict[str, Any], lines: tuple[str, ...]
) -> None:
    peer = PeerState(PEER.name, {**SPEC, **found})
    drift = Comparison(FABRIC, Observed(replace(CLUSTER, peers=(peer,))))
    assert drift.of_peer(PEER.name, {**SPEC, "reversePeering": "Manual"}) == lines


RULES: list[Mapping[str, Any]] = [
    {"action": "Accept", "matchOperator": "In", "cidr": "10.233.64.0/18"},
    {"action": "Reject", "matchOperator": "In", "cidr": "0.0.0.0/0"},
]
OPEN = {"action": "Accept", "matchOperator": "In", "cidr": "172.16.0.0/12", "source": "RemotePeers"}
FILTERS: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "as it should be": ({"f": {"importV4": RULES}}, ()),
    "none": ({}, ("BGPFilter f is missing",)),
    "no rules": (
        {"f": {}},
        (
            "BGPFilter f lacks `Accept In 10.233.64.0/18` in importV4",
            "BGPFilter f lacks `Reject In 0.0.0.0/0` in importV4",
        ),
    ),
    "a rule too many": (
        {"f": {"importV4": [OPEN, *RULES]}},
        ("BGPFilter f has `Accept In 172.16.0.0/12 source RemotePeers` in importV4",),
    ),
    "another order": ({"f": {"importV4": RULES[::-1]}}, ("BGPFilter f has the rules of importV4 in another order",)),
}


@pytest.mark.parametrize(("filters", "lines"), FILTERS.values(), ids=FILTERS)
def test_a_bgp_filter_says_which_of_leafracks_rules_differ(
    filters: Mapping[str, Mapping[str, Any]], lines: tuple[str, ...]
) -> None:
    found = Comparison(FABRIC, Observed(replace(CLUSTER, filters=filters)))
    assert found.of_filter("f", {"importV4": RULES}) == lines
    assert Comparison(FABRIC).of_filter("f", {"importV4": RULES}) == ()


def on_leaf(**changed: Any) -> Comparison:
    state = replace(RIGHT, **changed)
    return Comparison(FABRIC, Observed(switches={"leaf02": SwitchState(65010, {state.address: state})}))


def neighbour_lines(comparison: Comparison) -> tuple[str, ...]:
    """What differs of node4's neighbour on leaf02, its AS aside."""
    return tuple(line for line in comparison.of_leaf("rr2", "leaf02") if "(node4)" in line)


LEAVES: Mapping[str, tuple[Comparison, tuple[str, ...], tuple[str, ...]]] = {
    "as it should be": (on_leaf(), (), ()),
    "another AS": (
        on_leaf(set_as=65099),
        (),
        ("leaf02: neighbour 173.20.0.11 (node4) has `remote-as 65099` instead of `remote-as 64513`",),
    ),
    "no description": (
        on_leaf(description=""),
        ("leaf02: neighbour 173.20.0.11 (node4) lacks `description leafrack rr2 node4`",),
        (),
    ),
    "a leaf without the neighbour": (
        Comparison(FABRIC, Observed(switches={"leaf02": SwitchState(65010)})),
        ("leaf02: neighbour 173.20.0.11 (node4) is missing",),
        ("leaf02: neighbour 173.20.0.11 (node4) is missing",),
    ),
    "a leaf that could not be read": (Comparison(FABRIC, Observed()), (), ()),
}


@pytest.mark.parametrize(("drift", "lines", "numbers"), LEAVES.values(), ids=LEAVES)
def test_a_leaf_says_what_differs_of_a_neighbour(
    drift: Comparison, lines: tuple[str, ...], numbers: tuple[str, ...]
) -> None:
    assert neighbour_lines(drift) == lines
    assert [line for line in drift.of_as_numbers("rr2", "leaf02") if "node4" in line] == list(numbers)


def test_a_password_is_compared_and_not_shown() -> None:
    drift = replace(on_leaf(password=Password("other")), passwords={"rr2": "s3cret"})
    assert neighbour_lines(drift) == ("leaf02: neighbour 173.20.0.11 (node4) has another password",)
    assert "s3cret" not in repr(drift)
    assert "other" not in repr(drift)


SEALED = Password("3 5f1a", sealed=True)
KEPT: Seals = {RIGHT.address: Seal.of(RIGHT.address, "s3cret", SEALED.text)}
ANOTHER = ("leaf02: neighbour 173.20.0.11 (node4) has another password",)
SHOWN: Mapping[str, tuple[dict[str, Any], Seals, tuple[str, ...]]] = {
    "as after the last update": ({}, KEPT, ()),
    "something else": ({"password": Password("3 ffff", sealed=True)}, KEPT, ANOTHER),
    "something else, and the session is up": (
        {"password": Password("3 ffff", sealed=True), "state": SessionState.ESTABLISHED},
        KEPT,
        (),
    ),
    "something else, and nobody knows what it was": ({"password": Password("3 ffff", sealed=True)}, {}, ()),
    "nothing": ({"password": None}, KEPT, ("leaf02: neighbour 173.20.0.11 (node4) lacks its password",)),
}


@pytest.mark.parametrize(("changed", "kept", "lines"), SHOWN.values(), ids=SHOWN)
def test_a_password_that_a_leaf_does_not_show_is_compared_with_what_it_showed_after_the_last_update(
    changed: dict[str, Any], kept: Seals, lines: tuple[str, ...]
) -> None:
    drift = on_leaf(**{"state": SessionState.ACTIVE, "password": SEALED, **changed})
    assert neighbour_lines(replace(drift, passwords={"rr2": "s3cret"}, seals={"leaf02": kept})) == lines


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        (None, ()),
        ({}, ("Secret leafrack-bgp lacks the password of rr2",)),
        ({"rr2": "b3RoZXI="}, ("Secret leafrack-bgp has another password of rr2",)),
        ({"rr2": "czNjcmV0"}, ()),
    ],
    ids=["not read", "no key", "another", "the same"],
)
def test_the_password_that_nodes_have_is_compared_and_not_shown(
    keys: Mapping[str, str] | None, lines: tuple[str, ...]
) -> None:
    drift = Comparison(FABRIC, Observed(replace(CLUSTER, passwords=keys)), {"rr2": "s3cret"})
    assert drift.of_password("rr2") == lines
    assert drift.of_password("rr1") == ()
    assert "b3RoZXI=" not in repr(drift)


@pytest.mark.parametrize(
    ("changed", "applied"),
    [
        ({}, False),
        ({"managers": {names.RACK_LABEL: frozenset(["kubectl-label"])}}, False),
        ({"managers": {names.RACK_LABEL: frozenset(["leafrack:leafrack/dev"])}}, True),
    ],
)
def test_a_rack_is_applied_once_a_node_of_it_has_a_label_of_leafracks(
    changed: dict[str, Any], *, applied: bool
) -> None:
    cluster = replace(CLUSTER, nodes={"node4": replace(NODE, **changed)})
    assert Comparison(FABRIC, Observed(cluster)).applied(["rr2"]) is applied


def test_bgp_configuration_says_which_of_leafracks_fields_differ_and_ranges_as_ranges() -> None:
    ranges = [{"cidr": "10.233.0.0/18"}, {"cidr": "10.9.0.0/16"}]
    has = {"serviceClusterIPs": ranges, "asNumber": 64512, "logSeverityScreen": "Debug", "listenPort": 179}
    drift = Comparison(FABRIC, Observed(replace(CLUSTER, bgp_configuration=has)))
    assert drift.of_bgp_configuration(
        {"serviceClusterIPs": ranges[:1], "asNumber": 64512, "logSeverityScreen": "Info", "nodeToNodeMeshEnabled": True}
    ) == (
        "BGPConfiguration default has serviceClusterIPs=10.233.0.0/18, 10.9.0.0/16 instead of 10.233.0.0/18",
        "BGPConfiguration default has logSeverityScreen=Debug instead of Info",
        "BGPConfiguration default lacks nodeToNodeMeshEnabled=true",
    )


def test_a_peer_that_is_missing_is_said_so_of_its_fields_too() -> None:
    assert DRIFT.of_fields(Target.PEER_SPEC, "peerSelector", {"rr2-to-node-peer": "x"}) == (
        "BGPPeer rr2-to-node-peer is missing",
    )


ID, LABEL = names.CLUSTER_ID_ANNOTATION, names.CLUSTER_ID_LABEL


@pytest.mark.parametrize(
    ("carried", "verb", "key"),
    [({"annotations": {ID: "1.2.3.4"}}, "annotate", ID), ({"labels": {LABEL: "1.2.3.4"}}, "label", LABEL)],
)
def test_a_cluster_id_of_a_member_comes_with_the_command_that_removes_it(
    carried: dict[str, Any], verb: str, key: str
) -> None:
    def said(**more: Any) -> tuple[str, ...]:
        nodes = {"node6": NodeState("node6", (), **carried, **more), "node4": replace(NODE, **carried)}
        return Comparison(FABRIC, Observed(replace(CLUSTER, nodes=nodes))).of_others("rr2")

    line = f"node node6 is no reflector in this file and has {key}=1.2.3.4: kubectl {verb} node node6 {key}-"
    assert said() == said(managers={key: frozenset(["kubectl"])}) == (line,)
    assert said(managers={key: frozenset(["leafrack:leafrack/dev:cluster-id"])}) == ()


EXTRA: dict[str, tuple[dict[str, Any], str]] = {
    "a text": ({"maxRestartTime": "10s"}, "has maxRestartTime=10s"),
    "a number": ({"localASNumber": 64599}, "has localASNumber=64599"),
    "what Calico takes for nothing": ({"sourceAddress": "UseNodeIP", "node": "", "filters": []}, ""),
    "a next hop mode, which stays as it was found": ({"keepOriginalNextHop": True, "nextHopMode": "Auto"}, ""),
    "what leafrack gives it": ({"asNumber": 65019}, ""),
}


@pytest.mark.parametrize(("more", "says"), EXTRA.values(), ids=EXTRA)
def test_a_field_that_somebody_gave_a_peer_comes_with_the_command_that_removes_it(
    more: dict[str, Any], says: str
) -> None:
    def said(**changed: Any) -> tuple[str, ...]:
        peer = replace(PEER, spec={**PEER.spec, **more}, **changed)
        return Comparison(FABRIC, Observed(replace(CLUSTER, peers=(peer,)))).of_others_in_peer(PEER.name, PEER.spec)

    (key, *_) = more
    command = f"kubectl patch bgppeers.crd.projectcalico.org {PEER.name} --type=json"
    path = f'[{{"op": "remove", "path": "/spec/{key}"}}]'
    line = f"BGPPeer {PEER.name} {says}, which this file does not give it: {command} -p '{path}'"
    assert said() == ((line,) if says else ())
    assert said(managers={key: frozenset(["leafrack:leafrack/dev:local-as-number"])}) == ()
    assert Comparison(FABRIC, Observed(replace(CLUSTER, peers=()))).of_others_in_peer(PEER.name, PEER.spec) == ()
    native = replace(CLUSTER, calico=CalicoApi("projectcalico.org"), peers=(replace(PEER, spec={**PEER.spec, **more}),))
    found = Comparison(FABRIC, Observed(native)).of_others_in_peer(PEER.name, PEER.spec)
    assert [each.replace("bgppeers.projectcalico.org", "bgppeers.crd.projectcalico.org") for each in found] == (
        [line] if says else []
    )


def test_a_list_that_is_to_be_empty_is_as_good_as_none() -> None:
    assert DRIFT.of_bgp_configuration({"serviceExternalIPs": []}) == ()
    found = replace(CLUSTER, bgp_configuration={"serviceExternalIPs": [{"cidr": "192.0.2.0/24"}]})
    (line,) = Comparison(FABRIC, Observed(found)).of_bgp_configuration({"serviceExternalIPs": []})
    assert line.startswith("BGPConfiguration default has serviceExternalIPs=192.0.2.0/24 instead of")
