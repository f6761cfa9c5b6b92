"""``leafrack prove``: what an operator sees."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from lab.fabrics import Values, rack, values
from leafrack.commands.prove import main
from leafrack.fabric.load import load
from leafrack.proof import Proof, Verdict, prove, table
from leafrack.proof.classes import Classes
from leafrack.proof.model import Prefix, What
from tests.proof.fabrics import changed, fabric


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Path("dc1.yaml")


def write(file: Path, given: Values) -> None:
    file.write_text(yaml.safe_dump(given, sort_keys=False))


def test_a_fabric_that_works_ends_with_0_and_says_so_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, values(3, spines=2))
    assert main([str(file)]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first == "dc1: 9 of 9 pairs of racks reach each other; single points of failure: 1"
    assert "1 rr1 and 2 alike !" in [" ".join(line.split()) for line in others]
    assert any("dc1.yaml:" in line and "leaf1 is a single point of failure" in line for line in others)
    assert "→" not in "".join(others)


def test_details_show_the_paths(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(file, values(3, spines=2))
    assert main([str(file), "--details"]) == 0
    said = capsys.readouterr().out
    assert "pods of rr2 in rr1 (IPv4, 6 pairs of racks) ✓" in said
    assert "path: n2c → n2a → leaf2 → spine1 → leaf1 → n1a → n1c" in said
    assert "AS path: 65101 65201 65102 64513" in said
    assert "next hop: 172.20.0.254 (leaf1)" in said
    assert "breaks without: leaf1, leaf2" in said


def judged(racks: int, *, bad: tuple[str, str] = ("", "")) -> Proof:
    """A proof of racks that are all different, with long names."""
    names = [f"a-rather-long-name-of-a-rack-at-site-{number}" for number in range(1, racks + 1)]
    base = values(1)["racks"]["rr1"]
    made = fabric({"name": "dc1", "podCIDRs": ["10.0.0.0/8"], "racks": dict.fromkeys(names, base)})
    verdicts = tuple(
        Verdict(holder, origin, 4, 1, ((PODS, "n"),) if (holder, origin) == bad else (), services=True, path=None)
        for holder in names
        for origin in names
    )
    return Proof(made, Classes(made, {name: (name,) for name in names}, {}), verdicts, (), ())


PODS = Prefix(What.PODS, 4, ())


@pytest.mark.parametrize("racks", [1, 4, 30, 120])
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_a_matrix_of_racks_fits_the_terminal(racks: int, columns: int) -> None:
    out = StringIO()
    table.matrix(judged(racks), Console(file=out, width=columns))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= columns
    cells = "".join(line for line in lines if line[:1].isdigit())
    assert cells.count("✓") == racks * racks
    blocks = [line for line in lines if line.strip().startswith("pods of")]
    assert [number for line in blocks for number in line.split()[2:]] == [
        str(number) for number in range(1, racks + 1) if racks > 1
    ]


def test_a_pair_that_fails_stands_in_its_row_and_column() -> None:
    out = StringIO()
    one, two = (f"a-rather-long-name-of-a-rack-at-site-{number}" for number in (1, 2))
    table.matrix(judged(2, bad=(one, two)), Console(file=out, width=80))
    rows = [line.split() for line in out.getvalue().splitlines() if line[:1].isdigit()]
    assert rows == [["1", one, "✓", "✗"], ["2", two, "✓", "✓"]]


def test_what_cannot_come_up_is_counted_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        file,
        changed(
            values({"rr1": rack(1, leaves=2, spines=1), "rr2": rack(2, spines=1)}, spines=1),
            racks__rr1__leaves__leaf1b__uplinks={},
        ),
    )
    assert main([str(file)]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "dc1: 3 of 4 pairs of racks reach each other; findings: 1; single points of failure: 3"


def test_no_name_is_broken_in_a_narrow_terminal(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file, values(2, spines=2, versions=(4, 6)))
    monkeypatch.setenv("COLUMNS", "40")
    main([str(file), "--details"])
    words = set(capsys.readouterr().out.replace(",", " ").split())
    assert {"spine1", "leaf1", "(leaf1)", "n1a", "n2c", "fd00:1::fe"} <= words


def test_an_unreachable_pair_ends_with_1_and_names_file_and_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = changed(values(2, spines=2), racks__rr1__leaves__leaf1__uplinks__spine2=None)
    write(file, changed(given, racks__rr2__leaves__leaf2__uplinks__spine1=None))
    assert main([str(file)]) == 1
    said = capsys.readouterr().out
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "uplinks:" in text)
    place = f"dc1.yaml:{line}: racks.rr1.leaves.leaf1.uplinks"
    finding = f"{place}: pods of rr2 never arrive in rr1, nor the other way round: no spine connects"
    assert said.count("no spine connects") == said.count(finding) == 1
    assert said.index("pods of 1 2") < said.index(finding), "first the verdict and the matrix"
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
