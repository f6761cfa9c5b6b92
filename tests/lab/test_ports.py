"""Port blocks: two labs on one machine do not meet."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from pathlib import Path

import pytest

from lab.ports import SIZE, candidates, claim


def test_a_folder_begins_its_search_at_a_place_of_its_own_and_tries_every_block_once() -> None:
    one, other = list(candidates(Path("/a"), None)), list(candidates(Path("/b"), None))
    assert one[0] != other[0]
    assert sorted(one) == sorted(other)
    assert len(set(one)) == len(one)
    assert all(block >= 20000 and block + SIZE <= 32768 for block in one)


def test_the_block_of_last_time_comes_first() -> None:
    kept = list(candidates(Path("/a"), None))[7]
    assert next(candidates(Path("/a"), kept)) == kept


def test_a_claimed_block_is_kept_in_the_file_and_found_again(tmp_path: Path) -> None:
    first = claim(tmp_path, tmp_path / "ports.json")
    first.lock.close()
    again = claim(tmp_path, tmp_path / "ports.json")
    with closing(again.lock):
        assert again.ports == first.ports
        assert json.loads((tmp_path / "ports.json").read_text())["base"] == again.ports.base


def test_two_labs_with_the_same_first_choice_get_different_blocks(tmp_path: Path) -> None:
    one, other = (claim(tmp_path, tmp_path / name) for name in ("one.json", "other.json"))
    with closing(one.lock), closing(other.lock):
        assert one.ports != other.ports


def test_a_block_with_a_port_in_use_is_passed_over(tmp_path: Path) -> None:
    first = claim(tmp_path, tmp_path / "ports.json")
    first.lock.close()
    with closing(socket.create_server(("127.0.0.1", first.ports.base + SIZE - 1))):
        second = claim(tmp_path, tmp_path / "ports.json")
        second.lock.close()
    assert second.ports != first.ports


@pytest.mark.parametrize("text", ["", "[]", '{"base": "x"}', '{"base": 1}', "{"])
def test_a_damaged_ports_file_is_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)
    found = claim(tmp_path, tmp_path / "ports.json")
    with closing(found.lock):
        assert json.loads((tmp_path / "ports.json").read_text())["base"] == found.ports.base
