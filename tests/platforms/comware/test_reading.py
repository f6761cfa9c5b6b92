"""What a Comware switch is read to run, from text of the shape that command references and captures show."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from leafrack.platforms import Effect, NeighbourState, SessionState
from leafrack.platforms.comware.platform import COMWARE
from leafrack.platforms.played import HEADING, split
from leafrack.platforms.state import Limit, Password, Timers

TEXT = (Path(__file__).parent / "comware-7.txt").read_text(encoding="utf-8")
STATE = COMWARE.parse(TEXT)
PEERS = "display bgp peer ipv4"
PATHS = "LEAFRACK-dc1-AS"


def of(address: str) -> NeighbourState:
    return STATE.neighbours[ip_address(address)]


def without(command: str) -> str:
    """The text with another answer than there is: none."""
    return re.sub(rf"(?m)^### {re.escape(command)}\n(?:(?!### ).*\n)*", f"### {command}\n", TEXT)


def test_the_text_has_an_answer_to_every_command() -> None:
    headings = tuple(line.removeprefix(HEADING) for line in TEXT.splitlines() if line.startswith(HEADING))
    assert headings == (*COMWARE.reads, *COMWARE.besides(split(TEXT, COMWARE.reads)))


def test_why_a_session_is_down_is_what_ended_it_last_and_who_did() -> None:
    errors = {str(address): each.last_error for address, each in STATE.neighbours.items() if each.last_error}
    assert errors == {
        "172.20.0.12": "by the neighbour: Cease/Administrative Shutdown",
        "172.20.0.14": "OPEN Message Error/Bad Peer AS",
    }


def test_a_switch_that_does_not_tell_why_is_read_all_the_same() -> None:
    text = TEXT.partition("### display bgp peer ipv4 172.20.0.12 log-info")[0]
    assert {each.last_error for each in COMWARE.parse(text).neighbours.values()} == {""}
    assert COMWARE.besides({PEERS: "100.0.0.1 9.9.9 1 1 0 7 00:01:02 Active"}) == (), "that is told when it is read"


def test_of_a_switch_all_is_of_the_default_instance_and_the_default_vrf() -> None:
    assert (STATE.as_number, STATE.router_id, STATE.elsewhere) == (65009, "2.2.2.2", ("OVERLAY", "blue"))
    assert ip_address("172.20.0.99") not in STATE.neighbours
    assert of("172.20.0.11").set_as == 64512


def test_routes_are_those_that_lead_somewhere() -> None:
    assert STATE.routes == frozenset(
        map(
            ip_network,
            (
                *("0.0.0.0/0", "10.233.64.0/26", "172.20.0.0/24", "172.20.0.254/32", "127.0.0.0/8"),
                *("::1/128", "fd00:64::/122"),
            ),
        )
    )


def test_prefix_lists_are_entries_in_the_platforms_words_and_each_has_its_index() -> None:
    assert STATE.lists == {name: frozenset(entries) for name, entries in STATE.numbers.items() if name != PATHS}
    assert STATE.numbers == {
        PATHS: {"deny 127.0.0.1 32": 210},
        "LEAFRACK-dc1-IN": {"permit 10.233.64.0 18 less-equal 32": 5, "permit 10.9.9.9 32": 10},
        "THEIRS": {"deny 10.0.0.0 8 greater-equal 9 less-equal 31": 7},
        "LEAFRACK-dc1-IN6": {"permit fd00:64:: 48 less-equal 128": 5},
    }


def test_a_path_list_goes_by_the_name_that_keeps_its_number_and_without_one_by_that() -> None:
    assert STATE.paths == {
        PATHS: {"permit ^((64512|64601)(_|$))+$"},
        "3": {"deny _65001_", "permit .*"},
        **dict.fromkeys(("7", "9", "12"), frozenset()),
    }
    gone = COMWARE.parse(re.sub(r"(?m)^ ip as-path 210 .*\n", "", TEXT))
    assert gone.paths[PATHS] == frozenset()
    unnamed = COMWARE.parse(re.sub(rf"(?m)^ ip prefix-list {PATHS} .*\n", "", TEXT))
    assert (PATHS in unnamed.paths, unnamed.neighbours[ip_address("172.20.0.11")].paths_in) == (False, "210")


SETTINGS: dict[str, dict[str, Any]] = {
    "172.20.0.11": {
        "description": "leafrack rr1 node1",
        "password": Password("$c$3$k5DqX0o4Tn1hVhC2mW7kqf3rWcY0sQ==", sealed=True),
        "timers": Timers(3, 9),
        "ttl_security": 1,
        "as_override": True,
        "activated": True,
        "list_in": "LEAFRACK-dc1-IN",
        "list_out": "LEAFRACK-dc1-OUT",
        "paths_in": "LEAFRACK-dc1-AS",
        "limit": Limit(1000, 60),
        "graceful_restart": False,
        "remote_as": 64512,
        "set_as": 64512,
        "state": SessionState.ESTABLISHED,
        "uptime": 862.0,
        "prefixes_received": 1,
        "router_id": "172.20.0.11",
        "rest": ("bfd", "ipv4 unicast: advertise-community"),
    },
    "172.20.0.12": {
        "set_as": 64601,
        "remote_as": 64601,
        "shutdown": "",
        "state": SessionState.IDLE,
        "limit": Limit(30, None, "alert-only 90"),
        "list_in": "THEIRS",
        "paths_in": "3",
        "router_id": "",
        "password": None,
    },
    "172.20.0.13": {"set_as": 65546, "remote_as": 65546, "activated": False, "state": SessionState.IDLE, "uptime": 0.0},
    "172.20.0.14": {"set_as": None, "remote_as": 64700, "state": SessionState.OPEN_CONFIRM, "rest": ("group SERVERS",)},
    "100.0.0.1": {
        "description": 'uplink: "spine" eth0',
        "uptime": 286 * 3600 + 47 * 60 + 5.0,
        "prefixes_received": 7,
        "router_id": "1.1.1.1",
        "rest": ("ipv4 unicast: as-path-acl 7 export", "ipv6 unicast: enable"),
    },
    "fd00:1::11": {"uptime": 860.0, "list_in": "LEAFRACK-dc1-IN6", "activated": True, "set_as": 64512},
    "2001:db8:aaaa:bbbb:cccc:dddd:eeee:11": {"remote_as": 64512, "state": SessionState.ACTIVE, "activated": True},
}


@pytest.mark.parametrize("address", SETTINGS)
def test_a_neighbour_is_what_its_lines_and_its_session_say(address: str) -> None:
    found = of(address)
    assert {name: getattr(found, name) for name in SETTINGS[address]} == SETTINGS[address]


LINES: dict[str, list[tuple[str, Effect]]] = {
    "a neighbour that is ignored": [
        ("peer 172.20.0.12 ignore", Effect.SHUTS),
        ("peer 172.20.0.12 prefix-list THEIRS import", Effect.REPLACED),
        ("peer 172.20.0.12 as-path-acl 3 import", Effect.REPLACED),
        ("peer 172.20.0.12 route-policy FROM-NODES import", Effect.FILTERS),
    ],
    "a member of a group that has an AS": [
        ("peer 172.20.0.14 group SERVERS", Effect.REFUSES),
        ("peer SERVERS route-policy FROM-SERVERS import", Effect.FILTERS),
    ],
    "one whose paths are filtered too": [("peer 100.0.0.1 as-path-acl 7 export", Effect.FILTERS)],
    "one that came out of a subnet": [("peer 172.20.0.0 24 as-number", Effect.REFUSES)],
}


@pytest.mark.parametrize(
    ("address", "lines"),
    list(zip(("172.20.0.12", "172.20.0.14", "100.0.0.1", "172.20.0.77"), LINES.values(), strict=True)),
    ids=LINES,
)
def test_what_is_in_the_way_of_leafracks_lines_is_told(address: str, lines: list[tuple[str, Effect]]) -> None:
    assert [(line.text, line.effect) for line in of(address).lines] == lines


def test_neither_a_password_nor_its_cipher_is_in_what_is_printed_of_a_state() -> None:
    assert "k5DqX0" not in repr(STATE)


def test_graceful_restart_is_the_instances() -> None:
    state = COMWARE.parse(TEXT.replace(" router-id 2.2.2.2\n", " router-id 2.2.2.2\n graceful-restart\n", 1))
    assert {each.graceful_restart for each in state.neighbours.values()} == {True}


def test_a_switch_without_bgp_has_no_neighbours() -> None:
    text = TEXT.partition("### display bgp peer ipv4 172.20.0.12 log-info")[0]
    for command in COMWARE.reads[1:]:
        text = re.sub(rf"(?m)^### {re.escape(command)}\n(?:(?!### ).*\n)*", f"### {command}\n", text)
    state = COMWARE.parse(text.replace("configuration bgp\n", "configuration bgp\n#\nreturn\n"))
    assert (state.as_number, dict(state.neighbours), state.routes) == (None, {}, frozenset())


REFUSED = {
    "nothing": ("", "no answer to `display version` in 'nothing'"),
    "a shell": ("sh: display: not found\n", "no answer to `display version` in 'sh: display: not found'"),
    "Huawei's VRP": (
        TEXT.replace("H3C Comware Software, Version 7.1.070", "VRP (R) software, Version 8.220"),
        "'VRP (R) software, Version 8.220, Release 2612P06'",
    ),
    "Comware 5": (
        TEXT.replace("Version 7.1.070", "Version 5.20.99"),
        "'H3C Comware Software, Version 5.20.99, Release 26",
    ),
    "a command that was not answered": (
        TEXT.replace("### display ipv6 routing-table\n", ""),
        "no answer to `display ipv6 routing-table`",
    ),
    "a neighbour that the summary forgets": (
        without(PEERS),
        f"`{PEERS}` does not list 100.0.0.1, which is enabled",
    ),
    "a summary of another shape": (
        TEXT.replace("0286h47m Established", "Established 0286h47m"),
        f"`{PEERS}` does not list 100.0.0.1, which is enabled",
    ),
    "an AS number that is none": (
        TEXT.replace("100.0.0.1            65008", "100.0.0.1            9.9.9"),
        "'9.9.9' is no AS",
    ),
    "a BGP of no AS number": (
        re.sub(r"(?m)^bgp 65100.*\n", "", TEXT).replace("\nbgp 65009\n", "\nbgp everything\n"),
        "its configuration has a BGP of no AS number",
    ),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_comwares_is_refused_in_one_line_with_what_it_was(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"\Athis does not answer as Comware 7: .*\Z") as refused:
        COMWARE.parse(text)
    assert why in str(refused.value)
