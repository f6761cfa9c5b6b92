"""The JSON Schema that editors use: in step with the models, and of one mind with them about form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from leafrack.commands.schema import MARK, SCHEMA_FILE, made, main
from leafrack.fabric.model import Fabric
from leafrack.fabric.schema import schema_text
from tests.fabric.fabric_files import RIGHT, changed

FABRICS = SCHEMA_FILE.parent / "fabrics"
SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_committed_schema_is_that_of_the_models() -> None:
    hint = "run: leafrack schema --write"
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), hint


@pytest.mark.parametrize(("page", "row"), [*zip(made(), ("| `nodeCIDRs` |", "| TTL security |"), strict=True)], ids=str)
def test_what_the_docs_have_from_the_code_is_what_the_code_says(page: Path, row: str) -> None:
    told = page.read_text(encoding="utf-8").partition(MARK)[2]
    assert told == "\n" + made()[page], "run: leafrack schema --write"
    assert row in told


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == schema_text()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", sorted(FABRICS.glob("*.yaml")), ids=lambda path: path.name)
def test_the_example_fabrics_are_valid_and_name_the_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../fabric.schema.json\n")
    assert (path.parent / "../fabric.schema.json").exists()
    VALIDATOR.validate(yaml.safe_load(text))


def test_every_key_is_described() -> None:
    objects = [SCHEMA, *SCHEMA["$defs"].values()]
    bare = [key for one in objects for key, value in one.get("properties", {}).items() if "description" not in value]
    assert bare == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: dc1", "name: 12"),
        ("name: dc1", "nam: dc1"),
        ("name: dc1", "name: dc1\ninterconnect: ring"),
        ("name: dc1", "name: dc1\ncolour: red"),
        ("podCIDRs: [10.233.64.0/18]", "podCIDRs: []"),
        ("podCIDRs: [10.233.64.0/18]", "podCIDRs: 10.233.64.0/18"),
        ("podCIDRs: [10.233.64.0/18]", "podCIDRs: [10.233.64.0]"),
        ("asNumber: 65009", "asNumber: '65009'"),
        ("asNumber: 65009", "asNumber: 23456"),
        ("asNumber: 65009", "asNumber: 4294967295"),
        ("asNumber: 65009", "as_number: 65009"),
        ("        asNumber: 65009\n", ""),
        ("platform: frr", "platform: ios"),
        ("platform: frr", "peerName: 3"),
        ("address: 172.20.0.254", "address: 12"),
        ("address: 172.20.0.254", "address: []"),
        ("address: 172.20.0.254", "address: [1.1.1.1, 1.1.1.2, 1.1.1.3]"),
        ("address: 172.20.0.254", "address: leaf01.example.net"),
        ("routerID: 2.2.2.2", "routerID: 2"),
        ("routerID: 2.2.2.2", "routerID: two"),
        ("port: 2201", "port: 65536"),
        ("port: 2201", "port: ssh"),
        ("port: 2201", "user: ''"),
        ("port: 2201", "password: x"),
        ("port: 2201", "jump: {port: 22}"),
        ("port: 2201", "jump: {host: b, password: x}"),
        (", peerAddress: 100.0.0.1", ""),
        ("members: {node3: 172.20.0.13}", "members: [node3]"),
        ("members: {node3: 172.20.0.13}", "members: {label: 172.20.0.13}"),
        ("members: {node3: 172.20.0.13}", "members: {label: [rack=rr1]}"),
        ("asNumber: 65008, ", ""),
    ],
)
def test_what_the_model_refuses_in_form_the_schema_refuses_too(old: str, new: str) -> None:
    values = yaml.safe_load(changed((old, new)))
    with pytest.raises(ValidationError):
        Fabric.model_validate(values, by_alias=True, by_name=False)
    assert not VALIDATOR.is_valid(values)


def test_the_schema_takes_a_label_in_the_place_of_names() -> None:
    for label in ("rack=rr1", "topology.kubernetes.io/rack=r-1", "node-role.kubernetes.io/rr1="):
        VALIDATOR.validate(yaml.safe_load(changed(("{node3: 172.20.0.13}", f"{{label: {label}}}"))))


def test_the_schema_takes_one_address_or_one_per_family() -> None:
    for address in ("172.20.0.254", "[172.20.0.254]", "[172.20.0.254, 'fd00::1']", "'fd00::1'"):
        VALIDATOR.validate(yaml.safe_load(RIGHT.replace("address: 172.20.0.254", f"address: {address}")))
