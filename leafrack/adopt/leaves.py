"""Leaves of a rack as its BGPPeers and the switches themselves tell them, and the spines behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from leafrack.addresses import Address
from leafrack.adopt.facts import Facts, FoundRack, KnownLeaf, Path, Remark, listed, peer_address
from leafrack.adopt.settings import InFile, remarks
from leafrack.platforms import NeighbourState, platform_of
from leafrack.world.cluster import PeerState

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass
class FoundLeaf:
    """A leaf of a rack: the BGPPeers that lead to it by address, and the switch behind them where it answered."""

    name: str
    named_by: str
    addresses: dict[str, list[tuple[PeerState, frozenset[str]]]]
    known: KnownLeaf | None = None
    values: dict[str, Any] = field(default_factory=dict)
    override: list[bool] = field(default_factory=list)
    """Whether the leaf puts its own AS in place of the rack's, for each neighbour that stays."""
    border: list[NeighbourState] = field(default_factory=list)
    """Neighbours that stay."""


@dataclass
class Spines:
    """Switches that are neighbours of leaves and no nodes: by AS number and router ID."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[Path, str] = field(default_factory=dict)
    _names: dict[tuple[int, str], str] = field(default_factory=dict)

    def name_of(self, leaf: str, neighbour: NeighbourState) -> str:
        """Name of the spine at the other end, which is the first description that a leaf gives it."""
        key = (neighbour.remote_as, neighbour.router_id or str(neighbour.address))
        if key not in self._names:
            wanted = neighbour.description if _NAME.fullmatch(neighbour.description) else ""
            number = len(self._names) + 1
            name = wanted if wanted and wanted not in self.values else f"spine{number}"
            self._names[key] = name
            self.values[name] = {"asNumber": neighbour.remote_as}
            if neighbour.router_id:
                self.values[name]["routerID"] = neighbour.router_id
            self.sources["spines", name] = f"neighbour {neighbour.address} of {leaf}"
        return self._names[key]


def leaves_of(facts: Facts, rack: FoundRack) -> list[FoundLeaf]:
    """Leaves of a rack; one with an address of each family is one leaf where the switch itself said so."""
    found: list[FoundLeaf] = []
    by_address: dict[str, list[tuple[PeerState, frozenset[str]]]] = {}
    for peer, nodes in rack.leaf_peers:
        by_address.setdefault(peer_address(peer), []).append((peer, nodes))
    for address, peers in sorted(by_address.items(), key=lambda item: _order(item[0])):
        known = _behind(facts, ip_address(address), peers)
        same = next((leaf for leaf in found if known is not None and leaf.known is known), None)
        if same is not None:
            same.addresses[address] = peers
            continue
        name, named_by = (known.name, "") if known else _named_by_peer(rack, peers[0][0], len(found))
        found.append(FoundLeaf(name, named_by, {address: peers}, known))
    return found


def _order(address: str) -> tuple[int, int]:
    return ip_address(address).version, int(ip_address(address))


def _behind(facts: Facts, address: Address, peers: list[tuple[PeerState, frozenset[str]]]) -> KnownLeaf | None:
    """The switch that has the address at its end of a session, or that expects the nodes which peer with it."""
    for leaf in facts.leaves:
        if leaf.state and any(one.local_address == address for one in leaf.state.neighbours.values()):
            return leaf
    nodes = {one for _, selected in peers for name in selected for one in facts.cluster.nodes[name].addresses}
    for leaf in facts.leaves:
        expects = leaf.state and {one for one in leaf.state.neighbours if one.version == address.version} & nodes
        if expects and leaf.state and leaf.state.as_number == peers[0][0].spec.get("asNumber"):
            return leaf
    return None


def _named_by_peer(rack: FoundRack, peer: PeerState, number: int) -> tuple[str, str]:
    ours = re.fullmatch(rf"{re.escape(rack.name)}(?:-nodes)?-to-(.+)-peer", peer.name)
    name = ours[1] if ours else f"{rack.name}-leaf{number + 1}"
    return name, f"no switch that was named has this address; called after BGPPeer {peer.name}"


def uplinks(facts: Facts, leaf: FoundLeaf, spines: Spines) -> Iterator[Remark]:
    """Put what the leaf's other neighbours tell into its values and the spines."""
    state = leaf.known.state if leaf.known else None
    links: dict[str, dict[str, list[str]]] = {}
    for address, neighbour in sorted((state.neighbours if state else {}).items(), key=lambda one: _order(str(one[0]))):
        if address in facts.owners:
            continue
        who = f"neighbour {address} (AS {neighbour.remote_as}) of {leaf.name}"
        if state is not None and neighbour.remote_as == state.as_number:
            yield Remark(who, "it is in the leaf's own AS, so no spine: it stays as it is, unseen by the proof")
        elif neighbour.local_address is None or not neighbour.established:
            yield Remark(
                who,
                f"its session is {neighbour.state}, so that the leaf's end of the link is not known: if it "
                f"is a spine, add it to spines and to uplinks of {leaf.name}; leafrack leaves the neighbour alone",
            )
        elif str(neighbour.local_address) in leaf.addresses:
            yield Remark(who, "it is among the nodes but no node of the cluster: it stays as it is")
        else:
            link = links.setdefault(spines.name_of(leaf.name, neighbour), {"address": [], "peerAddress": []})
            versions = {ip_address(one).version for one in link["address"]}
            if address.version in versions:
                yield Remark(who, "it is a second link to the same spine, and an uplink has one: it stays as it is")
                continue
            link["address"].append(str(neighbour.local_address))
            link["peerAddress"].append(str(address))
    if links:
        leaf.values["uplinks"] = {
            spine: {key: one_or_more(found) for key, found in link.items()} for spine, link in links.items()
        }


def one_or_more(found: list[str]) -> str | list[str]:
    """As addresses stand in a fabric file: one value, or a list with one for each family."""
    return found[0] if len(found) == 1 else found


def of_all(leaves: Sequence[FoundLeaf]) -> dict[str, Any]:
    """Keys of the fabric that all sessions to leaves have alike: ``ttlSecurity`` and ``maximumPrefix``."""
    found: dict[str, Any] = {}
    peers = [peer for leaf in leaves for each in leaf.addresses.values() for peer, _ in each]
    if peers and all(peer.spec.get("ttlSecurity") == 1 for peer in peers):
        found["ttlSecurity"] = True
    limits = {one.limit and one.limit.routes for leaf in leaves for one in leaf.border}
    if len(limits) == 1 and (limit := limits.pop()):
        found["maximumPrefix"] = limit
    return found


def neighbours(facts: Facts, leaf: FoundLeaf, border: Sequence[str], file: InFile) -> Iterator[Remark]:
    """What the leaf has for the rack's nodes that the file cannot say, or that ``up`` will change."""
    if leaf.known is None or leaf.known.state is None:
        return
    state, platform = leaf.known.state, platform_of(leaf.known.platform)
    here = {facts.owners[address]: one for address, one in state.neighbours.items() if address in facts.owners}
    for node, neighbour in sorted(here.items(), key=lambda item: _order(str(item[1].address))):
        who = f"neighbour {neighbour.address} ({node}) of {leaf.name}"
        if node not in border:
            remedy = platform.remedies.remove_neighbour(neighbour.address)
            yield Remark(who, f"{node} peers with no leaf in the file: it stays until you say {remedy}")
        elif not neighbour.established:
            yield Remark(who, f"its session is {neighbour.state}: bring it up first, or `up` stops at its gate")
    found = remarks(platform, [here[node] for node in border if node in here], file)
    yield from (Remark(f"neighbours {listed(addresses)} of {leaf.name}", text) for text, addresses in found.items())
    for node in border:
        if node not in here:
            yield Remark(f"leaf {leaf.name}", f"it has no neighbour for {node}: `up` adds it")


def timers(neighbours: Sequence[NeighbourState]) -> dict[str, int]:
    """Timers that the leaf gives all of its neighbours; empty where it gives them none, or others to some."""
    given = {neighbour.timers for neighbour in neighbours}
    only = given.pop() if len(given) == 1 else None
    return {"keepalive": only.keepalive, "hold": only.hold} if only else {}
