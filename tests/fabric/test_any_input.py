"""Whatever stands in a fabric file, loading ends in a fabric or in lines that say where to look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leafrack.errors import FabricError, Problem
from leafrack.fabric.load import load
from tests.fabric.fabric_files import RIGHT

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2**33),
    st.text(max_size=8),
    st.sampled_from(["10.0.0.0/8", "10.0.0.1", "fd00::1", "fd00::/64", "leaf01", "rr1", "frr", "::", "1.10"]),
)
KEYS = st.sampled_from(
    [
        "name",
        "podCIDRs",
        "racks",
        "spines",
        "rr1",
        "leaves",
        "leaf01",
        "address",
        "asNumber",
        "ssh",
        "port",
        "uplinks",
    ]
) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def _problems(path: Path) -> Sequence[Problem]:
    try:
        load(path)
    except FabricError as error:
        return error.problems
    return ()


def _loads_or_says_why(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.yaml")
        path.write_bytes(content)
        problems = _problems(path)
        if problems:
            lines = [str(problem) for problem in problems]
            assert lines == str(FabricError(problems)).split("\n")
            unplaced = [line for line in lines if not re.match(rf"{re.escape(str(path))}:[1-9][0-9]*: ", line)]
            # What is wrong with the file as a whole has no line.
            assert not unplaced or re.search("x.yaml: (the file is empty|is larger)", unplaced[0]), unplaced
            assert all(line.isprintable() for line in lines), lines


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    _loads_or_says_why(content)


@given(st.text(alphabet=st.sampled_from(list("abn01:-?,[]{}&*!|>'\"%@` #\n\t\\~<=.\u0085\u2028\ufeff")), max_size=120))
def test_any_text_made_of_what_yaml_gives_a_meaning(text: str) -> None:
    _loads_or_says_why(text.encode())


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_mapping(values: dict[str, object]) -> None:
    _loads_or_says_why(yaml.safe_dump(values).encode())


@given(st.integers(0, len(RIGHT)), st.integers(0, 30), st.text(max_size=6))
def test_a_right_file_with_any_part_replaced(start: int, length: int, new: str) -> None:
    _loads_or_says_why((RIGHT[:start] + new + RIGHT[start + length :]).encode("utf-8", "surrogatepass"))


@given(st.data())
def test_a_right_file_with_any_value_replaced(data: st.DataObject) -> None:
    values = yaml.safe_load(RIGHT)
    holder: object = values
    for _ in range(data.draw(st.integers(1, 7))):
        assert isinstance(holder, dict)
        key = data.draw(st.sampled_from(sorted(holder)))
        if not isinstance(holder[key], dict) or not holder[key]:
            break
        last, holder = holder, holder[key]
    else:
        holder = last
        key = data.draw(st.sampled_from(sorted(last)))
    assert isinstance(holder, dict)
    holder[key] = data.draw(VALUES)
    _loads_or_says_why(yaml.safe_dump(values).encode())


@pytest.mark.parametrize(
    "text", ["%YAML 9.9\n---\na: 1\n", "%TAG ! x\n", "a: !<%ff> b", "--- >\n", "\ufeff\ufeffa: 1", "a: \x85"]
)
def test_rare_yaml(text: str) -> None:
    _loads_or_says_why(text.encode())
