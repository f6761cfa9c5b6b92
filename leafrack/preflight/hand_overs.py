"""Leaves by hand, held against the world: what differs there, and how many hand-overs an update waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leafrack.errors import Problem
from leafrack.fabric import hand_over
from leafrack.fabric import leaf as leaves
from leafrack.fabric.hand_over import Secret
from leafrack.platforms import Feature, platform_of
from leafrack.preflight.drift import Comparison, Differences
from leafrack.preflight.transitions import shown_as
from leafrack.sessions import compare, expected
from leafrack.sessions.model import Phase


def differences(comparison: Comparison, rack: str, name: str) -> Differences:
    """What a leaf by hand lacks and has besides, where it was read, and sessions that do not stand as its nodes say."""
    fabric, observed = comparison.fabric, comparison.observed
    found = observed.switches.get(name)
    lines: tuple[str, ...] = ()
    if found is not None:
        platform, wanted = platform_of(fabric.racks[rack].leaves[name].platform), hand_over.job(fabric, rack, name)
        secret = Secret(comparison.passwords.get(rack))
        lines = hand_over.difference(platform, wanted, found, secret).said
    sessions = (
        session
        for node in fabric.border(rack)
        if node in observed.reports
        for session in expected.to_leaves(fabric, rack, node, Phase.FINISHED)
        if session.far.name == name
    )
    rows = (row for row in compare.sessions(sessions, observed.reports) if not row.ok)
    return (*(f"{name}: {line}" for line in lines), *map(str, rows))


def notices(comparison: Comparison, before: Mapping[str, str]) -> Iterator[Problem]:
    """How many hand-overs an update waits for, and what they are; ``before`` is what each leaf was given the last time.

    Of a leaf that cannot be read it is taken to have that, and nothing else.
    """
    for rack, declared in comparison.fabric.racks.items():
        for name, leaf in declared.leaves.items():
            if leaf.by_hand and (text := _needed(comparison, rack, name, before.get(name))):
                yield Problem(text, path=f"racks.{rack}.leaves.{name}")


def _needed(comparison: Comparison, rack: str, name: str, before: str | None) -> str:
    fabric = comparison.fabric
    last, first = hand_over.command(name), hand_over.command(name, first=True)
    start = _as_now(comparison, rack)
    if not leaves.needs_two(fabric, rack, name) or start == fabric.leaf_side_as(rack):
        return f"this update waits for one hand-over: `{last}`" if _lacks(comparison, rack, name, before) else ""
    number = "" if start == fabric.as_number else f"={start}"
    platform = fabric.racks[rack].leaves[name].platform
    why = f"because its nodes change their AS and platform {platform} has no {Feature.ANY_AS}"
    cost = f"from {rack}-as-number on until then it has no session"
    if _lacks(comparison, rack, name, before, start):
        return (
            f"this update waits for two hand-overs, {why}: first `{first}{number}`, and `{last}` once "
            f"{rack}-finished-gate waits; {cost}"
        )
    return f"this update waits for one hand-over, {why}: `{last}` once {rack}-finished-gate waits; {cost}"


def _lacks(comparison: Comparison, rack: str, name: str, before: str | None, start: int | None = None) -> bool:
    """Whether a leaf lacks something of the text, whose neighbours have the AS ``start`` where it needs two of them."""
    fabric = comparison.fabric
    found = comparison.observed.switches.get(name)
    if found is None:
        return before != hand_over.text_of(fabric, rack, name, start)
    platform, wanted = platform_of(fabric.racks[rack].leaves[name].platform), hand_over.job(fabric, rack, name, start)
    return bool(hand_over.difference(platform, wanted, found, Secret(comparison.passwords.get(rack))))


def _as_now(comparison: Comparison, rack: str) -> int:
    """AS that a rack shows its leaves now; of a cluster that cannot be read the one that its nodes start with."""
    fabric, cluster = comparison.fabric, comparison.observed.cluster
    final = fabric.leaf_side_as(rack)
    shown = {} if cluster is None else shown_as(fabric, cluster, rack)
    return next((number for number in shown.values() if number != final), final if shown else fabric.as_number)
