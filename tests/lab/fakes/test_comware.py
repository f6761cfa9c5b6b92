"""The Comware box by itself: what it takes in which view, what it shows, and what its timer takes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.fakes.comware import ComwareFake, cipher, startup
from lab.fakes.model import Entry, PathEntry, Peer, Range, Recorder, Route, Seen
from lab.plan import Switch
from lab.uplinks import Port
from tests.lab.fakes.clock import TurnedClock

UPLINK = Port("up0", "spine", 65008, "down0", ("100.0.0.2/30",), ("100.0.0.1/30",))
STARTUP = startup(Switch("leaf01", 65009, "2.2.2.2", "rr1", (), (UPLINK,), "comware"))
NODE = (
    "system-view",
    "ip prefix-list IN index 5 permit 10.233.64.0 18 less-equal 32",
    "bgp 65009",
    "peer 172.20.0.11 as-number 64512",
    "peer 172.20.0.11 password simple s3cret#;$x",
    "address-family ipv4 unicast",
    "peer 172.20.0.11 prefix-list IN import",
    "peer 172.20.0.11 prefix-list ABSENT export",
)
"""What makes a neighbour, but for enabling it."""


class Box:
    """A box without SSH, and who has logged in to it."""

    def __init__(self, startup: str = STARTUP) -> None:
        self.speaker = Recorder()
        self.fake = ComwareFake("leaf01", self.speaker, startup)
        self.clock = TurnedClock()
        self.fake.clock = self.clock
        self.fake.boot()
        self.login = self.fake.login()

    def do(self, *lines: str, reply: str = "Y") -> str:
        """What the last line is answered, dialogues and all."""
        said = ""
        for line in lines:
            answer = self.login.enter(line)
            said = answer.text
            while answer.ask is not None:
                said += answer.ask.text
                answer = answer.ask.then(reply)
                said += answer.text
        return said

    @property
    def running(self) -> str:
        return self.fake.shown(self.fake.running)


def test_the_saved_configuration_is_shown_as_it_was_and_understood() -> None:
    box = Box()
    assert box.running == STARTUP
    runs = box.speaker.runs
    assert (runs.as_number, runs.router_id, runs.maximum_paths, runs.redistributes) == (
        65009,
        "2.2.2.2",
        16,
        frozenset({4, 6}),
    )
    assert runs.peers == {
        "100.0.0.1": Peer(as_number=65008, description="spine", graceful_restart=False, families=frozenset({4}))
    }


def test_views_show_in_the_prompt_and_a_line_counts_in_its_own_view_only() -> None:
    box = Box()
    prompts = []
    for line in (
        "system-view",
        "bgp 65009",
        "address-family ipv6",
        "ip prefix-list A index 1 permit 0.0.0.0 0",
        "quit",
    ):
        said = box.do(line)
        prompts.append(box.login.prompt)
    assert prompts == [
        "[leaf01]",
        "[leaf01-bgp-default]",
        *["[leaf01-bgp-default-ipv6]"] * 2,
        "[leaf01-bgp-default]",
    ]
    assert box.fake.running.lists == {}
    assert said == ""
    box.do("return")
    assert box.login.prompt == "<leaf01>"
    assert box.login.enter("quit").closes


ERRORS = {
    "an unknown line": (("system-view", "neighbor 1.1.1.1"), " % Unrecognized command found at '^' position."),
    "a line of BGP's in system view": (("system-view", "peer 1.1.1.1 as-number 1"), "Unrecognized command"),
    "an entry without an index": (("system-view", "ip prefix-list A permit 0.0.0.0 0"), "Incomplete command"),
    "an entry of the other family": (("system-view", "ip prefix-list A index 5 permit :: 0"), "Wrong parameter"),
    "an index too high": (("system-view", "ip prefix-list A index 65536 permit 0.0.0.0 0"), "Wrong parameter"),
    "bounds the wrong way round": (
        ("system-view", "ip prefix-list A index 5 permit 10.0.0.0 8 greater-equal 9 less-equal 8"),
        "Wrong parameter",
    ),
    "two entries that say the same": ((*NODE[:2], NODE[1].replace("5", "10", 1)), "already exists"),
    "an entry taken away by its words": ((*NODE[:2], f"undo {NODE[1]}"), "Too many parameters"),
    "a path list of a number too high": (("system-view", "ip as-path 257 permit ^1$"), "Wrong parameter"),
    "a path list without an expression": (("system-view", "ip as-path 1 permit"), "Incomplete command"),
    "an expression that is too long": (("system-view", f"ip as-path 1 permit {'1' * 64}"), "Wrong parameter"),
    "a path's entry taken away by all its words": (
        ("system-view", "ip as-path 1 permit ^1$", "undo ip as-path 1 permit ^1$"),
        "Too many parameters",
    ),
    "another AS for the instance": (("system-view", "bgp 65010"), "already exists in AS 65009"),
    "a neighbour that is not there": (
        ("system-view", "bgp 65009", "peer 1.1.1.1 timer keepalive 3 hold 9"),
        "does not exist",
    ),
    "one that is not there, to be undone": (("system-view", "bgp 65009", "undo peer 1.1.1.1"), "does not exist"),
    "another AS for a neighbour": ((*NODE[:4], "peer 172.20.0.11 as-number 64601"), "already exists in AS 64512"),
    "a hold time below three keepalives": ((*NODE[:4], "peer 172.20.0.11 timer keepalive 3 hold 8"), "three times"),
    "a hop count of none": ((*NODE[:4], "peer 172.20.0.11 ttl-security hops 0"), "Wrong parameter"),
    "a description that is too long": ((*NODE[:4], f"peer 172.20.0.11 description {'x' * 80}"), "Wrong parameter"),
    "a cipher that is none": ((*NODE[:4], f"peer 172.20.0.11 password cipher {'x' * 40}"), "Wrong parameter"),
    "a list in BGP view": ((*NODE[:4], "peer 172.20.0.11 prefix-list IN import"), "Unrecognized command"),
    "a timer of no minutes": (("system-view", "configuration commit delay 0"), "Wrong parameter"),
    "a shell's command": (("show version",), "Unrecognized command"),
}


@pytest.mark.parametrize(("lines", "why"), ERRORS.values(), ids=ERRORS)
def test_a_line_that_it_does_not_take_changes_nothing_and_says_why(lines: tuple[str, ...], why: str) -> None:
    box = Box()
    box.do(*lines[:-1])
    before = box.running
    assert why in box.do(lines[-1])
    assert box.login.enter(lines[-1]).failed
    assert box.running == before


def test_a_neighbour_is_understood_with_a_list_that_does_not_exist_as_one_that_permits_everything() -> None:
    box = Box()
    assert box.do(*NODE, "peer 172.20.0.11 enable") == (
        "Warning:This operation might reset the peer session. Continue? [Y/N]:"
    )
    for line in (
        *("peer 172.20.0.11 route-limit 1000 reconnect 60", "peer 172.20.0.11 public-as-only", "quit"),
        *(
            "peer 172.20.0.11 ttl-security hops 1",
            "peer 172.20.0.11 timer keepalive 3 hold 9",
            "peer 172.20.0.11 substitute-as",
        ),
        "graceful-restart",
    ):
        assert box.do(line) == ""
    runs = box.speaker.runs
    assert runs.peers["172.20.0.11"] == Peer(
        as_number=64512,
        password="s3cret#;$x",
        timers=(3, 9),
        ttl_hops=1,
        list_in="IN",
        limit=1000,
        retry=60,
        as_override=True,
        private_as=(False, False),
        families=frozenset({4}),
    )
    assert runs.lists == {(4, "IN"): (Entry(5, permits=True, prefix="10.233.64.0/18", le=32),)}


def test_a_path_list_has_a_number_and_entries_that_go_by_their_expression() -> None:
    box = Box()
    box.do(*NODE, "peer 172.20.0.11 enable", "peer 172.20.0.11 as-path-acl 200 import")
    assert box.speaker.runs.peers["172.20.0.11"].paths_in == "", "one that does not exist permits everything"
    box.do("quit", "quit", "ip as-path 200 deny _1_", "ip as-path 200 permit ^((2|3)(_|$))+$")
    runs = box.speaker.runs
    assert runs.peers["172.20.0.11"].paths_in == "200"
    entries = (PathEntry(permits=False, expression="_1_"), PathEntry(permits=True, expression="^((2|3)(_|$))+$"))
    assert runs.paths == {"200": entries}
    text = box.running
    assert "\nip as-path 200 deny _1_\nip as-path 200 permit ^((2|3)(_|$))+$\n" in text
    assert Box(text).running == text, "what is saved is what it starts with"
    box.do("undo ip as-path 200 _1_")
    assert box.speaker.runs.paths == {"200": entries[1:]}
    box.do("undo ip as-path 200")
    assert (box.speaker.runs.paths, box.speaker.runs.peers["172.20.0.11"].paths_in) == ({}, "")


def test_a_dialogue_that_is_denied_changes_nothing() -> None:
    box = Box()
    box.do(*NODE)
    before = box.running
    box.do("peer 172.20.0.11 enable", reply="N")
    assert box.running == before


def test_a_password_is_kept_enciphered_anew_each_time_and_its_cipher_is_taken_back_in() -> None:
    box = Box()
    box.do(*NODE[:5])
    shown = box.running
    assert "s3cret" not in shown
    box.do(NODE[4])
    assert box.running != shown
    text = box.running.partition(" password cipher ")[2].partition("\n")[0]
    box.do("undo peer 172.20.0.11", NODE[3], f"peer 172.20.0.11 password cipher {text}")
    assert f"password cipher {text}\n" in box.running
    assert box.speaker.runs.peers["172.20.0.11"].password == "s3cret#;$x"
    assert [cipher.opened(said) for said in ("", "$c$3$", "$c$3$AAAA", "$c$3$€")] == [None, "", "", None]


def test_undoing_a_neighbour_takes_every_line_of_it_and_undoing_a_list_the_whole_list() -> None:
    box = Box()
    box.do(*NODE, "peer 172.20.0.11 enable", "quit", "undo peer 172.20.0.11", "quit", "undo ip prefix-list IN")
    assert box.running == STARTUP


def test_the_timer_takes_back_what_nobody_commits_and_a_second_one_keeps_the_first_ones_state() -> None:
    box = Box()
    box.do("system-view", "configuration commit delay 2", *NODE[1:])
    box.clock.passes(100)
    box.do("return", "system-view", "configuration commit delay 2", "sysname other")
    box.clock.passes(119)
    assert "sysname other" in box.running
    box.clock.passes(2)
    assert (box.running, set(box.speaker.runs.peers)) == (STARTUP, {"100.0.0.1"})


def test_what_is_committed_stays_and_what_is_saved_outlives_a_restart() -> None:
    box = Box()
    box.do("system-view", "configuration commit delay 1", "sysname other", "configuration commit")
    box.clock.passes(1000)
    assert box.login.prompt == "[other]"
    assert box.do("save force").endswith("Saved the current configuration to mainboard device successfully.\n")
    box.do("sysname third")
    box.fake.reboot()
    assert box.fake.login().prompt == "<other>"


def test_groups_and_subnets_give_their_members_what_they_have() -> None:
    box = Box()
    box.do(
        "system-view",
        "bgp 65009",
        "group SERVERS external",
        "peer SERVERS as-number 64700",
        "peer 172.20.0.14 group SERVERS",
        "peer 172.20.0.0 24 as-number 1.10",
        "address-family ipv4 unicast",
        "peer SERVERS enable",
    )
    runs = box.speaker.runs
    assert (runs.peers["172.20.0.14"].as_number, runs.peers["172.20.0.14"].families) == (64700, frozenset({4}))
    peer = Peer(as_number=65546, shutdown=True, graceful_restart=False)
    assert runs.ranges == (Range("172.20.0.0/24", "172.20.0.0/24", peer),)
    box.do("peer 172.20.0.0 24 enable")
    up = replace(peer, shutdown=False, families=frozenset({4}))
    assert box.speaker.runs.ranges == (Range("172.20.0.0/24", "172.20.0.0/24", up),)
    assert box.fake.shown(box.fake.read(box.running)) == box.running


def test_sessions_are_listed_where_their_family_is_enabled_and_those_of_a_subnet_with_a_star() -> None:
    box = Box()
    up = Seen(state="Established", remote_as=64512, uptime=400_000, received=2, router_id="9.9.9.9")
    box.do(*NODE)
    box.speaker.seen |= {"172.20.0.11": up}
    assert "172.20.0.11" not in box.do("display bgp peer ipv4")
    box.do("peer 172.20.0.11 enable")
    box.speaker.sessions = lambda: {  # type: ignore[method-assign]
        "172.20.0.11": up,
        "172.20.0.77": Seen(state="Established", remote_as=64512, dynamic=True),
    }
    shown = box.do("display bgp peer ipv4")
    assert "  172.20.0.11          64512       12       12    0       2 0111h06m Established\n" in shown
    assert "  *172.20.0.77         64512 " in shown
    assert "remote router ID 9.9.9.9\n" in box.do("display bgp peer ipv4 verbose")
    assert "Up for 111h06m40s\n" in box.do("display bgp peer ipv4 unicast verbose")


def test_routes_are_shown_with_each_next_hop() -> None:
    box = Box()
    hops = (("172.20.0.11", "Vlan20"), ("172.20.0.12", "Vlan20"))
    box.speaker.table = {
        4: {"10.1.0.0/26": Route("bgp", hops)},
        6: {"fd00:64::/122": Route("bgp", (("fe80::1", "Vlan20"),))},
    }
    assert (
        "10.1.0.0/26        BGP     255 0           172.20.0.11     Vlan20\n"
        "                   BGP     255 0           172.20.0.12     Vlan20\n"
    ) in box.do("display ip routing-table")
    assert "Destination: FD00:64::/122 " in box.do("display ipv6 routing-table")


def test_what_the_speaker_refuses_is_said_and_not_kept() -> None:
    box = Box()
    box.do(*NODE[:3])
    before = box.running
    box.speaker.refuses = "no room"
    assert box.do("peer 172.20.0.11 as-number 64512") == "no room\n"
    assert box.running == before


def test_a_configuration_with_a_line_that_has_no_place_is_refused() -> None:
    with pytest.raises(ValueError, match="a line with no place: 'router bgp 1'"):
        Box(STARTUP.replace("bgp 65009", "router bgp 1"))


def test_paging_stops_until_it_is_switched_off_in_user_view() -> None:
    box = Box()
    assert box.login.page > 0
    box.do("screen-length disable")
    assert box.login.page == 0
