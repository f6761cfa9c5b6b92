"""The played Nexus by itself: its grammar, what it makes of it, its checkpoints, what it answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.fakes.model import Entry, PathEntry, Peer, Range, Recorder, Route, Seen
from lab.fakes.nxos import NxosFake, startup
from lab.fakes.nxos_grammar import decrypted, encrypted
from lab.plan import Switch
from lab.uplinks import Port

UPLINK = Port("up0", "spine", 65008, "down0", ("100.0.0.2/30",), ("100.0.0.1/30", "fd00:9::1/64"))
STARTUP = startup(Switch("leaf01", 65009, "2.2.2.2", "rr1", (), (UPLINK,), "nxos"))


class Nexus:
    """One login to a box with a speaker that speaks to nobody."""

    def __init__(self, text: str = STARTUP) -> None:
        self.speaker = Recorder()
        self.fake = NxosFake("leaf01", self.speaker, text)
        self.fake.boot()
        self.login = self.fake.login()

    def said(self, *lines: str) -> str:
        """What is said to lines, none of which fails."""
        answers = [self.login.enter(line) for line in lines]
        assert [answer.text for answer in answers if answer.failed] == []
        return "".join(answer.text for answer in answers)

    def refused(self, line: str) -> str:
        answer = self.login.enter(line)
        assert answer.failed
        return answer.text

    def told(self, command: str) -> Any:
        return json.loads(self.said(command))


@pytest.fixture
def box() -> Nexus:
    return Nexus()


NODE = (
    *("configure terminal", "router bgp 65009", "neighbor 172.20.0.11", "remote-as 64512", "description node 1"),
    *("password 0 s3cret", "timers 3 9", "ttl-security hops 1", "remove-private-as replace-as"),
    *(
        "address-family ipv4 unicast",
        "prefix-list A in",
        "prefix-list B out",
        "filter-list C in",
        "maximum-prefix 1000 restart 1",
    ),
    *("as-override", "disable-peer-as-check", "end"),
)


def test_what_an_operator_has_saved_runs_and_is_shown_as_it_is(box: Nexus) -> None:
    runs = box.speaker.runs
    assert (runs.as_number, runs.router_id, runs.redistributes, runs.maximum_paths) == (
        65009,
        "2.2.2.2",
        frozenset({4, 6}),
        16,
    )
    assert runs.peers["100.0.0.1"] == Peer(as_number=65008, description="spine", families=frozenset({4}))
    assert set(runs.peers) == {"100.0.0.1", "fd00:9::1"}
    assert box.fake.read(box.fake.shown(box.fake.running)) == box.fake.running


def test_a_neighbour_is_understood_with_all_that_it_is_given(box: Nexus) -> None:
    box.said(*NODE)
    assert box.speaker.runs.peers["172.20.0.11"] == Peer(
        as_number=64512,
        description="node 1",
        password="s3cret",
        timers=(3, 9),
        ttl_hops=1,
        list_in="A",
        list_out="B",
        paths_in="C",
        limit=1000,
        retry=60,
        as_override=True,
        private_as=(True, True),
        families=frozenset({4}),
    )


def test_a_password_is_shown_as_3des_and_runs_again_after_a_restart(box: Nexus) -> None:
    box.said(*NODE, "copy running-config startup-config")
    shown = box.said("show running-config bgp")
    assert "s3cret" not in shown
    assert f"    password 3 {encrypted('s3cret')}\n" in shown
    assert (decrypted(encrypted("s3cret")), len(encrypted("s3cret"))) == ("s3cret", 16)
    box.fake.reboot()
    assert box.speaker.runs.peers["172.20.0.11"].password == "s3cret"


def test_a_neighbour_without_a_family_has_no_session_and_half_an_override_is_none(box: Nexus) -> None:
    box.said("configure terminal", "router bgp 65009", "neighbor 172.20.0.11 remote-as 64512")
    assert box.speaker.runs.peers["172.20.0.11"].shutdown
    box.said("address-family ipv4 unicast", "as-override")
    node = box.speaker.runs.peers["172.20.0.11"]
    assert (node.shutdown, node.as_override) == (False, False)


def test_what_a_template_says_holds_until_the_neighbour_says_otherwise(box: Nexus) -> None:
    box.said("configure terminal", "router bgp 65009", "template peer NODES", "remote-as 64512", "timers 1 3", "exit")
    box.said("neighbor 172.20.0.11", "inherit peer NODES", "timers 3 9", "address-family ipv4 unicast")
    node = box.speaker.runs.peers["172.20.0.11"]
    assert (node.as_number, node.timers) == (64512, (3, 9))


def test_a_range_lets_neighbours_in_and_both_are_told_from_others(box: Nexus) -> None:
    box.said("configure terminal", "router bgp 65009", "neighbor 172.20.0.0/24", "remote-as 64512", "maximum-peers 40")
    peer = Peer(as_number=64512, families=frozenset({4}), list_in="A", password="s3cret")
    box.said("password 0 s3cret", "address-family ipv4 unicast", "prefix-list A in")
    assert box.speaker.runs.ranges == (Range("172.20.0.0/24", "172.20.0.0/24", peer),)
    assert box.speaker.runs.most == 40
    box.speaker.seen["172.20.0.12"] = Seen(state="Established", remote_as=64512, dynamic=True)
    rows = box.told("show bgp vrf all all neighbors | json native")["TABLE_neighbor"]["ROW_neighbor"]
    assert [(row.get("neighbor"), row.get("prefix-parent"), row.get("ipv4prefixneighbor")) for row in rows[2:]] == [
        ("172.20.0.12", "172.20.0.0/24", None),
        (None, None, "172.20.0.0/24"),
    ]


def test_lists_are_numbered_and_keep_their_numbers(box: Nexus) -> None:
    box.said("configure terminal", "ip prefix-list A seq 10 permit 10.0.0.0/8 le 32", "ip prefix-list A deny 0.0.0.0/0")
    assert box.speaker.runs.lists[4, "A"] == (Entry(10, True, "10.0.0.0/8", 0, 32), Entry(15, False, "0.0.0.0/0"))
    assert box.refused("ip prefix-list A seq 10 permit 10.1.0.0/16") == "% Duplicate sequence number\n"
    box.said("no ip prefix-list A seq 10 permit 10.0.0.0/8 le 32", "ipv6 prefix-list S seq 5 permit ::/0")
    assert set(box.speaker.runs.lists) == {(4, "A"), (6, "S")}
    box.said("no ip prefix-list A")
    assert set(box.speaker.runs.lists) == {(6, "S")}


def test_path_lists_are_quoted_numbered_and_gone_with_their_last_entry(box: Nexus) -> None:
    box.said(
        "configure terminal", 'ip as-path access-list A seq 10 permit "^(1|2)$"', 'ip as-path access-list A deny "_3_"'
    )
    assert box.speaker.runs.paths == {"A": (PathEntry(True, "^(1|2)$"), PathEntry(False, "_3_"))}
    assert '\nip as-path access-list A seq 15 deny "_3_"\n' in box.said("show running-config")
    box.said('no ip as-path access-list A seq 10 permit "^(1|2)$"')
    assert box.speaker.runs.paths == {"A": (PathEntry(False, "_3_"),)}
    box.said('no ip as-path access-list A seq 15 deny "_3_"')
    assert box.speaker.runs.paths == {}


REFUSED = {
    "a path without quotes": ("ip as-path access-list A permit ^1$", "% Invalid command at '^' marker."),
    "a path too long": (f'ip as-path access-list A permit "{"1" * 64}"', "% Invalid command at '^' marker."),
    "a path list that is not there": ('no ip as-path access-list A seq 5 permit "1"', "ERROR: No corresponding"),
    "unknown": ("nonsense", "% Invalid command at '^' marker."),
    "incomplete": ("remote-as", "% Incomplete command at '^' marker."),
    "out of its place": ("prefix-list A in", "% Invalid command at '^' marker."),
    "any AS": ("remote-as external", "% Invalid command at '^' marker."),
    "graceful restart of one": ("graceful-restart-disable", "% Invalid command at '^' marker."),
    "another AS": ("router bgp 65010", "ERROR: BGP is already running with AS number 65009"),
    "who is not there": ("no neighbor 172.20.0.99", "ERROR: No corresponding neighbor configured"),
    "too long": (f"description {'x' * 81}", "% Invalid command at '^' marker."),
}


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED)
def test_what_it_does_not_take_is_refused_in_its_words(box: Nexus, line: str, said: str) -> None:
    box.said("configure terminal", "router bgp 65009", "neighbor 172.20.0.11", "remote-as 64512")
    assert said in box.refused(line)


def test_without_the_feature_there_is_no_bgp_to_be_had() -> None:
    box = Nexus("hostname leaf01\n")
    assert "% Invalid command" in box.refused("show bgp vrf all all neighbors | json")
    box.said("configure terminal")
    assert "% Invalid command" in box.refused("router bgp 65009")
    box.said("feature bgp", "router bgp 65009")
    assert box.speaker.runs.as_number == 65009
    box.said("no feature bgp")
    assert box.speaker.runs.as_number is None


def test_a_line_holds_at_once_and_a_checkpoint_brings_back_what_was(box: Nexus) -> None:
    before = box.fake.running
    box.said("checkpoint leafrack-1", *NODE[:4])
    assert "172.20.0.11" in box.speaker.runs.peers
    assert "1) leafrack-1:\n" in box.said("show checkpoint summary")
    assert "Rollback completed successfully." in box.said("end", "rollback running-config checkpoint leafrack-1 atomic")
    assert box.fake.running == before
    assert "172.20.0.11" not in box.speaker.runs.peers
    box.said("no checkpoint leafrack-1")
    assert "ERROR" in box.refused("rollback running-config checkpoint leafrack-1 atomic")


def test_there_are_ten_checkpoints_and_none_after_a_restart(box: Nexus) -> None:
    box.said(*(f"checkpoint c{n}" for n in range(10)))
    assert box.refused("checkpoint more").startswith("ERROR: Maximum number of checkpoints")
    box.fake.reboot()
    assert "c0" not in box.said("show checkpoint summary")


def test_a_rollback_that_the_speaker_refuses_leaves_what_runs(box: Nexus) -> None:
    box.said("checkpoint c", *NODE)
    stands, box.speaker.refuses = box.fake.running, "no"
    assert "Rollback failed" in box.refused("rollback running-config checkpoint c atomic")
    assert box.fake.running == stands


def test_the_prompt_tells_the_mode(box: Nexus) -> None:
    modes = []
    for line in ("", "configure terminal", "router bgp 65009", "neighbor 172.20.0.11", "address-family ipv4 unicast"):
        box.said(line)
        modes.append(box.login.prompt)
    assert modes == [
        *("leaf01# ", "leaf01(config)# ", "leaf01(config-router)# ", "leaf01(config-router-neighbor)# "),
        "leaf01(config-router-neighbor-af)# ",
    ]
    box.said("exit", "exit")
    assert box.login.prompt == "leaf01(config-router)# "


def test_sessions_and_routes_are_those_of_the_speaker_with_numbers_as_text_unless_native(box: Nexus) -> None:
    box.speaker.seen["100.0.0.1"] = Seen(state="Established", remote_as=65008, uptime=93_784, received=4)
    box.speaker.table[4]["10.0.0.0/8"] = Route("bgp", (("100.0.0.1", "up0"),))
    up, down = box.told("show bgp vrf all all neighbors | json")["TABLE_neighbor"]["ROW_neighbor"]
    assert (up["state"], up["elapsedtime"], up["holdtime"], down["state"]) == (
        *("Established", "P1DT2H3M4S", "180"),
        "Active",
    )
    native = box.told("show ip route | json native")["TABLE_vrf"]["ROW_vrf"]["TABLE_addrf"]["ROW_addrf"]
    assert native["TABLE_prefix"]["ROW_prefix"]["ipprefix"] == "10.0.0.0/8"
    assert native["TABLE_prefix"]["ROW_prefix"]["ucast-nhops"] == 1


def test_a_section_is_a_line_with_all_that_stands_inside_it(box: Nexus) -> None:
    shown = box.said("show running-config | section '^feature bgp|^ip(v6)* prefix-list'")
    assert shown == "feature bgp\n"
    assert box.said("show startup-config | section ^route-map") == "route-map DIRECT permit 10\n"


def test_an_exec_request_is_several_commands_between_semicolons(box: Nexus) -> None:
    assert box.fake.commands("conf t ; router bgp 1") == ["conf t", "router bgp 1"]
