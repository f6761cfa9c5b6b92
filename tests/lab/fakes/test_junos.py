"""A played Junos switch keeps the rules of Juniper's guides: candidate, locks, commits, rollbacks, what it shows."""

from __future__ import annotations

import json

import pytest

from lab.fakes.junos import JunosFake
from lab.fakes.junos_secrets import clear, shown
from lab.fakes.model import Entry, PathEntry, Peer, Range, RefusedError, Route, Seen
from tests.platforms.junos.box import STARTUP, enter, leaf, passes, recorder

IPV4 = frozenset({4})

NODE = "protocols bgp group NODES neighbor 10.0.0.1"
PEER = f"set {NODE} peer-as 64512"


@pytest.fixture
def fake() -> JunosFake:
    return leaf()


def committed(fake: JunosFake, *lines: str) -> str:
    return enter(fake.login(), "configure", *lines, "commit", "exit")


def test_a_single_value_is_replaced_and_a_list_grows(fake: JunosFake) -> None:
    committed(
        fake, PEER, f"set {NODE} peer-as 64513", f"set {NODE} export TO-SPINES", f"set {NODE} export [ TO-SPINES ]"
    )
    text = enter(fake.login(), f"show configuration {NODE} | display set")
    assert text == f"set {NODE} peer-as 64513\nset {NODE} export TO-SPINES\n"
    login = fake.login()
    enter(login, "configure", f"set {NODE} export [ A B ]")
    assert len([one for one in fake.shared.said if one[-2:-1] == ("export",) and "NODES" in one]) == 3


WRONG = {
    "set protocols bgp group": "missing argument.",
    "set protocols bgp nothing": "syntax error.",
    f"set {NODE} keepalive 3": "syntax error.",
    f"set {NODE} ttl 2": "syntax error, expecting a valid value",
    f"set {NODE} peer-as": "missing argument.",
    f"set {NODE} peer-as x": "syntax error, expecting a valid value",
    "set protocols bgp group NODES neighbor here": "error: invalid value: here",
    f'set {NODE} description "no end': "syntax error: unterminated string",
    "delete protocols bgp nothing": "syntax error.",
    "nothing": "unknown command.",
    "commit sometime": "syntax error.",
}


@pytest.mark.parametrize(("line", "said"), WRONG.items(), ids=WRONG)
def test_what_it_does_not_know_it_refuses_in_its_words(fake: JunosFake, line: str, said: str) -> None:
    login = fake.login()
    enter(login, "configure")
    answer = login.enter(line)
    assert answer.text.splitlines()[-1] == said
    assert not answer.failed, "the exit status of its command line tells nothing"
    assert fake.shared == fake.running


CHECKS = {
    "no AS": ((f"set {NODE} description x",), "peer-as must be configured for an external peer"),
    "no policy": ((PEER, f"set {NODE} import MISSING"), "Policy error: Policy MISSING referenced but not defined"),
    "no expression": (
        (PEER, "set policy-options policy-statement P term a from as-path MISSING"),
        "Policy error: AS path MISSING referenced but not defined",
    ),
    "two groups": (
        (PEER, "set protocols bgp group OTHER neighbor 10.0.0.1 peer-as 1"), "is configured in group NODES too",
    ),
    "a limit of nothing": (
        (PEER, f"set {NODE} family inet unicast prefix-limit teardown"), "Missing mandatory statement: 'maximum'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "why"), CHECKS.values(), ids=CHECKS)
def test_a_commit_looks_first(fake: JunosFake, lines: tuple[str, ...], why: str) -> None:
    said = committed(fake, *lines)
    assert why in said
    assert "error: configuration check-out failed\n" in said
    assert fake.shown(fake.running) == STARTUP


def test_of_an_entry_the_name_is_left_when_all_that_it_said_is_deleted(fake: JunosFake) -> None:
    login = fake.login()
    said = enter(login, "configure", PEER, f"delete {NODE}", f"delete {NODE}")
    assert said.endswith("warning: statement not found\n")
    assert ("protocols", "bgp", "group", "NODES") in fake.shared.said


def test_what_is_deactivated_is_shown_and_does_not_count(fake: JunosFake) -> None:
    committed(fake, PEER, f"deactivate {NODE}")
    text = enter(fake.login(), f"show configuration {NODE} | display set")
    assert text == f"set {NODE} peer-as 64512\ndeactivate {NODE}\n"
    assert set(recorder(fake).runs.peers) == {"100.0.0.1"}
    committed(fake, f"set {NODE} peer-as 64513")
    assert set(recorder(fake).runs.peers) == {"100.0.0.1"}, "what is set below stays out of force"
    committed(fake, f"activate {NODE}")
    assert recorder(fake).runs.peers["10.0.0.1"].as_number == 64513


def test_what_a_group_says_holds_for_its_neighbours_and_their_own_goes_before_it(fake: JunosFake) -> None:
    group = "set protocols bgp group NODES"
    committed(
        fake, f"{group} peer-as 1.10", f"{group} hold-time 30", f"set {NODE} hold-time 9", f"{group} allow 10.1.0.0/16"
    )
    runs = recorder(fake).runs
    assert (runs.peers["10.0.0.1"].as_number, runs.peers["10.0.0.1"].timers) == (65546, (3, 9))
    assert runs.ranges == (Range("10.1.0.0/16", "NODES", Peer(as_number=65546, timers=(10, 30), families=IPV4)),)


def test_a_dynamic_neighbour_has_a_limit_a_key_and_what_its_group_says(fake: JunosFake) -> None:
    group = "set protocols bgp group NODES"
    committed(
        fake,
        f"{group} peer-as 64512",
        f"{group} dynamic-neighbor rack allow [ 10.1.0.0/16 10.2.0.0/16 ]",
        f"{group} dynamic-neighbor rack peer-limit 40",
        f"{group} dynamic-neighbor rack authentication-key s3cret",
    )
    runs, peer = recorder(fake).runs, Peer(as_number=64512, password="s3cret", families=IPV4)
    assert runs.ranges == (Range("10.1.0.0/16", "NODES", peer), Range("10.2.0.0/16", "NODES", peer))
    assert runs.most == 40
    committed(
        fake,
        "delete protocols bgp group NODES peer-as",
        f"{group} peer-as-list ANY",
        "set policy-options as-list ANY members [ 1-64511 64512 ]",
        "delete protocols bgp group NODES dynamic-neighbor rack peer-limit",
    )
    assert {one.peer.as_number for one in recorder(fake).runs.ranges} == {"external"}


def test_a_policy_that_rejects_the_rest_is_a_list_of_what_it_accepts(fake: JunosFake) -> None:
    term = "set policy-options policy-statement P term a"
    said = (f"{term} from route-filter 10.0.0.0/8 orlonger", f"{term} from route-filter ::/0 exact")
    committed(fake, *said, f"{term} then accept", "set policy-options policy-statement P then reject")
    lists = recorder(fake).runs.lists
    assert lists[4, "P"] == (Entry(number=5, permits=True, prefix="10.0.0.0/8", le=32),)
    assert lists[6, "P"] == (Entry(number=5, permits=True, prefix="::/0"),)
    assert (4, "TO-SPINES") not in lists


CHAINS: dict[str, tuple[str, str, str]] = {
    "AS R": ("AS", "R", "hands its paths on"),
    "R AS": ("", "R", "is never asked"),
    "AS": ("AS", "", "leaves the rest to what Junos does by itself"),
}


@pytest.mark.parametrize(("names", "expected"), CHAINS.items(), ids=CHAINS)
def test_a_policy_of_paths_counts_before_one_of_ranges(
    fake: JunosFake, names: str, expected: tuple[str, str, str]
) -> None:
    policy = "set policy-options policy-statement"
    committed(
        fake, PEER, f"set {NODE} import [ {names} ]",
        'set policy-options as-path AS "(64512|1.10) .?"',
        f"{policy} AS term a from as-path AS", f"{policy} AS term a then next policy", f"{policy} AS then reject",
        f"{policy} R term a from route-filter 10.0.0.0/8 orlonger", f"{policy} R term a then accept",
        f"{policy} R then reject",
    )  # fmt: skip
    runs = recorder(fake).runs
    found = runs.peers["10.0.0.1"]
    paths_in, list_in, why = expected
    assert (found.paths_in, found.list_in) == (paths_in, list_in), why
    assert runs.paths == {"AS": (PathEntry(permits=True, expression="^((_64512)|(_65546))(_[0-9]+)?$"),)}
    assert (4, "AS") not in runs.lists


def test_an_exclusive_login_takes_its_changes_with_it(fake: JunosFake) -> None:
    login = fake.login()
    enter(login, "configure exclusive", "set system host-name x")
    assert enter(fake.login(), "configure").startswith("error: configuration database locked by:\n")
    login.gone()
    assert enter(fake.login(), "configure exclusive").endswith("Entering configuration mode\n")
    assert fake.shown(fake.running) == STARTUP


def test_leaving_changes_behind_is_asked_first(fake: JunosFake) -> None:
    for how, question in (("exclusive", "Discard"), ("", "Exit with")):
        login = fake.login()
        enter(login, f"configure {how}".strip(), "set system host-name x")
        ask = login.enter("exit").ask
        assert ask is not None
        assert ask.text.startswith(question)
        assert ask.then("yes").text == "Exiting configuration mode\n"


def test_a_private_login_has_a_candidate_of_its_own_and_no_timer(fake: JunosFake) -> None:
    login = fake.login()
    enter(login, "configure private", "set system host-name x")
    assert fake.shared == fake.running
    assert "not supported in private mode" in enter(login, "commit confirmed 2")
    assert enter(login, "commit") == "commit complete\n"
    assert "set system host-name x\n" in fake.startup


def test_what_nobody_confirms_goes_and_a_restart_in_between_shows_the_old_state(fake: JunosFake) -> None:
    enter(fake.login(), "configure", "set system host-name x", "commit confirmed 2 comment mine")
    text = enter(fake.login(), "show system commit")
    assert text.splitlines()[1:3] == ["    mine", "    rollback pending"]
    assert fake.startup == STARTUP
    passes(fake, 120)
    assert (fake.shown(fake.running), fake.startup) == (STARTUP, STARTUP)
    first, second, *_ = enter(fake.login(), "show system commit").splitlines()
    assert (first.endswith("by root via other"), "rollback in 2mins" in second) == (True, True), "its words stay"


@pytest.mark.parametrize("confirms", ["commit", "commit check"])
def test_a_commit_or_its_check_confirms(fake: JunosFake, confirms: str) -> None:
    enter(fake.login(), "configure", "set system host-name x", "commit confirmed 2")
    enter(fake.login(), "configure", confirms)
    passes(fake, 500)
    assert "set system host-name x\n" in fake.shown(fake.running)
    assert "rollback pending" not in enter(fake.login(), "show system commit")


def test_what_its_routing_refuses_is_no_commit(fake: JunosFake) -> None:
    speaker = recorder(fake)
    play = speaker.play

    def once(wanted: object) -> None:
        speaker.play = play  # type: ignore[method-assign]
        raise RefusedError("no room")

    speaker.play = once  # type: ignore[method-assign]
    assert "error: no room\n" in committed(fake, PEER)
    assert fake.shown(fake.running) == STARTUP


def test_sessions_and_routes_are_those_of_the_speaker(fake: JunosFake) -> None:
    committed(fake, PEER)
    recorder(fake).seen["10.0.0.1"] = Seen(state="Established", remote_as=64512, uptime=61.0, received=2)
    recorder(fake).table[4]["10.9.0.0/16"] = Route("bgp")
    login = fake.login()
    (told,) = json.loads(enter(login, "show bgp neighbor | display json | no-more"))["bgp-information"]
    peer = next(one for one in told["bgp-peer"] if one["peer-address"][0]["data"] == "10.0.0.1+179")
    assert (peer["peer-group"], peer["bgp-rib"][0]["accepted-prefix-count"]) == ([{"data": "NODES"}], [{"data": "2"}])
    (told,) = json.loads(enter(login, "show bgp summary | display json"))["bgp-information"]
    assert told["bgp-peer"][-1]["elapsed-time"][0]["attributes"] == {"junos:seconds": "61"}
    (told,) = json.loads(enter(login, "show route table inet.0 active-path | display json"))["route-information"]
    assert told["route-table"][0]["rt"][0]["rt-destination"] == [{"data": "10.9.0.0/16"}]


def test_a_password_is_kept_in_its_own_form(fake: JunosFake) -> None:
    committed(fake, PEER, f"set {NODE} authentication-key s3cret")
    assert "s3cret" not in fake.startup
    assert recorder(fake).runs.peers["10.0.0.1"].password == "s3cret"
    assert {clear(shown(text)) for text in ("a", "a")} == {"a"}


def test_what_is_saved_is_read_as_it_was(fake: JunosFake) -> None:
    committed(fake, PEER, f'set {NODE} description "a \\"b\\" c"', f"deactivate {NODE} description")
    assert fake.read(fake.startup) == fake.running
