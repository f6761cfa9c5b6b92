"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a module with a :class:`~switches.dialect.Dialect`; :func:`dialect` is the registry.
"""

from leafrack.platforms.base import Dialect, Effect, Line, Neighbour, NeighbourState, PrefixList, SwitchState
from leafrack.platforms.frr.platform import FRR

_DIALECTS = {"frr": FRR}


def platform_of(platform: str) -> Dialect:
    """Dialect of a platform."""
    return _DIALECTS[platform]


__all__ = ["Dialect", "Effect", "Line", "Neighbour", "NeighbourState", "PrefixList", "SwitchState", "platform_of"]
