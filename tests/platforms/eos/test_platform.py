"""EOS's words: what an operator would find in the running configuration, and what is read from a switch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from leafrack.platforms import (
    Effect,
    Job,
    Line,
    Neighbour,
    PathList,
    PrefixList,
    SessionState,
    Setting,
    SwitchState,
    Task,
)
from leafrack.platforms.eos import passwords, read
from leafrack.platforms.eos.platform import EOS
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import joined
from leafrack.platforms.state import Limit, Password, PrivateAs, Settings, Timers
from tests.platforms.jobs import LISTENING, NODE, WHOLE

ALL = replace(WHOLE, as_number=64512, list_in=NODE.list_in, list_out=NODE.list_out)
LISTS = (
    PrefixList("LEAFRACK-dc1-IN", (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32"))),
    PrefixList("LEAFRACK-dc1-OUT", (ip_network("0.0.0.0/0"),)),
    PrefixList("LEAFRACK-dc1-IN6", (ip_network("fd00:64::/48"),)),
)


def job(*neighbours: Neighbour, lists: tuple[PrefixList, ...] = ()) -> Job:
    return Job(Task.SESSIONS, 65009, tuple(one.name for one in LISTS), lists, neighbours)


PLAIN = """\
router bgp 65009
   neighbor 172.20.0.11 remote-as 64512
   neighbor 172.20.0.11 description leafrack rr1 node1
   no neighbor 172.20.0.11 password
   no neighbor 172.20.0.11 shutdown
   no neighbor 172.20.0.11 timers
   no neighbor 172.20.0.11 ttl maximum-hops
   default neighbor 172.20.0.11 graceful-restart
   no neighbor 172.20.0.11 maximum-routes
   no neighbor 172.20.0.11 idle-restart-timer
   no neighbor 172.20.0.11 as-path remote-as replace out
   no neighbor 172.20.0.11 remove-private-as
   address-family ipv4
      neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in
      neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-OUT out
      neighbor 172.20.0.11 activate
   exit
"""
WANTED = """\
router bgp 65009
   neighbor fd00:1::11 remote-as 64512
   neighbor fd00:1::11 description leafrack rr1 node1
   neighbor fd00:1::11 password 7 +XD5dNVYCMyB9rjFB9c9iA==
   no neighbor fd00:1::11 shutdown
   neighbor fd00:1::11 timers 3 9
   neighbor fd00:1::11 ttl maximum-hops 1
   no neighbor fd00:1::11 graceful-restart
   neighbor fd00:1::11 maximum-routes 1000
   neighbor fd00:1::11 idle-restart-timer 60
   neighbor fd00:1::11 as-path remote-as replace out
   neighbor fd00:1::11 remove-private-as all replace-as
   address-family ipv6
      neighbor fd00:1::11 prefix-list LEAFRACK-dc1-IN in
      neighbor fd00:1::11 prefix-list LEAFRACK-dc1-OUT out
      neighbor fd00:1::11 activate
   exit
"""
LISTED = """\
ip prefix-list LEAFRACK-dc1-IN
   seq 5 permit 10.233.64.0/18 le 32
   seq 10 permit 10.9.9.9/32
ip prefix-list LEAFRACK-dc1-OUT
   seq 5 permit 0.0.0.0/0
ipv6 prefix-list LEAFRACK-dc1-IN6
   seq 5 permit fd00:64::/48 le 128
"""
AS = "LEAFRACK-dc1-AS"
FILTERED = """\
ip as-path access-list LEAFRACK-dc1-AS permit ^(64512|4200000001)(_(64512|4200000001))*$ any
route-map LEAFRACK-dc1-AS permit 10
   match as-path LEAFRACK-dc1-AS
"""
OUT = "      neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-OUT out\n"
RANGES = """\
router bgp 65009
   neighbor LEAFRACK-dc1-NODES peer group
   neighbor LEAFRACK-dc1-NODES description leafrack rr1
   neighbor LEAFRACK-dc1-NODES password 7 AvfZw6VYPCgnthb1dLwXFg==
   no neighbor LEAFRACK-dc1-NODES shutdown
   no neighbor LEAFRACK-dc1-NODES timers
   no neighbor LEAFRACK-dc1-NODES ttl maximum-hops
   default neighbor LEAFRACK-dc1-NODES graceful-restart
   neighbor LEAFRACK-dc1-NODES maximum-routes 1000
   neighbor LEAFRACK-dc1-NODES idle-restart-timer 60
   no neighbor LEAFRACK-dc1-NODES as-path remote-as replace out
   no neighbor LEAFRACK-dc1-NODES remove-private-as
   address-family ipv4
      neighbor LEAFRACK-dc1-NODES prefix-list LEAFRACK-dc1-IN in
      neighbor LEAFRACK-dc1-NODES prefix-list LEAFRACK-dc1-OUT out
      neighbor LEAFRACK-dc1-NODES activate
   exit
   dynamic peer max 100
   bgp listen range 172.20.0.0/25 peer-group LEAFRACK-dc1-NODES remote-as 64512
   bgp listen range 172.20.0.128/25 peer-group LEAFRACK-dc1-NODES remote-as 64512
"""
TEXTS = {
    "two ranges": (LISTENING, RANGES),
    "a path list": (
        replace(job(replace(NODE, paths_in=AS)), paths=PathList(AS, (64512, 4200000001))),
        FILTERED + PLAIN.replace(OUT, f"{OUT}      neighbor 172.20.0.11 route-map {AS} in\n"),
    ),
    "an IPv4 neighbour": (job(NODE), PLAIN),
    "all that may be wanted": (job(ALL), WANTED),
    "lists alone": (job(lists=LISTS), LISTED),
    "two neighbours": (job(NODE, ALL), PLAIN + WANTED.partition("\n")[2]),
}


@pytest.mark.parametrize(("given", "text"), TEXTS.values(), ids=TEXTS)
def test_a_job_reads_as_an_operator_would_write_it(given: Job, text: str) -> None:
    assert EOS.text(given) == text


def entered(plan: Plan) -> list[str]:
    return [line.text.strip() for line in EOS.lines(plan)]


def test_a_list_that_stands_is_written_anew_in_the_session_and_a_new_one_just_written() -> None:
    found = SwitchState(65009, lists={"LEAFRACK-dc1-OUT": frozenset({"permit 10.0.0.0/8 le 32"})})
    assert entered(Plan(65009, found, lists=LISTS[1:])) == [
        "no ip prefix-list LEAFRACK-dc1-OUT",
        "ip prefix-list LEAFRACK-dc1-OUT",
        "seq 5 permit 0.0.0.0/0",
        "exit",
        "ipv6 prefix-list LEAFRACK-dc1-IN6",
        "seq 5 permit fd00:64::/48 le 128",
        "exit",
    ]


def test_what_goes_goes_neighbours_first_and_an_as_that_stays_is_not_entered() -> None:
    found = SwitchState(65009, lists={"A": frozenset({"permit 10.0.0.0/8"}), "B": frozenset({"permit fd00::/8"})})
    other = ip_address("172.20.0.12")
    plan = Plan(65009, found, old_lists=("A", "B"), gone=(other,), as_numbers=((NODE.address, 64601),))
    assert entered(plan) == [
        "router bgp 65009",
        "neighbor 172.20.0.11 remote-as 64601",
        "no neighbor 172.20.0.12",
        "exit",
        "no ip prefix-list A",
        "no ipv6 prefix-list B",
    ]
    kept = Plan(65009, found, neighbours=(NODE,), kept_as=frozenset({NODE.address}))
    assert "neighbor 172.20.0.11 remote-as 64512" not in entered(kept)


ENTRY = "permit ^(64512)(_(64512))*$ any"
OURS = "route-map permit 10 match as-path LEAFRACK-dc1-AS"
WRITTEN: dict[str, tuple[set[str], list[str]]] = {
    "none": (
        set(),
        [f"ip as-path access-list {AS} {ENTRY}", f"route-map {AS} permit 10", f"match as-path {AS}", "exit"],
    ),
    "another entry": (
        {"permit .* any", OURS},
        [f"ip as-path access-list {AS} {ENTRY}", f"no ip as-path access-list {AS} permit .* any"],
    ),
    "a map that takes more": ({ENTRY, OURS, "route-map permit 20"}, [f"no route-map {AS} permit 20"]),
    "a clause of others with lines": (
        {ENTRY, OURS, "route-map deny 5 match as 1"},
        [f"no route-map {AS} deny 5"],
    ),
    "a line of others in our clause": (
        {ENTRY, OURS, "route-map permit 10 set metric 5"},
        [f"route-map {AS} permit 10", "no set metric 5", "exit"],
    ),
    "a map that takes all": (
        {ENTRY, "route-map permit 10"},
        [f"route-map {AS} permit 10", f"match as-path {AS}", "exit"],
    ),
    "no map": ({ENTRY}, [f"route-map {AS} permit 10", f"match as-path {AS}", "exit"]),
}


@pytest.mark.parametrize(("has", "said"), WRITTEN.values(), ids=WRITTEN)
def test_of_a_path_list_and_its_map_what_differs_is_entered(has: set[str], said: list[str]) -> None:
    found = SwitchState(65009, paths={AS: frozenset(has)} if has else {})
    besides = frozenset(has - {ENTRY, OURS})
    plan = Plan(65009, found, paths=PathList(AS, (64512,)), old_path_entries={AS: besides} if besides else {})
    assert entered(plan) == said


def test_a_path_list_goes_with_its_map_after_the_neighbours() -> None:
    found = SwitchState(65009, paths={AS: frozenset({ENTRY, "permit ^1$ any", OURS})})
    assert entered(Plan(65009, found, gone=(NODE.address,), old_paths=(AS,))) == [
        "router bgp 65009",
        "no neighbor 172.20.0.11",
        "exit",
        f"no route-map {AS}",
        f"no ip as-path access-list {AS} permit ^(64512)(_(64512))*$ any",
        f"no ip as-path access-list {AS} permit ^1$ any",
    ]


def test_a_password_is_enciphered_and_marked_secret_in_both_forms() -> None:
    line = next(one for one in EOS.lines(Plan(65009, SwitchState(65009), neighbours=(ALL,))) if "password" in one.text)
    assert (str(line).strip(), set(line.secrets)) == (
        "neighbor fd00:1::11 password 7 (hidden)",
        {"+XD5dNVYCMyB9rjFB9c9iA==", "s3cret#;$x"},
    )


VECTORS = {
    # pyavd 6.4 (its bgp_encrypt); AVD's documentation; the README of github.com/isotopp/arista_type_7.
    ("10.1.0.11", "s3cret"): "cXXNHeaehzTVNDbzzE0q9w==",
    ("fd00:1::11", "s3cret#;$x"): "+XD5dNVYCMyB9rjFB9c9iA==",
    ("10.1.0.11", "12345678"): "ANRhIfEXRQ04pFOleNESCw==",
    ("IPv4-UNDERLAY-PEERS", "arista123"): "AQQvKeimxJu+uGQ/yYvv9w==",
    ("2001:db8:6939::1", "swordfish"): "1f2k70WMa17KyMEW72GaNg==",
}


@pytest.mark.parametrize(("who", "password"), VECTORS)
def test_passwords_are_enciphered_and_read_as_others_publish_them(who: str, password: str) -> None:
    text = VECTORS[who, password]
    assert passwords.shown(password, who) == text
    assert passwords.password(text, who) == password
    assert passwords.password(text, "192.0.2.1") is None, "another neighbour's"


def test_what_is_no_type_7_is_no_password() -> None:
    assert [passwords.password(text, "10.1.0.11") for text in ("", "nonsense", "AAAA", "cXXNHeaehzQ=")] == [None] * 4


BGP = """\
router bgp 65009
   router-id 2.2.2.2
   maximum-paths 16 ecmp 16
   neighbor K8S peer group
   neighbor K8S remote-as 64600
   neighbor K8S route-map SOME in
   neighbor K8S route-map NONE out
   bgp listen range 172.20.1.0/24 peer-group K8S remote-as 64600
   neighbor 100.0.0.1 remote-as 65008
   neighbor 100.0.0.1 description spine
   neighbor 100.0.0.1 maximum-routes 12000
   neighbor 172.20.0.11 remote-as 64512
   neighbor 172.20.0.11 description leafrack rr1 node1
   neighbor 172.20.0.11 password 7 3P0+CxEau8GIcI+RyuH4cg==
   neighbor 172.20.0.11 shutdown reason broken
   neighbor 172.20.0.11 timers 3 9
   neighbor 172.20.0.11 ttl maximum-hops 1
   no neighbor 172.20.0.11 graceful-restart
   neighbor 172.20.0.11 maximum-routes 1000 warning-limit 80 percent
   neighbor 172.20.0.11 idle-restart-timer 60
   neighbor 172.20.0.11 as-path remote-as replace out
   neighbor 172.20.0.11 remove-private-as all replace-as
   neighbor 172.20.0.11 send-community
   neighbor 172.20.0.13 peer group K8S
   neighbor 172.20.0.13 ebgp-multihop 3
   redistribute connected
   !
   address-family ipv4
      neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in
      neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-OUT out
      no neighbor 172.20.0.13 activate
   !
   address-family evpn
      neighbor 172.20.0.11 activate
   !
   vrf BLUE
      neighbor 172.20.0.11 remote-as 65001
      neighbor 10.9.0.1 remote-as 65001
!
"""
LISTS_SHOWN = """\
ip prefix-list LEAFRACK-dc1-IN
   seq 5 permit 10.233.64.0/18 le 32
   seq 10 permit 10.9.9.9/32
!
ip prefix-list OLD seq 10 permit 10.0.0.0/8 le 24
!
ipv6 prefix-list LEAFRACK-dc1-IN6
   seq 5 permit fd00:64::/48 le 128
!
"""
MAPS = """\
route-map SOME permit 10
   match as 64600
!
route-map NONE deny 10
!
route-map LEAFRACK-dc1-AS permit 10
   match as-path LEAFRACK-dc1-AS
!
route-map LEAFRACK-dc1-AS permit 20
!
route-map BARE permit 10
   match as-path BARE
   set metric 5
!
router bgp 65009
   neighbor 172.20.0.11 route-map LEAFRACK-dc1-AS in
"""
PATHS_SHOWN = """\
ip as-path access-list LEAFRACK-dc1-AS permit ^(64512)(_(64512))*$ any
ip as-path access-list LEAFRACK-dc1-AS deny _65010_ egp
ip as-path access-list THEIRS permit .*
"""


def peer(address: str, **more: Any) -> dict[str, Any]:
    """A neighbour as EOS tells of it, but for what leafrack does not look at."""
    plain = {"peerAddress": address, "asn": "64512", "state": "Active", "localAsn": "65009", "updateSource": ""}
    return {**plain, "localRouterId": "2.2.2.2", "prefixesReceived": 0, "v6PrefixesReceived": 0, **more}


PEERS = [
    peer("100.0.0.1", asn="65008", state="Established", establishedTime=121, routerId="1.1.1.1", prefixesReceived=3),
    peer("172.20.0.11", establishFailHint="Cease/connection rejected"),
    peer("172.20.0.13", asn="1.10", lastErrorRcvdCode="Hold Timer Expired", updateSource="172.20.0.254"),
    peer("172.20.1.7", asn="64600", state="Established", establishedTime=5, routerId="9.9.9.9"),
    peer("fe80::1%Et1"),
]


def answers(**given: str) -> str:
    """What a switch answers when it is read."""
    route = {"routeAction": "forward", "routeType": "eBGP", "vias": []}
    table = {"routes": {"10.233.64.0/26": route, "10.9.0.0/16": {**route, "routeAction": "drop"}}}
    said: Mapping[str, str] = {
        "sessions": json.dumps({"vrfs": {"default": {"peerList": PEERS}, "BLUE": {"peerList": [peer("10.9.0.1")]}}}),
        "routes": json.dumps({"vrfs": {"default": table}}, indent=4),
        "routes6": json.dumps({"routes": {"fd00:64::/122": route}}),
        "bgp": BGP,
        "lists": LISTS_SHOWN,
        "maps": MAPS,
        "paths": PATHS_SHOWN,
        **given,
    }
    return joined(zip(read.READS, said.values(), strict=True))


def test_a_path_list_is_read_with_the_map_that_matches_it() -> None:
    filtered = OUT + f"      neighbor 172.20.0.11 route-map {AS} in\n"
    state = EOS.parse(answers(bgp=BGP.replace(OUT, filtered)))
    assert state.paths == {
        AS: {ENTRY, "deny _65010_ egp", OURS, "route-map permit 20"},
        "THEIRS": {"permit .* any"},
        "BARE": {"route-map permit 10 match as-path BARE", "route-map permit 10 set metric 5"},
    }
    node = state.neighbours[NODE.address]
    assert node.paths_in == AS
    assert Line(f"neighbor 172.20.0.11 route-map {AS} in", Effect.REPLACED, AS) in node.lines
    assert EOS.path_differences(PathList(AS, (64512,)), state) == (
        f"{AS} has `deny _65010_ egp`",
        f"{AS} has `route-map permit 20`",
    )


def test_a_switch_is_read_with_all_its_settings() -> None:
    state = EOS.parse(answers())
    assert (state.as_number, state.router_id, state.elsewhere) == (65009, "2.2.2.2", ("BLUE",))
    assert state.routes == {ip_network("10.233.64.0/26"), ip_network("fd00:64::/122")}
    assert state.lists == {
        "LEAFRACK-dc1-IN": {"permit 10.233.64.0/18 le 32", "permit 10.9.9.9/32"},
        "OLD": {"permit 10.0.0.0/8 le 24"},
        "LEAFRACK-dc1-IN6": {"permit fd00:64::/48 le 128"},
    }
    assert set(map(str, state.neighbours)) == {"100.0.0.1", "172.20.0.11", "172.20.0.13", "172.20.1.7"}
    node = state.neighbours[NODE.address]
    assert node.password == Password("s3cret#;$x")
    assert node.shutdown == "broken"
    assert (node.set_as, node.remote_as, node.last_error) == (64512, 64512, "Cease/connection rejected")
    assert (node.timers, node.ttl_security, node.graceful_restart) == (Timers(3, 9), 1, False)
    assert (node.list_in, node.list_out) == ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT")
    assert (node.limit, node.as_override) == (Limit(1000, 60, "warning-limit 80 percent"), True)
    assert (node.private_as, node.activated, node.rest) == (PrivateAs(), True, ("send-community",))


def test_sessions_are_what_the_switch_tells_of_them() -> None:
    states = EOS.parse(answers()).neighbours
    spine, other = states[ip_address("100.0.0.1")], states[ip_address("172.20.0.13")]
    assert (spine.state, spine.uptime, spine.prefixes_received) == (SessionState.ESTABLISHED, 121, 3)
    assert (spine.router_id, spine.limit) == ("1.1.1.1", None), "12000 routes are the default of older releases"
    assert (other.remote_as, other.last_error, str(other.local_address)) == (
        65546,
        "Hold Timer Expired",
        "172.20.0.254",
    )


def test_a_neighbour_that_a_range_lets_in_and_what_a_group_says_are_told() -> None:
    states = EOS.parse(answers()).neighbours
    group = (
        Line("neighbor K8S route-map SOME in", Effect.REPLACED, "SOME"),
        Line("neighbor K8S route-map NONE out", Effect.DROPS, "NONE"),
    )
    listen = "bgp listen range 172.20.1.0/24 peer-group K8S remote-as 64600"
    assert states[ip_address("172.20.1.7")].lines == (Line(listen, Effect.REFUSES, "K8S"), *group)
    member = states[ip_address("172.20.0.13")]
    assert member.lines == (Line("neighbor 172.20.0.13 ebgp-multihop 3", Effect.MULTIHOP), *group)
    assert (member.set_as, member.activated) == (None, False)
    assert [line.effect for line in states[NODE.address].lines] == [Effect.SHUTS, Effect.REPLACED, Effect.REPLACED]


_OFF = "   no bgp default ipv4-unicast\n"
ACTIVE = {
    "IPv4 by default": ("   neighbor 172.20.0.11 remote-as 1\n", True),
    "IPv4 where that is switched off": (
        f"{_OFF}   neighbor 172.20.0.11 remote-as 1\n",
        False,
    ),
    "by a line": (
        f"{_OFF}   neighbor 172.20.0.11 remote-as 1\n   address-family ipv4\n      neighbor 172.20.0.11 activate\n",
        True,
    ),
    "by the group": (
        f"{_OFF}   neighbor 172.20.0.11 peer group G\n   address-family ipv4\n      neighbor G activate\n",
        True,
    ),
}


@pytest.mark.parametrize(("lines", "activated"), ACTIVE.values(), ids=ACTIVE)
def test_a_family_is_activated_by_itself_a_line_or_a_group(lines: str, *, activated: bool) -> None:
    state = EOS.parse(answers(bgp=f"router bgp 65009\n{lines}"))
    assert state.neighbours[NODE.address].activated is activated


@pytest.mark.parametrize(("said", "number"), [("65009", 65009), ("1.10", 65546), ("65101.65101", 4266524237)])
def test_as_numbers_are_read_in_both_notations(said: str, number: int) -> None:
    bgp = f"router bgp {said}\n   neighbor 172.20.0.11 remote-as {said}\n"
    state = EOS.parse(answers(bgp=bgp))
    assert (state.as_number, state.neighbours[NODE.address].set_as) == (number, number)


def test_a_switch_without_bgp_has_no_as_and_no_neighbour() -> None:
    for sessions in ('{"vrfs": {}}', ""):
        state = EOS.parse(answers(sessions=sessions, bgp="", lists="", maps="", paths=""))
        assert (state.as_number, dict(state.neighbours), dict(state.lists)) == (None, {}, {})


def test_a_policy_that_discards_what_has_none_is_told() -> None:
    for line, lacks in (("in action deny", True), ("in action permit", False)):
        state = EOS.parse(answers(bgp=f"{BGP.rstrip()[:-2]}\n   bgp missing-policy direction {line}\n"))
        assert state.neighbours[NODE.address].lacks_policy is lacks


BAD = {
    "nothing": ("", "this does not answer as EOS: no answer to `show bgp neighbors vrf all | json` in 'nothing'"),
    "text in the place of JSON": (answers(routes="% Not here"), "this does not answer as EOS: '% Not here'"),
    "a list": (answers(routes="[]"), "this does not answer as EOS: '[]'"),
    "a neighbour without an address": (
        answers(sessions='{"vrfs": {"default": {"peerList": [{"asn": "1"}]}}}'),
        "no peerAddress in",
    ),
}


@pytest.mark.parametrize(("output", "said"), BAD.values(), ids=BAD)
def test_what_is_no_answer_of_eos_is_said_and_nothing_guessed(output: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        EOS.parse(output)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


WORDS = {
    "a path list": (Settings(paths_in=AS), Setting.PATHS_IN, "route-map LEAFRACK-dc1-AS in"),
    "limit": (Settings(limit=Limit(1000, 60)), Setting.LIMIT, "maximum-routes 1000, idle-restart-timer 60"),
    "limit, as others write it": (
        Settings(limit=Limit(9, None, "warning-only")),
        Setting.LIMIT,
        "maximum-routes 9 warning-only",
    ),
    "TTL security": (Settings(ttl_security=1), Setting.TTL_SECURITY, "ttl maximum-hops 1"),
    "graceful restart": (Settings(graceful_restart=False), Setting.GRACEFUL_RESTART, "no graceful-restart"),
    "private AS": (Settings(private_as=PrivateAs()), Setting.PRIVATE_AS, "remove-private-as all replace-as"),
    "a password": (Settings(password=Password("s3cret")), Setting.PASSWORD, "password"),
    "a reason": (Settings(shutdown="broken"), Setting.SHUTDOWN, "shutdown broken"),
}


@pytest.mark.parametrize(("of", "setting", "said"), WORDS.values(), ids=WORDS)
def test_settings_are_said_in_eos_words(of: Settings, setting: Setting, said: str) -> None:
    assert EOS.words(setting, of) == said
    assert EOS.words(setting, Settings()) == ""
