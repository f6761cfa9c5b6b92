"""For every pair of racks: what is missing, and over which path the rest comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leafrack.fabric import Fabric
from leafrack.proof.classes import Classes, samples
from leafrack.proof.model import Hop, Kind, Prefix, What
from leafrack.proof.simulate import Walk

Missing = tuple[Prefix, str]
"""A prefix and the speaker in whose table it should be."""


@dataclass(frozen=True)
class Path:
    """How routes come: speakers from the origin to the holder, AS path (the origin's last), next hops at the holder."""

    speakers: tuple[str, ...]
    as_path: tuple[int, ...]
    next_hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Verdict:
    """Whether the pods of ``origin`` arrive in ``holder``, both racks, in one IP version.

    ``alike`` is the number of pairs that this one stands for. ``services`` says whether all service ranges are in the
    tables of the holder's leaves. ``breaks`` are the speakers each of whose loss alone would break it.
    """

    holder: str
    origin: str
    version: int
    alike: int
    missing: tuple[Missing, ...]
    services: bool
    path: Path | None
    breaks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything arrives everywhere in the rack."""
        return not self.missing


def verdicts(classes: Classes, walk: Walk, failed: str = "") -> Iterator[Verdict]:
    """One for each kind of pair; ``failed`` is a speaker that counts neither as origin nor as holder."""
    fabric = classes.fabric
    for holder, origin in pairs(classes):
        for version in fabric.versions:
            found = tuple(missing(fabric, walk, holder, origin, version, failed=failed))
            yield Verdict(
                holder,
                origin,
                version,
                classes.count(holder, origin),
                found,
                not any(one.what is What.SERVICES for one, _ in found),
                None if failed else _path(fabric, walk, holder, origin, version),
            )


def pairs(classes: Classes) -> tuple[tuple[str, str], ...]:
    """Pairs of racks (holder, origin) that stand for all of the fabric."""
    racks = classes.fabric.racks
    return tuple(dict.fromkeys(classes.like(holder, origin) for holder in racks for origin in racks))


def missing(fabric: Fabric, walk: Walk, holder: str, origin: str, version: int, *, failed: str) -> Iterator[Missing]:
    """Pods of one rack that have no usable route in another's nodes and leaves; service ranges, in its leaves.

    After a failure one node of each kind speaks for the others, and services are not looked at.
    """
    topology = walk.topology
    origins = samples(fabric.racks[origin], failed) if failed else set(fabric.racks[origin].nodes)
    nodes = [name for name in fabric.racks[holder].nodes if name != failed]
    leaves = [name for name in fabric.racks[holder].leaves if name != failed]
    for prefix in topology.origins:
        if prefix.version != version:
            continue
        if prefix.what is What.PODS and prefix.node in origins:
            wanted = [*nodes, *leaves]
        elif prefix.what is What.SERVICES and holder == origin and not failed:
            wanted = leaves
        else:
            continue
        entries = walk.of(prefix).entries
        yield from ((prefix, name) for name in wanted if name not in entries or not entries[name].usable)


def on_spines(fabric: Fabric, walk: Walk, origin: str) -> Iterator[Missing]:
    """Pods of a rack that no usable route leads to from a spine."""
    spines = [name for name, speaker in walk.topology.speakers.items() if speaker.kind is Kind.SPINE]
    for prefix in walk.topology.origins:
        if prefix.what is What.PODS and prefix.node in fabric.racks[origin].nodes:
            entries = walk.of(prefix).entries
            yield from ((prefix, name) for name in spines if name not in entries or not entries[name].usable)


def _path(fabric: Fabric, walk: Walk, holder: str, origin: str, version: int) -> Path | None:
    """Between the last nodes of both racks, members where there are any."""
    for node in reversed(list(fabric.racks[origin].nodes)):
        prefix = next(
            (
                one
                for one in walk.topology.origins
                if one.what is What.PODS and one.node == node and one.version == version
            ),
            None,
        )
        if prefix is None:
            return None  # a fabric that announces services only
        for name in reversed(list(fabric.racks[holder].nodes)):
            entry = walk.of(prefix).entries.get(name)
            if entry is not None and entry.best is not None and entry.usable:
                hops = tuple(sorted(entry.hops))
                return Path((*entry.best.via, name), entry.best.as_path, hops)
    return None
