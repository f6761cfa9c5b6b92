"""What NX-OS and Comware say to a line or a question that is wrong for them: known, shown, and nothing of it stays."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from lab.fakes.serving import serving
from leafrack.errors import UnreadableError
from leafrack.platforms import Job, SwitchState, Way
from leafrack.platforms.left import left
from leafrack.platforms.plan import plan
from leafrack.world import conversation, player
from leafrack.world.login import Credentials
from leafrack.world.model import Endpoint
from leafrack.world.player import PlayError
from leafrack.world.ssh import read_state
from tests.platforms.jobs import NODE, PLAIN
from tests.platforms.wire import Leaf, Talk, Wire, platform, served_as

JOB = replace(PLAIN, neighbours=(replace(NODE, password="s3cret"),))
ERRORS: dict[str, tuple[str, ...]] = {
    # Ansible's terminal plugin of cisco.nxos; the marker is below the line that is wrong.
    "nxos": (
        "                ^\n% Invalid command at '^' marker.\n",
        "          ^\n% Invalid number at '^' marker.\n",
        "          ^\n% Incomplete command at '^' marker.\n",
        "% Invalid parameter detected at '^' marker.\n",
        "% Ambiguous command\n",
        "% Permission denied for the role\n",
        "ERROR: Configuration is locked by another session\n",
        "Error: 12 Something went wrong\n",
        "syntax error while parsing 'neighbor'\n",
        "Duplicate sequence number\n",
    ),
    # H3C's fundamentals command reference, CLI; the last two are how its cousin VRP begins.
    "comware": (
        "                ^\n % Unrecognized command found at '^' position.\n",
        "                ^\n % Incomplete command found at '^' position.\n",
        "                ^\n % Ambiguous command found at '^' position.\n",
        "                ^\n % Wrong parameter found at '^' position.\n",
        "                ^\n % Too many parameters found at '^' position.\n",
        "                ^\n",
        "Permission denied.\n",
        "The operation is not allowed for the peer.\n",
        "Error: Unrecognized command\n",
        "Error:The peer does not exist.\n",
    ),
}
EACH = [(name, text) for name, texts in ERRORS.items() for text in texts]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "_SETTLED", 0.0)
    monkeypatch.setattr(conversation, "_SETTLE", 0.002)


async def _read(leaf: Leaf) -> SwitchState:
    made = platform(leaf.name)
    endpoint = Endpoint(name="leaf01", platform=leaf.name, host="127.0.0.1", port=22, user="admin")
    return await read_state(endpoint, made, Talk(leaf.fake, made, Wire()), made.reads)


def read(leaf: Leaf) -> SwitchState:
    """What it is read to run; raises UnreadableError."""
    return asyncio.run(_read(leaf))


def entered(name: str) -> list[str]:
    """Lines that are entered for the job on a leaf that has nothing of it."""
    planned = plan(JOB, Way.FORWARD, read(Leaf.new(name)), platform(name))
    return [line.text.strip() for line in platform(name).lines(planned)]


def played(leaf: Leaf, job: Job = JOB) -> str:
    """What a job fails with, ``""`` where it is done; two minutes later."""
    said = ""
    try:
        leaf.play(job)
    except PlayError as error:
        said = str(error)
    assert "\n" not in said
    assert "s3cret" not in said
    leaf.passes(120)
    assert leaf.running == leaf.saved
    return said


@pytest.mark.parametrize(("name", "text"), EACH, ids=[f"{name}: {' '.join(text.split())}" for name, text in EACH])
def test_each_error_of_a_platform_is_known_and_shown_and_what_was_comes_back(name: str, text: str) -> None:
    leaf, line = Leaf.new(name), next(one for one in entered(name) if "description" in one)
    leaf.fake.faults.says = {re.escape(line): text}
    first = next((one.strip() for one in text.splitlines() if one.strip(" ^")), "^")
    assert f"the switch refuses `{line}`: {first}" in played(leaf)
    assert leaf.running == leaf.begin


@pytest.mark.parametrize("name", ERRORS)
def test_a_line_that_is_answered_in_unknown_words_and_not_done_is_missed_when_all_is_read_back(name: str) -> None:
    for line in entered(name):
        leaf = Leaf.new(name)
        leaf.fake.faults.says = {re.escape(line): "Well, well\n"}
        if played(leaf):
            assert leaf.running == leaf.begin, line
        else:
            # What only leads into a view, or out of one, is missed where something is lost by it.
            assert not left(JOB, Way.FORWARD, read(leaf), platform(name)), line


NO_MATTER = {"display bgp peer ipv4 verbose", "display bgp peer ipv6 verbose"}
"""What tells nothing but for how long a session is up, and who is at its other end."""
FORMS = [(name, command) for name in ERRORS for command in platform(name).reads if command not in NO_MATTER]
UNKNOWN = ("What a day: 7\n", '{"what": "a day"}\n')


@pytest.mark.parametrize("text", UNKNOWN, ids=["text", "json"])
@pytest.mark.parametrize(("name", "command"), FORMS)
def test_an_answer_in_a_form_that_nobody_knows_is_shown_and_nothing_is_guessed(
    name: str, command: str, text: str
) -> None:
    leaf = Leaf.new(name)
    leaf.play(PLAIN)
    before = leaf.running
    leaf.fake.faults.says = {re.escape(command): text}
    with pytest.raises(UnreadableError) as caught:
        read(leaf)
    assert caught.value.why.startswith("this does not answer as ")
    assert text.strip() in caught.value.why
    assert played(leaf).endswith("nothing was changed")
    assert leaf.running == before


PAGERS = {"nxos": "terminal length 0", "comware": "screen-length disable"}


@pytest.mark.parametrize(("name", "command"), PAGERS.items(), ids=PAGERS)
def test_pages_are_turned_for_a_user_who_may_not_switch_them_off(name: str, command: str) -> None:
    leaf = Leaf.new(name)
    leaf.fake.faults.says = {command: ERRORS[name][0]}
    with serving(leaf.fake) as served:
        endpoint = served_as(name, served)
        assert player.play(endpoint, PLAIN, Way.FORWARD, Credentials()).changed
    assert not left(PLAIN, Way.FORWARD, read(leaf), platform(name))


def test_where_ten_checkpoints_stand_nothing_is_begun() -> None:
    leaf = Leaf.new("nxos")
    leaf.somebody(*(f"checkpoint theirs{number}" for number in range(10)))
    said = played(leaf)
    assert "ERROR: Maximum number of checkpoints already exist" in said
    assert said.endswith("nothing was changed")
    assert leaf.running == leaf.begin


def test_a_roll_back_that_fails_is_told_with_what_may_stand() -> None:
    leaf = Leaf.new("nxos")
    leaf.fake.faults.says = {"prefix-list .* in": "% Invalid command\n", "rollback .*": "Verification failed\n"}
    said = ""
    try:
        leaf.play(JOB)
    except PlayError as error:
        said = str(error)
    assert "the switch could not be told to take it back (the switch refuses `rollback running-config" in said
    assert said.endswith("what was entered may be in force, and is not saved; run it again")
    assert leaf.saved == leaf.begin
    leaf.fake.faults.says = {}
    leaf.play(JOB)
    assert leaf.running == leaf.saved
