"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a module with a :class:`~switches.dialect.Dialect`; :func:`dialect` is the registry.
"""

from config import Platform
from switches.dialect import Dialect, Effect, Line, Neighbour, NeighbourState, PrefixList, SwitchState
from switches.frr import FRR

_DIALECTS = {Platform.FRR: FRR}


def dialect(platform: Platform) -> Dialect:
    """Dialect of a platform."""
    return _DIALECTS[platform]


__all__ = ["Dialect", "Effect", "Line", "Neighbour", "NeighbourState", "PrefixList", "SwitchState", "dialect"]
