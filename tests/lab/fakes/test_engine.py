"""What every fake does: logins over SSH, echo, pages, dialogues, the commit timer, faults. FRR is not needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from lab.fakes.faults import Faults, Status
from lab.fakes.model import Recorder, RefusedError, Seen
from lab.fakes.serving import Served, serving
from tests.lab.fakes.clock import TurnedClock
from tests.lab.fakes.toy import ToyFake, toy


@pytest.fixture
def box() -> Iterator[Served]:
    with serving(toy(Recorder())) as served:
        yield served


async def _connect(box: Served) -> asyncssh.SSHClientConnection:
    where = f"[127.0.0.1]:{box.port} {box.host_key}\n"
    known = asyncssh.import_known_hosts(where)
    return await asyncssh.connect("127.0.0.1", box.port, known_hosts=known, client_keys=None, config=None)


async def _asked(box: Served, command: str | None, **options: Any) -> asyncssh.SSHCompletedProcess:
    connection = await _connect(box)
    try:
        return await connection.run(command, **options)
    finally:
        connection.abort()


def run(box: Served, command: str) -> tuple[str, int | None]:
    """Output and exit status of an exec request."""

    done = asyncio.run(_asked(box, command))
    return str(done.stdout), done.exit_status


def typed(box: Served, keys: str, term: str | None = "vt100") -> str:
    """All that a terminal shows while keys are typed, of which the last end the login."""

    return str(asyncio.run(_asked(box, None, input=keys, term_type=term)).stdout)


def test_an_exec_request_is_answered_without_prompt_and_with_a_status(box: Served) -> None:
    assert run(box, "show") == ("10.0.0.1 65008\n", 0)
    assert run(box, "nonsense\nshow") == ("% Unknown: nonsense\n", 1)
    assert run(box, "configure\nset 10.0.0.2 64512\ncommit\nshow") == ("10.0.0.1 65008\n10.0.0.2 64512\n", 0)


def test_a_terminal_echoes_prompts_and_ends_lines_as_a_terminal_needs_it(box: Served) -> None:
    assert typed(box, "cx\x7fonfigure\rexit\r") == (
        "Toy OS\r\ntoy1# cx\b \bonfigure\r\ntoy1(config)# exit\r\n"  # the box knows no "onfigure" without its c
    )
    assert typed(box, "show\nexit\n", term=None) == "Toy OS\ntoy1# 10.0.0.1 65008\ntoy1# "


def test_pages_stop_until_a_key_comes_or_they_are_switched_off(box: Served) -> None:
    box.fake.running.update({f"10.0.0.{number}": "64512" for number in range(2, 9)})
    lines = [f"{key} {value}\r\n" for key, value in box.fake.running.items()]
    more = "--More--\r        \r"
    shown = typed(box, "show\r \rqexit\r").removeprefix("Toy OS\r\ntoy1# show\r\n")
    assert shown.startswith("".join(lines[:3]) + more + "".join(lines[3:6]) + more + lines[6] + more + "toy1# "), (
        "a space for a page, Return for a line, q for the end"
    )
    assert "".join(lines) in typed(box, "page 0\rshow\rexit\r")


def test_a_dialogue_waits_for_its_reply(box: Served) -> None:
    box.fake.running["10.0.0.9"] = "64512"
    assert "all will be written\r\nSure? [Y/N]:n\r\nnot saved\r\n" in typed(box, "save\rn\rexit\r")
    assert "10.0.0.9" not in box.fake.startup
    typed(box, "save\ry\rexit\r")
    assert "10.0.0.9" in box.fake.startup
    assert run(box, "save")[1] == 1, "an exec request has nobody to ask"


STATUSES = {Status.RIGHT: (0, 1), Status.ZERO: (0, 0), Status.ONE: (1, 1), Status.MISSING: (None, None)}


@pytest.mark.parametrize("status", STATUSES)
def test_an_exit_status_may_be_missing_or_wrong(box: Served, status: Status) -> None:
    box.fake.faults.status = status
    assert (run(box, "show")[1], run(box, "nonsense")[1]) == STATUSES[status]


def test_a_connection_is_cut_in_the_place_of_an_answer_or_of_a_command(box: Served) -> None:
    change = "configure\nset 10.0.0.2 64512\ncommit"
    for fault, done in (("cut_before", False), ("cut_after", True)):
        box.fake.faults.look(None)
        setattr(box.fake.faults, fault, box.fake.faults.count + 3)
        assert run(box, change) == ("", None)
        assert ("10.0.0.2" in box.fake.running) is done
        assert run(box, "show")[1] == 0, "it happens once"


def test_a_box_that_starts_again_runs_what_was_saved(box: Served) -> None:
    run(box, "configure\nset 10.0.0.2 64512\ncommit 60")
    box.fake.faults.reboot_after = box.fake.faults.count + 1
    assert run(box, "show") == ("", None)
    assert run(box, "show") == ("10.0.0.1 65008\n", 0)
    assert box.fake.pending is None
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    assert [len(played.peers) for played in speaker.played] == [1, 2, 0, 1], "its sessions end too"


def test_another_box_may_answer(box: Served) -> None:
    box.fake.faults.banner, box.fake.faults.prompt = "Other OS\n", "other> "
    box.fake.faults.says = {"show .*": "Other OS, Version 1\n"}
    shown = typed(box, "show version\rexit\r")
    assert shown.startswith("Other OS\r\nother> show version\r\nOther OS, Version 1\r\nother> ")


def test_faults_of_a_file_are_taken_when_it_changes_and_counted_from_then_on(tmp_path: Path) -> None:
    file, faults = tmp_path / "faults.json", Faults()
    faults.look(file)
    faults.count = 7
    file.write_text(json.dumps({"slow": 0.5, "status": "missing"}))
    faults.look(file)
    assert (faults.slow, faults.status, faults.count) == (0.5, Status.MISSING, 0)
    faults.count = 3
    faults.look(file)
    assert faults.count == 3
    file.unlink()
    faults.look(file)
    assert faults == Faults()


@pytest.fixture
def quiet() -> tuple[ToyFake, TurnedClock]:
    """A box without SSH."""
    fake, clock = toy(Recorder()), TurnedClock()
    fake.clock = clock
    fake.boot()
    return fake, clock


def test_what_nobody_confirms_in_time_is_undone_and_saved_files_stay(quiet: tuple[ToyFake, TurnedClock]) -> None:
    fake, clock = quiet
    fake.commit({"10.0.0.2": "64512"}, 120)
    clock.passes(119)
    assert fake.running == {"10.0.0.2": "64512"}
    clock.passes(1)
    assert (fake.running, fake.pending, fake.startup) == ({"10.0.0.1": "65008"}, None, "10.0.0.1 65008\n")


def test_what_is_confirmed_stays_and_a_second_timer_goes_back_to_the_same(quiet: tuple[ToyFake, TurnedClock]) -> None:
    fake, clock = quiet
    fake.commit({"10.0.0.2": "1"}, 120)
    assert fake.confirm()
    clock.passes(500)
    assert fake.running == {"10.0.0.2": "1"}
    assert not fake.confirm()
    fake.commit({"10.0.0.2": "2"}, 120)
    fake.commit({"10.0.0.2": "3"}, 120)
    clock.passes(120)
    assert fake.running == {"10.0.0.2": "1"}


def test_what_the_speaker_refuses_does_not_run(quiet: tuple[ToyFake, TurnedClock]) -> None:
    fake, _ = quiet
    speaker = fake.speaker
    assert isinstance(speaker, Recorder)

    def once(wanted: object) -> None:
        speaker.refuses = ""
        raise RefusedError("no")

    speaker.play, played = once, speaker.play  # type: ignore[method-assign]
    with pytest.raises(RefusedError):
        fake.apply({"10.0.0.2": "64512"})
    speaker.play = played  # type: ignore[method-assign]
    assert fake.running == {"10.0.0.1": "65008"}


def test_sessions_are_the_speakers(box: Served) -> None:
    speaker = box.fake.speaker
    assert isinstance(speaker, Recorder)
    assert run(box, "peers") == ("10.0.0.1 Active\n", 0)
    speaker.seen["10.0.0.1"] = Seen(state="Established")
    assert run(box, "peers") == ("10.0.0.1 Established\n", 0)
