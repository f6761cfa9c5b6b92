"""What Pulumi makes of a declared fabric: components that also work in somebody else's program."""

from .access import Access
from .fabric import Fabric, FabricArgs
from .leaf_rack import LeafRack
from .leaf_switch import LeafSwitch, LeafSwitchArgs
from .rack_args import LeafRackArgs

__all__ = ["Access", "Fabric", "FabricArgs", "LeafRack", "LeafRackArgs", "LeafSwitch", "LeafSwitchArgs"]
