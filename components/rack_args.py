"""What a rack is made from, and what its BGPPeers say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from leafrack.addresses import Address
from leafrack.fabric import Fabric, Interconnect, Leaf, Rack, names
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

    def leaf_peer(self, name: str, leaf: Leaf, address: Address, filters: Sequence[str]) -> dict[str, Any]:
        """Fields of the BGPPeer ``name`` to an address of a leaf (projectcalico/calico: v3/bgppeer.go)."""
        reflects = self.fabric.rack_interconnect(self.rack) is Interconnect.ROUTE_REFLECTORS
        secret = {"name": names.PASSWORD_SECRET, "key": self.rack}
        return {
            "nodeSelector": (names.reflector_selector if reflects else names.rack_selector)(self.rack),
            "peerIP": str(address),
            "asNumber": leaf.as_number,
            # Without it the leaf routes every pod block through the reflectors. To set it on a peer that is taken over
            # would reset all sessions of the rack to its leaf at once (BIRD restarts them).
            **({} if name in self.observed.found_peers else self.keep_next_hop),
            **({"filters": list(filters)} if filters else {}),
            **({"ttlSecurity": 1} if self.fabric.ttl_security else {}),
            **({} if self.password is None else {"password": {"secretKeyRef": secret}}),
        }
