"""How a Junos switch talks: prompts of every mode, what is an error of its, and what only looks like one."""

from __future__ import annotations

import re

import pytest

from leafrack.platforms.junos.entered import lines
from leafrack.platforms.junos.platform import JUNOS
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import complaint
from leafrack.platforms.state import SwitchState

DIALOGUE = JUNOS.dialogue

PROMPTS = (
    "automation@leaf01> ",
    "automation@leaf01# ",
    "automation@leaf01-re0.dc1> ",
    "leaf01>",
    "root@leaf01% ",
    "root@leaf01:~ # ",
    "root@leaf01:RE:0% ",
)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_of_any_mode_is_one(prompt: str) -> None:
    assert re.fullmatch(DIALOGUE.prompt, prompt)


@pytest.mark.parametrize(
    "line",
    [
        "[edit]",
        "{master:0}",
        "set protocols bgp group A description x#",
        'Junos: 21.4R3.15"',
        "Discard uncommitted changes? [yes,no] (yes) ",
        "---(more)---",
        "",
    ],
)
def test_what_is_no_prompt_is_none(line: str) -> None:
    assert not re.fullmatch(DIALOGUE.prompt, line)


ERRORS = {
    "a word": ("                    ^\nsyntax error.\n", "syntax error."),
    "what is expected": ("      ^\nsyntax error, expecting '[' or <data>\n", "syntax error, expecting '[' or <data>"),
    "a command": ("    ^\nunknown command.\n", "unknown command."),
    "several": ("    ^\n's' is ambiguous.\nPossible completions:\n  set\n", "'s' is ambiguous."),
    "an argument": ("  ^\nmissing mandatory argument.\n", "missing mandatory argument."),
    "no value": ("  ^\nmissing argument.\n", "missing argument."),
    "a number": ("Invalid numeric value: 'x'\n", "Invalid numeric value: 'x'"),
    "a lock": (
        "error: configuration database locked by:\n  alice terminal p0 (pid 4681) on since 2026-11-27\n",
        "error: configuration database locked by:",
    ),
    "changes": ("error: configuration database modified\n", "error: configuration database modified"),
    "a check": (
        (
            "[edit protocols bgp group A]\n  'neighbor 10.0.0.1'\n    error: Policy error: Policy B referenced but not "
            "defined\nerror: configuration check-out failed\n"
        ),
        "error: Policy error: Policy B referenced but not defined",
    ),
    "what is missing": (
        (
            "[edit]\n  'system'\n    Missing mandatory statement: 'root-authentication'\n"
            "error: configuration check-out failed: (missing mandatory statements)\n"
        ),
        "Missing mandatory statement: 'root-authentication'",
    ),
    "one engine of two": ("re0:\ncommit complete\nre1:\nerror: commit failed\n", "error: commit failed"),
    "a right": ("error: permission denied: configure\n", "error: permission denied: configure"),
    "nothing that waits": ("Count: 0 lines\n", "Count: 0 lines"),
}


@pytest.mark.parametrize(("said", "line"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_known_by_its_text(said: str, line: str) -> None:
    assert complaint(DIALOGUE, said) == line


@pytest.mark.parametrize(
    "said",
    [
        "commit confirmed will be automatically rolled back in 2 minutes unless confirmed\ncommit complete\n",
        "[edit protocols]\n  'ospf'\n    warning: requires 'OSPF' license\nconfiguration check succeeds\n",
        "warning: uncommitted changes will be discarded on exit\nEntering configuration mode\n",
        "warning: statement not found\n",
        "Count: 1 lines\n",
        'set protocols bgp group A neighbor 10.0.0.1 description "no error: is ambiguous, unknown command"\n',
        '                "data" : "error: none"\n',
    ],
)
def test_what_only_looks_like_an_error_is_none(said: str) -> None:
    assert complaint(DIALOGUE, said) == ""


def test_what_is_deleted_need_not_be_there() -> None:
    (line,) = lines(Plan(65009, SwitchState(65009), old_lists=("A",)))
    for said in ("warning: statement not found\n", "error: statement not found: policy-statement A\n"):
        assert complaint(DIALOGUE, said, line.tolerated) == ""
    assert complaint(DIALOGUE, "error: permission denied\n", line.tolerated)


PENDING = JUNOS.transaction.pending[0]
COMMITS = {
    "nothing": ("0   2026-11-27 23:16:51 UTC by alice via cli\n1   2026-11-27 23:10:00 UTC by root via other\n", False),
    "an old one that was confirmed": (
        (
            "0   2026-11-27 23:16:51 UTC by alice via cli\n"
            "1   2026-11-27 23:10:00 UTC by bob via cli commit confirmed, rollback in 10mins\n"
        ),
        False,
    ),
    "one that waits": (
        (
            "0   2026-11-27 23:16:51 UTC by bob via netconf commit confirmed, rollback in 2mins\n    rollback pending\n"
            "1   2026-11-27 23:10:00 UTC by root via other\n"
        ),
        True,
    ),
    "one with a comment": (
        (
            "0   2026-11-27 23:16:51 UTC by bob via cli commit confirmed, rollback in 2mins\n    CHG0012345 crm\n"
            "    rollback pending\n"
        ),
        True,
    ),
}


@pytest.mark.parametrize(("said", "waits"), COMMITS.values(), ids=COMMITS)
def test_a_commit_that_waits_is_seen_and_one_that_waited_once_is_not(said: str, *, waits: bool) -> None:
    found = re.search(PENDING.look.pattern, said, re.MULTILINE)
    assert (found is not None) is waits
    assert found is None or not re.search(PENDING.own, found[0])


def test_a_commit_of_leafracks_own_is_known_by_its_comment() -> None:
    said = COMMITS["one with a comment"][0].replace("CHG0012345 crm", "leafrack-0123abcd")
    found = re.search(PENDING.look.pattern, said, re.MULTILINE)
    assert found is not None
    assert re.search(PENDING.own, found[0])


def test_a_switch_without_ipv6_may_have_no_table_for_it() -> None:
    ((command, tolerated),) = JUNOS.unread.items()
    assert command in JUNOS.reads
    assert complaint(DIALOGUE, "error: no such table: inet6.0\n", tolerated) == ""
    assert complaint(DIALOGUE, "error: permission denied\n", tolerated)
