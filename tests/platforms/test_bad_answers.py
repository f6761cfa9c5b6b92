"""Switches that do not answer as they should: it is shown, refused, nothing is guessed and nothing of the job stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from lab.fakes import FAKES
from lab.fakes.faults import Faults
from lab.fakes.serving import Served, serving
from leafrack.errors import UnreadableError
from leafrack.platforms import Way
from leafrack.world import conversation, player
from leafrack.world.login import Credentials
from leafrack.world.player import PlayError
from leafrack.world.ssh import read_all
from tests.platforms.jobs import NODE, PLAIN
from tests.platforms.wire import Leaf, platform, served_as

PATIENCE = 0.5
JOB = replace(PLAIN, neighbours=(replace(NODE, password="s3cret#;$x"),))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)
    monkeypatch.setattr(conversation, "_SETTLE", 0.01)


def refused(leaf: Leaf) -> str:
    with pytest.raises(PlayError) as caught:
        leaf.play(JOB)
    said = str(caught.value)
    assert "\n" not in said
    assert "s3cret" not in said
    return said


def is_as_it_was(leaf: Leaf) -> None:
    """Nothing stays, nothing waits, and the job is done once the fault is over."""
    leaf.fake.faults, leaf.speaker.refuses = Faults(), ""
    assert leaf.running == leaf.saved == leaf.begin
    assert leaf.waits() == []
    assert leaf.play(JOB).changed
    assert leaf.saved == leaf.running != leaf.begin


_CARET = "                        ^\n"
REFUSALS: dict[str, tuple[str, str, str, str]] = {
    "eos, a line": ("eos", "neighbor .* description .*", "% Invalid input\n", "% Invalid input"),
    "eos, half a line": ("eos", "neighbor .* remote-as .*", "% Incomplete command\n", "% Incomplete command"),
    "eos, a short form": ("eos", "ip prefix-list .*-IN", "% Ambiguous command\n", "% Ambiguous command"),
    "eos, an entry": ("eos", "seq 10 .*", "% Duplicate sequence number\n", "% Duplicate sequence number"),
    "eos, a right": ("eos", "router bgp .*", "% Authorization denied for command\n", "% Authorization denied"),
    "eos, a session": (
        "eos", "configure session leafrack-.*", "% Maximum number of pending sessions has been reached.\n",
        "% Maximum number of pending sessions has been reached.",
    ),
    "eos, a password": (
        "eos", "neighbor .* password 7 .*", "% Invalid input (at token 3: 'NVYCMyB9rjFB9c')\n", "% Invalid input",
    ),
    "eos, the sessions": (
        "eos", "show configuration sessions detail", "% Invalid input (at token 1: 'sessions')\n", "% Invalid input",
    ),
    "junos, a word": ("junos", "set .* peer-as .*", f"{_CARET}syntax error.\n", "syntax error."),
    "junos, a value": (
        "junos", "set .* description .*", f"{_CARET}syntax error, expecting <data>.\n", "syntax error, expecting",
    ),
    "junos, a short form": ("junos", "set .* import .*", f"{_CARET}'i' is ambiguous.\n", "'i' is ambiguous."),
    "junos, an argument": ("junos", "set .* export .*", "missing mandatory argument.\n", "missing mandatory argument."),
    "junos, a right": (
        "junos", "configure exclusive", "error: permission denied: configure\n", "error: permission denied: configure",
    ),
    "junos, a password": (
        "junos", "set .* authentication-key .*", "error: invalid value: $9$abcdefgh\n", "error: invalid value",
    ),
    "junos, the commits": ("junos", "show system commit .*", "unknown command.\n", "unknown command."),
}  # fmt: skip
"""Platform, command, what it says to it, and what an operator is told (texts: platforms' guides, terminal plugins)."""


@pytest.mark.parametrize(("name", "command", "says", "told"), REFUSALS.values(), ids=REFUSALS)
def test_what_the_switch_refuses_is_told_in_its_words_and_nothing_was_changed(
    name: str, command: str, says: str, told: str
) -> None:
    leaf = Leaf.new(name)
    leaf.fake.faults.says = {command: says}
    said = refused(leaf)
    assert said.startswith("leaf01: the switch refuses `")
    assert told in said
    assert said.endswith(": nothing was changed")
    is_as_it_was(leaf)


COMMITS = {
    "eos": "leaf01: the switch refuses `commit timer 00:02:00`: % Cannot commit session leafrack-SESSION: no memory",
    "junos": "leaf01: the switch refuses `commit confirmed 2 comment leafrack-SESSION`: error: no memory",
}


@pytest.mark.parametrize(("name", "told"), COMMITS.items(), ids=COMMITS)
def test_a_commit_that_fails_is_told_and_nothing_was_changed(name: str, told: str) -> None:
    leaf = Leaf.new(name)
    play = leaf.speaker.play

    def fails(wanted: Any) -> None:
        leaf.speaker.refuses = "no memory" if str(NODE.address) in wanted.peers else ""
        play(wanted)

    leaf.speaker.play = fails  # type: ignore[method-assign]
    assert re.sub("leafrack-[0-9a-f]{8}", "leafrack-SESSION", refused(leaf)) == f"{told}: nothing was changed"
    leaf.speaker.play = play  # type: ignore[method-assign]
    is_as_it_was(leaf)


SWALLOWED = {
    "comware": r"ip prefix-list LEAFRACK-dc1-IN index 5 .*",
    "eos": r"neighbor 172.20.0.11 prefix-list LEAFRACK-dc1-IN in",
    "junos": r"set policy-options policy-statement LEAFRACK-dc1-IN then reject",
    "nxos": r"prefix-list LEAFRACK-dc1-IN in",
}


@pytest.mark.parametrize(("name", "line"), SWALLOWED.items(), ids=SWALLOWED)
def test_a_line_that_the_switch_takes_and_does_not_keep_is_told_and_all_is_taken_back(name: str, line: str) -> None:
    leaf = Leaf.new(name)
    leaf.fake.faults.says = {line: ""}
    said = refused(leaf)
    assert re.match(r"leaf01: after it was applied, (neighbour 172.20.0.11|LEAFRACK-dc1-IN) lacks `.*`", said)
    transaction = platform(name).transaction
    assert said.endswith(": it was taken back" if transaction.rollback else f"by itself within {transaction.timer} s")
    leaf.passes(0 if transaction.rollback else transaction.timer)
    is_as_it_was(leaf)


_TABLE = "show route table inet.0 .*"
FORMS: dict[str, tuple[str, str, str, str]] = {
    "eos, neighbours as text": (
        "eos", "show bgp neighbors .*", "BGP neighbor is 172.20.0.11, remote AS 64512\n",
        "'BGP neighbor is 172.20.0.11, remote AS 64512'",
    ),
    "eos, text in JSON, as old releases have it": (
        "eos", "show bgp neighbors .*", '{"output": "BGP neighbor is 172.20.0.11"}\n',
        """'{"output": "BGP neighbor is 172.20.0.11"}'""",
    ),
    "eos, neighbours by another name": (
        "eos", "show bgp neighbors .*", '{"vrfs": {"default": {"peers": {}}}}\n',
        """'{"vrfs": {"default": {"peers": {}}}}'""",
    ),
    "eos, neighbours without an address": (
        "eos", "show bgp neighbors .*", '{"vrfs": {"default": {"peerList": [{"peer": "172.20.0.11"}]}}}\n',
        """no peerAddress in '{"peer": "172.20.0.11"}'""",
    ),
    "eos, half a document": ("eos", "show ip route .*", '{"vrfs": {"default":\n', """'{"vrfs": {"default":'"""),
    "eos, routes as a list": (
        "eos", "show ip route .*", '{"vrfs": {"default": {"routes": []}}}\n',
        """'{"vrfs": {"default": {"routes": []}}}'""",
    ),
    "eos, BGP as another platform has it": (
        "eos", "show running-config .* router bgp", "router {\n  bgp 65009 password s3cret#;$x\n}\n", "'router { bgp'",
    ),
    "eos, lists as JSON": (
        "eos", "show running-config .* section prefix-list", '{"cmds": {}}\n', """'{"cmds": {}}'""",
    ),
    "junos, neighbours as text": (
        "junos", "show bgp neighbor .*", "Peer: 172.20.0.11+179 AS 64512\n", "'Peer: 172.20.0.11+179 AS 64512'",
    ),
    "junos, neighbours by another name": (
        "junos", "show bgp neighbor .*", '{"bgp-information": [{"peers": []}]}\n', """no bgp-peer in '{"peers": []}'""",
    ),
    "junos, neighbours without an address": (
        "junos", "show bgp neighbor .*", '{"bgp-information": [{"bgp-peer": [{"address": []}]}]}\n',
        """no peer-address in '{"address": []}'""",
    ),
    "junos, routes as text": ("junos", _TABLE, "inet.0: 2 destinations\n", "'inet.0: 2 destinations'"),
    "junos, routes as a list": ("junos", _TABLE, "[]\n", "'[]'"),
    "junos, tables by another name": (
        "junos", _TABLE, '{"route-information": [{"table": []}]}\n', """no route-table in '{"table": []}'""",
    ),
    "junos, routes without a destination": (
        "junos", _TABLE, '{"route-information": [{"route-table": [{"rt": [{"to": []}]}]}]}\n',
        """no rt-destination in '{"to": []}'""",
    ),
    "junos, a configuration in braces": (
        "junos", "show configuration protocols bgp .*", "group A {\n  authentication-key s3cret#;$x;\n}\n",
        "'group A {'",
    ),
    "junos, a configuration as XML": (
        "junos", "show configuration policy-options .*", "<policy-options/>\n", "'<policy-options/>'",
    ),
}  # fmt: skip
"""Platform, command, its answer in a form that nobody knows, what is shown of it."""


@pytest.mark.parametrize(("name", "command", "says", "shown"), FORMS.values(), ids=FORMS)
def test_an_answer_in_an_unknown_form_is_shown_and_nothing_is_guessed(
    name: str, command: str, says: str, shown: str
) -> None:
    leaf = Leaf.new(name)
    leaf.fake.faults.says = {command: says}
    unlike = {"eos": "EOS", "junos": "Junos"}[name]
    assert refused(leaf) == f"leaf01: this does not answer as {unlike}: {shown}: nothing was changed"
    is_as_it_was(leaf)


def test_a_switch_where_nothing_runs_yet_is_no_unknown_form() -> None:
    for name, command, says in (
        ("eos", "show bgp neighbors .*", '{"vrfs": {}}\n'),
        ("eos", "show ip route .*", '{"vrfs": {"default": {"routes": {}}}}\n'),
        ("eos", "show ipv6 route .*", '{"routes": {}}\n'),
        ("eos", "show running-config .* route-map", "!\n"),
        ("junos", "show bgp neighbor .*", '{"bgp-information": [{"attributes": {"xmlns": "x"}}]}\n'),
        ("junos", "show bgp neighbor .*", '{"output": [{"data": "BGP is not running"}]}\n'),
        ("junos", _TABLE, '{"route-information": [{"attributes": {"xmlns": "x"}}]}\n'),
    ):
        leaf = Leaf.new(name)
        leaf.fake.faults.says = {command: says}
        assert leaf.play(JOB).changed, (name, command)


# Over SSH: what tells one box from another.


@pytest.fixture(params=FAKES)
def box(request: pytest.FixtureRequest) -> Iterator[tuple[str, Served]]:
    with serving(Leaf.new(request.param).fake) as served:
        yield request.param, served


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FAKES:
        monkeypatch.setattr(platform(name), "dialogue", replace(platform(name).dialogue, slow=PATIENCE))


def entered(served: Served) -> list[str]:
    """What is entered into a box from now on."""
    found: list[str] = []
    login = served.fake.login

    def noted() -> Any:
        made = login()
        enters = made.enter

        def enter(line: str) -> Any:
            found.append(line)
            return enters(line)

        made.enter = enter  # type: ignore[method-assign]
        return made

    served.fake.login = noted  # type: ignore[method-assign]
    return found


def tried(served: Served, name: str) -> tuple[str, str]:
    """What a job and a reading of a platform are told by a box."""
    endpoint = served_as(name, served)
    with pytest.raises(PlayError) as caught:
        player.play(endpoint, JOB, Way.FORWARD, Credentials())
    read = read_all([endpoint], Credentials(), timeout=PATIENCE)["leaf01"]
    assert isinstance(read, UnreadableError)
    return str(caught.value), read.why


@pytest.mark.parametrize(("is_one", "taken_for"), list(permutations(FAKES, 2)))
@pytest.mark.usefixtures("impatient")
def test_a_box_of_another_platform_is_sent_nothing_but_the_question_what_it_is(is_one: str, taken_for: str) -> None:
    leaf = Leaf.new(is_one)
    with serving(leaf.fake) as served:
        lines = entered(served)
        for said in tried(served, taken_for):
            title = platform(taken_for).title
            assert f" is no {title}: " in said or f"no prompt that {title} has" in said
            assert "\n" not in said
        dialogue = platform(taken_for).dialogue
        assert set(lines) <= {*dialogue.unpaged, dialogue.identity.command}
        assert leaf.running == leaf.saved == leaf.begin


@pytest.mark.usefixtures("impatient")
def test_a_prompt_that_nobody_knows_is_shown_and_nothing_is_entered(box: tuple[str, Served]) -> None:
    name, served = box
    served.fake.faults.prompt = "login as: leaf01 or "
    lines = entered(served)
    for said in tried(served, name):
        title = platform(name).title
        assert f"no prompt that {title} has after `the login`: its answer ends with 'login as: leaf01 or'" in said
    assert lines == []
