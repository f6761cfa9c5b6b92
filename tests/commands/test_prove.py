"""``leafrack prove``: what an operator sees."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from leafrack.commands.prove import main
from leafrack.fabric.load import load
from leafrack.proof import prove
from tests.proof.fabrics import Values, changed, fabric, values


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Path("dc1.yaml")


def write(file: Path, given: Values) -> None:
    file.write_text(yaml.safe_dump(given, sort_keys=False))


def test_a_fabric_that_works_ends_with_0_and_shows_the_paths(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, values(3, spines=2))
    assert main([str(file)]) == 0
    said = capsys.readouterr().out
    assert "n2c → n2a → leaf2 → spine1 → leaf1 → n1a → n1c" in said
    assert "65101 65201 65102 64513" in said
    assert "9 of 9 pairs of racks reach each other; single points of failure: 1" in said
    assert "dc1.yaml:" in said
    assert "leaf1 is a single point of failure" in said


def test_an_unreachable_pair_ends_with_1_and_names_file_and_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = changed(values(2, spines=2), racks__rr1__leaves__leaf1__uplinks__spine2=None)
    write(file, changed(given, racks__rr2__leaves__leaf2__uplinks__spine1=None))
    assert main([str(file)]) == 1
    said = capsys.readouterr().out
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "uplinks:" in text)
    place = f"dc1.yaml:{line}: racks.rr1.leaves.leaf1.uplinks"
    assert f"{place}: pods of rr2 never arrive in rr1: no spine connects" in said
    assert "2 of 4 pairs of racks reach each other" in said


def test_json_holds_pairs_findings_and_single_points(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, values(2, spines=1))
    assert main([str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is True
    assert said["pairs"][1]["asPath"] == [65101, 65201, 65102, 64513]
    assert said["pairs"][1]["nextHops"] == [{"address": "172.20.0.254", "speaker": "leaf1"}]
    assert said["pairs"][1]["singlePoints"] == ["spine1", "leaf1", "leaf2"]
    assert [point["speaker"] for point in said["singlePoints"]] == ["spine1", "leaf1"]
    assert {finding["path"] for finding in said["warnings"]} == {"spines.spine1", "racks.rr1.leaves.leaf1"}


def test_a_file_that_cannot_be_read_ends_with_2(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file)]) == 2
    assert "dc1.yaml: no such file" in capsys.readouterr().err


def test_a_finding_about_a_key_that_is_not_given_stands_at_what_should_hold_it(file: Path) -> None:
    write(file, values(2, spines=1))
    loaded = load(file)
    finding = prove(fabric(changed(values(2, spines=1), racks__rr2__reflectors={}))).unreachable[0]
    assert loaded.placed([finding])[0].place == loaded.lines["racks.rr2.reflectors"]
    without = {key: place for key, place in loaded.lines.items() if not key.startswith("racks.rr2.reflectors")}
    assert replace(loaded, lines=without).placed([finding])[0].place == loaded.lines["racks.rr2"]
    nowhere = replace(finding, path="cluster", place="")
    assert loaded.placed([nowhere]) == (nowhere,)
