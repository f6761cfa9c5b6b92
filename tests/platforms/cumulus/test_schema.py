"""What leafrack writes for NVUE, judged by NVIDIA's own schema of each release."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from leafrack.platforms import Neighbour, PathList, PrefixList
from leafrack.platforms.cumulus.spellings import NEW, OLD, spelling_of
from leafrack.platforms.cumulus.write import NO_LIMIT, of_ranges, removals, tree
from leafrack.platforms.state import Raised, Timers
from tests.platforms.boxes import listener
from tests.platforms.cumulus.schema import PACKAGE, Schema, is_there

pytestmark = pytest.mark.skipif(
    not is_there() and "CI" not in os.environ, reason=f"{PACKAGE} is not in this virtualenv: python3 -m tools venv"
)

RELEASES = ("5.1", "5.3", "5.9", "5.14", "5.15", "5.18")
PLAIN = Neighbour(ip_address("172.20.0.11"), 64512, "leafrack rr1 node1", "LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT")
EVERYTHING: dict[str, Any] = {
    "as_override": True,
    "remove_private_as": True,
    "graceful_restart": False,
    "ttl_security": True,
    "maximum_prefix": 1000,
    "timers": Timers(keepalive=3, hold=9),
    "password": "s3cret#;$x",
}
SIX = replace(PLAIN, address=ip_address("fd00:1::11"), as_number=None, description="x" * 300, **EVERYTHING)
PATHS = PathList("LEAFRACK-dc1-AS", (64512, 4200000001))
LISTED = replace(PLAIN, paths_in=PATHS.name)
LISTS = (
    PrefixList("LEAFRACK-dc1-IN", (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32"), ip_network("0.0.0.0/0"))),
    PrefixList("LEAFRACK-dc1-IN6", (ip_network("fd00:64::/48"), ip_network("::/0"))),
)


@cache
def schema(release: str) -> Schema:
    return Schema(release)


@pytest.mark.parametrize("release", RELEASES)
def test_every_key_and_value_is_the_releases_own(release: str) -> None:
    neighbours = (LISTED, replace(SIX, paths_in=PATHS.name), replace(PLAIN, **EVERYTHING))
    whole = tree(spelling_of(release), LISTS, neighbours, {ip_address("::1"): 64601}, paths=PATHS)
    assert schema(release).errors(whole) == []


RANGES = (
    replace(listener("172.20.0.0/24"), paths_in=PATHS.name),
    replace(listener("fd00:1::/64"), as_number=None, description="x" * 300, **EVERYTHING),
)


@pytest.mark.parametrize("release", [one for one in RELEASES if one != "5.1"])
def test_ranges_are_the_releases_own_too(release: str) -> None:
    known, spelling = schema(release), spelling_of(release)
    ranges = of_ranges(spelling, RANGES, raised=Raised(200, 100), limit=200)
    assert known.errors(tree(spelling, (), (), ranges=ranges)) == []
    assert known.errors(tree(spelling, (), (), ranges=of_ranges(spelling, (), [(RANGES[0], 64601)]))) == []
    for command in removals([], [], ranges=[RANGES[0].prefix], groups=["LEAFRACK-dc1-NODES"]):
        assert known.knows(command.removeprefix("nv unset "))
    limit = tree(spelling, (), (), ranges=of_ranges(spelling, (), limit=1))
    *path, last = NO_LIMIT.removeprefix("nv unset ").split()
    assert known.errors(limit) == []
    for word in path:
        limit = limit[word]
    assert limit == {last: 1}


def test_a_release_before_5_3_has_no_ranges_and_none_since_5_9_graceful_restart_of_a_group() -> None:
    ranges = of_ranges(OLD, RANGES[:1], limit=200)
    assert schema("5.2").errors(tree(OLD, (), (), ranges=ranges)) == [
        "/vrf/default/router/bgp/peer-group/LEAFRACK-dc1-NODES/shutdown: unknown",
        "/vrf/default/router/bgp/dynamic-neighbor: unknown",
    ]
    group = {"vrf": {"default": {"router": {"bgp": {"peer-group": {"X": {"graceful-restart": {"mode": "off"}}}}}}}}
    assert [len(schema(release).errors(group)) for release in ("5.3", "5.9", "5.18")] == [0, 1, 1]


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_unset_is_something_that_the_release_has(release: str) -> None:
    for command in removals([PLAIN.address, SIX.address], ["LEAFRACK-dc1-IN"], [PATHS.name]):
        assert schema(release).knows(command.removeprefix("nv unset "))


@pytest.mark.parametrize(("release", "other"), [("5.1", NEW), ("5.14", NEW), ("5.15", OLD), ("5.18", OLD)])
def test_the_other_dialect_is_refused(release: str, other: Any) -> None:
    found = schema(release).errors(tree(other, LISTS, (PLAIN,)))
    assert any(line.endswith(f"/{other.switch}: unknown") for line in found)


def test_5_0_has_no_description_and_is_refused_for_that() -> None:
    found = schema("5.0").errors(tree(spelling_of("5.1"), LISTS, (PLAIN,)))
    assert found == ["/vrf/default/router/bgp/neighbor/172.20.0.11/description: unknown"]
    with pytest.raises(
        ValueError, match=r"\Athis is Cumulus Linux 5\.0\.1: leafrack knows NVUE of 5\.1 and newer 5\.x\Z"
    ):
        spelling_of("5.0.1")


def test_a_release_before_5_3_has_no_word_for_shutdown() -> None:
    assert schema("5.2").errors(tree(OLD, (), (PLAIN,))) == [
        "/vrf/default/router/bgp/neighbor/172.20.0.11/shutdown: unknown"
    ]


@pytest.mark.parametrize("release", ["4.4.0", "6.0", "5", "5.x", ""])
def test_a_release_that_nobody_has_looked_at_is_refused(release: str) -> None:
    with pytest.raises(ValueError, match="leafrack knows NVUE"):
        spelling_of(release)


BGP = "/vrf/default/router/bgp"
WRONG: dict[str, tuple[Any, str]] = {
    "a key": ({"colour": "red"}, f"{BGP}/neighbor/10.0.0.1/colour: unknown"),
    "a word": ({"type": "red"}, f"{BGP}/neighbor/10.0.0.1/type: 'red' is none of ['numbered', 'unnumbered']"),
    "a number": ({"remote-as": 0}, f"{BGP}/neighbor/10.0.0.1/remote-as: 0 is nothing that it may be"),
    "a text": ({"password": "x" * 255}, f"{BGP}/neighbor/10.0.0.1/password: '{'x' * 255}' is nothing that it may be"),
    "a tree": ({"timers": 3}, f"{BGP}/neighbor/10.0.0.1/timers: 3 is no tree"),
}


@pytest.mark.parametrize(("neighbour", "said"), WRONG.values(), ids=WRONG)
def test_the_judge_finds(neighbour: Any, said: str) -> None:
    given = {"vrf": {"default": {"router": {"bgp": {"neighbor": {"10.0.0.1": neighbour}}}}}}
    assert schema("5.9").errors(given) == [said]
