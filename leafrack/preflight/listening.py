"""Ranges in which leaves take neighbours: those of others in the place of ours, and sessions that move to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leafrack.errors import Problem
from leafrack.fabric import Fabric, leaf, names
from leafrack.platforms import ListenerState, NeighbourState, PlayedPlatform, SwitchState, platform_of
from leafrack.preflight.foreign import listed

LISTED = 3
"""Addresses that a line names."""


def overlaps(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    """Ranges of somebody else that overlap ours: a switch refuses the second, or a node comes by the wrong one."""
    for rack, name, state in _leaves(fabric, switches):
        for ours in leaf.listeners(fabric, rack, name):
            for has in state.listeners.values():
                if has.prefix.overlaps(ours.prefix) and has.group != ours.group and not _ours(fabric, has):
                    group = f" for its group {has.group}" if has.group else ""
                    text = (
                        f"{name} takes neighbours in {has.prefix}{group} already, which overlaps {ours.prefix}, where "
                        f"it is to take those of rack {rack}: take that range away on {name} first"
                    )
                    yield Problem(text, path=f"racks.{rack}.leaves.{name}")


def findings(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    """Nodes that have come by a range that stays and are to have a name: no job that is played ends such a session."""
    for rack, name, state in _leaves(fabric, switches):
        declared = fabric.racks[rack].leaves[name]
        if declared.by_hand or not isinstance(platform_of(declared.platform), PlayedPlatform):
            continue
        stay = {one.prefix for one in leaf.listeners(fabric, rack, name)} & set(state.listeners)
        named = [
            node
            for node, ends in leaf.neighbours(fabric, rack, name).items()
            if any((has := state.neighbours.get(end.address)) and has.came_by in stay for end in ends)
        ]
        if named:
            text = (
                f"{listed(named)} {'has' if len(named) == 1 else 'have'} come to {name} by a range that stays, and "
                f"platform {declared.platform} gives no name to who has: write all members of rack {rack} by name, run "
                "pulumi up, then write the label for the others again"
            )
            yield Problem(text, path=f"racks.{rack}.reflectors")


def notices(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[Problem]:
    """Sessions that end because a node that had a name on its leaf comes by a range from now on, or gets a name."""
    for rack in fabric.racks:
        here = ((name, switches[name]) for name in fabric.racks[rack].leaves if name in switches)
        moving = {name: found for name, state in here if (found := _moving(fabric, rack, name, state))}
        if moving:
            yield Problem(_cost(fabric, rack, moving), path=f"racks.{rack}.members")


def _moving(fabric: Fabric, rack: str, name: str, state: SwitchState) -> list[NeighbourState]:
    named = {one.address for each in leaf.neighbours(fabric, rack, name).values() for one in each}
    ranges = [one.prefix for one in leaf.listeners(fabric, rack, name)]
    ours = {prefix for prefix, has in state.listeners.items() if _ours(fabric, has)}
    return [
        has
        for address, has in state.neighbours.items()
        if has.established
        and (
            (has.came_by in ours and address in named)
            or (_ours(fabric, has) and address not in named and any(address in prefix for prefix in ranges))
        )
    ]


def _cost(fabric: Fabric, rack: str, moving: Mapping[str, list[NeighbourState]]) -> str:
    to = "come by a range from now on" if fabric.listens(rack) else "get names on their leaves"
    nodes = sorted({one.address for found in moving.values() for one in found}, key=str)
    few = ", ".join(map(str, nodes[:LISTED])) + (f" and {len(nodes) - LISTED} more" if len(nodes) > LISTED else "")
    what = f"nodes of rack {rack} {to} ({few}): each session to a leaf ends once, and the node connects again"
    if len(fabric.racks[rack].leaves) > 1:
        return f"{what}; one leaf after the other, so that the other one carries their packets meanwhile"
    leaf_name = next(iter(moving))
    return f"{what}; they have no other leaf than {leaf_name}, and reach no pod by it until then, some seconds"


def _ours(fabric: Fabric, has: ListenerState | NeighbourState) -> bool:
    return bool({has.list_in, has.list_out} & set(names.own_lists(fabric.name)))


def _leaves(fabric: Fabric, switches: Mapping[str, SwitchState]) -> Iterator[tuple[str, str, SwitchState]]:
    for rack, declared in fabric.racks.items():
        yield from ((rack, name, switches[name]) for name in declared.leaves if name in switches)
