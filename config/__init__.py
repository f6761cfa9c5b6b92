"""What a user declares: fabric file and stack settings, checked before anything is built from them."""

from config.errors import FabricError, Problem
from config.model import Addresses, Fabric, Interconnect, Jump, Leaf, Platform, Rack, Spine, Ssh, Uplink

__all__ = [
    "Addresses",
    "Fabric",
    "FabricError",
    "Interconnect",
    "Jump",
    "Leaf",
    "Platform",
    "Problem",
    "Rack",
    "Spine",
    "Ssh",
    "Uplink",
]
