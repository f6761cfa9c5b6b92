"""What nodes announce, in the keys of Calico's BGPConfiguration."""

from __future__ import annotations

from typing import Any

from leafrack.fabric.model import Fabric


def of_bgp_configuration(fabric: Fabric) -> dict[str, Any]:
    """Ranges and communities besides cluster IPs: only what the file says becomes leafrack's."""
    others = {key: ranges for key, ranges in fabric.services.items() if key != "serviceClusterIPs"}
    found: dict[str, Any] = {key: [{"cidr": str(cidr)} for cidr in ranges] for key, ranges in others.items()}
    found["communities"] = [{"name": one.name, "value": one.value} for one in fabric.communities]
    found["prefixAdvertisements"] = [
        {"cidr": str(one.cidr), "communities": list(one.communities)} for one in fabric.prefix_advertisements
    ]
    return {key: entries for key, entries in found.items() if entries}
