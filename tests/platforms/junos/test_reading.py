"""What a Junos leaf answers, read: neighbours of leafrack and of others, policies, routes."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

import pytest

from leafrack.platforms import Effect, SessionState
from leafrack.platforms.junos.read import parse
from leafrack.platforms.state import Limit, Password, PrivateAs, Timers
from tests.platforms.junos.answers import BGP, POLICIES, ROUTING, answer, document, peer

STATE = parse(answer())
NODE, DOWN, SPINE, ANYBODY = (
    STATE.neighbours[ip_address(one)] for one in ("172.20.0.11", "172.20.0.12", "100.0.0.1", "172.20.1.40")
)


def test_the_switch_itself_is_read() -> None:
    assert (STATE.as_number, STATE.router_id, STATE.elsewhere) == (65009, "2.2.2.2", ("blue",))
    assert {ip_network("10.233.64.0/26"), ip_network("fd00:64::/122")} < STATE.routes
    assert ip_address("10.99.0.1") not in STATE.neighbours, "it is of another instance"


def test_every_setting_of_a_neighbour_is_read() -> None:
    assert (NODE.description, NODE.password, NODE.timers) == ("leafrack rr1 node1", Password("s3cret"), Timers(3, 9))
    assert (NODE.ttl_security, NODE.graceful_restart, NODE.limit) == (1, False, Limit(1000, 60))
    assert (NODE.as_override, NODE.private_as, NODE.activated, NODE.set_as) == (True, PrivateAs(), True, 64512)
    assert (NODE.list_in, NODE.list_out, NODE.rest) == ("LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT", ())


def test_a_session_is_read_with_its_ends_and_its_age() -> None:
    assert (NODE.state, NODE.uptime, NODE.prefixes_received) == (SessionState.ESTABLISHED, 61.0, 2)
    assert (str(NODE.local_address), NODE.router_id, NODE.remote_as) == ("172.20.0.254", "172.20.0.11", 64512)
    assert (SPINE.uptime, SPINE.remote_as, SPINE.set_as) == (86461.0, 65008, None)
    assert (DOWN.state, DOWN.uptime, DOWN.router_id) == (SessionState.ACTIVE, 0.0, "")


def test_a_session_that_is_down_says_why_and_one_that_is_up_does_not() -> None:
    assert DOWN.last_error == "Open Message Error: most often another AS than the one that is expected"
    assert (NODE.last_error, SPINE.last_error) == ("", "")


def test_what_leafrack_does_not_write_is_the_rest() -> None:
    assert DOWN.rest == ("local-preference 50",)


def test_a_neighbour_in_somebody_elses_group_is_in_the_way_and_one_in_the_fabrics_is_not() -> None:
    assert [line.text for line in SPINE.lines if line.effect is Effect.REFUSES] == ["group SPINES neighbor 100.0.0.1"]
    assert {line.effect for line in (*NODE.lines, *DOWN.lines)} == {Effect.REPLACED}
    assert {line.names for line in NODE.lines} == {"LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT"}


def test_a_neighbour_that_a_range_made_is_told_with_the_line_that_made_it() -> None:
    (line,) = ANYBODY.lines
    assert (line.text, line.effect) == ("group ANYBODY allow 172.20.1.0/24", Effect.REFUSES)


def test_what_somebody_deactivated_is_not_there() -> None:
    assert ip_address("172.20.0.13") not in STATE.neighbours
    off = parse(answer(bgp=f"{BGP}deactivate protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.12 import\n"))
    assert off.neighbours[ip_address("172.20.0.12")].list_in == ""


def test_policies_are_read_with_everything_that_they_say() -> None:
    assert STATE.lists == {
        "LEAFRACK-dc1-IN": {
            "term permitted from protocol bgp",
            "term permitted from route-filter 10.233.64.0/18 orlonger",
            "term permitted from route-filter 10.9.9.9/32 exact",
            "term permitted then accept",
            "then reject",
        }
    }


def test_an_expression_of_as_paths_is_a_path_list_and_the_policy_of_its_name_is_no_prefix_list() -> None:
    policy = "set policy-options policy-statement LEAFRACK-dc1-AS"
    more = (
        f'set policy-options as-path LEAFRACK-dc1-AS "(64512|64513)+"\n'
        f"{policy} term permitted from as-path LEAFRACK-dc1-AS\n{policy} then reject\n"
    )
    chain = "set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.12 import LEAFRACK-dc1-"
    state = parse(answer(policies=POLICIES + more, bgp=BGP.replace(f"{chain}IN\n", f"{chain}AS\n{chain}IN\n")))
    assert state.lists == STATE.lists
    assert state.paths == {
        "LEAFRACK-dc1-AS": {
            'as-path "(64512|64513)+"',
            "term permitted from as-path LEAFRACK-dc1-AS",
            "then reject",
        }
    }
    found = state.neighbours[ip_address("172.20.0.12")]
    assert (found.paths_in, found.list_in) == ("LEAFRACK-dc1-AS", "LEAFRACK-dc1-IN")
    assert [line.names for line in found.lines] == ["LEAFRACK-dc1-AS", "LEAFRACK-dc1-IN", "LEAFRACK-dc1-OUT"]


@pytest.mark.parametrize(
    ("line", "effect"),
    [
        ("set protocols bgp group LEAFRACK-dc1 shutdown", Effect.SHUTS),
        ("set protocols bgp shutdown", Effect.SHUTS),
        ("set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.11 shutdown", Effect.SHUTS),
        ("set protocols bgp group LEAFRACK-dc1 multihop ttl 3", Effect.MULTIHOP),
    ],
)
def test_what_a_group_or_all_of_bgp_says_counts_for_a_neighbour(line: str, effect: Effect) -> None:
    found = parse(answer(bgp=f"{BGP}{line}\n")).neighbours[ip_address("172.20.0.11")]
    assert [one.effect for one in found.lines if one.effect is not Effect.REPLACED] == [effect]


def test_as_numbers_are_read_in_both_notations() -> None:
    dotted = BGP.replace("172.20.0.11 peer-as 64512", "172.20.0.11 peer-as 1.10")
    peers = [peer("172.20.0.11+1", peer_as="1.10", local_as="0.65009")]
    state = parse(
        answer(
            routing=ROUTING.replace("65009", "0.65009"),
            bgp=dotted,
            neighbours=document("bgp-information", bgp_peer=peers),
        )
    )
    found = state.neighbours[ip_address("172.20.0.11")]
    assert (state.as_number, found.set_as, found.remote_as) == (65009, 65546, 65546)


def test_an_as_that_a_configuration_group_gives_is_read_from_the_sessions() -> None:
    assert parse(answer(routing="set routing-options router-id 2.2.2.2\n")).as_number == 65009


@pytest.mark.parametrize("silent", [json.dumps({"output": [{"data": "BGP is not running"}]}), "BGP is not running"])
def test_a_switch_without_bgp_has_no_as_and_no_neighbours(silent: str) -> None:
    state = parse(answer(routing="", bgp="", instances="", neighbours=silent, summary=silent))
    assert (state.as_number, state.neighbours, state.elsewhere) == (None, {}, ())


def test_a_neighbour_that_runs_nothing_yet_is_idle() -> None:
    silent = json.dumps({"output": [{"data": "BGP is not running"}]})
    found = parse(answer(neighbours=silent, summary=silent)).neighbours[ip_address("172.20.0.11")]
    assert (found.state, found.remote_as, found.set_as) == (SessionState.IDLE, 64512, 64512)


def test_a_chain_of_policies_is_said_as_one() -> None:
    more = BGP + "set protocols bgp group LEAFRACK-dc1 neighbor 172.20.0.12 import MINE\n"
    found = parse(answer(bgp=more)).neighbours[ip_address("172.20.0.12")]
    assert found.list_in == "LEAFRACK-dc1-IN MINE"
    assert [line.names for line in found.lines] == ["LEAFRACK-dc1-IN", "MINE", "LEAFRACK-dc1-OUT"]


def test_the_name_of_the_engine_before_an_answer_is_no_part_of_it() -> None:
    assert parse(answer(policies=f"\n{{master:0}}\n{POLICIES}")).lists == STATE.lists


UNLIKE = {
    "nothing": "",
    "a shell": "sh: cli: not found",
    "another platform": answer(version="Arista DCS-7050"),
    "only half": answer()[:900],
    "no set lines": answer(bgp="group X { neighbor 1.1.1.1; }"),
    "an error": answer(policies="error: permission denied"),
    "no JSON": answer(neighbours="error: the routing subsystem is not running"),
    "other JSON": answer(summary='{"route-information": []}'),
    "JSON of another shape": answer(neighbours='{"bgp-information": [{"bgp-peer": "none"}]}'),
    "a wrong destination": answer(routes=document("route-information", route_table=[{"rt": [{}]}])),
}


@pytest.mark.parametrize("output", UNLIKE.values(), ids=UNLIKE)
def test_an_answer_in_an_unknown_format_is_said_in_one_line(output: str) -> None:
    with pytest.raises(ValueError, match=r"\Athis does not answer as Junos: .+\Z"):
        parse(output)


def test_a_line_that_is_not_understood_is_cut_before_a_password() -> None:
    with pytest.raises(ValueError) as refused:
        parse(answer(bgp="authentication-key of somebody s3cret"))
    assert "s3cret" not in str(refused.value)


def test_a_password_shows_in_nothing_that_is_printed() -> None:
    assert "s3cret" not in f"{STATE!r}"
    assert "ICLce" not in f"{STATE!r}"
