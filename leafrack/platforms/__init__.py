"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a folder with a :class:`~leafrack.platforms.base.Platform`; :func:`platforms` is the registry.
"""

from collections.abc import Mapping

from leafrack.platforms.base import Platform, ShelledPlatform
from leafrack.platforms.evidence import Evidence
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList, Task, Way
from leafrack.platforms.played import PlayedPlatform
from leafrack.platforms.plugins import AnyPlatform, BuiltIn, Registry
from leafrack.platforms.reading import Behaviour, Feature
from leafrack.platforms.state import (
    Effect,
    Line,
    ListenerState,
    NeighbourState,
    SessionState,
    Setting,
    Settings,
    SwitchState,
)

BUILT_IN = BuiltIn(("frr", "bird", "comware", "eos", "junos", "nxos", "sonic", "cumulus"))
_REGISTRY = Registry(BUILT_IN)
DEFAULT = "frr"
"""What a leaf runs whose file says nothing, and a spine, of which no file says it."""


def platforms() -> Mapping[str, AnyPlatform]:
    """All platforms by the name that a fabric file gives them."""
    return _REGISTRY


def platform_of(name: str) -> AnyPlatform:
    """Platform of a name."""
    return platforms()[name]


__all__ = [
    "BUILT_IN",
    "DEFAULT",
    "AnyPlatform",
    "Behaviour",
    "Effect",
    "Evidence",
    "Feature",
    "Job",
    "Line",
    "Listener",
    "ListenerState",
    "Neighbour",
    "NeighbourState",
    "PathList",
    "Platform",
    "PlayedPlatform",
    "PrefixList",
    "SessionState",
    "Setting",
    "Settings",
    "ShelledPlatform",
    "SwitchState",
    "Task",
    "Way",
    "platform_of",
    "platforms",
]
