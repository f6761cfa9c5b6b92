"""In which AS nodes are for their leaf just now: what a leaf has to be told that takes no neighbours of any AS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from leafrack.addresses import Address
from leafrack.errors import UnreadableError
from leafrack.platforms import Job, SwitchState, Way
from leafrack.platforms.dialect import Dialect
from leafrack.platforms.starts import asked_for, starting
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster, Value
from leafrack.world.observed import ClusterState

Shown = Callable[[Collection[Address]], Mapping[Address, int]]
"""Tells the AS that nodes show a leaf just now; raises :class:`UnreadableError`."""


async def started(job: Job, way: Way, found: SwitchState, platform: Dialect, shown: Shown | None) -> Job:
    """A job whose neighbours start in the AS that their nodes show; raises :class:`UnreadableError`.

    Nobody is asked where no neighbour is given an AS, and where the platform takes any.
    """
    who = asked_for(job, way, found, platform)
    if not who or shown is None:
        return job
    try:
        return starting(job, await asyncio.to_thread(shown, who))
    except UnreadableError as error:
        raise UnreadableError(error.who, f"in which AS its nodes are is not known: {error}") from None


class Nodes(Value):
    """The nodes that a leaf peers with, and the BGPPeers that make them."""

    cluster: Cluster
    nodes: Mapping[Address, str]
    """Node by the address that the leaf has of it."""
    peers: Mapping[Address, str]
    """BGPPeer to the leaf by the same."""

    def as_numbers(self, who: Collection[Address]) -> Mapping[Address, int]:
        """AS that each of some nodes shows the leaf; of one that the cluster does not have, none.

        It is ``localASNumber`` of the BGPPeer before the node's own. Raises
        :class:`~leafrack.errors.UnreadableError`.
        """
        reader = ClusterReader(Connection(self.cluster))
        named = dict.fromkeys(self.nodes[each] for each in who if each in self.nodes)
        known = ClusterState(reader.nodes_named(named), bgp_configuration=reader.bgp_configuration())
        peers = reader.peers_named(dict.fromkeys(self.peers[each] for each in who if each in self.peers))
        found: dict[Address, int] = {}
        for each in who:
            name = self.nodes.get(each, "")
            peer = peers.get(self.peers.get(each, ""))
            local = peer.spec.get("localASNumber") if peer else None
            number = known.as_of(name) if local is None and name in known.nodes else local
            if number is not None:
                found[each] = int(number)
        return found
