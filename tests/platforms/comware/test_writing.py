"""Comware's lines: what an operator would enter, and what a switch lacks of it, has besides, or has to lose."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from leafrack.platforms import Feature, Job, Neighbour, PathList, PrefixList, SwitchState, Task, Way
from leafrack.platforms.comware import paths
from leafrack.platforms.comware.platform import COMWARE
from leafrack.platforms.differences import wanted
from leafrack.platforms.plan import GuardError, plan
from leafrack.platforms.seals import Seal
from leafrack.platforms.state import Limit, NeighbourState, Password, PrivateAs, SessionState, Timers
from tests.platforms.jobs import LISTENING
from tests.platforms.test_paths import PATHS as PATHS_OF

OWN = ("IN", "OUT", "IN6", "OUT6")
NODE = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", "IN", "OUT", (64512, 64601))
ALL: dict[str, Any] = {
    "as_override": True,
    "graceful_restart": False,
    "timers": Timers(3, 9),
    "ttl_security": True,
    "maximum_prefix": 1000,
    "password": "s3cret",
}
SIX = replace(NODE, address=ip_address("fd00:1::11"), list_in="IN6", list_out="OUT6", **ALL)
CIPHER = Password("$c$3$as-it-is-shown", sealed=True)


def job(*neighbours: Neighbour, lists: tuple[PrefixList, ...] = (), task: Task = Task.SESSIONS) -> Job:
    return Job(task, 65009, OWN, lists, neighbours, 64601)


def runs(*neighbours: NeighbourState, **lists: dict[str, int]) -> SwitchState:
    """A switch with neighbours and lists; entries with their indexes."""
    return SwitchState(
        65009,
        {each.address: each for each in neighbours},
        lists={name: frozenset(entries) for name, entries in lists.items()},
        numbers=lists,
    )


def has(of: Neighbour = NODE, **other: Any) -> NeighbourState:
    """A neighbour as it is once it is right, but for what differs; its session is up."""
    right = {**vars(wanted(of)), "graceful_restart": False, "set_as": of.as_number}
    up = {"state": SessionState.ESTABLISHED, "remote_as": of.as_number or 0}
    return NeighbourState(address=of.address, **{**up, **right, **other})


def entered(given: Job, found: SwitchState, way: Way = Way.FORWARD, seals: dict[Any, Seal] | None = None) -> list[str]:
    """Lines as they are shown to people, without their indents."""
    return [str(line).strip() for line in COMWARE.lines(plan(given, way, found, COMWARE, seals))]


def inside(*lines: str, family: tuple[str, ...] = ()) -> list[str]:
    return ["bgp 65009", *lines, *(["address-family ipv4 unicast", *family, "quit"] if family else []), "quit"]


def test_a_job_is_what_an_operator_would_enter_in_system_view() -> None:
    lists = (
        PrefixList("IN", (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32"))),
        PrefixList("OUT", (ip_network("10.233.64.0/18"), ip_network("0.0.0.0/0"))),
        PrefixList("OUT6", (ip_network("fd00:64::/48"), ip_network("::/0"))),
    )
    assert COMWARE.text(job(NODE, SIX, lists=lists)) == (
        "ip prefix-list IN index 5 permit 10.233.64.0 18 less-equal 32\n"
        "ip prefix-list IN index 10 permit 10.9.9.9 32\n"
        "ip prefix-list OUT index 5 permit 10.233.64.0 18 less-equal 32\n"
        "ip prefix-list OUT index 10 permit 0.0.0.0 0\n"
        "ipv6 prefix-list OUT6 index 5 permit fd00:64:: 48 less-equal 128\n"
        "ipv6 prefix-list OUT6 index 10 permit :: 0\n"
        "bgp 65009\n"
        " peer 172.20.0.11 as-number 64512\n"
        " peer 172.20.0.11 description leafrack rr1 node1\n"
        " peer fd00:1::11 as-number 64512\n"
        " peer fd00:1::11 description leafrack rr1 node1\n"
        " peer fd00:1::11 timer keepalive 3 hold 9\n"
        " peer fd00:1::11 ttl-security hops 1\n"
        " peer fd00:1::11 substitute-as\n"
        " peer fd00:1::11 password simple s3cret\n"
        " address-family ipv4 unicast\n"
        "  peer 172.20.0.11 enable\n"
        "  peer 172.20.0.11 prefix-list IN import\n"
        "  peer 172.20.0.11 prefix-list OUT export\n"
        " quit\n"
        " address-family ipv6 unicast\n"
        "  peer fd00:1::11 enable\n"
        "  peer fd00:1::11 prefix-list IN6 import\n"
        "  peer fd00:1::11 prefix-list OUT6 export\n"
        "  peer fd00:1::11 route-limit 1000 reconnect 60\n"
        " quit\n"
        "quit\n"
    )


def test_a_range_is_said_by_its_address_and_length_in_each_line() -> None:
    own = ("as-number 64512", "description leafrack rr1", "password simple s3cret")
    family = (
        *("enable", "prefix-list LEAFRACK-dc1-IN import", "prefix-list LEAFRACK-dc1-OUT export"),
        "route-limit 1000 reconnect 60",
    )
    subnets = ("172.20.0.0 25", "172.20.0.128 25")
    assert [line.strip() for line in COMWARE.text(LISTENING).splitlines()] == inside(
        *(f"peer {each} {line}" for each in subnets for line in own),
        family=tuple(f"peer {each} {line}" for each in subnets for line in family),
    )


def test_a_job_without_neighbours_enters_no_bgp() -> None:
    assert COMWARE.text(job(lists=(PrefixList("IN", (ip_network("10.0.0.0/8"),)),))).count("\n") == 1


PEER = "peer 172.20.0.11"
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "nothing": ({}, {}, []),
    "a description": ({}, {"description": "mine"}, inside(f"{PEER} description leafrack rr1 node1")),
    "a neighbour that is ignored": ({}, {"shutdown": ""}, inside(f"undo {PEER} ignore")),
    "timers": ({"timers": Timers(3, 9)}, {"timers": Timers(60, 180)}, inside(f"{PEER} timer keepalive 3 hold 9")),
    "no timers": ({}, {"timers": Timers(3, 9)}, inside(f"undo {PEER} timer")),
    "TTL security": ({"ttl_security": True}, {"ttl_security": None}, inside(f"{PEER} ttl-security hops 1")),
    "no TTL security": ({}, {"ttl_security": 2}, inside(f"undo {PEER} ttl-security hops")),
    "substitution": ({"as_override": True}, {"as_override": False}, inside(f"{PEER} substitute-as")),
    "no substitution": ({}, {"as_override": True}, inside(f"undo {PEER} substitute-as")),
    "a list": ({}, {"list_out": "THEIRS"}, inside(family=(f"{PEER} prefix-list OUT export",))),
    "a limit": (
        {"maximum_prefix": 1000},
        {"limit": Limit(1000, None, "alert-only")},
        inside(family=(f"{PEER} route-limit 1000 reconnect 60",)),
    ),
    "no limit": ({}, {"limit": Limit(5)}, inside(family=(f"undo {PEER} route-limit",))),
    "private AS numbers": (
        {},
        {"private_as": PrivateAs(every=False, replaced=False)},
        inside(family=(f"undo {PEER} public-as-only",)),
    ),
    "a family that is not activated": ({}, {"activated": False}, inside(family=(f"{PEER} enable",))),
    "a password": ({"password": "s3cret"}, {"password": None}, inside(f"{PEER} password simple (hidden)")),
    "no password": ({}, {"password": CIPHER}, inside(f"undo {PEER} password")),
    "a password that nobody can compare, while the session is up": (
        {"password": "s3cret"},
        {"password": CIPHER},
        [],
    ),
    "the same with another change": (
        {"password": "s3cret"},
        {"password": CIPHER, "shutdown": ""},
        inside(f"undo {PEER} ignore"),
    ),
}


@pytest.mark.parametrize(("change", "other", "lines"), CHANGES.values(), ids=CHANGES)
def test_only_what_differs_of_a_neighbour_is_entered(
    change: dict[str, Any], other: dict[str, Any], lines: list[str]
) -> None:
    declared = replace(NODE, **change)
    assert entered(job(declared), runs(has(declared, **other))) == lines


def test_a_password_is_entered_again_only_where_it_is_another_or_was_changed_on_the_switch() -> None:
    declared = replace(NODE, password="s3cret")
    down = runs(has(declared, password=CIPHER, state=SessionState.ACTIVE))
    again = inside(f"{PEER} password simple (hidden)")
    for given, shown, lines in (
        ("s3cret", CIPHER.text, []),
        ("other", CIPHER.text, again),
        ("s3cret", "$c$3$another", again),
    ):
        seals = {NODE.address: Seal.of(NODE.address, given, shown)}
        assert entered(job(declared), down, seals=seals) == lines


def test_new_entries_stand_before_the_neighbours_and_stale_ones_go_after_them_by_their_index() -> None:
    lists = (PrefixList("IN", (ip_network("10.1.0.0/16"), ip_network("10.2.0.0/16"), ip_network("10.3.0.0/16"))),)
    found = runs(IN={"permit 10.2.0.0 16 less-equal 32": 7, "permit 0.0.0.0 0": 65533, "deny 10.0.0.0 8": 1})
    lines = entered(job(NODE, lists=lists), found)
    assert lines[:2] == [
        "ip prefix-list IN index 2 permit 10.1.0.0 16 less-equal 32",
        "ip prefix-list IN index 3 permit 10.3.0.0 16 less-equal 32",
    ]
    assert lines[2] == "bgp 65009"
    assert lines[-2:] == ["undo ip prefix-list IN index 1", "undo ip prefix-list IN index 65533"]


def test_what_is_ours_goes_with_a_line_each_neighbours_first() -> None:
    found = runs(
        has(),
        has(SIX),
        has(replace(NODE, address=ip_address("172.20.0.12"), list_in="T", list_out="T")),
        IN={"permit 0.0.0.0 0": 5},
        IN6={"permit :: 0": 5},
        T={"permit 0.0.0.0 0": 5},
    )
    assert entered(job(), found, Way.BACK) == [
        *inside("undo peer 172.20.0.11", "undo peer fd00:1::11"),
        "undo ip prefix-list IN",
        "undo ipv6 prefix-list IN6",
    ]


def test_a_neighbour_gets_another_as_with_all_that_it_had_and_the_cipher_that_is_shown() -> None:
    declared = replace(NODE, **ALL)
    found = runs(has(declared, password=CIPHER, rest=("bfd", "ipv4 unicast: advertise-community")))
    given = job(replace(declared, password=None), task=Task.AS_NUMBERS)
    assert entered(given, found) == inside(
        f"undo {PEER}",
        f"{PEER} as-number 64601",
        f"{PEER} description leafrack rr1 node1",
        f"{PEER} timer keepalive 3 hold 9",
        f"{PEER} ttl-security hops 1",
        f"{PEER} substitute-as",
        f"{PEER} password cipher (hidden)",
        f"{PEER} bfd",
        family=(
            f"{PEER} enable",
            f"{PEER} prefix-list IN import",
            f"{PEER} prefix-list OUT export",
            f"{PEER} route-limit 1000 reconnect 60",
            f"{PEER} advertise-community",
        ),
    )
    assert [line for line in COMWARE.lines(plan(given, Way.FORWARD, found, COMWARE)) if CIPHER.text in line.text]


def test_an_as_that_can_never_be_right_takes_the_neighbour_down_with_it() -> None:
    found = runs(has(set_as=64999, state=SessionState.IDLE, rest=("bfd",)))
    assert entered(job(NODE), found)[1:4] == [
        f"undo {PEER}",
        f"{PEER} as-number 64512",
        f"{PEER} description leafrack rr1 node1",
    ]
    assert f"{PEER} bfd" in entered(job(NODE), found)


def test_a_description_that_is_too_long_is_cut_where_comware_would_refuse_it() -> None:
    long = replace(NODE, description="x" * 78 + " y")
    shown = f"description {'x' * 78}"
    assert f" {PEER} {shown}\n" in COMWARE.text(job(long))
    assert f"{PEER} {shown}" in entered(job(long), runs())
    assert entered(job(long), runs(has(description="x" * 78))) == []


def test_graceful_restart_counts_only_where_the_switch_has_it_and_must_not() -> None:
    one, pair = NODE, replace(NODE, graceful_restart=False)
    off, on = has(), has(graceful_restart=True)
    assert [COMWARE.neighbour_differences(each, found) for each in (one, pair) for found in (off, on)] == [
        (),
        (),
        (),
        ("has `graceful-restart`",),
    ]
    assert entered(job(one), runs(on)) == []
    with pytest.raises(
        GuardError, match=r"this switch has `graceful-restart` in `bgp 65009`, .*: nothing was changed$"
    ):
        entered(job(pair), runs(on))


def test_a_neighbour_of_any_as_is_refused_before_anything_is_entered() -> None:
    for given in (job(replace(NODE, as_number=None)), job(replace(NODE, as_number=None), task=Task.AS_NUMBERS)):
        found = runs(has()) if given.task is Task.AS_NUMBERS else runs()
        with pytest.raises(GuardError, match=r"Comware has no AS for 172\.20\.0\.11 but one number"):
            entered(given, found, Way.BACK if given.task is Task.AS_NUMBERS else Way.FORWARD)


def test_what_comware_lacks_is_said_with_what_to_do() -> None:
    assert set(COMWARE.cannot) == {Feature.ANY_AS, Feature.PRIVATE_AS, Feature.MAXIMUM_NEIGHBOURS}
    assert "asOverride" in COMWARE.cannot[Feature.PRIVATE_AS]
    assert "name the rack's nodes" in COMWARE.cannot[Feature.ANY_AS], "a rack that is named needs none"


PATHS = PathList("AS", (64512, 64601))
LISTED = replace(NODE, paths_in="AS")
ENTRY = "permit ^((64512|64601)(_|$))+$"
WIDE = "permit ^((64512|64601|64999)(_|$))+$"
MARK = "deny 127.0.0.1 32"
NAMED = f"{PEER} as-path-acl 139 import"


def listed(*neighbours: Neighbour, task: Task = Task.SESSIONS) -> Job:
    return replace(job(*neighbours, task=task), paths=PATHS)


def keeps(*neighbours: NeighbourState, number: int | None = 139, **found: set[str]) -> SwitchState:
    """A switch with path lists, one of them marked with the number of ours."""
    marked = {} if number is None else {"AS": {MARK: number}}
    has = {name.removeprefix("n"): frozenset(entries) for name, entries in found.items()}
    return replace(runs(*neighbours, **marked), lists={}, paths=has)


NEW = [f"ip prefix-list AS index 139 {MARK}", f"ip as-path 139 {ENTRY}"]
WITH_PATHS: dict[str, tuple[Job, Way, SwitchState, list[str]]] = {
    "a leaf that was written before gets it, and nothing else": (
        listed(LISTED), Way.FORWARD, runs(has()), [*NEW, *inside(family=(NAMED,))],
    ),
    "all stands": (listed(LISTED), Way.FORWARD, keeps(has(LISTED), AS={ENTRY}), []),
    "it is too wide: the right entry first, the other last": (
        listed(LISTED), Way.FORWARD, keeps(has(LISTED, description="mine"), AS={WIDE}),
        [f"ip as-path 139 {ENTRY}", *inside(f"{PEER} description leafrack rr1 node1"),
         f"undo ip as-path 139 {WIDE.removeprefix('permit ')}"],
    ),
    "somebody's list is in its place": (
        listed(LISTED), Way.FORWARD, keeps(has(NODE, paths_in="3"), AS={ENTRY}, n3={"permit .*"}),
        inside(family=(NAMED,)),
    ),
    "its number is somebody's, and so is the next one": (
        listed(LISTED), Way.FORWARD, keeps(has(), number=None, n139={"permit .*"}, n138=set()),
        [NEW[0].replace("139", "137"), NEW[1].replace("139", "137"),
         *inside(family=(NAMED.replace("139", "137"),))],
    ),
    "the number that the switch has for it stays": (
        listed(LISTED), Way.FORWARD, keeps(has(NODE), number=7, AS=set()),
        [f"ip as-path 7 {ENTRY}", *inside(family=(NAMED.replace("139", "7"),))],
    ),
    "a neighbour keeps it while its AS changes": (
        listed(LISTED, task=Task.AS_NUMBERS), Way.FORWARD, keeps(has(LISTED), AS={ENTRY}),
        inside(f"undo {PEER}", f"{PEER} as-number 64601", f"{PEER} description leafrack rr1 node1",
               family=(f"{PEER} enable", f"{PEER} prefix-list IN import", f"{PEER} prefix-list OUT export", NAMED)),
    ),
    "with the AS of the end it is narrow": (
        listed(LISTED, task=Task.AS_NUMBERS), Way.FORWARD, keeps(has(LISTED, set_as=64601), AS={WIDE, ENTRY}),
        [f"undo ip as-path 139 {WIDE.removeprefix('permit ')}"],
    ),
    "it goes after its neighbours, with what kept its number": (
        listed(), Way.BACK, keeps(has(LISTED), AS={ENTRY}, n3={"permit .*"}),
        [*inside(f"undo {PEER}"), "undo ip as-path 139", "undo ip prefix-list AS"],
    ),
    "of one that has no entry there is only the number": (
        listed(), Way.BACK, keeps(AS=set()), ["undo ip prefix-list AS"],
    ),
    "where leafrack gives none, somebody's stays": (
        job(replace(NODE, description="x")), Way.FORWARD, keeps(has(NODE, paths_in="3"), n3={"permit .*"}),
        inside(f"{PEER} description x"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "way", "found", "lines"), WITH_PATHS.values(), ids=WITH_PATHS)
def test_of_a_path_list_what_differs_is_entered(given: Job, way: Way, found: SwitchState, lines: list[str]) -> None:
    assert entered(given, found, way) == lines


def test_a_path_list_is_written_by_hand_with_the_number_that_its_name_tells() -> None:
    text = COMWARE.text(listed(LISTED)).splitlines()
    assert text[:2] == NEW
    assert f"  {NAMED}" in text
    assert {paths.number(name, SwitchState(65009)) for name in ("AS", "AS")} == {139}


def test_a_switch_that_has_no_number_left_gets_nothing() -> None:
    full = keeps(has(), number=None, **{f"n{number}": set() for number in range(1, 257)})
    with pytest.raises(GuardError, match="this switch has 256 AS path lists and no room for AS: nothing was changed"):
        entered(listed(LISTED), full)


BETWEEN = "[ ,{}()]"
"""What ``_`` stands for on Comware but at the beginning and at the end of an expression."""


@pytest.mark.parametrize(("path", "taken"), PATHS_OF.items(), ids=PATHS_OF)
def test_paths_of_these_as_numbers_alone_match(path: str, taken: bool) -> None:  # noqa: FBT001 - of the table
    said = map(paths.expression, paths.entries(PathList("AS", (64512, 64601, 4200000001))))
    assert any(re.search(one.replace("_", BETWEEN), path) for one in said) is taken


EXPRESSIONS = {
    "one": ((64512,), ("permit ^((64512)(_|$))+$",)),
    "a large one, in both notations": (
        (64512, 4200000001),
        ("permit ^((64512|4200000001)(_|$))+$", "permit ^((64512|64086[.]59905)(_|$))+$"),
    ),
}


@pytest.mark.parametrize(("as_numbers", "entries"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_is_as_long_as_comware_takes_it(as_numbers: tuple[int, ...], entries: tuple[str, ...]) -> None:
    assert paths.entries(PathList("AS", as_numbers)) == entries
    large = PathList("AS", (4200000001, 4200000002, 4200000003))
    assert {len(paths.expression(one)) <= paths.LONGEST for one in paths.entries(large)} == {True}
    assert len(paths.entries(large)) == 2
