"""What nodes announce, in the keys of Calico's BGPConfiguration."""

from __future__ import annotations

from typing import Any

from leafrack.fabric.model import Fabric


def of_bgp_configuration(fabric: Fabric) -> dict[str, list[dict[str, Any]]]:
    """Ranges of services, and communities.

    What the file leaves out is an empty list: a field that leafrack took over is still somebody else's, and would stay.
    """
    ranges = {key: [{"cidr": str(cidr)} for cidr in given] for key, given in fabric.services.items()}
    return {
        **ranges,
        "communities": [{"name": one.name, "value": one.value} for one in fabric.communities],
        "prefixAdvertisements": [
            {"cidr": str(one.cidr), "communities": list(one.communities)} for one in fabric.prefix_advertisements
        ],
    }
