"""The fake of EOS at its command line: modes, sessions, the commit timer, errors, and what it understands."""

from __future__ import annotations

import json

import pytest

from lab.fakes.box import Login
from lab.fakes.eos import EosFake, startup
from lab.fakes.model import Entry, PathEntry, Peer, Range, Recorder, Seen
from lab.plan import Switch
from lab.uplinks import Port
from tests.lab.fakes.clock import TurnedClock

UPLINK = Port("up0", "spine", 65008, "down0", ("100.0.0.2/30", "fd00:2::2/64"), ("100.0.0.1/30", "fd00:2::1/64"))
SWITCH = Switch("leaf01", 65009, "2.2.2.2", "rr1", (), (UPLINK,), "eos")


class Eos:
    """A box and who talks to it."""

    def __init__(self) -> None:
        self.speaker, self.clock = Recorder(), TurnedClock()
        self.fake = EosFake("leaf01", self.speaker, startup(SWITCH))
        self.fake.clock = self.clock
        self.fake.boot()
        self.login = self.privileged()

    def privileged(self) -> Login:
        login = self.fake.login()
        login.enter("enable")
        return login

    def says(self, *lines: str) -> str:
        """What the last of some lines is answered."""
        return [self.login.enter(line).text for line in lines][-1]

    def peer(self, address: str) -> Peer:
        return self.speaker.runs.peers[address]


@pytest.fixture
def eos() -> Eos:
    return Eos()


def test_a_leaf_starts_with_its_uplinks(eos: Eos) -> None:
    runs = eos.speaker.runs
    assert (runs.as_number, runs.router_id, runs.maximum_paths, sorted(runs.redistributes)) == (
        65009,
        "2.2.2.2",
        16,
        [4, 6],
    )
    assert runs.peers["100.0.0.1"] == Peer(as_number=65008, description="spine", families=frozenset({4}))
    assert runs.peers["fd00:2::1"] == Peer(as_number=65008, description="spine", families=frozenset({6}))
    assert eos.fake.read(eos.fake.shown(eos.fake.running)) == eos.fake.running


def test_prompts_tell_the_mode(eos: Eos) -> None:
    login = eos.fake.login()
    prompts = [login.prompt]
    for line in (
        "enable", "configure session leafrack-1", "router bgp 65009", "address-family ipv4", "exit", "exit",
        "ip prefix-list A", "abort", "configure", "exit", "disable",
    ):  # fmt: skip
        login.enter(line)
        prompts.append(login.prompt)
    assert prompts == [
        "leaf01>", "leaf01#", "leaf01(config-s-leafra)#", "leaf01(config-s-leafra-router-bgp)#",
        "leaf01(config-s-leafra-router-bgp-af)#", "leaf01(config-s-leafra-router-bgp)#", "leaf01(config-s-leafra)#",
        "leaf01(config-s-leafra-ip-pfx)#", "leaf01#", "leaf01(config)#", "leaf01#", "leaf01>",
    ]  # fmt: skip


ERRORS = {
    "nonsense": (("nonsense",), "% Invalid input\n"),
    "a line that is nowhere": (("configure", "neighbor 10.0.0.1 remote-as 1"), "% Invalid input\n"),
    "half a line": (("configure", "router bgp 65009", "neighbor 10.0.0.1 remote-as"), "% Incomplete command\n"),
    "a second AS": (("configure", "router bgp 65010"), "% BGP is already running with AS number 65009\n"),
    "a number twice": (
        ("configure", "ip prefix-list A seq 5 permit 10.0.0.0/8", "ip prefix-list A seq 5 permit 10.0.0.0/9"),
        "% Duplicate sequence number\n",
    ),
    "too many sessions": (
        tuple(line for number in range(6) for line in (f"configure session s{number}", "end"))[:-1],
        (
            "% Maximum number of pending sessions has been reached. Please commit or abort previous sessions before "
            "creating a new one.\n"
        ),
    ),
    "a session that is done": (
        ("configure session a", "commit", "configure session a"),
        "% Cannot enter session a (session already completed)\n",
    ),
    "a password that is no type 7": (
        ("configure", "router bgp 65009", "neighbor 100.0.0.1 password 7 nonsense"),
        "% Invalid encrypted password\n",
    ),
}


@pytest.mark.parametrize(("lines", "said"), ERRORS.values(), ids=ERRORS)
def test_what_is_refused_is_said_as_eos_says_it(eos: Eos, lines: tuple[str, ...], said: str) -> None:
    before = eos.fake.shown(eos.fake.running)
    assert eos.says(*lines).startswith(said)
    if "prefix-list" not in lines[-1]:
        assert eos.fake.shown(eos.fake.running) == before


def test_without_privileges_nothing_is_shown_or_changed(eos: Eos) -> None:
    login = eos.fake.login()
    for line in ("configure", "show running-config", "write memory"):
        assert login.enter(line).text == "% Invalid input (privileged mode required)\n"
    assert login.enter("show version").text.startswith("Arista ")


A_MAP = ("route-map A permit 10", "match as-path P", "exit")
MAPS: dict[str, tuple[tuple[str, ...], str]] = {
    "one that matches a path list and does nothing else": (A_MAP, "P"),
    "one that does more": ((*A_MAP[:2], "set metric 5"), ""),
    "one that takes the rest too": ((*A_MAP, "route-map A permit 20"), ""),
    "one that refuses": (("route-map A deny 10", "match as-path P"), ""),
    "none": ((), ""),
}


@pytest.mark.parametrize(("lines", "paths"), MAPS.values(), ids=MAPS)
def test_a_route_map_that_only_matches_a_path_list_filters_by_it(eos: Eos, lines: tuple[str, ...], paths: str) -> None:
    eos.says("configure", *lines, "router bgp 65009", "address-family ipv4", "neighbor 100.0.0.1 route-map A in")
    assert eos.peer("100.0.0.1").paths_in == paths
    eos.says("exit", "exit", "no route-map A")
    assert eos.peer("100.0.0.1").paths_in == ""
    assert "route-map A permit" not in eos.fake.shown(eos.fake.running)


def test_path_lists_are_shown_with_an_origin_and_go_by_name_or_entry(eos: Eos) -> None:
    eos.says("configure", "ip as-path access-list P permit ^1$", "ip as-path access-list P deny _2_ any")
    assert eos.speaker.runs.paths == {"P": (PathEntry(True, "^1$"), PathEntry(False, "_2_"))}
    assert eos.says("show running-config section ip as-path") == (
        "ip as-path access-list P permit ^1$ any\n!\nip as-path access-list P deny _2_ any\n!\n"
    )
    eos.says("no ip as-path access-list P permit ^1$ any")
    assert eos.speaker.runs.paths == {"P": (PathEntry(False, "_2_"),)}
    eos.says("no ip as-path access-list P")
    assert eos.speaker.runs.paths == {}


SETTINGS: dict[str, tuple[str, Peer]] = {
    "a password": ("neighbor 100.0.0.1 password s3cret", Peer(password="s3cret")),
    "timers": ("neighbor 100.0.0.1 timers 3 9", Peer(timers=(3, 9))),
    "hops": ("neighbor 100.0.0.1 ttl maximum-hops 1", Peer(ttl_hops=1)),
    "graceful restart": ("no neighbor 100.0.0.1 graceful-restart", Peer(graceful_restart=False)),
    "a limit": ("neighbor 100.0.0.1 maximum-routes 1000", Peer(limit=1000)),
    "a warning": ("neighbor 100.0.0.1 maximum-routes 1000 warning-only", Peer()),
    "override": ("neighbor 100.0.0.1 as-path remote-as replace out", Peer(as_override=True)),
    "private AS": ("neighbor 100.0.0.1 remove-private-as all replace-as", Peer(private_as=(True, True))),
    "shutdown": ("neighbor 100.0.0.1 shutdown", Peer(shutdown=True)),
    "a list": ("neighbor 100.0.0.1 prefix-list A in", Peer(list_in="A")),
}


@pytest.mark.parametrize(("line", "means"), SETTINGS.values(), ids=SETTINGS)
def test_a_line_means_one_thing_and_no_takes_it_away(eos: Eos, line: str, means: Peer) -> None:
    eos.says("configure", "router bgp 65009", "address-family ipv4", "exit", line)
    changed = {key: value for key, value in vars(means).items() if value != vars(Peer())[key]}
    plain = Peer(as_number=65008, description="spine", families=frozenset({4}))
    assert eos.peer("100.0.0.1") == Peer(**{**vars(plain), **changed})
    eos.says(f"default {line.removeprefix('no ')}" if line.startswith("no ") else f"no {line}")
    assert eos.peer("100.0.0.1") == plain


def test_groups_ranges_and_lists_are_understood(eos: Eos) -> None:
    eos.says(
        "configure", "ip prefix-list A", "permit 10.0.0.0/8 le 32", "permit 0.0.0.0/0", "exit",
        "ipv6 prefix-list B seq 7 permit fd00::/8 ge 48 le 64",
        "router bgp 65009", "neighbor G peer group", "neighbor G remote-as 1.10", "neighbor G password 0 s3cret",
        "neighbor 10.0.0.1 peer-group G", "bgp listen range 10.1.0.0/24 peer-group G remote-as 1.10",
    )  # fmt: skip
    runs = eos.speaker.runs
    assert runs.peers["10.0.0.1"] == Peer(as_number=65546, password="s3cret", families=frozenset({4}))
    assert runs.ranges == (Range("10.1.0.0/24", "G", runs.peers["10.0.0.1"]),)
    assert runs.lists == {
        (4, "A"): (Entry(10, True, "10.0.0.0/8", le=32), Entry(20, True, "0.0.0.0/0")),
        (6, "B"): (Entry(7, True, "fd00::/8", 48, 64),),
    }
    eos.says("no neighbor 10.0.0.1")
    assert "10.0.0.1" not in eos.speaker.runs.peers


def test_a_range_has_what_its_group_says_and_an_as_of_its_own_or_a_filter(eos: Eos) -> None:
    eos.says(
        "configure", "peer-filter ONE", "10 match as-range 64512 result accept", "exit",
        "peer-filter MORE", "10 match as-range 64512-64513 result accept", "exit",
        "router bgp 65009", "neighbor G peer group", "neighbor G maximum-routes 9", "dynamic peer max 40",
        "bgp listen range 10.1.0.0/24 peer-group G remote-as 64512",
        "bgp listen range 10.2.0.0/24 peer-group G peer-filter ONE",
        "bgp listen range fd00::/64 peer-group G peer-filter MORE",
    )  # fmt: skip
    runs = eos.speaker.runs
    assert [(one.prefix, one.peer.as_number, one.peer.limit) for one in runs.ranges] == [
        ("10.1.0.0/24", 64512, 9),
        ("10.2.0.0/24", 64512, 9),
        ("fd00::/64", "external", 9),
    ]
    assert runs.most == 40
    assert "dynamic peer max 30\n" in eos.says("bgp listen limit 30", "show running-config")
    assert "% In" in eos.says("no bgp listen range 10.1.0.0/24")
    eos.says("no bgp listen range 10.1.0.0/24 peer-group G", "bgp listen range 10.2.0.0/24 peer-group G remote-as 1")
    assert [(one.prefix, one.peer.as_number) for one in eos.speaker.runs.ranges] == [
        ("10.2.0.0/24", 1),
        ("fd00::/64", "external"),
    ]
    shown = eos.says("no neighbor G peer group", "show running-config")
    assert ("neighbor G" in shown, "bgp listen range" in shown) == (False, True)


CHANGE = ("router bgp 65009", "neighbor 10.0.0.1 remote-as 64512")


def test_a_session_is_in_force_once_it_is_committed(eos: Eos) -> None:
    played = len(eos.speaker.played)
    diff = eos.says("configure session a", *CHANGE, "show session-config diffs")
    assert "+   neighbor 10.0.0.1 remote-as 64512\n" in diff
    assert len(eos.speaker.played) == played
    eos.says("commit")
    assert "10.0.0.1" in eos.speaker.runs.peers
    assert eos.login.prompt == "leaf01#"


def test_a_timer_takes_back_what_nobody_confirms_and_forgets_the_session(eos: Eos) -> None:
    eos.says("configure session a", *CHANGE, "commit timer 00:02:00")
    shown = eos.says("show configuration sessions detail")
    assert "  a                    pendingCommitTimer   2m0s\n" in shown
    assert "Session with pending commit timer: a\n" in shown
    assert eos.says("configure session b", "hostname x", "commit") == (
        "% Cannot commit session b: session a has a pending commit timer\n"
    )
    eos.clock.passes(120)
    assert "10.0.0.1" not in eos.speaker.runs.peers
    assert "  a " not in eos.says("abort", "show configuration sessions detail")


def test_it_is_confirmed_from_another_login_and_saved_by_write_memory(eos: Eos) -> None:
    eos.says("configure session a", *CHANGE, "commit timer 00:02:00")
    other = eos.privileged()
    assert not other.enter("configure session a commit").failed
    eos.clock.passes(600)
    assert "10.0.0.1" in eos.speaker.runs.peers
    assert "10.0.0.1" not in eos.fake.startup
    other.enter("write memory")
    assert "10.0.0.1" in eos.fake.startup


def test_a_session_that_is_left_waits_and_one_that_is_aborted_is_gone(eos: Eos) -> None:
    eos.says("configure session a", *CHANGE, "end")
    assert "  a                    pending " in eos.says("show configuration sessions detail")
    eos.says("configure session a", "abort")
    assert eos.fake.sessions == {}
    eos.says("configure session a", *CHANGE, "commit timer 00:02:00", "configure session a abort")
    assert "10.0.0.1" not in eos.speaker.runs.peers
    eos.says("configure session b", "end", "configure session b abort")
    assert eos.fake.sessions == {}


def test_sections_and_answers_are_those_of_the_speaker(eos: Eos) -> None:
    eos.speaker.seen["100.0.0.1"] = Seen(
        state="Established", remote_as=65008, uptime=7.9, received=3, router_id="1.1.1.1"
    )
    told = json.loads(eos.says("show bgp neighbors vrf all | json"))["vrfs"]["default"]["peerList"]
    one = next(peer for peer in told if peer["peerAddress"] == "100.0.0.1")
    assert (one["state"], one["establishedTime"], one["prefixesReceived"]) == ("Established", 7, 3)
    section = eos.says("show running-config | section router bgp")
    assert section.startswith("router bgp 65009\n   router-id 2.2.2.2\n")
    assert "hostname" not in section
    assert eos.says("show running-config | section route-map") == ""
    eos.says("configure", "no router bgp 65009", "end")
    assert json.loads(eos.says("show bgp neighbors vrf all | json")) == {"vrfs": {}}
