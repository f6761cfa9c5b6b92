"""What a rack is made from, and what its BGPPeers say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from leafrack.addresses import Address
from leafrack.fabric import Fabric, Interconnect, Leaf, Rack, names
from leafrack.fabric import leaf as leaves
from leafrack.preflight.drift import Comparison
from leafrack.world.observed import Observed

from .access import Access


@dataclass(frozen=True, kw_only=True)
class LeafRackArgs:
    """A rack of a declared fabric."""

    fabric: Fabric
    rack: str
    access: Access
    password: pulumi.Input[str] | None = field(default=None, repr=False)
    """TCP MD5 password of the sessions between the rack's nodes and its leaves (RFC 2385)."""
    depends_on: Sequence[pulumi.Resource] = ()
    """What has to stand before the rack is connected: the gate of the racks of an earlier wave."""
    comparison: Comparison | None = None
    """What was found of the world; without it nothing is taken to differ, and Calico to be one of 3.31."""

    @property
    def observed(self) -> Observed:
        """What was found of the world."""
        return Observed() if self.comparison is None else self.comparison.observed

    @property
    def calico_namespace(self) -> str:
        """Where calico-node reads passwords: as the file says, as it was found, or as Calico's manifests have it."""
        found = None if self.observed.cluster is None else self.observed.cluster.namespace
        return self.fabric.calico_namespace or found or names.CALICO_NAMESPACES[0]

    @property
    def declared(self) -> Rack:
        """The rack as the fabric file has it."""
        return self.fabric.racks[self.rack]

    @property
    def keep_next_hop(self) -> dict[str, Any]:
        """Fields of a BGPPeer that leave the next hop as it is.

        ``keepOriginalNextHop`` is what Calico had before 3.30, and has deprecated.
        """
        return {"nextHopMode": "Keep"} if self.observed.calico.next_hop_mode else {"keepOriginalNextHop": True}

    def keepalive_time(self, name: str, leaf: Leaf) -> str | None:
        """``keepaliveTime`` of the BGPPeer ``name`` to a leaf, where it has timers and no standing session resets."""
        wanted = leaves.keepalive_time(leaf)
        if wanted is None or not self.observed.calico.keepalive_time:
            return None
        return wanted if self.observed.takes_keepalive(name, wanted) else None

    def peer_annotations(self, name: str, leaf: Leaf) -> dict[str, str]:
        """What a BGPPeer to a leaf says of itself, for the next look at it."""
        return {
            **({names.NEXT_HOP_ANNOTATION: "as-found"} if name in self.observed.found_peers else {}),
            **({} if self.keepalive_time(name, leaf) is None else {names.KEEPALIVE_ANNOTATION: "given"}),
        }

    def leaf_peer(self, name: str, leaf: Leaf, address: Address, filters: Sequence[str]) -> dict[str, Any]:
        """Fields of the BGPPeer ``name`` to an address of a leaf (projectcalico/calico: v3/bgppeer.go)."""
        reflects = self.fabric.rack_interconnect(self.rack) is Interconnect.ROUTE_REFLECTORS
        border = names.reflector_selector(self.rack) if reflects else names.rack_selector(self.fabric, self.rack)
        keepalive = self.keepalive_time(name, leaf)
        secret = {"name": names.PASSWORD_SECRET, "key": self.rack}
        return {
            "nodeSelector": border,
            "peerIP": str(address),
            "asNumber": leaf.as_number,
            # Without it the leaf routes every pod block through the reflectors. To set it on a peer that is taken over
            # would reset all sessions of the rack to its leaf at once (BIRD restarts them).
            **({} if name in self.observed.found_peers else self.keep_next_hop),
            **({"filters": list(filters)} if filters else {}),
            **({"ttlSecurity": 1} if self.fabric.ttl_security else {}),
            # A leaf is no node: confd looks through all nodes for one with its address, to give that one a peer back.
            **({"reversePeering": "Manual"} if self.observed.calico.reverse_peering else {}),
            **({} if keepalive is None else {"keepaliveTime": keepalive}),
            **({} if self.password is None else {"password": {"secretKeyRef": secret}}),
        }
