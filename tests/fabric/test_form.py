"""A fabric file that is no fabric file: every way of it ends in a line that says where and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leafrack.fabric.load import load
from leafrack.fabric.source import LARGEST_FILE
from tests.fabric.fabric_files import RIGHT, changed, errors_of, line_of

Errors = Callable[[str], list[str]]


def test_a_right_file_loads_without_a_word(errors: Errors, tmp_path: Path) -> None:
    assert errors(RIGHT) == []
    assert load(tmp_path / "x.yaml").warnings == ()


def test_a_missing_file_and_a_folder_end_in_one_line_each(tmp_path: Path) -> None:
    assert errors_of(tmp_path / "none.yaml") == ["none.yaml: no such file"]
    (tmp_path / "folder").mkdir()
    assert errors_of(tmp_path / "folder") == ["folder: is a folder, not a file"]
    assert errors_of(Path("bad\0name")) == ["bad\\x00name: cannot be read: embedded null byte"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "x.yaml: the file is empty: a fabric file starts with name, podCIDRs and racks"),
        (b"# nothing\n", "x.yaml: the file is empty: a fabric file starts with name, podCIDRs and racks"),
        (b"name: dc1\nx: \xff\xfe\n", "x.yaml:2: is not UTF-8 text: save it as UTF-8"),
        (b"name: dc1\nx: \x00\n", "x.yaml:2: has a control character (U+0000)"),
        (b"- a\n- b\n", "x.yaml:1: the file must hold a mapping (name: \xe2\x80\xa6, racks: \xe2\x80\xa6)"),
        (b"just text\n", "x.yaml:1: the file must hold a mapping (name: \xe2\x80\xa6, racks: \xe2\x80\xa6)"),
        (
            b"a: 1\n---\nb: 2\n",
            "x.yaml:2: a second document starts here: a fabric file is one document, remove the '---'",
        ),
        (b"a:\n\t- b\n", "x.yaml:2: a tab stands where YAML wants spaces"),
        (b"a: [1,\nb: 2\n", "x.yaml:3: not valid YAML:"),
        (b"a: b: c\n", "x.yaml:1: not valid YAML: mapping values are not allowed here"),
        (b'name: "\\UFFFFFFFF"\n', "x.yaml:1: not valid YAML: a character escape that does not exist"),
        (b'name: "\\ud800"\n', "x.yaml:1: name: has a control character or a line break"),
        (b'name: "a\\nb"\n', "x.yaml:1: name: has a control character or a line break"),
        (b'"na\\ame": 1\n', "x.yaml:1: na\\x07me: has a control character in its name"),
        (b"? [a]\n: 1\n", "x.yaml:1: a key must be text, not a list or a mapping"),
        (b"a: " + b"[" * 5000, "x.yaml:1: not valid YAML: nested deeper than 16 levels"),
        (b"a: " + b"{b: " * 5000, "x.yaml:1: not valid YAML: nested deeper than 16 levels"),
        (b"#" * (LARGEST_FILE + 1), "x.yaml: is larger than 1 MiB"),
    ],
)
def test_what_is_no_fabric_file_ends_in_one_clear_line(content: bytes, expected: bytes | str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    (line,) = errors_of(path)
    assert line.startswith(str(expected).replace("\xe2\x80\xa6", "…"))


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())
    assert errors_of(path) == []


def test_anchors_aliases_merge_keys_and_tags_are_refused_all_at_once(errors: Errors) -> None:
    text = "name: &n dc1\nracks:\n  rr1: *n\n  rr2: {<<: {a: 1}}\npodCIDRs: !!python/object:os.system [x]\n"
    assert errors(text) == [
        "x.yaml:1: anchors (&n) are not supported: write the value out",
        "x.yaml:3: aliases (*n) are not supported: write the value out",
        "x.yaml:4: racks.rr2: merge keys (<<) are not supported: write the values out",
        "x.yaml:5: tags (tag:yaml.org,2002:python/object:os.system) are not supported: remove it",
    ]


def test_an_alias_bomb_is_refused_without_being_built(errors: Errors) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]\n" for n in range(1, 40))
    assert errors(bomb)[0] == "x.yaml:1: anchors (&a0) are not supported: write the value out"


def test_a_key_given_twice_names_both_lines(errors: Errors) -> None:
    text = changed(("    members: {node6", "    asNumber: 64999\n    members: {node6"))
    first, second = line_of(text, "asNumber: 64513"), line_of(text, "64999")
    assert errors(text) == [f"x.yaml:{second}: racks.rr2.asNumber: is given twice, first on line {first}: keep one"]


def test_names_and_addresses_that_yaml_1_1_takes_for_something_else_stay_text(errors: Errors, tmp_path: Path) -> None:
    text = changed(("  rr1:", "  no:"), ("{node1:", "{on:"), ("node2:", "2026-01-01:"), ("node3:", "0x10:"))
    assert errors(text) == []
    fabric = load(tmp_path / "x.yaml").fabric
    assert list(fabric.racks["no"].nodes) == ["on", "2026-01-01", "0x10"]


def test_an_ipv6_address_of_digits_is_no_number(errors: Errors, tmp_path: Path) -> None:
    text = changed(("100.0.0.2", "2001:10:20:30:40:50:1:2"), ("100.0.0.1", "2001:10:20:30:40:50:1:1"))
    assert errors(text) == []
    uplink = load(tmp_path / "x.yaml").fabric.racks["rr1"].leaves["leaf01"].uplinks["spine1"]
    assert str(uplink.address) == "2001:10:20:30:40:50:1:2"


def test_every_value_knows_its_line(errors: Errors, tmp_path: Path) -> None:
    errors(RIGHT)
    lines = load(tmp_path / "x.yaml").lines
    for path, part in (
        ("name", "name: dc1"),
        ("podCIDRs[0]", "podCIDRs"),
        ("racks.rr1", "rr1:"),
        ("racks.rr1.leaves.leaf01.asNumber", "65009"),
        ("racks.rr2.members.node6", "node6"),
    ):
        assert lines[path] == f"{tmp_path}/x.yaml:{line_of(RIGHT, part)}"
