"""What an operator is handed for a leaf that has an older state of it, typed into the leaf as it stands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network

import pytest

from lab.fakes import FAKES
from lab.fakes.model import Understood
from leafrack.fabric import hand_over
from leafrack.platforms import Job, Neighbour, PrefixList, SwitchState, platform_of
from leafrack.platforms.frr import running
from leafrack.platforms.state import Timers
from leafrack.world.model import Endpoint
from leafrack.world.ssh import read_state
from tests.platforms.jobs import LISTED, NODE, PLAIN
from tests.platforms.wire import Leaf, Talk, Wire, platform

FIRST = {
    "comware": ("system-view",),
    "eos": ("enable", "configure"),
    "junos": ("configure",),
    "nxos": ("configure terminal",),
}
LAST = {"junos": ("commit",)}
PASSWORD = "s3cret"
STAYS, STAYS6 = "10.233.64.0/18", "fd00:64::/48"


def ranges(name: str, *prefixes: str) -> PrefixList:
    return PrefixList(name, tuple(map(ip_network, prefixes)))


SIX = Neighbour(
    ip_address("fd00:1::11"), 64512, "leafrack rr1 node1", "LEAFRACK-dc1-IN6", "LEAFRACK-dc1-OUT6", (64512, 64513)
)
OLD = replace(
    PLAIN,
    lists=(
        ranges("LEAFRACK-dc1-IN", STAYS, "10.9.9.9/32"),
        ranges("LEAFRACK-dc1-OUT", STAYS),
        ranges("LEAFRACK-dc1-IN6", "fd00:65::/48", STAYS6),
        ranges("LEAFRACK-dc1-OUT6", STAYS6, "fd00:66::/48"),
    ),
    neighbours=(NODE, SIX),
)
NEW_LISTS = (
    # The first number of the list that stands is another entry's: with it, one that stays would be lost.
    ranges("LEAFRACK-dc1-IN", "10.8.0.0/16", STAYS, "10.7.7.7/32"),
    ranges("LEAFRACK-dc1-OUT", "0.0.0.0/0", STAYS),
    ranges("LEAFRACK-dc1-IN6", STAYS6),
    ranges("LEAFRACK-dc1-OUT6", "fd00:67::/48", STAYS6),
)
CHANGES = {
    "other ranges": (OLD, replace(OLD, lists=NEW_LISTS)),
    "a neighbour with more": (
        OLD,
        replace(OLD, neighbours=(NODE, replace(SIX, timers=Timers(3, 9), ttl_security=True, maximum_prefix=900))),
    ),
    "a neighbour with less": (
        replace(OLD, neighbours=(NODE, replace(SIX, timers=Timers(3, 9), ttl_security=True, maximum_prefix=900))),
        OLD,
    ),
    "a node less": (OLD, replace(OLD, neighbours=(NODE,))),
    "a path list": (OLD, replace(OLD, paths=LISTED.paths, neighbours=(*LISTED.neighbours, SIX))),
}


async def _read(leaf: Leaf) -> SwitchState:
    made = platform(leaf.name)
    endpoint = Endpoint(name="leaf01", platform=leaf.name, host="127.0.0.1", port=22, user="admin")
    return await read_state(endpoint, made, Talk(leaf.fake, made, Wire()), made.reads)


def permits(runs: Understood, *, without: Iterable[str] = ()) -> bool:
    """Whether every neighbour has its lists, and what stays in them is in them."""
    return all(
        any(entry.permits and entry.prefix == (STAYS6 if ":" in who else STAYS) for entry in runs.lists[version, name])
        for who, peer in runs.peers.items()
        if who not in without
        for version in (6 if ":" in who else 4,)
        for name in (peer.list_in, peer.list_out)
        if name
    )


@pytest.mark.parametrize("name", FAKES)
@pytest.mark.parametrize(("before", "wanted"), CHANGES.values(), ids=CHANGES)
def test_what_is_handed_over_is_taken_as_it_stands_and_no_neighbour_is_without_its_list(
    name: str, before: Job, wanted: Job
) -> None:
    leaf, made = Leaf.new(name), platform(name)
    leaf.play(replace(before, neighbours=tuple(replace(each, password=PASSWORD) for each in before.neighbours)))
    found = hand_over.difference(made, wanted, asyncio.run(_read(leaf)))
    assert found.said
    text = hand_over.change(made, found.plan)
    assert "password" not in text
    assert "authentication-key" not in text
    begin = len(leaf.speaker.played)
    leaf.somebody(*FIRST[name], *text.splitlines(), *LAST.get(name, ())).gone()
    assert hand_over.difference(made, wanted, asyncio.run(_read(leaf))).said == ()
    steps = leaf.speaker.played[begin:]
    assert steps
    theirs = set(leaf.speaker.played[0].peers) - {str(each.address) for each in before.neighbours}
    assert all(permits(runs, without=theirs) for runs in steps)
    kept = {who: peer.password for who, peer in steps[-1].peers.items() if who not in theirs}
    assert kept == {str(each.address): PASSWORD for each in wanted.neighbours}, "nothing is said of passwords"


@dataclass
class Vtysh:
    """Prefix lists of FRR, as 8.4 was seen to take them: what it has already it does not take twice, and says nothing.

    An entry with a number that is taken stands in the place of the one that was there.
    """

    lists: dict[str, dict[int, str]] = field(default_factory=dict)

    def enter(self, line: str) -> None:
        """One line; of others than those of prefix lists nothing is kept."""
        said = re.fullmatch(r"(no )?(ip(?:v6)?) prefix-list (\S+)(?: seq (\d+))?(?: (permit .+))?", line)
        if said is None:
            return
        has = self.lists.setdefault(said[3], {})
        number = next((one for one, entry in has.items() if entry == said[5]), None)
        if said[1]:
            has.pop(number or 0, None)
        elif number is None:
            has[int(said[4] or max(has, default=0) + 5)] = said[5]

    def shown(self) -> str:
        """As the running configuration has them."""
        return "".join(
            f"{'ipv6' if ':' in entry else 'ip'} prefix-list {name} seq {number} {entry}\n"
            for name, has in self.lists.items()
            for number, entry in has.items()
        )


@pytest.mark.parametrize("name", ["frr", "sonic"])
def test_vtysh_takes_other_ranges_as_they_are_handed_over_and_has_what_stays_all_the_time(name: str) -> None:
    vtysh, made, wanted = Vtysh(), platform_of(name), replace(OLD, lists=NEW_LISTS, neighbours=())
    for line in made.text(replace(OLD, neighbours=())).splitlines():
        vtysh.enter(line)

    def difference() -> hand_over.Difference:
        return hand_over.difference(made, wanted, SwitchState(OLD.as_number, lists=running.listed(vtysh.shown())))

    for line in hand_over.change(made, difference().plan).splitlines():
        vtysh.enter(line)
        assert all(any(entry.split()[1] in (STAYS, STAYS6) for entry in has.values()) for has in vtysh.lists.values())
    assert difference().said == ()


def test_nvue_takes_a_list_away_before_it_is_patched_whole() -> None:
    made = platform("cumulus")
    lists = made.entries(OLD.lists)
    wanted = replace(OLD, lists=NEW_LISTS[:1], own_lists=(NEW_LISTS[0].name,), neighbours=())
    found = hand_over.difference(made, wanted, SwitchState(OLD.as_number, lists=lists, release="5.15.0"))
    text = hand_over.change(made, found.plan).splitlines()
    assert text[:3] == [
        "nv unset router policy prefix-list LEAFRACK-dc1-IN",
        "# For `nv config patch`.",
        "- set:",
    ]
    assert [line.strip() for line in text if "/" in line] == [
        "10.8.0.0/16:",
        "10.233.64.0/18:",
        "10.7.7.7/32: {}",
    ]


def test_nvue_is_told_in_commands_what_takes_all_away() -> None:
    made = platform("cumulus")
    assert made.by_hand(hand_over.everything(made, replace(PLAIN, lists=OLD.lists[:1]))).splitlines() == [
        "nv unset vrf default router bgp neighbor 172.20.0.11",
        "nv unset router policy prefix-list LEAFRACK-dc1-IN",
    ]
