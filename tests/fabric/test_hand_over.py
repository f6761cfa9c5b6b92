"""What a leaf by hand is given: the text before anything is read, and what is missing of it afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from leafrack.fabric import checks, hand_over
from leafrack.fabric.hand_over import Secret
from leafrack.fabric.source import at
from leafrack.fabric.switch import Apply
from leafrack.platforms import BUILT_IN, Feature, PathList, Setting, Settings, SwitchState, platform_of
from leafrack.platforms.state import AnyAs, Password
from leafrack.world.model import endpoints
from tests import handed
from tests.handed import LEAF, RACK
from tests.platforms import made_up
from tests.world import toy_switch

FIRST, SECOND = ip_address("173.20.0.11"), ip_address("173.20.0.12")
IN = "LEAFRACK-dc1-IN"
NO_ANY = {Feature.ANY_AS: "it takes one AS a neighbour"}


def lines_about(text: str, what: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if what in line]


def test_a_rack_that_changes_its_as_is_given_neighbours_of_any_as_once_and_for_all() -> None:
    text = hand_over.text_of(handed.fabric(), RACK, LEAF)
    assert lines_about(text, "remote-as") == [f"neighbor {each} remote-as external" for each in (FIRST, SECOND)]


def test_a_rack_that_keeps_the_fabrics_as_is_given_that() -> None:
    text = hand_over.text_of(handed.fabric(rack={"as_number": None}), RACK, LEAF)
    assert lines_about(text, "remote-as") == [f"neighbor {each} remote-as 64512" for each in (FIRST, SECOND)]


@pytest.mark.parametrize(("start", "number"), [(None, 64513), (64512, 64512), (64777, 64777)])
def test_a_platform_without_any_as_is_given_two_texts(
    start: int | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up.register(monkeypatch, cannot=NO_ANY)
    fabric = handed.fabric(platform=made_up.NAME)
    text = hand_over.text_of(fabric, RACK, LEAF, start)
    assert lines_about(text, "remote-as") == [f"neighbor {each} remote-as {number}" for each in (FIRST, SECOND)]
    assert list(checks.platforms.errors(fabric)) == [], "and so it may be asked for"


@pytest.mark.parametrize(("start", "number"), [(None, 64513), (64512, 64512)])
def test_the_text_of_a_leaf_of_leafracks_own_has_the_as_of_the_end_too(
    start: int | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks = replace(toy_switch.platform(), cannot=NO_ANY)
    toy_switch.register(monkeypatch, lacks)
    job = hand_over.job(handed.fabric(platform=toy_switch.NAME, apply=Apply.LEAFRACK), RACK, LEAF, start)
    assert {each.as_number for each in job.neighbours} == {number}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_text_without_passwords_says_nothing_of_them_and_loses_nothing_else(name: str) -> None:
    platform, job = platform_of(name), hand_over.job(handed.fabric(), RACK, LEAF)
    without, none = hand_over.text(platform, job), hand_over.text(platform, job, Secret(None))
    with_one = hand_over.text(platform, job, Secret("s3cret"))
    said = platform.words(Setting.PASSWORD, Settings(password=Password("s3cret")))
    kept = set(without.splitlines())
    assert lines_about(without, said) == []
    # However a platform writes it: one line for each of the two neighbours.
    assert len([line for line in with_one.splitlines() if line not in kept]) == 2
    assert all(said in line for text in (with_one, none) for line in text.splitlines() if line not in kept)
    for text in (with_one, none):
        assert [line for line in text.splitlines() if line in kept] == without.splitlines()


def test_a_leaf_without_ssh_is_never_logged_in_to() -> None:
    hands_off, readable = handed.fabric(), handed.fabric(ssh=True)
    assert [each.name for each in endpoints(hands_off)] == ["leaf01"]
    assert [each.name for each in endpoints(readable)] == ["leaf01", LEAF]
    path = f"{at('racks', RACK, 'leaves', LEAF)}.ssh.hostKey"
    warned = [[each.path for each in checks.warnings(fabric)] for fabric in (hands_off, readable)]
    assert (path in warned[0], path in warned[1]) == (False, True)


DIFFERENCES: Mapping[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "nothing": ({}, ()),
    "the last AS": ({"set_as": 64513}, ()),
    "an AS that a group gives": ({"set_as": None}, ()),
    "the AS of before": (
        {"set_as": 64512},
        (f"neighbour {FIRST} has `remote-as 64512` instead of `remote-as 64513`",),
    ),
    "a description": (
        {"description": "theirs"},
        (f"neighbour {FIRST} has `description theirs` instead of `description leafrack rr2 node4`",),
    ),
    "shut down": ({"shutdown": ""}, (f"neighbour {FIRST} has `shutdown`",)),
    "a password, of which nothing is known": ({"password": Password("x")}, ()),
}


@pytest.mark.parametrize(("changed", "lines"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_what_differs_on_a_leaf_is_said_in_its_words(changed: dict[str, Any], lines: tuple[str, ...]) -> None:
    fabric = handed.fabric()
    job = hand_over.job(fabric, RACK, LEAF)
    found = hand_over.difference(platform_of("frr"), job, handed.state(fabric, **changed))
    assert found.said == lines
    assert [each.address for each in found.plan.neighbours] == [FIRST] * bool(lines)
    assert found.plan.lists == ()


def test_a_neighbour_keeps_an_as_that_is_right() -> None:
    fabric = handed.fabric()
    has = handed.state(fabric, 64513, description="theirs")
    found = hand_over.difference(platform_of("frr"), hand_over.job(fabric, RACK, LEAF), has)
    text = hand_over.change(platform_of("frr"), found.plan)
    assert lines_about(text, "remote-as") == [f"neighbor {FIRST} remote-as 64513"]


@pytest.mark.parametrize(("password", "said"), [("other", ("has another password",)), (None, ("has a password",))])
def test_with_the_stacks_passwords_they_are_compared_and_not_shown(password: str | None, said: tuple[str, ...]) -> None:
    fabric = handed.fabric()
    has = handed.state(fabric, password=Password("s3cret"))
    job, secret = hand_over.job(fabric, RACK, LEAF), Secret(password)
    found = hand_over.difference(platform_of("frr"), job, has, secret)
    of_first = tuple(line for line in found.said if str(FIRST) in line)
    assert of_first == tuple(f"neighbour {FIRST} {each}" for each in said)
    assert "s3cret" not in str(found.said)


def test_an_empty_leaf_lacks_the_whole_text() -> None:
    fabric = handed.fabric()
    found = hand_over.difference(platform_of("frr"), hand_over.job(fabric, RACK, LEAF), SwitchState(65010))
    whole = hand_over.text_of(fabric, RACK, LEAF)
    assert hand_over.change(platform_of("frr"), found.plan) == re.sub(r"(?<= )seq \d+ ", "", whole)


PATHS = "LEAFRACK-dc1-AS"


def path_entry(*as_numbers: int) -> str:
    (entry,) = platform_of("frr").right_paths(PathList(PATHS, as_numbers))[PATHS]
    return entry


def test_a_path_list_keeps_the_as_that_nodes_are_in_until_they_have_left_it() -> None:
    fabric, platform = handed.fabric(), platform_of("frr")
    job, has = hand_over.job(fabric, RACK, LEAF), handed.state(fabric)
    moving = {each: replace(one, remote_as=64600) for each, one in has.neighbours.items()}
    old = frozenset({path_entry(64512, 64600)})
    found = hand_over.difference(platform, job, replace(has, neighbours=moving, paths={PATHS: old}))
    wide = path_entry(64512, 64513, 64600)
    assert found.said == (f"path list {PATHS} lacks `{wide}`", f"path list {PATHS} has `{path_entry(64512, 64600)}`")
    text = hand_over.change(platform, found.plan)
    assert text.splitlines() == [
        f"bgp as-path access-list {PATHS} {wide}",
        f"no bgp as-path access-list {PATHS} {path_entry(64512, 64600)}",
    ]
    after = hand_over.difference(platform, job, replace(has, paths={PATHS: frozenset({wide})}))
    assert after.said == (
        f"path list {PATHS} lacks `{path_entry(64512, 64513)}`",
        f"path list {PATHS} has `{wide}`",
    )


PATH_LINES = {
    "eos": [
        f"ip as-path access-list {PATHS} permit ^(64512|64513|64600)(_(64512|64513|64600))*$ any",
        f"no ip as-path access-list {PATHS} permit ^(64512|64600)(_(64512|64600))*$ any",
    ],
    "nxos": [
        f'ip as-path access-list {PATHS} permit "^((64512|64513|64600)_)+$"',
        f'no ip as-path access-list {PATHS} permit "^((64512|64600)_)+$"',
    ],
}


@pytest.mark.parametrize(("name", "lines"), PATH_LINES.items(), ids=PATH_LINES)
def test_a_path_list_that_changes_is_told_in_the_platforms_lines(name: str, lines: list[str]) -> None:
    fabric, platform = handed.fabric(), platform_of(name)
    job, has = hand_over.job(fabric, RACK, LEAF), handed.state(fabric)
    moving = {each: replace(one, remote_as=64600) for each, one in has.neighbours.items()}
    old = platform.right_paths(PathList(PATHS, (64512, 64600)))
    found = hand_over.difference(platform, job, replace(has, neighbours=moving, paths=old))
    text = hand_over.change(platform, found.plan)
    assert text.splitlines() == lines


def test_what_is_too_much_is_taken_away_and_nothing_of_others() -> None:
    fabric = handed.fabric()
    has = handed.state(fabric)
    old, theirs = ip_address("173.20.0.19"), ip_address("173.20.0.30")
    some = has.neighbours[FIRST]
    more = {old: replace(some, address=old), theirs: replace(some, address=theirs, list_in="", list_out="THEIRS")}
    lists = {
        **has.lists,
        IN: has.lists[IN] | {"permit 0.0.0.0/0"},
        "LEAFRACK-dc1-IN6": frozenset({"permit fd00::/48"}),
        "THEIRS": frozenset({"permit 10.0.0.0/8"}),
    }
    found = hand_over.difference(
        platform_of("frr"),
        hand_over.job(fabric, RACK, LEAF),
        replace(has, neighbours={**has.neighbours, **more}, lists=lists),
    )
    assert found.said == (
        f"prefix list {IN} has `permit 0.0.0.0/0`",
        f"neighbour {old} is of this fabric and declared no more",
        "prefix list LEAFRACK-dc1-IN6 is of this fabric and declared no more",
    )
    assert hand_over.change(platform_of("frr"), found.plan).splitlines() == [
        "router bgp 65010",
        f" no neighbor {old}",
        "exit",
        f"no ip prefix-list {IN} permit 0.0.0.0/0",
        "no ipv6 prefix-list LEAFRACK-dc1-IN6",
    ]


@pytest.mark.parametrize(
    ("set_as", "start", "holds"),
    [
        (64512, 64512, True),
        (64513, 64512, True),
        (64512, None, False),
        (64513, None, True),
        (AnyAs.EXTERNAL, None, True),
        (65099, 64512, False),
    ],
)
def test_the_first_of_two_hand_overs_leaves_an_as_that_will_be_right(
    set_as: int | AnyAs,
    start: int | None,
    holds: bool,  # noqa: FBT001 - of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform = made_up.register(monkeypatch, cannot=NO_ANY)
    fabric = handed.fabric(platform=made_up.NAME)
    job = hand_over.job(fabric, RACK, LEAF, start)
    assert (not hand_over.difference(platform, job, handed.state(fabric, set_as))) is holds


def test_bird_is_told_which_files_to_remove() -> None:
    job = hand_over.job(handed.fabric(platform="bird"), RACK, LEAF)
    assert platform_of("bird").by_hand(hand_over.everything(platform_of("bird"), job)).splitlines() == [
        f"# remove leafrack/neighbour-{FIRST}-{IN}.conf",
        f"# remove leafrack/neighbour-{SECOND}-{IN}.conf",
        f"# remove leafrack/list-{IN}.conf",
        "# remove leafrack/list-LEAFRACK-dc1-OUT.conf",
        "# remove leafrack/list-LEAFRACK-dc1-AS.conf",
    ]
