"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a folder with a :class:`~leafrack.platforms.base.Dialect`; :func:`platform_of` is the registry.
"""

from leafrack.platforms.base import Dialect, Effect, Line, NeighbourState, SwitchState
from leafrack.platforms.frr.platform import FRR
from leafrack.platforms.job import Job, Neighbour, PrefixList, Task, Way

_DIALECTS = {"frr": FRR}


def platform_of(platform: str) -> Dialect:
    """Dialect of a platform."""
    return _DIALECTS[platform]


__all__ = [
    "Dialect",
    "Effect",
    "Job",
    "Line",
    "Neighbour",
    "NeighbourState",
    "PrefixList",
    "SwitchState",
    "Task",
    "Way",
    "platform_of",
]
