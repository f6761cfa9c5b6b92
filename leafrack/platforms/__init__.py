"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a folder with a :class:`~leafrack.platforms.base.Platform`; :func:`platform_of` is the registry.
"""

from leafrack.platforms.base import Effect, Line, Neighbour, NeighbourState, Platform, PrefixList, SwitchState
from leafrack.platforms.frr.platform import FRR

_PLATFORMS: dict[str, Platform] = {"frr": FRR}


def platform_of(name: str) -> Platform:
    """Platform of a name."""
    return _PLATFORMS[name]


__all__ = ["Effect", "Line", "Neighbour", "NeighbourState", "Platform", "PrefixList", "SwitchState", "platform_of"]
