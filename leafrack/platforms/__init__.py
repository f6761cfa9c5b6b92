"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a module with a :class:`~switches.dialect.Dialect`; :func:`dialect` is the registry.
"""

from leafrack.fabric import Platform
from leafrack.platforms.base import Dialect, Effect, Line, Neighbour, NeighbourState, PrefixList, SwitchState
from leafrack.platforms.frr.platform import FRR

_DIALECTS = {Platform.FRR: FRR}


def platform_of(platform: Platform) -> Dialect:
    """Dialect of a platform."""
    return _DIALECTS[platform]


__all__ = ["Dialect", "Effect", "Line", "Neighbour", "NeighbourState", "PrefixList", "SwitchState", "platform_of"]
