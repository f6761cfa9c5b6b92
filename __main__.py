"""leafrack: load the declared fabric, hold it against the world, build it, export it."""

from __future__ import annotations

import gc
from typing import Any

import pulumi

from components import Fabric, FabricArgs
from config.engine import quietly
from config.entry import CheckedStack

# Nearly all that is made here is kept to the end: to look for garbage in it, again and again, takes a tenth of a run.
gc.freeze()
gc.set_threshold(100_000)
quietly()
entry = CheckedStack.from_stack()
comparison = entry.check()


async def build() -> dict[str, Any]:
    """Build the fabric wave by wave; what it exports."""
    fabric = await Fabric.in_waves(
        entry.loaded.fabric.name,
        FabricArgs(
            declared=entry.loaded.fabric,
            access=entry.access,
            passwords=entry.passwords,
            comparison=comparison,
        ),
        pulumi.ResourceOptions(providers=[entry.access.provider("cluster")]),
    )
    return {"leafrack": fabric.leafrack}


pulumi.run(build)
