"""What a played platform's data does: joined answers, errors in what a box says, commands of a transaction."""

from __future__ import annotations

import pytest

from leafrack.platforms import played
from leafrack.platforms.played import Channel, Dialogue, Look, Typed

TALK = Dialogue(
    channel=Channel.SHELL,
    identity=Look("show version", "Toy OS"),
    errors=(r"^% ", r"^Error:"),
    harmless=(r"^% Warning.*$",),
)
READS = ("show a", "show b | json")


def test_joined_answers_come_apart_as_they_were() -> None:
    output = played.joined(zip(READS, ("one\n### a description\ntwo", ""), strict=True))
    assert played.answers(output, READS, "no toy") == ("one\n### a description\ntwo", "")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("", "no toy: no answer to `show a` in 'nothing'"),
        ("\n  bash: show: command not found\n", "no toy: no answer to `show a` in 'bash: show: command not found'"),
        ("### show a\nx\n", "no toy: no answer to `show b | json` in '### show a'"),
    ],
)
def test_an_output_that_lacks_an_answer_is_said_in_one_line(output: str, said: str) -> None:
    with pytest.raises(ValueError, match="no toy") as caught:
        played.answers(output, READS, "no toy")
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("said", "tolerated", "found"),
    [
        ("ok\n", "", ""),
        ("  x\n% Invalid input\n   ^\n", "", "% Invalid input"),
        ("Error: later\n% first? no\n", "", "Error: later"),
        ("% Warning: slow\nok", "", ""),
        ("% Warning: slow\n% Bad", "", "% Bad"),
        ("% No such neighbor", r"^% No such \w+$", ""),
        ("100% done", "", ""),
    ],
)
def test_an_error_is_told_by_what_a_box_says(said: str, tolerated: str, found: str) -> None:
    assert played.complaint(TALK, said, tolerated) == found


def test_a_line_shows_no_secret() -> None:
    line = Typed("neighbor 172.20.0.11 password s3cret", ("s3cret",))
    assert str(line) == "neighbor 172.20.0.11 password (hidden)"
    assert "s3cret" not in repr(line)
    assert played.hide("ab abc", ("ab", "abc", "")) == "(hidden) (hidden)"


def test_a_transactions_command_gets_its_name_and_time_and_keeps_other_braces() -> None:
    said = "commit {session} timer {seconds} s, {minutes} min; awk '{ print }'"
    assert played.filled(said, "leafrack-0123abcd", 90) == (
        "commit leafrack-0123abcd timer 90 s, 2 min; awk '{ print }'"
    )
