"""What BIRD and FRR do with routes, on networks that no fabric file declares: filters, overrides, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest

from lab.fabrics import Values, rack, values
from leafrack.platforms import Behaviour, platform_of
from leafrack.platforms.reading import Multipath, ThirdParty
from leafrack.proof.classes import classes
from leafrack.proof.model import Entry, Kind, NextHop, Session, Topology, What
from leafrack.proof.sessions import carried, within_limits
from leafrack.proof.simulate import Walk
from leafrack.proof.topology import topology
from tests.platforms.made_up import NAME, register
from tests.proof.fabrics import changed, edited, fabric

ONE_AS = changed(values(2, spines=1), racks__rr2__asNumber=64512)
TOP_OF_RACK = changed(values(2, spines=1), interconnect="top-of-rack")


def entry(given: Topology, node: str, holder: str) -> Entry:
    prefix = next(one for one in given.origins if one.what is What.PODS and one.node == node)
    return Walk(given).of(prefix).entries.get(holder, Entry())


def hops(given: Topology, node: str, holder: str) -> set[str]:
    return {hop.speaker or hop.address for hop in entry(given, node, holder).hops}


MEASURED: list[tuple[str, Values, Callable[[Topology], Topology], dict[str, set[str]]]] = [
    ("one AS, nothing done", ONE_AS, lambda one: one, {"n1a": set(), "n1c": set()}),
    (
        "one AS, as-override on the leaves",
        ONE_AS,
        lambda one: edited(one, "leaf", Kind.NODE, as_override=True),
        {"n1a": {"leaf1"}, "n1c": {"leaf1"}},
    ),
    (
        "one AS, numAllowedLocalASNumbers on the reflectors' leaf peers",
        ONE_AS,
        lambda one: edited(one, "node", Kind.LEAF, allow_own_as=1),
        {"n1a": {"leaf1"}, "n1c": set()},
    ),
    (
        "one AS, allowas-in on the leaves",
        ONE_AS,
        lambda one: edited(one, "leaf", Kind.NODE, allow_own_as=1),
        {"n1a": set(), "n1c": set()},
    ),
    (
        "one AS, remove-private-AS all replace-AS on the leaves",
        ONE_AS,
        lambda one: edited(one, "leaf", Kind.NODE, remove_private_as=True),
        {"n1a": set(), "n1c": set()},
    ),
    (
        "top of rack without as-override",
        TOP_OF_RACK,
        lambda one: edited(one, "leaf", Kind.NODE, as_override=False),
        {"n1a": {"leaf1"}, "n2b": set(), "n2c": set()},
    ),
    (
        "top of rack with numAllowedLocalASNumbers instead",
        TOP_OF_RACK,
        lambda one: edited(
            edited(one, "leaf", Kind.NODE, as_override=False, group="NODES"), "node", Kind.LEAF, allow_own_as=1
        ),
        {"n1a": {"leaf1"}, "n2b": {"n2a"}, "n2c": {"n2a"}},
    ),
]


@pytest.mark.parametrize(
    ("given", "change", "expected"), [one[1:] for one in MEASURED], ids=[one[0] for one in MEASURED]
)
def test_ways_around_one_as_do_what_was_measured(
    given: Values, change: Callable[[Topology], Topology], expected: dict[str, set[str]]
) -> None:
    """The tables "64512 in every rack" and "Top of rack" of the measurements on real BIRD and FRR."""
    made = change(topology(fabric(given)))
    assert {holder: hops(made, "n2a", holder) for holder in expected} == expected


LOCAL_AS = changed(values(2, spines=1), racks__rr2__asNumber=None, racks__rr2__localASNumber=64513)


@pytest.mark.parametrize("cured", [False, True], ids=["plain", "remove-private-AS"])
def test_a_local_as_on_the_leaf_peer_hides_routes_from_members_until_the_leaf_replaces_private_numbers(
    *, cured: bool
) -> None:
    made = topology(fabric(LOCAL_AS))
    if not cured:
        made = edited(made, Kind.LEAF, Kind.NODE, remove_private_as=False)
    assert {made.speakers[node].as_number for node in ("n1a", "n2a", "n2c")} == {64512}
    assert hops(made, "n1a", "n2a") == {"leaf2"}
    assert hops(made, "n1a", "n2c") == ({"leaf2"} if cured else set())
    best = entry(made, "n2c", "spine1").best
    assert best is not None
    assert best.as_path == (65102, 64513)


def test_frr_leaves_a_third_partys_next_hop_only_among_neighbours_that_get_the_same_updates() -> None:
    made = edited(topology(fabric(TOP_OF_RACK)), Kind.NODE, Kind.LEAF, allow_own_as=1)
    made = edited(made, Kind.LEAF, Kind.NODE, as_override=False)
    assert hops(made, "n2a", "n2c") == {"n2a"}
    assert hops(edited(made, Kind.LEAF, Kind.NODE, sends=None), "n2a", "n2c") == {"leaf2"}


def test_without_keep_the_leaf_reaches_every_pod_through_the_reflectors() -> None:
    made = topology(fabric(values(2, spines=1)))
    assert hops(made, "n1c", "leaf1") == {"n1c"}
    assert hops(edited(made, "node", Kind.LEAF, next_hop=NextHop.AUTO), "n1c", "leaf1") == {"n1a", "n1b"}


def test_a_prefix_list_lets_a_route_in_only_if_it_covers_the_pod_range() -> None:
    made = topology(fabric(values(2, spines=1)))
    whole = edited(made, "leaf", Kind.NODE, accepts=(ip_network("10.233.0.0/16"),))
    half = edited(made, "leaf", Kind.NODE, accepts=(ip_network("10.233.64.0/19"),))
    assert hops(whole, "n1c", "spine1") == {"leaf1"}
    assert hops(half, "n1c", "spine1") == set()


def test_nodes_learn_pods_and_services_and_nothing_else_that_the_leaf_knows() -> None:
    made = topology(fabric(values(2, spines=1)))
    whats = {name: {prefix.what for prefix in table} for name, table in Walk(made).tables().items()}
    assert whats["n1a"] == whats["n1c"] == {What.PODS, What.SERVICES}
    assert whats["leaf1"] == whats["spine1"] == {What.PODS, What.SERVICES, What.SUBNET}
    half = Walk(edited(made, Kind.LEAF, Kind.NODE, sends=None)).tables()
    assert {prefix.what for prefix in half["n1a"]} == {What.PODS, What.SERVICES}, "the node's filter holds"
    unlisted = Walk(edited(edited(made, Kind.LEAF, Kind.NODE, sends=None), Kind.NODE, Kind.LEAF, accepts=None)).tables()
    assert {prefix.what for prefix in unlisted["n1a"]} == {What.PODS, What.SERVICES, What.SUBNET}


def test_what_the_file_lets_nodes_accept_reaches_those_that_peer_with_the_leaf() -> None:
    made = Walk(topology(fabric(changed(values(2, spines=1), acceptCIDRs=["172.21.0.0/16"])))).tables()
    subnets = {str(prefix.ranges[0]) for prefix in made["n1a"] if prefix.what is What.SUBNET}
    assert subnets == {"172.21.0.0/24"}
    assert all(prefix.what is not What.SUBNET for prefix in made["n1c"]), "a reflector passes on pods and services"
    exact = Walk(topology(fabric(changed(values(2, spines=1), acceptCIDRs=["0.0.0.0/0"])))).tables()
    assert {prefix.what for prefix in exact["n1a"]} == {What.PODS, What.SERVICES}


MESH_IN_ONE_AS = changed(ONE_AS, interconnect="full-mesh")


def test_a_mesh_across_racks_works_by_the_default_route_unless_the_leaves_send_subnets() -> None:
    """BIRD resolves a next hop through no route of BGP, and a subnet that it has over BGP hides the default route."""
    assert hops(topology(fabric(MESH_IN_ONE_AS)), "n1c", "n2c") == {"default gateway"}
    subnets = [str(subnet) for rack in fabric(MESH_IN_ONE_AS).racks.values() for subnet in rack.subnets]
    found = entry(topology(fabric(changed(MESH_IN_ONE_AS, acceptCIDRs=subnets))), "n1c", "n2c")
    assert found.best is not None
    assert not found.usable


def test_every_node_of_a_full_mesh_rack_peers_with_its_leaf_also_where_reflectors_are_declared() -> None:
    made = topology(fabric(changed(values(2, spines=1), racks__rr1__interconnect="full-mesh")))
    near = {one.near.speaker for one in made.sessions if one.far.speaker == "leaf1"}
    assert near == {"n1a", "n1b", "n1c"}
    assert not any(made.speakers[node].reflector for node in near)


def test_sessions_between_racks_end_with_the_leaf_that_carries_them() -> None:
    made = topology(fabric(MESH_IN_ONE_AS))
    assert carried(made) == made
    left = carried(made.without("leaf1"))
    pairs = {frozenset({one.near.speaker, one.far.speaker}) for one in left.sessions}
    assert frozenset({"n1a", "n1b"}) in pairs
    assert not any(pair & {"n1a", "n1b", "n1c"} and pair & {"n2a", "n2b", "n2c"} for pair in pairs)


@pytest.mark.parametrize(
    ("second", "as_path", "clients"), [(64513, (64513,), False), (64512, (), True)], ids=["eBGP", "iBGP"]
)
def test_linked_reflectors_keep_the_next_hop_and_are_clients_of_each_other_in_one_as(
    second: int, as_path: tuple[int, ...], *, clients: bool
) -> None:
    made = topology(fabric(changed(values(2, spines=1), reflectorMesh=True, racks__rr2__asNumber=second)))
    links = [one for one in made.sessions if (one.near.speaker[:2], one.far.speaker[:2]) == ("n1", "n2")]
    assert len(links) == 4
    assert all(one.near.rr_client is one.far.rr_client is clients for one in links)
    best = entry(made, "n2c", "n1c").best
    assert best is not None
    assert best.as_path == as_path
    assert str(best.next_hop) == "172.21.0.13"


def test_the_leaf_spreads_service_traffic_over_all_nodes_of_its_rack() -> None:
    tables = Walk(topology(fabric(values(2, spines=1)))).tables()
    services = {name: hop for name, table in tables.items() for one, hop in table.items() if one.what is What.SERVICES}
    assert {hop.speaker for hop in services["leaf1"].hops} == {"n1a", "n1b", "n1c"}
    assert {hop.speaker for hop in services["spine1"].hops} == {"leaf1", "leaf2"}


def test_both_leaves_of_a_pair_are_used() -> None:
    made = topology(fabric(values({f"rr{n}": rack(n, leaves=2, spines=2) for n in (1, 2)}, spines=2)))
    assert hops(made, "n2c", "n1c") == {"leaf1", "leaf1b"}
    assert hops(made, "n2c", "leaf1b") == {"spine1", "spine2"}
    assert hops(made.without("leaf1"), "n2c", "n1c") == {"leaf1b"}


def test_a_member_that_lost_a_session_is_still_reflected_to_all() -> None:
    made = topology(fabric(values(1)))
    left = tuple(one for one in made.sessions if {one.near.speaker, one.far.speaker} != {"n1a", "n1c"})
    assert len(left) == len(made.sessions) - 1
    assert hops(replace(made, sessions=left), "n1c", "n1a") == {"n1c"}


def test_reflectors_that_share_a_cluster_id_do_not_pass_on_what_they_have_from_each_other() -> None:
    made = topology(fabric(values({"rr1": rack(1, members=2)})))
    ids = {name: replace(one, cluster_id=one.cluster_id and 7) for name, one in made.speakers.items()}
    plain = []
    for one in made.sessions:
        pair = {one.near.speaker, one.far.speaker}
        shared = pair == {"n1a", "n1b"}
        near, far = replace(one.near, rr_client=not shared and one.near.rr_client), one.far
        # The member n1c has lost its session to n1a, and n1d its session to n1b.
        if pair not in ({"n1a", "n1c"}, {"n1b", "n1d"}):
            plain.append(Session(near, replace(far, rr_client=not shared and far.rr_client)))
    made = replace(made, speakers=ids, sessions=tuple(plain))
    assert hops(made, "n1c", "n1b") == {"n1c"}
    assert hops(made, "n1c", "n1d") == set()


def test_a_node_that_is_no_reflector_keeps_ibgp_routes_to_itself() -> None:
    made = topology(fabric(values(1, interconnect="full-mesh")))
    left = tuple(one for one in made.sessions if {one.near.speaker, one.far.speaker} != {"n1a", "n1c"})
    assert len(left) == len(made.sessions) - 1
    assert hops(replace(made, sessions=left), "n1c", "n1b") == {"n1c"}
    assert hops(replace(made, sessions=left), "n1c", "n1a") == set()


def test_a_session_over_its_prefix_limit_ends() -> None:
    """Eight, as FRR counts them in the lab: services by four ways, the member's pods by two, each reflector's once."""
    made = edited(topology(fabric(values(2, spines=1))), "leaf", Kind.NODE, max_prefixes=7)
    assert len(within_limits(made, {}).sessions) == len(made.sessions) - 4
    roomy = edited(made, "leaf", Kind.NODE, max_prefixes=8)
    assert within_limits(roomy, {}) == roomy


def test_a_prefix_limit_counts_the_nodes_that_others_stand_for() -> None:
    found = classes(fabric(values({"rr1": rack(1, members=9)})))
    # Of each of nine members pods and services, by both reflectors; of each reflector the same once.
    made = edited(topology(found.fabric), "leaf", Kind.NODE, max_prefixes=40)
    assert sum(found.stands_for.values()) == 11
    assert within_limits(made, found.stands_for) == made
    tight = edited(made, "leaf", Kind.NODE, max_prefixes=39)
    assert len(within_limits(tight, found.stands_for).sessions) == len(made.sessions) - 2


def test_sessions_in_a_ring_settle() -> None:
    made = topology(fabric(values(3, spines=3)))
    assert all(Walk(made).of(prefix).stable for prefix in made.origins)


def behaving(given: Topology, **changes: object) -> Topology:
    """A network whose switches do something else by themselves."""
    speakers = {
        name: replace(one, behaviour=replace(one.behaviour, **changes))  # type: ignore[arg-type]
        for name, one in given.speakers.items()
    }
    return replace(given, speakers=speakers)


def test_the_next_hop_of_a_third_party_is_left_as_the_platform_does() -> None:
    made = edited(topology(fabric(TOP_OF_RACK)), Kind.NODE, Kind.LEAF, allow_own_as=1)
    made = edited(made, Kind.LEAF, Kind.NODE, as_override=False, sends=None)
    found = {rule: hops(behaving(made, third_party=rule), "n2a", "n2c") for rule in ThirdParty}
    # The spine gets the same updates as the nodes and is in another subnet.
    assert found == {ThirdParty.NEVER: {"leaf2"}, ThirdParty.GROUP: {"leaf2"}, ThirdParty.SHARED: {"n2a"}}


def test_routes_are_used_at_once_as_the_platform_does() -> None:
    made = topology(fabric(values({f"rr{n}": rack(n, leaves=2, spines=2) for n in (1, 2)}, spines=2)))
    found = {rule: len(hops(behaving(made, multipath=rule), "n2c", "leaf1")) for rule in Multipath}
    # By either spine the paths are as long, and not the same.
    assert found == {Multipath.NONE: 1, Multipath.SAME_PATH: 1, Multipath.SAME_LENGTH: 2}
    one_as = changed(values({"rr1": rack(1, leaves=2, spines=1)}, spines=1), racks__rr1__leaves__leaf1b__asNumber=65101)
    found = {rule: len(hops(behaving(topology(fabric(one_as)), multipath=rule), "n1c", "spine1")) for rule in Multipath}
    assert found == {Multipath.NONE: 1, Multipath.SAME_PATH: 2, Multipath.SAME_LENGTH: 2}


def test_private_numbers_are_replaced_but_for_the_receivers_where_the_platform_leaves_that() -> None:
    made = edited(topology(fabric(ONE_AS)), "leaf", Kind.NODE, remove_private_as=True)
    found = {leaves: hops(behaving(made, leaves_receivers_as=leaves), "n2a", "n1a") for leaves in (True, False)}
    assert found == {True: set(), False: {"leaf1"}}


def test_a_platform_may_keep_back_what_the_receiver_would_take_all_the_same() -> None:
    made = edited(topology(fabric(ONE_AS)), "node", Kind.LEAF, allow_own_as=1)
    found = {keeps: hops(behaving(made, withholds_receivers_as=keeps), "n2a", "n1a") for keeps in (True, False)}
    assert found == {True: set(), False: {"leaf1"}}


def test_a_path_with_either_as_of_a_switch_is_a_loop_where_the_platform_says_so() -> None:
    made = topology(fabric(values(2, spines=1)))
    number = made.speakers["leaf1"].as_number
    sessions = tuple(
        replace(one, near=replace(one.near, as_number=65999)) if one.near.speaker == "leaf1" else one
        for one in made.sessions
    )
    speakers = {**made.speakers, "leaf2": replace(made.speakers["leaf2"], as_number=number)}
    made = replace(made, sessions=sessions, speakers=speakers)
    found = {counts: hops(behaving(made, real_as_counts=counts), "n2a", "leaf1") for counts in (True, False)}
    assert found == {True: set(), False: {"spine1"}}


@pytest.mark.parametrize("checks", [True, False])
def test_a_next_hop_that_is_not_connected_counts_where_the_platform_does_not_look(*, checks: bool) -> None:
    made = topology(fabric(values(1, spines=1)))
    spine = replace(made.speakers["spine1"], subnets=())
    made = behaving(replace(made, speakers={**made.speakers, "spine1": spine}), connected_next_hop=checks)
    assert bool(entry(made, "n1a", "spine1").best) is not checks


@pytest.mark.parametrize("multihop", [True, False])
def test_a_leaf_with_ttl_security_takes_the_next_hops_that_linked_reflectors_tell_it(*, multihop: bool) -> None:
    """Their way is the shorter path: a reflector's AS and the other rack's, in the place of spine, leaf and rack."""
    declared = topology(fabric(changed(values(2, spines=1), reflectorMesh=True, ttlSecurity=True)))
    assert hops(behaving(declared, ttl_security_is_multihop=multihop), "n2a", "leaf1") == {"spine1"}, "by the path list"
    made = edited(declared, "leaf", Kind.NODE, paths=None)
    assert hops(behaving(made, ttl_security_is_multihop=multihop), "n2a", "leaf1") == (
        {"n2a"} if multihop else {"spine1"}
    )
    without = topology(fabric(changed(values(2, spines=1), reflectorMesh=True)))
    without = edited(without, "leaf", Kind.NODE, paths=None)
    assert hops(behaving(without, ttl_security_is_multihop=multihop), "n2a", "leaf1") == {"spine1"}


PAIRS = values({f"rr{n}": rack(n, leaves=2, spines=1) for n in (1, 2)}, spines=1)
TRANSIT: dict[str, Values] = {
    "top of rack": changed(PAIRS, interconnect="top-of-rack"),
    "full mesh in each rack": changed(PAIRS, interconnect="full-mesh"),
    "route reflectors": PAIRS,
    "racks in one AS": changed(PAIRS, interconnect="top-of-rack", racks__rr2__asNumber=64512),
    "linked reflectors": changed(PAIRS, reflectorMesh=True),
    "a local AS": changed(PAIRS, racks__rr1__asNumber=None, racks__rr1__localASNumber=64600),
}


def from_nodes(made: Topology, leaf: str) -> set[tuple[int, ...]]:
    """Paths of all routes that a leaf has from nodes."""
    walk = Walk(made)
    ribs = (walk.of(prefix).ribs[leaf] for prefix in made.origins)
    taken = (item for rib in ribs for item in rib.items() if made.speakers[item[0].sender.speaker].kind is Kind.NODE)
    return {route.as_path for _, routes in taken for route in routes}


@pytest.mark.parametrize("given", TRANSIT.values(), ids=TRANSIT)
def test_a_leaf_takes_from_its_nodes_nothing_of_another_leaf_or_rack(given: Values) -> None:
    made = topology(fabric(given))
    own = made.speakers["leaf1"], made.speakers["leaf1b"]
    for leaf in own:
        paths = from_nodes(made, leaf.name)
        assert paths
        assert all(len(set(path)) == 1 for path in paths), "only the rack's own AS"
    without = edited(made, "leaf", Kind.NODE, paths=None)
    assert any(len(set(path)) > 1 for path in from_nodes(without, "leaf1")), "otherwise it would take more"


def test_a_leaf_of_a_platform_without_path_lists_takes_what_nodes_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch).takes_paths = False  # type: ignore[misc] # it is no property of this one
    given = changed(TRANSIT["top of rack"], racks__rr1__leaves__leaf1__platform=NAME)
    made = topology(fabric(given))
    assert any(len(set(path)) > 1 for path in from_nodes(made, "leaf1"))
    assert all(len(set(path)) == 1 for path in from_nodes(made, "leaf1b"))


def test_a_next_hop_to_which_no_route_leads_is_not_used_with_ttl_security_either() -> None:
    made = topology(fabric(changed(values(2, spines=1), reflectorMesh=True, ttlSecurity=True)))
    made = edited(made, "leaf", Kind.NODE, paths=None)
    origins = {prefix: who for prefix, who in made.origins.items() if prefix.what is not What.SUBNET}
    assert hops(replace(made, origins=origins), "n2a", "leaf1") == {"spine1"}


def test_a_rack_whose_leaf_runs_another_platform_is_not_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, Behaviour(multipath=Multipath.NONE))
    given = fabric(changed(values(3, spines=1), racks__rr2__leaves__leaf2__platform=NAME))
    assert classes(given).likes == {"rr1": ("rr1", "rr3"), "rr2": ("rr2",), "rr3": ("rr1", "rr3")}
    made = topology(given)
    assert made.speakers["leaf2"].behaviour == Behaviour(multipath=Multipath.NONE)
    assert made.speakers["leaf1"].behaviour == platform_of("frr").behaviour == made.speakers["spine1"].behaviour
