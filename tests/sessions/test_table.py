"""The verdict on screen: every row of a small fabric; of a large one what fails, and how many hold."""

from __future__ import annotations

import io

from rich.console import Console

from leafrack.sessions import table
from leafrack.sessions.model import Row


def rows(rack: str, count: int, *failing: int) -> list[Row]:
    return [
        Row(rack=rack, what=f"{rack}-session{n:03}", expected="Established", found="Idle", ok=n not in failing)
        for n in range(count)
    ]


def shown(*given: Row) -> list[str]:
    console = Console(file=io.StringIO(), width=120)
    table.show(given, console)
    assert isinstance(console.file, io.StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines() if line.strip()]


def test_of_a_small_fabric_every_row_is_shown() -> None:
    said = shown(*rows("rr1", 3), *rows("rr2", 2, 1))
    assert sum("-session" in line for line in said) == 6, "each once, and the one that fails again at the end"
    assert said[-1] == "4 of 5 as expected"


def test_of_a_large_fabric_those_that_hold_are_counted_and_those_that_fail_named() -> None:
    said = shown(*rows("rack000", 120), *rows("rack001", 120, 7, 9))
    assert "rack000 120 sessions and routes as declared as declared ✓" in said
    assert "rack001 118 sessions and routes as declared as declared ✓" in said
    assert [line for line in said if "-session" in line] == [
        "rack001-session007 Established Idle ✗",
        "rack001-session009 Established Idle ✗",
        "rack001-session007 – expected Established, found Idle",
        "rack001-session009 – expected Established, found Idle",
    ]
    assert said[-1] == "238 of 240 as expected"


def test_a_rack_of_which_nothing_holds_has_no_row_of_what_does() -> None:
    said = shown(*rows("rack000", 201), *rows("rack001", 1, 0))
    assert sum("as declared" in line for line in said) == 1
    assert said[-1] == "201 of 202 as expected"
