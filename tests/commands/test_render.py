"""``leafrack render``: our part of a leaf's configuration, as text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from leafrack.commands import render
from leafrack.commands.render import main
from leafrack.errors import UnreadableError
from leafrack.platforms import SwitchState
from leafrack.platforms.plan import GuardError
from leafrack.world.model import Endpoint
from tests import handed
from tests.conftest import CLONE, DEV_FABRIC

PROD_FABRIC = CLONE / "config" / "fabrics" / "prod.yaml"


def test_prefix_lists_and_neighbours_are_printed_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaf01", str(DEV_FABRIC)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "ip prefix-list LEAFRACK-dc1-IN seq 5 permit 10.233.64.0/18 le 32" in out.splitlines()
    assert "router bgp 65009" in out.splitlines()
    # The reflectors of the rack, and no node of another.
    neighbours = {line.split()[1] for line in out.splitlines() if " remote-as " in line}
    assert neighbours == {"172.20.0.11", "172.20.0.12"}


def test_neighbours_have_the_as_of_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("racks: {rr1: {asNumber: 64777}}\n", encoding="utf-8")
    assert main(["leaf01", str(DEV_FABRIC), "--overlay", str(overlay)]) == 0
    assert " neighbor 172.20.0.11 remote-as 64777" in capsys.readouterr().out.splitlines()


def test_json_says_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaf02", str(DEV_FABRIC)]) == 0
    text = capsys.readouterr().out
    assert main(["leaf02", str(DEV_FABRIC), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"leaf": "leaf02", "rack": "rr2", "platform": "frr", "text": text}


PROD_RACKS = yaml.safe_load(PROD_FABRIC.read_text(encoding="utf-8"))["racks"]


@pytest.mark.parametrize("leaf", [leaf for rack in PROD_RACKS.values() for leaf in rack["leaves"]])
def test_every_leaf_of_the_example_is_rendered_without_a_password(
    leaf: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([leaf, str(PROD_FABRIC)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert [line for line in lines if "password" in line] == []


def test_an_unknown_leaf_is_one_line_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaf1", str(DEV_FABRIC)]) == 2
    assert capsys.readouterr() == ("", f"{DEV_FABRIC}: there is no leaf 'leaf1': did you mean leaf01?\n")


def test_a_file_that_is_wrong_ends_in_its_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("name: x\n", encoding="utf-8")
    assert main(["leaf01", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{path}:1: racks: is missing" in err


BY_HAND = "racks: {rr2: {leaves: {leaf02: {apply: by-hand%s}}}}\n"


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """The example with its second leaf by hand, which may be read."""
    overlay = tmp_path / "by-hand.yaml"
    overlay.write_text(BY_HAND % ", ssh: {user: reader}", encoding="utf-8")
    return ["leaf02", str(DEV_FABRIC), "--overlay", str(overlay)]


def answers(monkeypatch: pytest.MonkeyPatch, state: SwitchState | UnreadableError) -> None:
    def read_all(asked: list[Endpoint], _: object) -> dict[str, SwitchState | UnreadableError]:
        assert [(each.name, each.user) for each in asked] == [("leaf02", "reader")]
        return {"leaf02": state}

    monkeypatch.setattr(render, "read_all", read_all)


def test_the_difference_is_text_for_the_leaf_and_words_for_a_person(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = handed.state(handed.fabric(), description="theirs")
    answers(monkeypatch, replace(state, lists={**state.lists, "LEAFRACK-dc1-IN6": frozenset({"permit fd00::/48"})}))
    assert main([*given, "--diff"]) == 1
    out, err = capsys.readouterr()
    assert " neighbor 173.20.0.11 description leafrack rr2 node4" in out.splitlines()
    assert "173.20.0.12" not in out
    assert "prefix-list LEAFRACK-dc1-IN seq" not in out
    assert out.endswith("\nno ipv6 prefix-list LEAFRACK-dc1-IN6\n")
    assert err == (
        "leaf02: neighbour 173.20.0.11 has `description theirs` instead of `description leafrack rr2 node4`\n"
        "leaf02: prefix list LEAFRACK-dc1-IN6 is of this fabric and declared no more\n"
    )
    assert main([*given, "--diff", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["text"], said["differences"]) == (out, [line.removeprefix("leaf02: ") for line in err.splitlines()])


def test_a_leaf_that_cannot_be_made_so_is_told_with_the_reason(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(*_: object) -> str:
        raise GuardError("this switch has no room for it")

    answers(monkeypatch, handed.state(handed.fabric(), description="theirs"))
    monkeypatch.setattr("leafrack.commands.render.hand_over.change", change)
    assert main([*given, "--diff"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1]) == ("", "leaf02: this switch has no room for it: nothing was changed")


def test_a_leaf_that_has_everything_differs_in_nothing(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, handed.state(handed.fabric()))
    assert main([*given, "--diff"]) == 0
    assert capsys.readouterr() == ("", "")


UNREAD = {
    "away": (UnreadableError("leaf02", "no answer"), "leaf02: no answer\n"),
    "another switch": (
        SwitchState(65099),
        "leaf02 runs BGP as AS 65099, the fabric file says AS 65010: correct one of them\n",
    ),
    "without BGP": (SwitchState(None), "leaf02 runs no BGP, the fabric file says AS 65010: correct one of them\n"),
}


@pytest.mark.parametrize(("state", "said"), UNREAD.values(), ids=UNREAD)
def test_of_a_leaf_that_is_not_the_one_no_difference_is_printed(
    state: SwitchState | UnreadableError,
    said: str,
    given: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers(monkeypatch, state)
    assert main([*given, "--diff"]) == 1
    assert capsys.readouterr() == ("", said)


def test_a_leaf_without_a_login_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = tmp_path / "by-hand.yaml"
    overlay.write_text(BY_HAND % "", encoding="utf-8")
    assert main(["leaf02", str(DEV_FABRIC), "--overlay", str(overlay), "--diff"]) == 1
    said = "leaf02: the file has no `ssh` for it, and so it cannot be read: leave --diff out\n"
    assert capsys.readouterr() == ("", said)


def test_what_takes_it_away_is_printed_too(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*given, "--remove"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "router bgp 65010",
        " no neighbor 173.20.0.11",
        " no neighbor 173.20.0.12",
        "exit",
        "no ip prefix-list LEAFRACK-dc1-IN",
        "no ip prefix-list LEAFRACK-dc1-OUT",
        "no bgp as-path access-list LEAFRACK-dc1-AS",
    ]


def test_passwords_come_from_the_environment_and_only_where_asked_for(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(render.PASSWORDS_VARIABLE, '{"rr1": "0ther", "rr2": "s3cret"}')
    assert main(given) == 0
    assert "s3cret" not in capsys.readouterr().out
    assert main([*given, "--passwords"]) == 0
    out, err = capsys.readouterr()
    assert out.count("password s3cret\n") == 2
    assert err == ""
    monkeypatch.setenv(render.PASSWORDS_VARIABLE, '{"rr1": "0ther"}')
    assert main([*given, "--passwords"]) == 0
    out, err = capsys.readouterr()
    assert out.count(" no neighbor 173.20.0.11 password\n") == 1
    assert err == "rack rr2 has no password in LEAFRACK_BGP_PASSWORDS: what is printed takes one away\n"


USABLE = "is empty, or has a space, a double quote or a character outside ASCII"
WRONG = {
    "": 'is not set: give it `"$(pulumi config get leafrack:bgpPasswords)"`',
    "s3cret": "is no JSON of passwords by rack",
    '["s3cret"]': "is no JSON of passwords by rack",
    '{"rr3": "s3cret"}': "the fabric has no rack 'rr3': did you mean rr2?",
    '{"rr2": "s3cret\\nno"}': f"the password of rr2 {USABLE}",
    '{"rr2": ""}': f"the password of rr2 {USABLE}",
    '{"rr2": 3}': f"the password of rr2 {USABLE}",
}


@pytest.mark.parametrize(("value", "said"), WRONG.items(), ids=range(len(WRONG)))
def test_passwords_that_cannot_be_used_are_a_line_that_holds_none(
    value: str, said: str, given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(render.PASSWORDS_VARIABLE, value)
    assert main([*given, "--passwords"]) == 2
    assert capsys.readouterr() == ("", f"LEAFRACK_BGP_PASSWORDS: {said}\n")


@pytest.mark.parametrize(
    ("more", "number"),
    [([], "external"), (["--start"], "external")],
    ids=["the only text", "one that is not needed is the same"],
)
def test_a_platform_of_any_as_has_one_text(
    more: list[str], number: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*given, *more]) == 0
    assert f" neighbor 173.20.0.11 remote-as {number}" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("wrong", ["0", "x", "4294967296", "65536.1"])
def test_a_start_that_is_no_as_number_is_refused(
    wrong: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*given, f"--start={wrong}"])
    assert f"invalid AS number value: '{wrong}'" in capsys.readouterr().err
