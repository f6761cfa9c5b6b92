"""The proof: what arrives, what does not and why, and whose loss would break it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from leafrack.errors import Problem
from leafrack.fabric import Fabric
from leafrack.fabric.source import at
from leafrack.fabric.stand_ins import with_stand_ins
from leafrack.proof.classes import MEMBERS_KEPT, Classes, classes
from leafrack.proof.explain import Cause, cause
from leafrack.proof.model import VERSIONS, Entry, Kind, Link, Prefix, Topology, What
from leafrack.proof.sessions import carried, over_limits, standing, within_limits
from leafrack.proof.simulate import Walk
from leafrack.proof.topology import topology
from leafrack.proof.verdict import Missing, Verdict, on_spines, verdicts

_MOST_NAMES = 3

Pair = tuple[str, str, int]
"""A pair of racks: holder, origin, IP version."""


@dataclass(frozen=True)
class SinglePoint:
    """A speaker whose loss cuts pairs of racks (holder, origin, IP version) that do without its own pods.

    ``alike`` is the number of speakers in the fabric that are in the same position.
    """

    speaker: str
    kind: Kind
    rack: str
    alike: int
    cuts: tuple[Pair, ...]


@dataclass(frozen=True)
class Proof:
    """What BGP makes of a fabric. ``verdicts`` has one entry for each kind of pair of racks: see ``of``."""

    fabric: Fabric
    classes: Classes
    verdicts: tuple[Verdict, ...]
    unreachable: tuple[Problem, ...]
    """Findings that must be put right before the fabric can work; ``path`` is the key of the fabric file."""
    single_points: tuple[SinglePoint, ...]

    def of(self, holder: str, origin: str, version: int) -> Verdict:
        """The verdict for any pair of racks: that of the pair that stands for it."""
        pair = self.classes.like(holder, origin)
        return next(one for one in self.verdicts if (one.holder, one.origin, one.version) == (*pair, version))

    @cached_property
    def tables(self) -> Mapping[str, Mapping[Prefix, Entry]]:
        """Every speaker's table, of the whole fabric; grows with the square of the number of nodes."""
        return Walk(standing(topology(self.fabric), {})).tables()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Single points of failure, as findings."""
        return tuple(_warning(self.fabric, point) for point in self.single_points)


def prove(fabric: Fabric) -> Proof:
    """Walk the sessions of a fabric in its final state. Pure; bounded; the fabric need not have passed any check.

    Invented nodes stand for those that a label selects: they are all of one class.
    """
    fabric = with_stand_ins(fabric, MEMBERS_KEPT)
    found = classes(fabric)
    made = carried(topology(found.fabric))
    over = max(over_limits(made, found.stands_for), key=lambda item: item[1], default=None)
    walk = Walk(within_limits(made, found.stands_for))
    judged = tuple(verdicts(found, walk))
    cuts = losses(found, walk, judged)
    return Proof(
        fabric,
        found,
        tuple(
            replace(
                one, breaks=tuple(name for name, cut in cuts.items() if (one.holder, one.origin, one.version) in cut)
            )
            for one in judged
        ),
        tuple(_findings(found, walk, judged)) if over is None else _over(found, made, *over),
        tuple(single_points(found, walk, cuts)),
    )


def _over(found: Classes, made: Topology, link: Link, count: float) -> tuple[Problem, ...]:
    """The number itself, and not all that goes missing with the sessions that it ends."""
    limit = found.fabric.maximum_prefix
    text = (
        f"{link.receiver.speaker} gets at least {count:.0f} routes from {link.sender.speaker}, by every way that the "
        f"node has to them, and ends a session with more than {limit}: give a larger number"
    )
    walk = Walk(made)
    return (Problem(text, "maximumPrefix"), *_findings(found, walk, tuple(verdicts(found, walk))))


@dataclass
class _Group:
    """What one cause keeps away: items by pair of racks (holder, origin), and how many pairs each stands for."""

    why: Cause
    items: dict[tuple[str, str], list[Missing]] = field(default_factory=dict)
    alike: dict[tuple[str, str], int] = field(default_factory=dict)


def _findings(found: Classes, walk: Walk, judged: tuple[Verdict, ...]) -> Iterator[Problem]:
    """One finding for each cause: who does not reach whom, and what to do about it."""
    fabric = found.fabric
    groups: dict[tuple[str, str], _Group] = {}
    for verdict in judged:
        for item in verdict.missing:
            why = cause(fabric, walk, *item)
            group = groups.setdefault((why.about, why.path), _Group(why))
            pair = (verdict.holder, verdict.origin)
            group.items.setdefault(pair, []).append(item)
            group.alike[pair] = verdict.alike
    for group in groups.values():
        yield Problem(_finding(found, group), group.why.path)
    said = {about for about, _ in groups}
    for rack in fabric.racks:
        for item in on_spines(fabric, walk, rack):
            why = cause(fabric, walk, *item)
            if why.about not in said:
                said.add(why.about)
                text = f"{_subject(fabric, rack, [item])} never arrive on spine {item[1]}: {why.text}"
                yield Problem(text, why.path)
    # What is declared and cannot come up, though the routes come by other ways: until those fail.
    for gap in walk.topology.gaps:
        if gap.text not in said:
            said.add(gap.text)
            yield Problem(gap.text, gap.path)


def _finding(found: Classes, group: _Group) -> str:
    """The first pair of different racks speaks for all of them."""
    fabric = found.fabric
    pair = next((pair for pair in group.items if pair[0] != pair[1]), next(iter(group.items)))
    holder, origin = pair
    both = holder != origin and ((origin, holder) in group.items or found.likes[holder] == found.likes[origin])
    whole = sum(count for (one, other), count in group.alike.items() if one != other)
    more = f" ({whole} pairs of racks in all)" if whole > (2 if both else 1) else ""
    other_way = ", nor the other way round" if both else ""
    items = group.items[pair]
    return (
        f"{_subject(fabric, origin, items)} never arrive {_where(fabric, holder, items)}{other_way}: "
        f"{group.why.text}{more}"
    )


def _subject(fabric: Fabric, origin: str, items: list[Missing]) -> str:
    prefix = items[0][0]
    if prefix.what is not What.PODS:
        return f"routes to {prefix.what} {prefix.ranges[0]}"
    versions = sorted({one.version for one, _ in items})
    pods = "pods" if versions == list(fabric.versions) else f"{VERSIONS[versions[0]]} pods"
    nodes = list(dict.fromkeys(one.node for one, _ in items))
    return f"{pods} of {origin if set(nodes) >= set(fabric.racks[origin].nodes) else _listed(nodes)}"


def _where(fabric: Fabric, holder: str, items: list[Missing]) -> str:
    holders = list(dict.fromkeys(name for _, name in items))
    if set(holders) >= set(fabric.racks[holder].nodes):
        return f"in {holder}"
    return f"on {_listed(holders)}"


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def losses(found: Classes, walk: Walk, judged: tuple[Verdict, ...]) -> dict[str, tuple[Pair, ...]]:
    """Pairs of racks that each reflector, leaf and spine breaks when it alone fails, those that break any."""
    fabric, cuts = found.fabric, dict[str, tuple[Pair, ...]]()
    racks = {name: speaker.rack for name, speaker in walk.topology.speakers.items()}
    before = {(one.holder, one.origin, one.version) for one in judged if one.ok}
    for speaker in walk.topology.speakers.values():
        if speaker.assumed or (speaker.kind is Kind.NODE and not speaker.reflector):
            continue
        first = next(iter(found.likes.get(speaker.rack, ())), speaker.rack)
        if first != speaker.rack and not any(cut for name, cut in cuts.items() if racks[name] == first):
            continue  # a rack that breaks nothing, and this one is like it
        left = Walk(carried(walk.topology.without(speaker.name)))
        cuts[speaker.name] = tuple(
            (one.holder, one.origin, one.version)
            for one in verdicts(found, left, speaker.name)
            if _between_nodes(fabric, one) and (one.holder, one.origin, one.version) in before
        )
    return {name: cut for name, cut in cuts.items() if cut}


def single_points(found: Classes, walk: Walk, cuts: Mapping[str, tuple[Pair, ...]]) -> Iterator[SinglePoint]:
    """Those of racks that are alike are the same: the first rack's stand for all."""
    for name, cut in cuts.items():
        speaker = walk.topology.speakers[name]
        alike = found.likes.get(speaker.rack, ())
        if not alike or alike[0] == speaker.rack:
            yield SinglePoint(name, speaker.kind, speaker.rack, max(len(alike), 1), cut)


def _between_nodes(fabric: Fabric, verdict: Verdict) -> bool:
    """Whether a node misses something: what only a leaf misses no longer passes there."""
    return any(name in fabric.racks[verdict.holder].nodes for _, name in verdict.missing)


def _second_leaf(fabric: Fabric, point: SinglePoint) -> str:
    other = next((name for name in fabric.racks[point.rack].leaves if name != point.speaker), None)
    if other is None:
        return "give the rack a second leaf"
    return f"{other} does not take its place: it needs sessions with the same nodes, and uplinks to the same spines"


def _warning(fabric: Fabric, point: SinglePoint) -> Problem:
    inside = any(holder == origin == point.rack for holder, origin, _ in point.cuts)
    versions = {version for _, _, version in point.cuts}
    pods = "pods" if versions == set(fabric.versions) else f"{VERSIONS[min(versions)]} pods"
    more = f" ({point.alike} racks are like this)" if point.alike > 1 else ""
    if point.kind is Kind.SPINE:
        racks = list(dict.fromkeys(rack for holder, origin, _ in point.cuts for rack in (holder, origin)))
        text = f"is a single point of failure: without it {pods} of {_listed(racks)} no longer reach each other"
        return Problem(f"{point.speaker} {text}; link their leaves to a second spine", at("spines", point.speaker))
    outside = any(holder != origin for holder, origin, _ in point.cuts)
    what = " and ".join([*(["each other"] if inside else []), *(["other racks"] if outside else [])])
    text = f"is a single point of failure: without it {pods} of rack {point.rack} no longer reach {what}"
    if point.kind is Kind.LEAF:
        path = at("racks", point.rack, "leaves", point.speaker)
        return Problem(f"{point.speaker} {text}{more}; {_second_leaf(fabric, point)}", path)
    path = at("racks", point.rack, "reflectors", point.speaker)
    return Problem(f"{point.speaker} {text}{more}; make another node one too", path)
