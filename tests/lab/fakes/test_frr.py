"""The FRR behind a fake: lines that it is given for what a fake has understood. No FRR is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.fakes.frr import changes
from lab.fakes.model import Entry, PathEntry, Peer, Range, Understood

PLAIN = Peer(as_number=64512, families=frozenset({4}), list_in="IN")
ALL = Peer(
    as_number=64512,
    description="a node",
    password="s3cret",
    timers=(3, 9),
    ttl_hops=1,
    graceful_restart=False,
    list_in="IN",
    list_out="OUT",
    paths_in="AS",
    limit=1000,
    retry=60,
    as_override=True,
    private_as=(True, True),
    families=frozenset({6}),
)
ENTRIES = (Entry(5, True, "10.0.0.0/8", le=32), Entry(10, True, "0.0.0.0/0"))
ONE = Understood(as_number=65009, peers={"10.0.0.1": PLAIN}, lists={(4, "IN"): ENTRIES})
ALWAYS = {
    "router bgp 65009", "no bgp ebgp-requires-policy", "no bgp default ipv4-unicast",
    "bgp bestpath as-path multipath-relax", "address-family ipv4 unicast", "address-family ipv6 unicast",
    "exit-address-family", "exit",
}  # fmt: skip


def lines(before: Understood, wanted: Understood) -> list[str]:
    """What is sent, but for what is sent each time."""
    return [text for line in changes(before, wanted) if (text := line.strip()) not in ALWAYS]


def test_everything_that_a_neighbour_may_have_is_said() -> None:
    assert lines(Understood(), Understood(as_number=65009, peers={"fd00::1": ALL})) == [
        "neighbor fd00::1 remote-as 64512",
        "neighbor fd00::1 description a node",
        "neighbor fd00::1 password s3cret",
        "neighbor fd00::1 timers 3 9",
        "neighbor fd00::1 ttl-security hops 1",
        "neighbor fd00::1 graceful-restart-disable",
        "neighbor fd00::1 activate",
        "neighbor fd00::1 prefix-list IN in",
        "neighbor fd00::1 prefix-list OUT out",
        "neighbor fd00::1 filter-list AS in",
        "neighbor fd00::1 maximum-prefix 1000 restart 1",
        "neighbor fd00::1 as-override",
        "neighbor fd00::1 remove-private-AS all replace-AS",
    ]


GROUP = "RANGE-10-1-0-0-24"
RANGE = Range("10.1.0.0/24", "G", Peer(as_number=1, password="s3cret", list_in="IN", families=frozenset({4})))
CHANGES = {
    "nothing": (ONE, []),
    "a description": (
        replace(ONE, peers={"10.0.0.1": replace(PLAIN, description="x")}),
        ["neighbor 10.0.0.1 description x"],
    ),
    "a neighbour goes": (replace(ONE, peers={}), ["no neighbor 10.0.0.1"]),
    "a neighbour without an AS is none": (
        replace(ONE, peers={"10.0.0.1": replace(PLAIN, as_number=None)}),
        ["no neighbor 10.0.0.1"],
    ),
    "an entry moves": (
        replace(ONE, lists={(4, "IN"): (ENTRIES[0], replace(ENTRIES[1], number=20))}),
        ["no ip prefix-list IN seq 10 permit 0.0.0.0/0", "ip prefix-list IN seq 20 permit 0.0.0.0/0"],
    ),
    "a list goes": (replace(ONE, lists={}), ["no ip prefix-list IN"]),
    "another list": (
        replace(ONE, peers={"10.0.0.1": replace(PLAIN, list_in="NEW")}),
        ["no neighbor 10.0.0.1 prefix-list IN in", "neighbor 10.0.0.1 prefix-list NEW in"],
    ),
    "no BGP": (Understood(lists=ONE.lists), ["no router bgp 65009"]),
    "a range": (
        replace(ONE, ranges=(RANGE,), most=7),
        [
            f"neighbor {GROUP} peer-group", f"neighbor {GROUP} remote-as 1", f"neighbor {GROUP} password s3cret",
            f"neighbor {GROUP} activate", f"neighbor {GROUP} prefix-list IN in", "bgp listen limit 7",
            f"bgp listen range 10.1.0.0/24 peer-group {GROUP}",
        ],
    ),
    "routes of its own": (
        replace(ONE, redistributes=frozenset({4}), maximum_paths=16),
        ["redistribute connected", "maximum-paths 16", "maximum-paths 16"],
    ),
}  # fmt: skip


def test_one_that_waits_for_its_neighbours_says_so_of_each() -> None:
    said = [line.strip() for line in changes(Understood(), ONE, calls=False)]
    assert "neighbor 10.0.0.1 passive" in said
    assert "neighbor 10.0.0.1 passive" not in lines(Understood(), ONE)
    assert not any("passive" in line for line in changes(ONE, ONE, calls=False))


@pytest.mark.parametrize(("wanted", "sent"), CHANGES.values(), ids=CHANGES)
def test_only_what_differs_is_sent(wanted: Understood, sent: list[str]) -> None:
    assert lines(ONE, wanted) == sent


LISTENS = f"bgp listen range 10.1.0.0/24 peer-group {GROUP}"
KEY = f"bgp listen range 10.1.0.7/32 peer-group {GROUP}"
RANGES = {
    "nothing": (RANGE, []),
    "another list": (
        replace(RANGE, peer=replace(RANGE.peer, list_in="NEW")),
        [f"no neighbor {GROUP} prefix-list IN in", f"neighbor {GROUP} prefix-list NEW in"],
    ),
    "another password: the range goes meanwhile, and the keys of who came by it": (
        replace(RANGE, peer=replace(RANGE.peer, password="an0ther")),
        [f"no {LISTENS}", KEY, f"no {KEY}", f"neighbor {GROUP} password an0ther", LISTENS],
    ),
    "no range": (
        None,
        [f"no {LISTENS}", KEY, f"no {KEY}", f"no neighbor {GROUP} peer-group", "no bgp listen limit"],
    ),
}


@pytest.mark.parametrize(("wanted", "sent"), RANGES.values(), ids=RANGES)
def test_of_a_range_only_what_differs_is_sent(wanted: Range | None, sent: list[str]) -> None:
    before = replace(ONE, ranges=(RANGE,), most=7)
    after = replace(before, ranges=(wanted,)) if wanted else ONE
    nearby = ("10.1.0.7", "10.2.0.1", "10.0.0.1")
    found = [line.strip() for line in changes(before, after, nearby=nearby)]
    assert [line for line in found if "listen" in line or GROUP in line] == sent


A, B, REFUSED = (PathEntry(True, "^1$"), PathEntry(True, "^2$"), PathEntry(False, "_3_"))
AS = "bgp as-path access-list AS"
PATHS = {
    "a list comes": ((), (A, B), [f"{AS} permit ^1$", f"{AS} permit ^2$"]),
    "it stays": ((A, B), (A, B), []),
    "one entry for another, which comes first": ((A,), (B,), [f"{AS} permit ^2$", f"no {AS} permit ^1$"]),
    "one that refuses, in its place": (
        (A,), (REFUSED, A), [f"no {AS}", f"{AS} deny _3_", f"{AS} permit ^1$"],
    ),
    "one that refuses stays": ((REFUSED, A), (REFUSED, A), []),
    "it goes": ((A,), (), [f"no {AS}"]),
}  # fmt: skip


@pytest.mark.parametrize(("had", "has", "sent"), PATHS.values(), ids=PATHS)
def test_a_path_list_is_changed_without_being_empty_meanwhile(
    had: tuple[PathEntry, ...], has: tuple[PathEntry, ...], sent: list[str]
) -> None:
    before, wanted = (replace(ONE, paths={"AS": one} if one else {}) for one in (had, has))
    assert lines(before, wanted) == sent


def test_another_as_begins_anew() -> None:
    sent = lines(ONE, replace(ONE, as_number=65010))
    assert sent[:2] == ["no router bgp 65009", "router bgp 65010"]
    assert "neighbor 10.0.0.1 remote-as 64512" in sent
