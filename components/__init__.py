"""What Pulumi makes of a declared fabric: components that also work in somebody else's program."""

from components.access import Access
from components.fabric import Fabric, FabricArgs
from components.leaf_rack import LeafRack, LeafRackArgs
from components.leaf_switch import LeafSwitch, LeafSwitchArgs

__all__ = ["Access", "Fabric", "FabricArgs", "LeafRack", "LeafRackArgs", "LeafSwitch", "LeafSwitchArgs"]
