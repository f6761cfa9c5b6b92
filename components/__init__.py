"""What Pulumi makes of a declared fabric: components that also work in somebody else's program."""

from components.access import Access
from components.fabric import Fabric, FabricArgs
from components.leaf_rack import LeafRack
from components.leaf_switch import LeafSwitch, LeafSwitchArgs
from components.rack_args import LeafRackArgs

__all__ = ["Access", "Fabric", "FabricArgs", "LeafRack", "LeafRackArgs", "LeafSwitch", "LeafSwitchArgs"]
