"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a folder with a :class:`~leafrack.platforms.base.Platform`; :func:`platforms` is the registry.
"""

from collections.abc import Mapping

from leafrack.platforms.base import Platform
from leafrack.platforms.bird.platform import BIRD
from leafrack.platforms.frr.platform import FRR
from leafrack.platforms.job import Job, Neighbour, PrefixList, Task, Way
from leafrack.platforms.reading import Behaviour, Feature
from leafrack.platforms.state import Effect, Line, NeighbourState, SessionState, Setting, Settings, SwitchState

BUILT_IN: dict[str, Platform] = {"frr": FRR, "bird": BIRD}
DEFAULT = "frr"
"""What a leaf runs whose file says nothing, and a spine, of which no file says it."""


def platforms() -> Mapping[str, Platform]:
    """All platforms by the name that a fabric file gives them."""
    return BUILT_IN


def platform_of(name: str) -> Platform:
    """Platform of a name."""
    return platforms()[name]


__all__ = [
    "BUILT_IN",
    "DEFAULT",
    "Behaviour",
    "Effect",
    "Feature",
    "Job",
    "Line",
    "Neighbour",
    "NeighbourState",
    "Platform",
    "PrefixList",
    "SessionState",
    "Setting",
    "Settings",
    "SwitchState",
    "Task",
    "Way",
    "platform_of",
    "platforms",
]
