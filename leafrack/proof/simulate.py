"""Walking the sessions: announcements until nothing changes, then the table of every speaker.

Pods and services are walked after the connected subnets, because BIRD resolves a next hop through its table and never
through another BGP route (``rt_update_hostentry``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import NamedTuple

from leafrack.addresses import Address
from leafrack.platforms.reading import Multipath
from leafrack.proof.model import DEFAULT_GATEWAY, Entry, Hop, Kind, Link, Prefix, Route, Speaker, Topology, What
from leafrack.proof.rules import Refusal, received, sent, wants_connected

MOST_VISITS = 200
"""Times that each speaker may be looked at for a prefix, on average, before its routes count as unstable."""

_FAR = 1 << 32
"""Metric of a next hop that is not connected (BIRD: IGP_METRIC_UNKNOWN)."""

OWN = Route((), IPv4Address(0), ())
"""What a speaker announces itself; its next hop is set when it is sent."""

Rib = dict[Link, tuple[Route, ...]]
"""Routes of a prefix that a speaker has taken in, by the link that they came over."""


@dataclass(frozen=True)
class Walked:
    """What became of one prefix: what every speaker took in, and its table entry."""

    ribs: Mapping[str, Rib]
    entries: Mapping[str, Entry]
    stable: bool = True


@dataclass
class Walk:
    """All prefixes of a topology; each is walked when it is first asked for, connected subnets first."""

    topology: Topology
    _done: dict[Prefix, Walked] = field(default_factory=dict)
    _learned: dict[str, list[Prefix]] | None = None

    def of(self, prefix: Prefix) -> Walked:
        """What became of a prefix."""
        if prefix not in self._done:
            self._done[prefix] = self._walk(prefix)
        return self._done[prefix]

    def tables(self) -> dict[str, dict[Prefix, Entry]]:
        """Every speaker's table, unusable routes included."""
        tables: dict[str, dict[Prefix, Entry]] = {name: {} for name in self.topology.speakers}
        for prefix in self.topology.origins:
            for name, entry in self.of(prefix).entries.items():
                tables[name][prefix] = entry
        return tables

    def _walk(self, prefix: Prefix) -> Walked:
        topology = self.topology
        origins = topology.origins.get(prefix, ())
        ribs: dict[str, Rib] = {name: {} for name in topology.speakers}
        waiting = deque(origins)
        budget = MOST_VISITS * (len(topology.speakers) + 1)
        while waiting and budget:
            budget -= 1
            name = waiting.popleft()
            held = list(self.offered(name, prefix, ribs[name]))
            for link in topology.links[name]:
                if link.version != prefix.version:
                    continue
                taken = _taken(topology, link, prefix, held)
                neighbour = ribs[link.receiver.speaker]
                if neighbour.get(link, ()) != taken:
                    neighbour[link] = taken
                    if link.receiver.speaker not in waiting:
                        waiting.append(link.receiver.speaker)
        entries = {name: entry for name, rib in ribs.items() if (entry := self._entry(name, prefix, rib)) is not None}
        return Walked(ribs, entries, stable=not waiting)

    def offered(self, name: str, prefix: Prefix, rib: Rib) -> Iterator[tuple[Route, Link | None]]:
        """What a speaker passes on: a node every path (Calico sets ``add paths on``), a switch its best one."""
        own = name in self.topology.origins.get(prefix, ())
        if own:
            yield OWN, None
        if self.topology.speakers[name].kind is Kind.NODE:
            yield from ((route, link) for link, routes in rib.items() for route in routes)
        elif not own and (ranked := self._ranked(name, prefix, rib)):
            yield ranked[0]

    def _entry(self, name: str, prefix: Prefix, rib: Rib) -> Entry | None:
        if name in self.topology.origins.get(prefix, ()):
            return Entry(own=True)
        speaker = self.topology.speakers[name]
        if rib and any(range_ in speaker.subnets for range_ in prefix.ranges):
            return Entry(own=True)  # a connected route comes before one of BGP
        if speaker.kind is Kind.NODE:
            return self._bird_entry(name, prefix, rib)
        ranked = self._ranked(name, prefix, rib)
        if not ranked:
            refused = next((route for routes in rib.values() for route in routes), None)
            return Entry(best=refused) if refused else None
        best = ranked[0]
        equal = [one for one in ranked if one is best or _shares(speaker.behaviour.multipath, one, best)]
        return Entry(hops=frozenset(self._hop(route.next_hop) for route, _ in equal), best=best[0])

    def _ranked(self, name: str, prefix: Prefix, rib: Rib) -> list[tuple[Route, Link]]:
        """Usable ones, best first. Of equal external paths a switch keeps the older; this keeps the shorter way."""

        def rank(item: tuple[Route, Link]) -> tuple[int, bool, int, int, int, int]:
            route, link = item
            return (len(route.as_path), link.internal, len(route.via), *self._last(route, link))

        speaker = self.topology.speakers[name]
        usable = (
            (route, link)
            for link, routes in rib.items()
            for route in routes
            if not self._tracks(speaker, link) or self._tracked(name, prefix, route.next_hop)
        )
        return sorted(usable, key=rank)

    def _tracks(self, speaker: Speaker, link: Link) -> bool:
        """Whether next hops of routes over a session need a route; those that have to be connected have been seen."""
        behaviour = speaker.behaviour
        return behaviour.tracks_next_hop and (
            link.internal or (behaviour.connected_next_hop and not wants_connected(speaker, link))
        )

    def _tracked(self, name: str, prefix: Prefix, next_hop: Address) -> bool:
        """A switch's next hop tracking: connected, or in a subnet that a usable route leads to."""
        if any(next_hop in subnet for subnet in self.topology.speakers[name].subnets):
            return True
        return prefix.what is not What.SUBNET and any(
            next_hop in range_
            for learned in self._subnets(name)
            if self.of(learned).entries[name].usable
            for range_ in learned.ranges
        )

    def _bird_entry(self, name: str, prefix: Prefix, rib: Rib) -> Entry | None:
        """``bgp_rte_better`` and, for `merge paths on`, ``bgp_rte_mergable``."""
        ranked = []
        for link, routes in rib.items():
            for route in routes:
                hop, metric = self._resolved(name, prefix, route.next_hop)
                first = (hop is None, len(route.as_path), link.internal, metric)
                ranked.append((first, self._last(route, link), route, hop))
        if not ranked:
            return None
        ranked.sort(key=lambda item: item[:2])
        best = ranked[0]
        hops = frozenset(hop for first, _, _, hop in ranked if first == best[0] and hop is not None)
        return Entry(hops=hops, best=best[2])

    def _last(self, route: Route, link: Link) -> tuple[int, int, int]:
        """The last steps of RFC 4271 §9.1.2.2 with RFC 4456 §9: router or originator ID, cluster list, address."""
        peer = self.topology.speakers[link.sender.speaker].router_id
        originator = peer if route.originator is None else route.originator
        return originator, len(route.clusters), int(link.sender.address)

    def _resolved(self, name: str, prefix: Prefix, next_hop: Address) -> tuple[Hop | None, int]:
        speaker = self.topology.speakers[name]
        if next_hop in speaker.addresses:
            return None, _FAR
        if any(next_hop in subnet for subnet in speaker.subnets):
            return self._hop(next_hop), 0
        if prefix.what is not What.SUBNET and any(
            next_hop in range_ for learned in self._subnets(name) for range_ in learned.ranges
        ):
            return None, _FAR
        return (DEFAULT_GATEWAY, _FAR) if speaker.gateway else (None, _FAR)

    def _subnets(self, name: str) -> list[Prefix]:
        if self._learned is None:
            self._learned = {name: [] for name in self.topology.speakers}
            for prefix in self.topology.origins:
                if prefix.what is What.SUBNET:
                    for holder, entry in self.of(prefix).entries.items():
                        if not entry.own:
                            self._learned[holder].append(prefix)
        return self._learned[name]

    def _hop(self, address: Address) -> Hop:
        return Hop(self.topology.owners.get(address, ""), str(address))


def _passed(
    topology: Topology, link: Link, prefix: Prefix, held: Iterable[tuple[Route, Link | None]]
) -> Iterator[Route]:
    for route, source in held:
        if source is not None and source.number == link.number and link.receiver.speaker == route.via[-1]:
            continue  # back to where it came from: every receiver refuses or ignores it
        outcome = sent(topology, link, prefix, route, source)
        if not isinstance(outcome, Refusal):
            outcome = received(topology, link, prefix, outcome)
        if not isinstance(outcome, Refusal):
            yield outcome


def _shares(multipath: Multipath, one: tuple[Route, Link], best: tuple[Route, Link]) -> bool:
    """Whether a switch uses a route together with the best one."""
    (route, link), (first, over) = one, best
    if multipath is Multipath.NONE or link.internal != over.internal:
        return False
    same = route.as_path == first.as_path
    return same if multipath is Multipath.SAME_PATH else len(route.as_path) == len(first.as_path)


def passed(walk: Walk, link: Link, prefix: Prefix) -> Iterator[Route]:
    """Routes to a prefix that get over a link: a node sends every path that it has, a switch the best."""
    held = walk.offered(link.sender.speaker, prefix, walk.of(prefix).ribs[link.sender.speaker])
    return _passed(walk.topology, link, prefix, held)


def _taken(
    topology: Topology, link: Link, prefix: Prefix, held: Iterable[tuple[Route, Link | None]]
) -> tuple[Route, ...]:
    """What a neighbour takes in. Of paths that differ only in who reflected them the shortest stands for all."""
    found: dict[tuple[object, ...], Route] = {}
    for outcome in _passed(topology, link, prefix, held):
        key = (outcome.as_path, outcome.next_hop, outcome.originator)
        known = found.get(key)
        if known is None or (len(outcome.clusters), outcome.via) < (len(known.clusters), known.via):
            found[key] = outcome
    if len(found) < 2:
        return tuple(found.values())
    return tuple(sorted(found.values(), key=lambda route: (route.as_path, route.via, str(route.next_hop))))


class Drop(NamedTuple):
    """A route that does not get over a link, as it was or would have been sent, and the rule that stops it."""

    link: Link
    route: Route
    rule: Refusal


def drops(walk: Walk, prefix: Prefix) -> Iterator[Drop]:
    """Links over which a prefix does not get although their sender has it, with the rule that stops it."""
    topology = walk.topology
    ribs = walk.of(prefix).ribs
    for name, rib in ribs.items():
        held = list(walk.offered(name, prefix, rib))
        for link in topology.links[name]:
            if link.version == prefix.version and not ribs[link.receiver.speaker].get(link):
                for route, source in held:
                    outcome = sent(topology, link, prefix, route, source)
                    if not isinstance(outcome, Refusal):
                        on_wire = outcome
                        outcome = received(topology, link, prefix, on_wire)
                        if isinstance(outcome, Refusal):
                            yield Drop(link, on_wire, outcome)
                    else:
                        yield Drop(link, route, outcome)
