"""What annet's rulebook of H3C (MIT) would enter for the same change: an opinion that is not ours, where installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from ipaddress import ip_network

import pytest

from leafrack.platforms import PrefixList, Task
from leafrack.platforms.comware.platform import COMWARE
from tests.platforms.comware.test_writing import NODE, PEER, entered, has, job, runs

pytest.importorskip("annet", reason="annet is not installed: pip install annet")

LIST = PrefixList("IN", (ip_network("10.0.0.0/8"), ip_network("10.9.9.9/32")))
SHOWN = COMWARE.text(job(NODE, lists=(LIST,)))
ENTRY = "ip prefix-list IN index 10 permit 10.9.9.9 32\n"


@pytest.fixture(scope="module")
def patch() -> Callable[[str, str], set[str]]:
    """Lines that make a configuration of another, as annet has it; what only enters and leaves views is left out."""
    hardware = import_module("annet.hardware")
    hardware.hardware_connector.set(hardware.AnnetHardwareProvider)
    box = import_module("annet.annlib.netdev.views.hardware").HardwareView("H3C S6800", "")
    rules = import_module("annet.rulebook").DefaultRulebookProvider().get_rulebook(box)
    patching, parser = import_module("annet.annlib.patching"), import_module("annet.vendors.tabparser")
    form = import_module("annet.vendors").registry_connector.get().match(box).make_formatter()

    def lines(old: str, new: str) -> set[str]:
        trees = [parser.parse_to_tree(text, form.split) for text in (old, new)]
        steps = patching.make_pre(patching.make_diff(*trees, rules, []))
        return plain(form.patch(patching.make_patch(pre=steps, rb=rules, hw=box, add_comments=False)).splitlines())

    return lines


def plain(lines: list[str]) -> set[str]:
    views = ("bgp ", "address-family ", "quit", "#")
    return {line.strip() for line in lines if line.strip() and not line.strip().startswith(views)}


def as_shown(text: str) -> str:
    """A configuration as Comware shows it: a view ends by its indent."""
    return "".join(f"{line}\n" for line in text.splitlines() if line.strip() != "quit")


def test_a_new_neighbour_with_its_list_is_the_same_lines(patch: Callable[[str, str], set[str]]) -> None:
    assert patch("", as_shown(SHOWN)) == plain(entered(job(NODE, lists=(LIST,)), runs()))


def test_another_as_takes_the_neighbour_down_and_enters_all_of_it_again(patch: Callable[[str, str], set[str]]) -> None:
    old = as_shown(COMWARE.text(job(NODE)))
    ours = plain(entered(job(NODE, task=Task.AS_NUMBERS), runs(has())))
    assert f"undo {PEER}" in ours
    assert patch(old, old.replace("64512", "64601")) == ours


def test_an_entry_goes_by_its_index(patch: Callable[[str, str], set[str]]) -> None:
    one = PrefixList("IN", LIST.prefixes[:1])
    numbers = {"permit 10.0.0.0 8 less-equal 32": 5, "permit 10.9.9.9 32": 10}
    ours = plain(entered(job(lists=(one,)), runs(IN=numbers)))
    assert patch(as_shown(SHOWN), as_shown(SHOWN.replace(ENTRY, ""))) == ours == {"undo ip prefix-list IN index 10"}
