"""``leafrack render``: our part of a leaf's configuration, as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from leafrack.commands.render import main
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
    assert [line for line in lines if " password " in line] == []


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
