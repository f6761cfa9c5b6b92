"""The one command: what it lists, what it says of a wrong word, and how it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from leafrack import __version__, commands
from leafrack.__main__ import main
from tests.conftest import CLONE, DEV_FABRIC

WITHOUT_JSON = {"schema"}


def helped(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_help_lists_every_command_for_people_and_what_exit_codes_mean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for name, does in commands.FOR_PEOPLE.items():
        assert re.search(rf"^  {name} +{re.escape(does)}$", said, re.MULTILINE)
    assert not re.search(r"^  (gate|step|password)\b", said, re.MULTILINE)
    assert "exit codes:\n  0  all holds\n" in said
    assert max(map(len, said.splitlines())) <= 110


def test_without_a_command_it_helps_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: leafrack COMMAND")


@pytest.mark.parametrize("name", commands.FOR_PEOPLE)
def test_every_command_says_what_it_does_and_how_it_ends(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = helped(name, capsys=capsys)
    does = commands.FOR_PEOPLE[name]
    assert said.startswith(f"usage: leafrack {name} ")
    assert f"\n{does[0].upper()}{does[1:]}." in said
    codes = said.partition("\nexit codes:\n")[2]
    assert re.search(r"^  0  \w", codes, re.MULTILINE)
    assert re.search(r"^  2  \w", codes, re.MULTILINE)
    assert ("--json" in said) == (name not in WITHOUT_JSON)


WRONG = {
    "chek": "leafrack: there is no command 'chek': did you mean check?\n",
    "hostkeys": "leafrack: there is no command 'hostkeys': did you mean host-keys?\n",
    "--verison": "leafrack: there is no option '--verison'",
    "\x1b[2J": "leafrack: there is no command '\\x1b[2J': known here are check, prove, status",
}


@pytest.mark.parametrize(("word", "line"), WRONG.items(), ids=ascii)
def test_a_wrong_word_ends_in_one_line_with_the_nearest(
    word: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word, "x.yaml"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(line)


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"leafrack {__version__}\n"


def test_a_reader_that_has_seen_enough_is_no_traceback() -> None:
    command = f"{sys.executable} -m leafrack prove {DEV_FABRIC} --json | true"
    done = subprocess.run(["sh", "-c", command], cwd=CLONE, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_command_that_is_interrupted_says_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stopped(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("leafrack.commands.check.load", stopped)
    assert main(["check", str(tmp_path / "x.yaml")]) == 130
