"""Stack settings: all problems at once, and never a secret in one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.settings import StackSettings, load_settings, unknown_racks
from leafrack.errors import FabricError

SECRET = "correct-horse-battery"
PASSWORDS = "leafrack:bgpPasswords"


def _problems(values: dict[str, Any], encrypted: tuple[str, ...] | None = None) -> list[str]:
    with pytest.raises(FabricError) as caught:
        load_settings(values, encrypted)
    return str(caught.value).splitlines()


def test_a_stack_without_fabric_is_told_the_command() -> None:
    expected = "leafrack:fabric: is missing, so there is nothing to build: pulumi config set leafrack:fabric PATH"
    assert _problems({}) == [expected]
    assert _problems({"fabric": ""}) == [expected]
    assert _problems(dict.fromkeys(StackSettings.keys())) == [expected]


def test_empty_defaults_of_pulumi_yaml_count_as_not_given() -> None:
    names = ("overlay", "kubeconfig", "kubeContext", "sshPrivateKey", "sshPassword")
    given = load_settings({"fabric": "f.yaml", **dict.fromkeys(names, ""), "bgpPasswords": "{}"}, ())
    assert given == StackSettings(fabric="f.yaml")
    assert (given.overlay, given.ssh_private_key, given.bgp_passwords) == (None, None, {})


def test_bgp_passwords_come_as_json_or_as_a_mapping() -> None:
    for value in ({"rr1": SECRET}, json.dumps({"rr1": SECRET})):
        given = load_settings({"fabric": "f.yaml", "bgpPasswords": value}, ("bgpPasswords",))
        assert given.bgp_passwords["rr1"].get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kubeconfig": 3}, "leafrack:kubeconfig: needs text"),
        ({"fabrik": "x"}, "leafrack:fabrik: unknown setting: did you mean fabric?"),
        ({"sshPrivateKey": {"a": SECRET}}, "leafrack:sshPrivateKey: needs text"),
        (
            {"bgpPasswords": SECRET},
            (f"{PASSWORDS}: needs a password for each rack: pulumi config set --secret --path {PASSWORDS}.RACK"),
        ),
        ({"bgpPasswords": f'["{SECRET}"]'}, f"{PASSWORDS}: needs a password for each rack"),
        ({"bgpPasswords": f'{{"rr1": ["{SECRET}"]}}'}, f"{PASSWORDS}.rr1: needs text"),
        (
            {"bgpPasswords": {"rr1": ""}},
            f"{PASSWORDS}.rr1: the password is empty: give one, or remove the rack",
        ),
        ({"bgpPasswords": {"rr1": SECRET * 4}}, f"{PASSWORDS}.rr1: the password is longer than the 80 bytes"),
        (
            {"bgpPasswords": {"rr1": f"{SECRET} x"}},
            f"{PASSWORDS}.rr1: the password has a space, a double quote or a character",
        ),
        (
            {"bgpPasswords": {"rr1": f'{SECRET}";'}},
            f"{PASSWORDS}.rr1: the password has a space, a double quote or a character",
        ),
        (
            {"bgpPasswords": {"rr1": f"{SECRET}\n"}},
            f"{PASSWORDS}.rr1: the password has a space, a double quote or a character",
        ),
    ],
)
def test_a_wrong_setting_ends_in_one_line_without_its_value(values: dict[str, Any], expected: str) -> None:
    (line,) = _problems({"fabric": "f.yaml", **values})
    assert line.startswith(expected)
    assert SECRET not in line


def test_a_secret_in_clear_is_refused_with_the_command() -> None:
    values = {"fabric": "f.yaml", "sshPassword": SECRET, "bgpPasswords": {"rr1": SECRET}}
    (line,) = _problems(values, ("bgpPasswords",))
    assert line == (
        "leafrack:sshPassword: stands in clear in the stack's file: change the secret and use "
        "pulumi config set --secret leafrack:sshPassword"
    )
    assert load_settings(values, ("bgpPasswords", "sshPassword")).ssh_password is not None


def test_all_problems_come_at_once() -> None:
    lines = _problems({"kubeconfig": 1, "overlay": 2, "sshPassword": SECRET}, ())
    assert [line.split(": ")[0] for line in lines] == [
        "leafrack:fabric",
        "leafrack:overlay",
        "leafrack:kubeconfig",
        "leafrack:sshPassword",
    ]


def test_secrets_print_as_asterisks() -> None:
    values = {"fabric": "f", "sshPrivateKey": SECRET, "sshPassword": SECRET, "bgpPasswords": {"rr1": SECRET}}
    given = load_settings(values)
    assert SECRET not in f"{given} {given!r} {given.model_dump()} {given.model_dump_json()}"


def test_a_password_for_a_rack_that_does_not_exist_is_named() -> None:
    given = load_settings({"fabric": "f", "bgpPasswords": {"rr1": SECRET, "rr22": SECRET}})
    (problem,) = unknown_racks(given, ["rr1", "rr2"])
    assert str(problem) == f"{PASSWORDS}.rr22: the fabric has no rack 'rr22': did you mean rr2?"
