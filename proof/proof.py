"""The proof: what arrives, what does not and why, and whose loss would break it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from config import Fabric, Problem
from config.source import at
from proof.classes import Classes, classes
from proof.explain import Cause, cause
from proof.model import VERSIONS, Entry, Kind, Prefix, What
from proof.network import network
from proof.simulate import Walk
from proof.verdict import Missing, Verdict, on_spines, verdicts

_MOST_NAMES = 3


@dataclass(frozen=True)
class SinglePoint:
    """A speaker whose loss cuts pairs of racks (holder, origin, IP version) that do without its own pods.

    ``alike`` is the number of speakers in the fabric that are in the same position.
    """

    speaker: str
    kind: Kind
    rack: str
    alike: int
    cuts: tuple[tuple[str, str, int], ...]


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
        return Walk(network(self.fabric)).tables()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Single points of failure, as findings."""
        return tuple(_warning(self.fabric, point) for point in self.single_points)


def prove(fabric: Fabric) -> Proof:
    """Walk the sessions of a fabric in its final state. Pure; bounded; the fabric need not have passed any check."""
    found = classes(fabric)
    small = found.fabric
    walk = Walk(network(small))
    judged = tuple(verdicts(found, walk))
    return Proof(
        fabric,
        found,
        judged,
        tuple(_findings(found, walk, judged)),
        tuple(_single_points(found, walk, judged)),
    )


def _findings(found: Classes, walk: Walk, judged: tuple[Verdict, ...]) -> Iterator[Problem]:
    """One finding for each cause and kind of pair; a pair that fails both ways for one cause is one finding."""
    fabric = found.fabric
    grouped: dict[tuple[str, str, str, int], tuple[Cause, str, str, list[Missing], int, set[str]]] = {}
    for verdict in judged:
        for item in verdict.missing:
            why = cause(fabric, walk, *item)
            first, second = sorted((verdict.holder, verdict.origin))
            key = (why.about, *((first, second) if item[0].what is What.PODS else ("", "")), verdict.version)
            known = grouped.setdefault(key, (why, verdict.holder, verdict.origin, [], verdict.alike, set()))
            known[5].add(verdict.origin)
            if verdict.origin == known[2]:
                known[3].append(item)
    said = {key[0] for key in grouped}
    for why, holder, origin, items, alike, origins in grouped.values():
        both = ", nor the other way round" if len(origins) > 1 and holder != origin else ""
        more = f" ({alike - 1} more like this)" if alike > 1 and len(found.likes[holder]) > 2 else ""
        text = f"{_subject(fabric, origin, items)} never arrive {_where(fabric, holder, items)}{both}: {why.text}{more}"
        yield Problem(text, why.path)
    for rack in fabric.racks:
        missing = [(one, why) for one in on_spines(fabric, walk, rack) if (why := cause(fabric, walk, *one)).about not in said]
        for (prefix, spine), why in missing[:1]:
            yield Problem(f"{_pods(fabric, prefix)} {rack} never arrive on spine {spine}: {why.text}", why.path)


def _pods(fabric: Fabric, prefix: Prefix) -> str:
    return f"{VERSIONS[prefix.version]} pods of" if len(fabric.versions) > 1 else "pods of"


def _subject(fabric: Fabric, origin: str, items: list[Missing]) -> str:
    prefix = items[0][0]
    if prefix.what is not What.PODS:
        return f"routes to {prefix.what} {prefix.ranges[0]}"
    nodes = list(dict.fromkeys(one.node for one, _ in items))
    whole = set(nodes) >= set(fabric.racks[origin].nodes)
    return f"{_pods(fabric, prefix)} {origin if whole else _listed(nodes)}"


def _where(fabric: Fabric, holder: str, items: list[Missing]) -> str:
    holders = list(dict.fromkeys(name for _, name in items))
    if set(holders) >= set(fabric.racks[holder].nodes):
        return f"in {holder}"
    return f"on {_listed(holders)}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")


def _single_points(found: Classes, walk: Walk, judged: tuple[Verdict, ...]) -> Iterator[SinglePoint]:
    fabric = found.fabric
    before = {(one.holder, one.origin, one.version) for one in judged if one.ok}
    seen: set[tuple[str, ...]] = set()
    for speaker in walk.network.speakers.values():
        alike = found.likes.get(speaker.rack, ())
        # Racks that are alike have the same single points: one of them is looked at.
        if speaker.assumed or (speaker.kind is Kind.NODE and not speaker.reflector) or alike in seen:
            continue
        if alike and alike[0] != speaker.rack:
            continue
        left = Walk(walk.network.without(speaker.name))
        cuts = tuple(
            (one.holder, one.origin, one.version)
            for one in verdicts(found, left, speaker.name)
            if not one.ok and (one.holder, one.origin, one.version) in before
        )
        if cuts:
            yield SinglePoint(speaker.name, speaker.kind, speaker.rack, max(len(alike), 1), cuts)


def _warning(fabric: Fabric, point: SinglePoint) -> Problem:
    inside = any(holder == origin == point.rack for holder, origin, _ in point.cuts)
    versions = {version for _, _, version in point.cuts}
    pods = "pods" if versions == set(fabric.versions) else " and ".join(f"{VERSIONS[one]} pods" for one in sorted(versions))
    more = f" ({point.alike - 1} more racks like this)" if point.alike > 1 else ""
    if point.kind is Kind.SPINE:
        racks = list(dict.fromkeys(rack for holder, origin, _ in point.cuts for rack in (holder, origin)))
        text = f"spine {point.speaker} is a single point of failure: without it {pods} of {_listed(racks)} no longer reach"
        return Problem(f"{text} each other; link their leaves to a second spine", at("spines", point.speaker))
    what = "each other and other racks" if inside else "other racks"
    text = f"is a single point of failure: without it {pods} of rack {point.rack} no longer reach {what}"
    if point.kind is Kind.LEAF:
        path = at("racks", point.rack, "leaves", point.speaker)
        return Problem(f"leaf {point.speaker} {text}{more}; give the rack a second leaf", path)
    path = at("racks", point.rack, "reflectors", point.speaker)
    return Problem(f"route reflector {point.speaker} {text}{more}; make another node one too", path)
