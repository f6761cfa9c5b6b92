"""What reaches a switch cut off, finds its disk full or gets no answer is applied whole or not at all, and says so."""

from __future__ import annotations

import subprocess
import time
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from leafrack.platforms import PrefixList
from leafrack.platforms.frr.platform import FRR
from leafrack.platforms.frr.write import BOUND
from tests.platforms.frr.test_platform import GIVEN, Switch

RUNNING = "router bgp 65009\n neighbor 172.20.0.11 remote-as 64512\nip prefix-list L seq 10 permit 10.2.0.0/16 le 32\n"
LISTS = FRR.render_lists((PrefixList("L", (ip_network("10.9.0.0/16"),)),))
TEXTS = {"a neighbour": GIVEN, "prefix lists": LISTS}


def applied(switch: Switch) -> str | None:
    """What has reached ``vtysh -f``, if anything."""
    return (switch.applied.read_text() or None) if switch.applied.exists() else None


def whole(folder: Path, text: str) -> str:
    """What reaches it when nothing goes wrong."""
    folder.mkdir()
    switch = Switch(folder, RUNNING)
    assert switch.apply(text).returncode == 0
    return switch.applied.read_text()


def sent(switch: Switch, program: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The outcome of a program, or of the part of it that arrived."""
    command, env = ["sh", "-c", before + FRR.run], switch.env
    return subprocess.run(command, input=program, env=env, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_program_that_arrives_in_part_applies_nothing_or_all(tmp_path: Path, text: str) -> None:
    wanted, program = whole(tmp_path / "whole", text), FRR.apply(text)
    switch = Switch(tmp_path, RUNNING)
    # Everywhere in the lines that apply, here and there in what prepares them.
    last = program.index("vtysh -C -f")
    cuts = [*range(0, last, 61), *range(last, len(program), 7)]
    found = set[str | None]()
    for cut in cuts:
        switch.applied.unlink(missing_ok=True)
        sent(switch, program[:cut])
        found.add(applied(switch))
    assert found == {None, wanted}


@pytest.mark.parametrize(
    ("blocks", "running", "says"),
    [
        (1, RUNNING, "cat: "),
        (10, RUNNING + "! somebody else's\n" * 1000, "is its disk full? Nothing was changed"),
    ],
    ids=["the program does not fit", "what the switch says does not fit"],
)
def test_a_full_disk_is_said_and_applies_nothing(tmp_path: Path, blocks: int, running: str, says: str) -> None:
    switch = Switch(tmp_path, running)
    done = sent(switch, FRR.apply(GIVEN), f"trap '' XFSZ; ulimit -f {blocks}; ")
    assert done.returncode != 0
    assert says in done.stderr
    assert applied(switch) is None


COMMANDS = {
    "apply": FRR.run,
    "take a neighbour away": FRR.unrender(65009, ip_address("172.20.0.11")),
    "take lists away": FRR.forget_lists((PrefixList("L", (ip_network("10.9.0.0/16"),)),)),
    "renumber": FRR.renumber(65009, [ip_address("172.20.0.11")], 64513),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_switch_that_does_not_answer_is_left_and_named(tmp_path: Path, command: str) -> None:
    switch = Switch(tmp_path, RUNNING)
    vtysh = tmp_path / "vtysh"
    vtysh.write_text("#!/bin/sh\nsleep 20\n", encoding="utf-8")
    begun = time.monotonic()
    soon = ["sh", "-c", command.replace(f"$bound {BOUND}", "$bound 1")]
    done = subprocess.run(soon, input=FRR.apply(GIVEN), env=switch.env, text=True, capture_output=True, check=False)
    assert time.monotonic() - begun < 10
    assert done.returncode != 0
    assert "the switch has not answered within" in done.stderr


@pytest.mark.parametrize(("running", "does"), [(RUNNING, True), ("router bgp 650091\n", False), ("!\n", False)])
def test_only_the_instance_that_is_meant_loses_a_neighbour(tmp_path: Path, running: str, *, does: bool) -> None:
    switch = Switch(tmp_path, running)
    vtysh = tmp_path / "vtysh"
    told = 'case "$*" in *"configure terminal"*) echo "$*" >>"$0.told" ;; esac\n'
    vtysh.write_text(vtysh.read_text(encoding="utf-8") + told, encoding="utf-8")
    command = ["sh", "-c", FRR.unrender(65009, ip_address("172.20.0.11"))]
    assert subprocess.run(command, env=switch.env, check=False).returncode == 0
    assert (tmp_path / "vtysh.told").exists() is does
