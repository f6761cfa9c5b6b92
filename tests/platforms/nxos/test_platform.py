"""NX-OS's own: its words, what is read of its answers, and what is entered for a plan."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from leafrack.platforms import Effect, Job, PathList, PrefixList, SessionState, Task, Way
from leafrack.platforms.nxos import read, type7
from leafrack.platforms.nxos.platform import NXOS
from leafrack.platforms.plan import GuardError, plan
from leafrack.platforms.played import complaint, joined
from leafrack.platforms.reading import Feature
from leafrack.platforms.seals import Seal, Seals
from leafrack.platforms.state import Limit, Password, PrivateAs, SwitchState, Timers
from tests.platforms.jobs import LISTENING, NODE, OWN, WHOLE

ALL = replace(WHOLE, as_number=4200000001, as_numbers=(), graceful_restart=True, password="s3cret")
LISTS = (
    PrefixList("LEAFRACK-dc1-IN", (ip_network("10.233.64.0/18"), ip_network("10.9.9.9/32"))),
    PrefixList("LEAFRACK-dc1-OUT6", (ip_network("fd00:64::/48"), ip_network("::/0"))),
)
JOB = Job(Task.SESSIONS, 65009, OWN, LISTS, (NODE, ALL), 64512)

TEXT = """\
ip prefix-list LEAFRACK-dc1-IN seq 5 permit 10.233.64.0/18 le 32
ip prefix-list LEAFRACK-dc1-IN seq 10 permit 10.9.9.9/32
ipv6 prefix-list LEAFRACK-dc1-OUT6 seq 5 permit fd00:64::/48 le 128
ipv6 prefix-list LEAFRACK-dc1-OUT6 seq 10 permit ::/0
router bgp 65009
  neighbor 172.20.0.11
    remote-as 64512
    description leafrack rr1 node1
    address-family ipv4 unicast
      prefix-list LEAFRACK-dc1-IN in
      prefix-list LEAFRACK-dc1-OUT out
  neighbor fd00:1::11
    remote-as 4200000001
    description leafrack rr1 node1
    timers 3 9
    ttl-security hops 1
    remove-private-as replace-as
    password 0 s3cret
    address-family ipv6 unicast
      prefix-list LEAFRACK-dc1-IN6 in
      prefix-list LEAFRACK-dc1-OUT6 out
      maximum-prefix 1000 restart 1
      disable-peer-as-check
      as-override
"""

CONFIGURATION = """
feature bgp
ip prefix-list LEAFRACK-dc1-IN seq 5 permit 10.233.64.0/18 le 32
ip prefix-list LEAFRACK-dc1-IN seq 20 permit 10.1.0.0/16 le 32
ip prefix-list LEAFRACK-dc1-OUT seq 5 permit 0.0.0.0/0
ip prefix-list LEAFRACK-dc1-OUT description theirs
route-map OPEN permit 10
route-map SHUT deny 10
router bgp 1.10
  router-id 2.2.2.2
  address-family ipv4 unicast
    maximum-paths 16
  template peer-policy FILTER
    route-map SHUT in
    prefix-list NEVER out
  template peer NODES
    remote-as 64512
    shutdown
    address-family ipv4 unicast
      inherit peer-policy FILTER 1
  neighbor 100.0.0.1
    remote-as 65008
    description spine
    ebgp-multihop 2
    address-family ipv4 unicast
      route-map OPEN in
  neighbor 172.20.0.0/24 remote-as route-map ANY
    maximum-peers 40
  neighbor 172.20.0.11
    remote-as 1.5
    description leafrack rr1 node1
    bfd
    timers 3 9
    ttl-security hops 1
    remove-private-as replace-as
    password 3 386c0565965f89de
    address-family ipv4 unicast
\tprefix-list LEAFRACK-dc1-IN in
\tprefix-list LEAFRACK-dc1-OUT out
\tmaximum-prefix 1000 75 restart 1
\tas-override
\tdisable-peer-as-check
\tsend-community
  neighbor 172.20.0.12 remote-as 64512
    shutdown
    password 7 12090404011C03162E
    address-family ipv4 unicast
      as-override
  neighbor 172.20.0.13
    inherit peer NODES
    address-family ipv4 unicast
      prefix-list LEAFRACK-dc1-OUT out
  vrf red
    neighbor 10.5.5.5
      remote-as 65001
"""


def _peer(address: str, state: str = "Established", **more: Any) -> dict[str, Any]:
    return {"neighbor": address, "remoteas": "64512", "state": state, "vrf": "default", **more}


NEIGHBOURS = {
    "TABLE_neighbor": {
        "ROW_neighbor": [
            _peer(
                "172.20.0.11",
                elapsedtime="P2DT16H8M52S",
                **{"remote-id": "172.20.0.11", "localaddr": "172.20.0.254"},
                TABLE_peraf={"ROW_peraf": {"TABLE_persaf": {"ROW_persaf": {"pfxrecvd": "4"}}}},
            ),
            _peer("172.20.0.12", "Shut (Admin)", resetreason="No error", peerresetreason="holdtimer expired error"),
            _peer("172.20.0.14", elapsedtime="00:05:12", **{"prefix-parent": "172.20.0.0/24"}),
            {"ipv4prefixneighbor": "172.20.0.0/24", "vrf": "default"},
            _peer("10.5.5.5", vrf="red"),
        ]
    }
}
SUMMARY = {
    "TABLE_vrf": {
        "ROW_vrf": [
            {"vrf-name-out": "red", "vrf-router-id": "9.9.9.9"},
            {"vrf-name-out": "default", "vrf-router-id": "2.2.2.2", "vrf-local-as": "1.10"},
        ]
    }
}


def _routes(*prefixes: tuple[str, str]) -> dict[str, Any]:
    rows = [{"ipprefix": prefix, "TABLE_path": {"ROW_path": {"ubest": best}}} for prefix, best in prefixes]
    table = {"ROW_vrf": {"TABLE_addrf": {"ROW_addrf": {"TABLE_prefix": {"ROW_prefix": rows}}}}}
    return {"TABLE_vrf": table}


def answer(configuration: str = CONFIGURATION, neighbours: Any = NEIGHBOURS, summary: Any = SUMMARY) -> str:
    tables = _routes(("10.233.64.0/26", "true"), ("10.99.0.0/16", "false")), ""
    said = (json.dumps(one) if one else "" for one in (neighbours, summary, *tables))
    return joined(zip(read.READS, (configuration, *said), strict=True))


def state() -> SwitchState:
    return NXOS.parse(answer())


def entered(job: Job, found: SwitchState, way: Way = Way.FORWARD, **seals: Seal) -> list[str]:
    kept: Seals = {ip_address(who.removeprefix("of_").replace("_", ".")): seal for who, seal in seals.items()}
    return [line.text for line in NXOS.lines(plan(job, way, found, NXOS, kept))]


RANGE = """\
  neighbor 172.20.0.0/25
    remote-as 64512
    maximum-peers 100
    description leafrack rr1
    password 0 s3cret
    address-family ipv4 unicast
      prefix-list LEAFRACK-dc1-IN in
      prefix-list LEAFRACK-dc1-OUT out
      maximum-prefix 1000 restart 1
"""


def test_a_range_says_what_a_neighbour_says_and_how_many_may_come() -> None:
    assert NXOS.text(LISTENING) == f"router bgp 65009\n{RANGE}{RANGE.replace('0.0/25', '0.128/25')}"


def test_a_job_is_written_as_the_switch_would_show_it() -> None:
    assert NXOS.text(JOB) == TEXT


AS = "LEAFRACK-dc1-AS"
LISTED = replace(JOB, paths=PathList(AS, (64512, 4200000001)), neighbours=(replace(NODE, paths_in=AS),))
ENTRIES = ('permit "^((64512|4200000001)_)+$"', 'permit "^((64512|64086[.]59905)_)+$"')


def test_a_path_list_is_quoted_and_used_in_the_family() -> None:
    lists, _, rest = NXOS.text(LISTED).partition("router bgp")
    assert lists.splitlines()[4:] == [f"ip as-path access-list {AS} {entry}" for entry in ENTRIES]
    assert rest.splitlines()[-3:] == [
        "      prefix-list LEAFRACK-dc1-IN in",
        "      prefix-list LEAFRACK-dc1-OUT out",
        f"      filter-list {AS} in",
    ]


SHOWN = f"""\
ip as-path access-list {AS} seq 10 {ENTRIES[0]}
ip as-path access-list {AS} seq 15 deny "_65010_"
ip as-path access-list THEIRS permit .*
"""


def filtered() -> SwitchState:
    """The switch with path lists; the node's neighbour has ours."""
    out = "\tprefix-list LEAFRACK-dc1-OUT out\n"
    shown = CONFIGURATION.replace("remote-as 1.5", "remote-as 64512").replace(out, f"{out}\tfilter-list {AS} in\n", 1)
    return NXOS.parse(answer(SHOWN + shown))


def test_path_lists_are_read_with_and_without_quotes_and_numbers() -> None:
    found = filtered()
    assert found.paths == {AS: {ENTRIES[0], 'deny "_65010_"'}, "THEIRS": {'permit ".*"'}}
    node = found.neighbours[NODE.address]
    assert (node.paths_in, node.rest) == (AS, ("bfd", "send-community"))
    assert [(line.text, line.effect) for line in node.lines if line.names == AS] == [
        (f"filter-list {AS} in", Effect.REPLACED)
    ]
    assert NXOS.path_differences(LISTED.paths, found) == (f"{AS} lacks `{ENTRIES[1]}`", f'{AS} has `deny "_65010_"`')


def test_what_a_path_list_lacks_comes_first_and_what_is_too_much_goes_last() -> None:
    said = entered(replace(LISTED, as_number=65546), filtered())
    of_paths = [line for line in said if AS in line]
    assert of_paths == [
        f"ip as-path access-list {AS} {ENTRIES[1]}",
        f'no ip as-path access-list {AS} seq 15 deny "_65010_"',
    ]
    assert said.index(of_paths[0]) < said.index("router bgp 65546")
    assert said[-1] == of_paths[1]


def test_a_path_list_that_somebody_else_has_there_stays_where_leafrack_gives_none() -> None:
    said = entered(replace(LISTED, as_number=65546, paths=None, neighbours=(NODE,)), filtered())
    assert not [line for line in said if "filter-list" in line or "as-path" in line]


def test_a_path_list_goes_entry_by_entry_with_all_that_is_ours() -> None:
    assert entered(replace(LISTED, lists=()), filtered(), Way.BACK)[-2:] == [
        f"no ip as-path access-list {AS} seq 10 {ENTRIES[0]}",
        f'no ip as-path access-list {AS} seq 15 deny "_65010_"',
    ]


def test_a_switch_is_read_with_everything_that_is_set_of_a_neighbour() -> None:
    found = state()
    assert (found.as_number, found.router_id, found.elsewhere) == (65546, "2.2.2.2", ("red",))
    assert found.routes == {ip_network("10.233.64.0/26")}
    assert found.lists["LEAFRACK-dc1-IN"] == {"permit 10.233.64.0/18 le 32", "permit 10.1.0.0/16 le 32"}
    assert found.numbers["LEAFRACK-dc1-IN"]["permit 10.1.0.0/16 le 32"] == 20
    node = found.neighbours[NODE.address]
    assert (node.state, node.uptime, node.prefixes_received) == (SessionState.ESTABLISHED, 230_932.0, 4)
    assert (node.set_as, node.remote_as, node.router_id) == (65541, 64512, "172.20.0.11")
    assert (node.timers, node.ttl_security, node.limit) == (Timers(3, 9), 1, Limit(1000, 60))
    assert (node.as_override, node.private_as, node.activated) == (True, PrivateAs(), True)
    assert node.password is not None
    assert node.password.sealed
    assert node.rest == ("bfd", "send-community")
    assert set(found.neighbours) == {ip_address(f"172.20.0.{n}") for n in (11, 12, 13, 14)} | {ip_address("100.0.0.1")}


def test_a_session_that_is_down_says_who_ended_it() -> None:
    node = state().neighbours[ip_address("172.20.0.12")]
    assert (node.state, node.shutdown) == (SessionState.IDLE, "")
    assert node.last_error == "by the neighbour: holdtimer expired error"


def test_half_of_an_override_is_none() -> None:
    node = state().neighbours[ip_address("172.20.0.12")]
    assert (node.as_override, node.rest) == (False, ("as-override",))


def test_a_type_7_password_is_compared_by_what_it_hides() -> None:
    found = state().neighbours[ip_address("172.20.0.12")]
    assert found.password == Password("password")
    right = replace(NODE, password="password")
    assert not [line for line in NXOS.neighbour_differences(right, found) if "password" in line]
    wrong = replace(NODE, password="an0ther")
    assert "has another password" in NXOS.neighbour_differences(wrong, found)


@pytest.mark.parametrize("start", [0, 12, 52])
def test_type_7_goes_there_and_back(start: int) -> None:
    assert type7.clear(type7.hidden("s3cret#;$x", start)) == "s3cret#;$x"


@pytest.mark.parametrize("shown", ["", "12", "xx0904", "12 0904", "1209z4", "00FF"])
def test_what_is_no_type_7_is_told_from_it(shown: str) -> None:
    assert type7.clear(shown) is None


LINES = {
    "100.0.0.1": [("ebgp-multihop 2", Effect.MULTIHOP), ("route-map OPEN in", Effect.FILTERS)],
    "172.20.0.12": [("shutdown", Effect.SHUTS)],
    "172.20.0.13": [
        ("prefix-list LEAFRACK-dc1-OUT out", Effect.REPLACED),
        ("shutdown", Effect.SHUTS),
        ("route-map SHUT in", Effect.DROPS),
    ],
    "172.20.0.14": [("neighbor 172.20.0.0/24", Effect.REFUSES)],
}


@pytest.mark.parametrize(("address", "said"), LINES.items(), ids=LINES)
def test_what_is_in_the_way_is_told_also_where_a_template_or_a_range_says_it(
    address: str, said: list[tuple[str, Effect]]
) -> None:
    found = state().neighbours[ip_address(address)]
    assert [(line.text, line.effect) for line in found.lines] == said


OFF = "                  ^\n% Invalid command at '^' marker.\n"


def test_a_switch_without_bgp_has_no_as_and_the_remedy_begins_with_the_feature() -> None:
    found = NXOS.parse(answer(CONFIGURATION.partition("router bgp")[0], "", ""))
    assert (found.as_number, found.neighbours) == (None, {})
    assert NXOS.remedies.run_bgp(65009) == "configure `feature bgp` and `router bgp 65009`"
    with pytest.raises(GuardError, match=r"this switch runs BGP as AS \(none\), the fabric file says 65009"):
        plan(JOB, Way.FORWARD, found, NXOS)
    for command in (read.NEIGHBOURS, read.SUMMARY):
        assert complaint(NXOS.dialogue, OFF, NXOS.unread[command]) == ""
        assert not re.search(NXOS.unread[command], '{"description":"% Invalid command, not running"}', re.MULTILINE)


WRONG = {
    "nothing": ("", "this does not answer as NX-OS: no answer to `show running-config"),
    "another box": ("bash: show: command not found\n", "command not found'"),
    "no JSON": (answer().replace(json.dumps(SUMMARY), "BGP summary information"), "'BGP summary information'"),
    "half a table": (answer(neighbours={"TABLE_neighbor": []}), "AttributeError in what it says of its neighbours"),
    "no neighbours": (answer(neighbours=""), "no neighbours in the answer to `show bgp"),
    "no AS": (answer(neighbours={"TABLE_neighbor": {"ROW_neighbor": _peer("172.20.0.11", remoteas="x")}}), "'x' is no"),
}


@pytest.mark.parametrize(("output", "said"), WRONG.values(), ids=WRONG)
def test_an_answer_in_another_format_is_said_in_one_line(output: str, said: str) -> None:
    with pytest.raises(ValueError, match="this does not answer as NX-OS: ") as caught:
        NXOS.parse(output)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("6w3d", 3_888_000), ("P1Y2DT3S", 31_708_803), ("00:05:12", 312), ("1d02h", 93_600), ("never", 0), ("", 0)],
)
def test_every_format_of_a_time_is_read(said: str, seconds: int) -> None:
    assert read.seconds(said) == seconds


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("          ^\n% Invalid command at '^' marker.\n", "% Invalid command at '^' marker."),
        ("% Incomplete command at '^' marker.", "% Incomplete command at '^' marker."),
        ("%Invalid number at '^' marker.", "%Invalid number at '^' marker."),
        ("ERROR: Maximum number of checkpoints", "ERROR: Maximum number of checkpoints"),
        ("Syntax error while parsing 'x'", "Syntax error while parsing 'x'"),
        ("% Duplicate sequence number", "% Duplicate sequence number"),
        ("Note: Applying config parallelly may fail Rollback verification", ""),
        ("    description % of traffic, ERROR: not found", ""),
        ("Verification is Successful.\n\nRollback completed successfully.", ""),
        ("Rollback failed", "Rollback failed"),
    ],
)
def test_errors_are_told_from_what_people_write(said: str, error: str) -> None:
    assert complaint(NXOS.dialogue, said) == error


@pytest.mark.parametrize("prompt", ["leaf01# ", "leaf01(config)# ", "leaf01(config-router-neighbor-af)# ", "l.1-a> "])
def test_prompts_of_every_mode_are_known(prompt: str) -> None:
    assert re.fullmatch(NXOS.dialogue.prompt, prompt)


BARE = SwitchState(65009)


def test_a_new_neighbour_is_entered_after_its_lists_and_with_the_password_to_be_hidden() -> None:
    lines = NXOS.lines(plan(replace(JOB, neighbours=(ALL,)), Way.FORWARD, BARE, NXOS))
    assert [str(line) for line in lines] == [
        *TEXT.splitlines()[:4],
        "router bgp 65009",
        "neighbor fd00:1::11",
        "remote-as 4200000001",
        "description leafrack rr1 node1",
        "timers 3 9",
        "ttl-security hops 1",
        "remove-private-as replace-as",
        "password 0 (hidden)",
        "address-family ipv6 unicast",
        "prefix-list LEAFRACK-dc1-IN6 in",
        "prefix-list LEAFRACK-dc1-OUT6 out",
        "maximum-prefix 1000 restart 1",
        "disable-peer-as-check",
        "as-override",
        "exit",
        "exit",
        "exit",
    ]


STATES = replace(JOB, as_number=65546, neighbours=(replace(NODE, password="s3cret"),), lists=LISTS[:1])


def test_only_what_differs_is_entered_and_a_sealed_password_not_again() -> None:
    found = state()
    shown = found.neighbours[NODE.address].password
    assert shown is not None
    assert entered(STATES, found, of_172_20_0_11=Seal.of(NODE.address, "s3cret", shown.text)) == [
        "ip prefix-list LEAFRACK-dc1-IN seq 25 permit 10.9.9.9/32",
        "router bgp 65546",
        "neighbor 172.20.0.11",
        "no timers",
        "no ttl-security hops 1",
        "no remove-private-as replace-as",
        "address-family ipv4 unicast",
        "no maximum-prefix 1000 restart 1",
        "no disable-peer-as-check",
        "no as-override",
        "exit",
        "exit",
        "exit",
        "no ip prefix-list LEAFRACK-dc1-IN seq 20 permit 10.1.0.0/16 le 32",
    ]


def test_a_password_that_changes_is_entered_again() -> None:
    found = state()
    assert "password 0 s3cret" in entered(STATES, found, of_172_20_0_11=Seal("other", "text"))
    assert "no password" in entered(replace(STATES, neighbours=(NODE,)), found)


def test_what_somebody_has_shut_is_opened() -> None:
    job = replace(STATES, neighbours=(replace(NODE, address=ip_address("172.20.0.12")),))
    assert "no shutdown" in entered(job, state())


def test_a_neighbour_of_a_range_is_left_alone() -> None:
    job = replace(STATES, neighbours=(replace(NODE, address=ip_address("172.20.0.14")),))
    with pytest.raises(GuardError, match=r"this switch has `neighbor 172\.20\.0\.0/24` for the neighbour 172"):
        plan(job, Way.FORWARD, state(), NXOS)


def test_what_is_ours_goes_whole_and_its_lists_after_it() -> None:
    job = replace(JOB, neighbours=(), lists=())
    assert entered(job, state(), Way.BACK) == [
        "router bgp 65546",
        "no neighbor 172.20.0.11",
        "no neighbor 172.20.0.13",
        "exit",
        "no ip prefix-list LEAFRACK-dc1-IN",
        "no ip prefix-list LEAFRACK-dc1-OUT",
    ]


def test_what_the_switch_cuts_or_keeps_to_itself_is_no_difference() -> None:
    long = replace(NODE, description="leafrack " + "x" * 100, timers=Timers(60, 180))
    job = replace(JOB, lists=(), neighbours=(long,))
    (line,) = (line for line in entered(job, BARE) if line.startswith("description"))
    assert len(line.removeprefix("description ")) == 80
    assert "timers" not in NXOS.text(job) + "".join(entered(job, BARE))
    found = NXOS.parse(answer(NXOS.text(job), {"TABLE_neighbor": {"ROW_neighbor": _peer("172.20.0.11")}}))
    assert NXOS.neighbour_differences(long, found.neighbours[NODE.address]) == ()


def test_what_nx_os_lacks_is_said_with_what_to_do() -> None:
    assert set(NXOS.cannot) == {Feature.ANY_AS, Feature.NO_GRACEFUL_RESTART}
