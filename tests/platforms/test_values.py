"""Values that every platform reads into: states of a session, AS numbers, passwords; and how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from ipaddress import ip_address
from typing import Any

import pytest

from leafrack.platforms import Neighbour, NeighbourState, SessionState, Setting, Settings
from leafrack.platforms.as_numbers import as_number
from leafrack.platforms.differences import of_as, of_neighbour, wanted
from leafrack.platforms.state import AnyAs, Limit, Password, PrivateAs, Timers


@pytest.mark.parametrize("state", SessionState)
def test_a_state_is_known_in_every_spelling(state: SessionState) -> None:
    dashed = "".join(f"-{one.lower()}" if one.isupper() else one for one in state).removeprefix("-")
    assert {SessionState.of(said) for said in (state, state.upper(), state.lower(), dashed)} == {state}


@pytest.mark.parametrize("said", ["", "Up", "Establish", None, 6, "Idle (Admin)"])
def test_what_is_no_state_is_unknown_and_never_established(said: object) -> None:
    assert SessionState.of(said) is SessionState.UNKNOWN


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (0, 0),
        (65546, 65546),
        ("65546", 65546),
        ("1.10", 65546),
        ("0.65001", 65001),
        ("65535.65535", 2**32 - 1),
        (2**32 - 1, 2**32 - 1),
    ],
)
def test_an_as_number_is_read_as_it_is_written(said: object, number: int) -> None:
    assert as_number(said) == number


@pytest.mark.parametrize("said", ["", "1.", ".1", "1.65536", "65536.0", "1.2.3", "x", "-1", "¹", None, True, 2**32])
def test_what_is_no_as_number_is_refused_in_one_line(said: object) -> None:
    with pytest.raises(ValueError, match=r"\A'.*' is no AS number\Z"):
        as_number(said)


def test_a_password_shows_in_nothing_that_is_printed() -> None:
    password = Password("s3cret")
    state = NeighbourState(ip_address("172.20.0.11"), 64512, SessionState.IDLE, password=password)
    assert "s3cret" not in f"{password} {password!r} {state} {state!r} {[password]} {replace(state, rest=('x',))}"
    assert password == Password("s3cret")
    assert password != Password("s3cres")


NEIGHBOUR = Neighbour(
    address=ip_address("172.20.0.11"),
    as_number=64512,
    description="leafrack rr1 node1",
    list_in="IN",
    list_out="OUT",
    paths_in="PATHS",
    as_override=True,
    remove_private_as=True,
    graceful_restart=False,
    timers=Timers(3, 9),
    ttl_security=True,
    maximum_prefix=100,
    password="s3cret",
)
RIGHT = NeighbourState(
    address=NEIGHBOUR.address, remote_as=64512, state=SessionState.ESTABLISHED, **vars(wanted(NEIGHBOUR))
)
BARE = NeighbourState(NEIGHBOUR.address, 64512, SessionState.ESTABLISHED)


def words(setting: Setting, of: Settings) -> str:
    value = getattr(of, setting.value)
    return "" if value == getattr(Settings(), setting.value) else f"{setting} {value}"


def test_a_setting_is_a_field_each() -> None:
    assert {setting.value for setting in Setting} == {each.name for each in fields(Settings)}


def test_a_neighbour_that_is_right_differs_in_nothing() -> None:
    assert of_neighbour(NEIGHBOUR, RIGHT, words) == ()


@pytest.mark.parametrize("setting", [one for one in Setting if one is not Setting.SHUTDOWN])
def test_each_setting_that_is_gone_is_said(setting: Setting) -> None:
    (line,) = of_neighbour(NEIGHBOUR, replace(RIGHT, **{setting.value: getattr(BARE, setting.value)}), words)
    assert line == ("lacks its password" if setting is Setting.PASSWORD else f"lacks `{words(setting, RIGHT)}`")


OTHER: Mapping[str, Any] = {
    "description": "mine",
    "timers": Timers(3, 10),
    "ttl_security": 2,
    "list_in": "OTHER",
    "list_out": "OTHER",
    "paths_in": "OTHER",
    "limit": Limit(100),
    "private_as": PrivateAs(every=False),
}


@pytest.mark.parametrize("name", OTHER)
def test_each_setting_that_is_another_is_said_with_both(name: str) -> None:
    found = replace(RIGHT, **{name: OTHER[name]})
    setting = Setting(name)
    assert of_neighbour(NEIGHBOUR, found, words) == (
        f"has `{words(setting, found)}` instead of `{words(setting, RIGHT)}`",
    )


def test_a_path_list_of_others_is_theirs_where_leafrack_gives_none() -> None:
    plain = replace(NEIGHBOUR, paths_in="")
    assert of_neighbour(plain, replace(RIGHT, paths_in="OTHER"), words) == ()


def test_what_nobody_wants_is_said() -> None:
    plain = Neighbour(NEIGHBOUR.address, 64512, NEIGHBOUR.description, "IN", "OUT")
    said = of_neighbour(plain, replace(RIGHT, shutdown=""), words)
    assert [line.split()[:2] for line in said] == [
        ["has", "a"],
        *(["has", f"`{name}"] for name in ("shutdown", "timers", "ttl_security", "graceful_restart")),
        *(["has", f"`{name}"] for name in ("limit", "as_override", "private_as")),
    ]


@pytest.mark.parametrize(
    ("has", "said"), [(None, ()), (64512, ()), (AnyAs.EXTERNAL, ("has `external` instead of `64512`",))]
)
def test_an_as_that_a_group_gives_is_nobodys_drift(has: int | AnyAs | None, said: tuple[str, ...]) -> None:
    assert of_as(64512, replace(RIGHT, set_as=has), str) == said
