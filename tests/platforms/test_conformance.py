"""Every platform, held to the same: jobs of the same fabrics on real software, played as by Pulumi's command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from typing import Any, TypeVar

import pytest

from leafrack.addresses import Network
from leafrack.platforms import (
    Feature,
    Job,
    Listener,
    Neighbour,
    PathList,
    PlayedPlatform,
    PrefixList,
    SessionState,
    Task,
    Way,
    platforms,
)
from leafrack.platforms.ranges import given_as
from leafrack.platforms.reading import ThirdParty
from leafrack.platforms.state import AnyAs, Timers
from tests.platforms.boxes import ANNOUNCED as BLOCKS
from tests.platforms.boxes import AS_NUMBER, NODE_AS, NODES, TRANSIT, Box, eventually, neighbour, running
from tests.platforms.boxes import OTHER as UNWANTED

pytestmark = pytest.mark.lab

RACK_AS = 64601
"""What a rack has in the end."""
RANGES = {4: ("10.233.64.0/18", "10.9.9.9/32"), 6: ("fd00:64::/48",)}


def job(
    *neighbours: Neighbour,
    task: Task = Task.SESSIONS,
    fabric: str = "dc1",
    more: str = "0.0.0.0/0",
    listeners: tuple[Listener, ...] = (),
) -> Job:
    """A job of a fabric, with the lists of the families that its neighbours have."""
    families = {4: "", 6: "6"}
    versions = sorted({*(each.address.version for each in neighbours), *(each.prefix.version for each in listeners)})
    own = tuple(f"LEAFRACK-{fabric}-{way}{six}" for six in families.values() for way in ("IN", "OUT"))
    lists: list[PrefixList] = []
    for version in versions:
        ranges: tuple[Network, ...] = tuple(map(ip_network, RANGES[version]))
        sent = (*ranges, ip_network(more)) if version == 4 else ranges
        for way, taken in (("IN", ranges), ("OUT", sent)):
            lists.append(PrefixList(f"LEAFRACK-{fabric}-{way}{families[version]}", taken))
    return Job(task, AS_NUMBER, own, tuple(lists), neighbours, RACK_AS, listeners)


def with_paths(leaf: Box, given: Job, *as_numbers: int, fabric: str = "dc1") -> Job:
    """The same with a path list, where the platform takes one."""
    if not leaf.platform.takes_paths:
        return given
    paths = PathList(f"LEAFRACK-{fabric}-AS", tuple(sorted(as_numbers or (NODE_AS, RACK_AS))))
    neighbours = tuple(replace(each, paths_in=paths.name) for each in given.neighbours)
    return replace(given, paths=paths, neighbours=neighbours)


def of(task: Task, sessions: Job) -> Job:
    """The same for another task, without the passwords, which only sessions are given."""
    return replace(
        sessions,
        task=task,
        neighbours=tuple(replace(one, password=None) for one in sessions.neighbours),
        listeners=tuple(replace(one, password=None) for one in sessions.listeners),
    )


NIGHTLY = pytest.mark.nightly(twin="tests/platforms/test_fakes.py")
"""A box that is played is much slower, and what is behind most of them, and behind SONiC's wrapper, is one FRR."""
SHORT = [name for name, one in sorted(platforms().items()) if name == "sonic" or isinstance(one, PlayedPlatform)]
"""Platforms that run the whole suite at night; each has a short case in the twin."""


def each_platform() -> Iterator[Any]:
    for name in sorted(platforms()):
        yield pytest.param(name, marks=NIGHTLY) if name in SHORT else name


def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The switch of a module."""
    with running(request.param, tmp_path_factory.mktemp(request.param)) as found:
        # A round trip first: afterwards the saved configuration is in the software's own words.
        found.applied(job(neighbour()))
        found.applied(job(neighbour()), Way.BACK)
        yield found


box = pytest.fixture(scope="module", params=each_platform(), name="box")(started)


@pytest.fixture
def leaf(box: Box) -> Iterator[Box]:
    """The switch; whatever a test did, all of it is taken back, and nothing of it is left."""
    before = box.saved(), box.files()
    yield box
    for fabric in ("dc1", "dc2"):
        box.applied(with_paths(box, job(fabric=fabric), fabric=fabric), Way.BACK)
    box.nodes_are()
    assert box.nobody_peers(), "a session that outlives its neighbour would pass for one of the next test's"
    assert (box.saved(), box.files()) == before


def lacking(leaf: Box, feature: Feature, *, asked: bool = True) -> None:
    """Go no further where the platform cannot do what a test asks for: no fabric that asks for it passes the check."""
    if asked and feature in leaf.platform.cannot:
        pytest.skip(f"{leaf.name} has no {feature}")


FEATURES = {
    "as_override": Feature.AS_OVERRIDE,
    "remove_private_as": Feature.PRIVATE_AS,
    "graceful_restart": Feature.NO_GRACEFUL_RESTART,
    "ttl_security": Feature.TTL_SECURITY,
    "maximum_prefix": Feature.MAXIMUM_PREFIX,
    "timers": Feature.TIMERS,
    "password": Feature.PASSWORD,
}
"""What a field asks of a platform where it is not as it is by itself."""


Declared = TypeVar("Declared", Neighbour, Listener)


def as_far_as(leaf: Box, given: Declared) -> Declared:
    """A neighbour or range of which no more is asked than a platform can do."""
    plain = neighbour()
    lacks = {name: getattr(plain, name) for name, feature in FEATURES.items() if feature in leaf.platform.cannot}
    return replace(given, **lacks)


NODE = neighbour()
EVERYTHING: dict[str, Any] = {
    "as_override": True,
    "remove_private_as": True,
    "graceful_restart": False,
    "ttl_security": True,
    "maximum_prefix": 1000,
    "timers": Timers(keepalive=3, hold=9),
    "password": "s3cret#;$x",
}
FABRICS = {
    "one neighbour": (NODE,),
    "both families": (NODE, neighbour(version=6)),
    "any AS": (replace(NODE, as_number=None),),
    "all that may be wanted": (replace(NODE, **EVERYTHING), replace(neighbour(1, 6), **EVERYTHING)),
}


@pytest.mark.parametrize("neighbours", FABRICS.values(), ids=FABRICS)
def test_what_was_applied_is_read_back_without_a_difference(leaf: Box, neighbours: tuple[Neighbour, ...]) -> None:
    neighbours = tuple(as_far_as(leaf, each) for each in neighbours)
    given = job(*neighbours)
    lacking(leaf, Feature.ANY_AS, asked=any(each.as_number is None for each in neighbours))
    assert leaf.differences(given)
    leaf.applied(given)
    assert leaf.differences(given) == []
    state = leaf.state()
    assert state.as_number == AS_NUMBER
    assert [state.neighbours[each.address].set_as for each in neighbours] == [
        AnyAs.EXTERNAL if each.as_number is None else each.as_number for each in neighbours
    ]


def test_what_is_applied_again_changes_nothing_and_resets_nothing(leaf: Box) -> None:
    given = job(NODE, neighbour(version=6))
    leaf.applied(given)
    up = leaf.comes_up(), leaf.comes_up(version=6)
    saved = leaf.saved()
    for task in (Task.SESSIONS, Task.RETIRED, Task.SESSIONS):
        leaf.applied(of(task, given))
    assert (leaf.since(), leaf.since(version=6), leaf.saved()) == (*up, saved)


CHANGES: dict[str, tuple[dict[str, Any], bool]] = {
    "description": ({"description": "leafrack rr1 elsewhere"}, True),
    "maximum_prefix": ({"maximum_prefix": 500}, True),
    "as_override": ({"as_override": True}, True),
    "remove_private_as": ({"remove_private_as": True}, True),
    "timers": ({"timers": Timers(keepalive=5, hold=15)}, False),
    "graceful_restart": ({"graceful_restart": False}, False),
    "ttl_security": ({"ttl_security": True}, False),
    "password": ({"password": "s3cret"}, False),
}
"""Fields, and whether the session has to stay up."""


@pytest.mark.parametrize(("change", "stays"), CHANGES.values(), ids=CHANGES)
def test_a_field_that_changes_is_seen_and_put_right_there_and_back(
    leaf: Box, change: dict[str, Any], *, stays: bool
) -> None:
    for field in FEATURES.keys() & change:
        lacking(leaf, FEATURES[field])
    one, other = job(NODE), job(replace(NODE, **change))
    leaf.applied(one)
    if "graceful_restart" in change and not leaf.state().neighbours[NODE.address].graceful_restart:
        # It is off for all neighbours, which is right for those that want it off and for those that do not care.
        assert leaf.differences(other) == []
        return
    up = leaf.comes_up()
    for given, before in ((other, one), (one, other)):
        assert leaf.differences(given), "the change is seen"
        leaf.applied(given)
        assert leaf.differences(given) == []
        assert leaf.differences(before)
    assert not stays or leaf.since() == up


def test_lists_that_change_reset_no_session_and_hold_what_is_declared(leaf: Box) -> None:
    one, other = job(NODE), job(NODE, more="10.200.0.0/16")
    leaf.applied(one)
    up = leaf.comes_up()
    leaf.applied(other)
    assert leaf.differences(other) == []
    lacks, has = leaf.differences(one)
    assert lacks.startswith("LEAFRACK-dc1-OUT lacks `")
    assert has.startswith("LEAFRACK-dc1-OUT has `")
    assert leaf.since() == up


def test_only_what_the_lists_permit_passes(leaf: Box) -> None:
    leaf.applied(job(NODE, neighbour(version=6)))
    for version in (4, 6):
        leaf.comes_up(version=version)
        node = neighbour(version=version).address
        block, unwanted = ip_network(BLOCKS[version][0]), ip_network(UNWANTED[version])
        assert eventually(lambda block=block: block in leaf.state().routes)  # type: ignore[misc]
        state = leaf.state()
        assert (state.neighbours[node].prefixes_received, unwanted in state.routes) == (1, False)
        # The rack's own subnet is the leaf's and no pods'.
        assert "172.20.0.0/24" not in leaf.table(0, version)


def taking_paths(leaf: Box) -> None:
    """Go no further where leafrack has no path list for the platform."""
    if not leaf.platform.takes_paths:
        pytest.skip(f"{leaf.name} is given no path list")


def _has(leaf: Box, network: str, expected: bool = True) -> bool:  # noqa: FBT001, FBT002 - what is expected
    """Whether a route is in the switch's table, or is not."""
    return (ip_network(network) in leaf.state().routes) is expected


def test_a_leaf_takes_paths_of_the_racks_own_as_numbers_alone(leaf: Box) -> None:
    taking_paths(leaf)
    leaf.nodes_are(transit=True)
    given = with_paths(leaf, job(NODE, neighbour(version=6)))
    leaf.applied(given)
    assert leaf.differences(given) == []
    for version in (4, 6):
        leaf.comes_up(version=version)
        assert eventually(partial(_has, leaf, BLOCKS[version][0])), "whose path has the node's own AS twice"
        assert _has(leaf, TRANSIT[version], expected=False)
        assert leaf.state().neighbours[neighbour(version=version).address].prefixes_received == 1


def test_a_leaf_that_was_written_before_there_were_path_lists_gets_one_without_a_reset(leaf: Box) -> None:
    taking_paths(leaf)
    leaf.nodes_are(transit=True)
    plain = job(NODE)
    given = with_paths(leaf, plain)
    leaf.applied(plain)
    up = leaf.comes_up()
    assert eventually(partial(_has, leaf, TRANSIT[4]))
    assert leaf.differences(given)
    leaf.applied(given)
    assert leaf.differences(given) == []
    assert eventually(partial(_has, leaf, TRANSIT[4], expected=False))
    assert _has(leaf, BLOCKS[4][0])
    before = leaf.saved()
    for task in (Task.SESSIONS, Task.RETIRED):
        leaf.applied(of(task, given))
    assert (leaf.saved(), leaf.since()) == (before, up)


@pytest.mark.parametrize("start", [NODE_AS, None], ids=["pinned", "any AS"])
def test_a_path_list_that_changes_keeps_the_as_that_nodes_are_in_until_they_leave_it(
    leaf: Box, start: int | None
) -> None:
    taking_paths(leaf)
    lacking(leaf, Feature.ANY_AS, asked=start is None)
    one = with_paths(leaf, job(replace(NODE, as_number=start)), NODE_AS)
    leaf.applied(one)
    up = leaf.comes_up()
    assert eventually(partial(_has, leaf, BLOCKS[4][0]))
    # A file in which the AS that the nodes are in is no more: the leaf is given it before they are.
    other = with_paths(leaf, replace(one, neighbours=(replace(NODE, as_number=start, as_numbers=()),)), 64700, RACK_AS)
    other = replace(other, final_as=RACK_AS)
    leaf.applied(other)
    wide = with_paths(leaf, other, 64700, RACK_AS, NODE_AS)
    assert _has(leaf, BLOCKS[4][0])
    assert leaf.differences(other), "it has more than what the file says"
    leaf.applied(of(Task.RETIRED, other))
    assert (leaf.since(), _has(leaf, BLOCKS[4][0])) == (up, True)
    leaf.applied(of(Task.AS_NUMBERS, other))
    leaf.nodes_are(RACK_AS)
    leaf.comes_up()
    assert leaf.differences(other) == []
    assert leaf.differences(wide)
    assert eventually(partial(_has, leaf, BLOCKS[4][0]))


def test_a_path_list_that_somebody_widened_is_seen_and_put_right_without_a_reset(leaf: Box) -> None:
    taking_paths(leaf)
    one, other = with_paths(leaf, job(NODE)), with_paths(leaf, job(NODE), NODE_AS, RACK_AS, 4200000001)
    leaf.applied(other)
    up = leaf.comes_up()
    assert eventually(partial(_has, leaf, BLOCKS[4][0]))
    has = leaf.differences(one)
    assert has
    assert all("LEAFRACK-dc1-AS" in line for line in has)
    for given in (one, other, one):
        leaf.applied(given)
        assert leaf.differences(given) == []
        assert _has(leaf, BLOCKS[4][0])
    assert leaf.since() == up


def test_path_lists_of_two_fabrics_are_two(leaf: Box) -> None:
    taking_paths(leaf)
    ours = with_paths(leaf, job(NODE))
    theirs = with_paths(leaf, job(neighbour(1, fabric="dc2"), fabric="dc2"), 64777, NODE_AS, fabric="dc2")
    leaf.applied(ours)
    leaf.applied(theirs)
    assert (leaf.differences(ours), leaf.differences(theirs)) == ([], [])
    leaf.applied(ours, Way.BACK)
    assert leaf.differences(theirs) == []
    assert "LEAFRACK-dc1-AS" not in leaf.state().paths


def _sees(leaf: Box, expected: bool) -> bool:  # noqa: FBT001 - what is expected
    """Whether a node sees the other's pods, or does not."""
    return (BLOCKS[4][1] in leaf.table()) is expected


def test_nodes_behind_one_leaf_see_each_others_pods_only_where_it_puts_its_own_as_in_place_of_theirs(leaf: Box) -> None:
    plain = (NODE, neighbour(1))
    leaf.applied(job(*plain))
    leaf.comes_up(), leaf.comes_up(1)
    assert BLOCKS[4][1] not in leaf.table()
    for field in ("as_override", "remove_private_as"):
        if FEATURES[field] in leaf.platform.cannot:
            continue
        change: dict[str, Any] = {field: True}
        leaf.applied(job(*(replace(each, **change) for each in plain)))
        expected = field == "as_override" or not leaf.platform.behaviour.leaves_receivers_as
        as_expected = eventually(partial(_sees, leaf, expected), 5)
        # FRR 10.3 has its own AS also in the place of the receiver's: there is more to see than the proof counts on.
        assert as_expected or (not expected and "LEAFRACK_FRR_RELEASE" in os.environ)
        if BLOCKS[4][1] in leaf.table():
            shown = leaf.table(0, 4, "all", BLOCKS[4][1])
            assert f"BGP.as_path: {AS_NUMBER} {AS_NUMBER}\n" in shown, "a path keeps its length"
            shared = leaf.platform.behaviour.third_party is not ThirdParty.NEVER
            assert (f"BGP.next_hop: {NODES[4][1]}\n" in shown) is shared, (
                "nodes of one subnet reach each other directly"
            )


def test_sessions_add_and_never_remove_and_who_is_retired_goes_alone(leaf: Box) -> None:
    both, one = job(NODE, neighbour(1), neighbour(1, 6)), job(NODE)
    leaf.applied(one)
    up = leaf.comes_up()
    leaf.applied(both)
    leaf.comes_up(1)
    leaf.applied(one)
    assert set(leaf.state().neighbours) >= {each.address for each in both.neighbours}
    leaf.applied(of(Task.RETIRED, one))
    state = leaf.state()
    assert [each.address in state.neighbours for each in both.neighbours] == [True, False, False]
    assert {name for name in state.lists if name.endswith("6")} == set(), "no list of a family without neighbours"
    assert (leaf.differences(one), leaf.since()) == ([], up)


def test_any_as_will_do_until_it_is_pinned(leaf: Box) -> None:
    lacking(leaf, Feature.ANY_AS)
    leaf.applied(job(replace(NODE, as_number=None)))
    up = leaf.comes_up()
    leaf.nodes_are(RACK_AS)
    assert eventually(lambda: leaf.since() not in (0.0, up))


def starts(leaf: Box) -> int | None:
    """The AS in which a rack starts that is going to have its own: any where the platform takes neighbours of any."""
    return NODE_AS if Feature.ANY_AS in leaf.platform.cannot else None


def test_a_rack_gets_its_own_as_and_the_first_one_back(leaf: Box) -> None:
    sessions = job(replace(NODE, as_number=starts(leaf)))
    pinned = of(Task.AS_NUMBERS, sessions)
    leaf.applied(sessions)
    leaf.comes_up()
    leaf.applied(pinned)
    leaf.nodes_are(RACK_AS)
    found = leaf.state().neighbours[NODE.address]
    assert (found.set_as, leaf.platform.as_difference(RACK_AS, found)) == (RACK_AS, ())
    assert leaf.platform.as_difference(NODE_AS, found)
    up = leaf.comes_up()
    leaf.applied(sessions)
    leaf.applied(pinned)
    assert (leaf.state().neighbours[NODE.address].set_as, leaf.since()) == (RACK_AS, up)
    leaf.applied(pinned, Way.BACK)
    assert leaf.state().neighbours[NODE.address].set_as == given_as(starts(leaf))
    leaf.nodes_are(NODE_AS)
    assert eventually(lambda: leaf.state().neighbours[NODE.address].remote_as == NODE_AS)
    leaf.comes_up()


def test_a_node_that_joins_a_rack_on_its_way_to_another_as_comes_up_in_the_one_that_it_has(leaf: Box) -> None:
    own = job(replace(NODE, as_number=starts(leaf)))
    leaf.nodes_are(RACK_AS)
    leaf.meets(own)
    leaf.applied(of(Task.AS_NUMBERS, own))
    up = leaf.comes_up()
    # The rack gives up its own AS, and another node comes: until the cluster knows of it, both are in that of the rack.
    both = replace(job(NODE, neighbour(1)), final_as=NODE_AS)
    leaf.meets(both)
    leaf.comes_up(1)
    assert leaf.since() == up
    leaf.applied(of(Task.AS_NUMBERS, both))
    leaf.nodes_are(NODE_AS)
    leaf.comes_up()
    leaf.comes_up(1)
    assert leaf.differences(both) == []
    assert {leaf.state().neighbours[each.address].set_as for each in both.neighbours} == {NODE_AS}


def test_a_neighbour_that_somebody_took_away_comes_back_in_the_as_that_its_rack_has_by_now(leaf: Box) -> None:
    own = job(replace(NODE, as_number=starts(leaf)))
    leaf.nodes_are(RACK_AS)
    leaf.meets(own)
    leaf.applied(of(Task.AS_NUMBERS, own))
    leaf.comes_up()
    leaf.applied(own, Way.BACK)
    assert leaf.nobody_peers()
    leaf.meets(own)
    leaf.comes_up()
    leaf.applied(of(Task.AS_NUMBERS, own))
    leaf.comes_up()
    assert leaf.state().neighbours[NODE.address].set_as == RACK_AS


def test_an_as_that_can_never_be_right_gives_way_where_no_session_is_up(leaf: Box) -> None:
    leaf.applied(job(replace(NODE, as_number=64999)))
    leaf.applied(job(NODE))
    assert leaf.state().neighbours[NODE.address].set_as == NODE_AS
    leaf.comes_up()


def test_a_session_with_a_password_comes_up_and_the_password_is_in_no_message(leaf: Box) -> None:
    leaf.nodes_are(extra='password "s3cret";')
    given = job(replace(NODE, password="s3cret"))
    leaf.applied(given)
    leaf.comes_up()
    other = job(replace(NODE, password="an0ther"))
    differences = leaf.differences(other)
    assert "an0ther" not in "".join(differences)
    assert "s3cret" not in repr(leaf.state())
    shown = leaf.state().neighbours[NODE.address].password
    assert shown is not None
    assert len(differences) == (not shown.sealed)
    if shown.sealed:
        # Nobody can compare what is shown: what was given last is known, and another one is given.
        leaf.applied(given)
        assert leaf.state().neighbours[NODE.address].password == shown
        leaf.applied(other)
        assert leaf.state().neighbours[NODE.address].password != shown


def test_what_the_software_refuses_changes_nothing_and_shows_no_password(leaf: Box) -> None:
    leaf.applied(job(NODE))
    before, up = leaf.saved(), leaf.comes_up()
    wrong = replace(NODE, description="x\n  nonsense", password="s3cret")
    with leaf.taking_back():
        done = leaf.play(job(wrong))
        assert done.returncode != 0
        assert done.stderr
        assert "s3cret" not in done.stderr + done.stdout
    assert (leaf.saved(), leaf.since(), leaf.differences(job(NODE))) == (before, up, [])


def test_two_fabrics_on_one_leaf_leave_each_other_alone(leaf: Box) -> None:
    ours, theirs = job(NODE), job(replace(neighbour(1, fabric="dc2"), description=NODE.description), fabric="dc2")
    leaf.applied(ours)
    leaf.comes_up()
    leaf.applied(theirs)
    second = leaf.comes_up(1)
    for task in (Task.SESSIONS, Task.RETIRED, Task.AS_NUMBERS):
        leaf.applied(of(task, replace(ours, final_as=NODE_AS)))
    assert (leaf.differences(ours), leaf.differences(theirs), leaf.since(1)) == ([], [], second)
    leaf.applied(ours, Way.BACK)
    assert (leaf.differences(theirs), leaf.since(1)) == ([], second)
    assert NODE.address not in leaf.state().neighbours


def test_a_neighbour_that_somebody_else_calls_leafracks_stays(leaf: Box) -> None:
    address = NODES[4][1]
    leaf.somebody_adds(address, "leafrack rr1 node2")
    try:
        before = leaf.saved()
        leaf.applied(job(NODE))
        leaf.applied(job(NODE, task=Task.RETIRED))
        leaf.applied(job(NODE), Way.BACK)
        assert neighbour(1).address in leaf.state().neighbours
        assert leaf.saved() == before
    finally:
        leaf.somebody_removes(address)


@pytest.mark.parametrize("task", [Task.SESSIONS, Task.AS_NUMBERS])
def test_a_leaf_in_another_as_is_left_alone_and_says_so(leaf: Box, task: Task) -> None:
    leaf.applied(job(NODE))
    before = leaf.saved()
    other = replace(job(NODE, neighbour(1), task=task), as_number=65010)
    done = leaf.play(other)
    assert done.returncode == 1
    said = f"this switch runs BGP as AS {AS_NUMBER}, the fabric file says 65010: nothing was changed\n"
    assert (done.stderr, leaf.saved()) == (said, before)
    assert neighbour(1).address not in leaf.state().neighbours


def test_a_session_that_is_down_says_why(leaf: Box) -> None:
    leaf.nodes_are(RACK_AS)
    with leaf.calling():
        leaf.applied(job(NODE))
        # A fake waits for further lines before FRR hears of any; this asks it.
        leaf.state()
    assert eventually(lambda: "AS" in leaf.state().neighbours[NODE.address].last_error)
    assert leaf.state().neighbours[NODE.address].state is not SessionState.ESTABLISHED
