"""What leafrack knows of each network operating system: pure text, no input or output.

A platform is a folder with a :class:`~leafrack.platforms.base.Platform`; :func:`platforms` is the registry.
"""

from collections.abc import Mapping

from leafrack.platforms.base import Platform, ShelledPlatform
from leafrack.platforms.bird.platform import BIRD
from leafrack.platforms.comware.platform import COMWARE
from leafrack.platforms.cumulus.platform import CUMULUS
from leafrack.platforms.eos.platform import EOS
from leafrack.platforms.evidence import Evidence
from leafrack.platforms.frr.platform import FRR
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList, Task, Way
from leafrack.platforms.junos.platform import JUNOS
from leafrack.platforms.nxos.platform import NXOS
from leafrack.platforms.played import PlayedPlatform
from leafrack.platforms.plugins import AnyPlatform, Registry
from leafrack.platforms.reading import Behaviour, Feature
from leafrack.platforms.sonic.platform import SONIC
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

BUILT_IN: dict[str, AnyPlatform] = {
    "frr": FRR,
    "bird": BIRD,
    "comware": COMWARE,
    "eos": EOS,
    "junos": JUNOS,
    "nxos": NXOS,
    "sonic": SONIC,
    "cumulus": CUMULUS,
}
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
