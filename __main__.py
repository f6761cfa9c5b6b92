"""leafrack: load the declared fabric, hold it against the world, build it, export it."""

from __future__ import annotations

import pulumi

from components import Fabric, FabricArgs
from config.entry import CheckedStack

entry = CheckedStack.from_stack()
comparison = entry.check()

fabric = Fabric(
    entry.loaded.fabric.name,
    FabricArgs(
        declared=entry.loaded.fabric,
        access=entry.access,
        passwords=entry.passwords,
        comparison=comparison,
    ),
    pulumi.ResourceOptions(providers=[entry.access.provider("cluster")]),
)
pulumi.export("leafrack", fabric.leafrack)
