"""What a user declares: fabric file and stack settings, checked before anything is built from them."""

from config.errors import FabricError, Problem
from config.model import Addresses, Fabric, Interconnect, Leaf, Platform, Rack, Spine, Ssh, Uplink

__all__ = [
    "Addresses",
    "Fabric",
    "FabricError",
    "Interconnect",
    "Leaf",
    "Platform",
    "Problem",
    "Rack",
    "Spine",
    "Ssh",
    "Uplink",
]
