"""What a user declares: the fabric file, checked before anything is built from it."""

from leafrack.fabric.model import Fabric, Interconnect, Jump, Rack, Ssh
from leafrack.fabric.switch import Addresses, Leaf, Spine, Uplink

__all__ = [
    "Addresses",
    "Fabric",
    "Interconnect",
    "Jump",
    "Leaf",
    "Rack",
    "Spine",
    "Ssh",
    "Uplink",
]
