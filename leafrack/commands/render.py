"""``leafrack render LEAF FABRIC.yaml``: leafrack's part of a leaf's configuration, as an operator would write it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from leafrack.commands import command_line
from leafrack.commands.command_line import HOLDS, UNUSABLE
from leafrack.errors import FabricError, shown
from leafrack.fabric import Fabric, leaf
from leafrack.fabric.load import load_fabric
from leafrack.fabric.wording import did_you_mean
from leafrack.platforms import Job, Task, platform_of


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0 when it was printed, 2 when there is no such fabric or leaf."""
    parser = command_line.parser(
        "render",
        holds="it was printed",
        unusable="the fabric file cannot be used, or has no such leaf",
        more="Prefix lists and neighbours as they\nare in the end; passwords are the stack's and not in it.",
    )
    parser.add_argument("leaf", metavar="LEAF", help="name of the leaf in the fabric file")
    command_line.add_fabric(parser, "that declares the leaf")
    command_line.add_json(parser, "it and what it is for")
    chosen = parser.parse_args(given)
    try:
        fabric = load_fabric(chosen.fabric, chosen.overlay)
    except FabricError as error:
        return command_line.unusable(error, as_json=chosen.json)
    rack_of = {name: rack for rack, declared in fabric.racks.items() for name in declared.leaves}
    rack = rack_of.get(chosen.leaf)
    if rack is None:
        known = did_you_mean(chosen.leaf, rack_of)
        command_line.complain(f"{chosen.fabric}: there is no leaf '{shown(chosen.leaf)}'{known}")
        return UNUSABLE
    text = text_of(fabric, rack, chosen.leaf)
    if chosen.json:
        platform = str(fabric.racks[rack].leaves[chosen.leaf].platform)
        command_line.answer({"leaf": chosen.leaf, "rack": rack, "platform": platform, "text": text})
    else:
        sys.stdout.write(text)
    return HOLDS


def text_of(fabric: Fabric, rack: str, name: str) -> str:
    """What is ours on a leaf when everything is applied, in its platform's words."""
    declared = fabric.racks[rack].leaves[name]
    final = fabric.leaf_side_as(rack)
    lists = leaf.prefix_lists(fabric)
    neighbours = tuple(
        replace(neighbour, as_number=final)
        for of_node in leaf.neighbours(fabric, rack, name).values()
        for neighbour in of_node
    )
    own = tuple(each.name for each in lists)
    job = Job(Task.SESSIONS, declared.as_number, own, lists, neighbours, final_as=final)
    return platform_of(declared.platform).text(job)
