"""What a Cumulus switch answers, as values: its release, and what its FRR runs.

FRR is asked, and not NVUE, whose answer has changed its form between releases (5.12 shows a summary only). It runs with
NVIDIA's own defaults: a neighbour without timers has FRR's ``timers 3 9``, which NVUE writes out for it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from leafrack.platforms.cumulus.spellings import spelling_of
from leafrack.platforms.cumulus.write import LONGEST_DESCRIPTION
from leafrack.platforms.frr import read as frr
from leafrack.platforms.job import Neighbour
from leafrack.platforms.played import answers
from leafrack.platforms.state import NeighbourState, SwitchState, Timers

RELEASE = "cat /etc/os-release"
_VTYSH = f"vtysh {frr.commands('all')}"
STATE = f'if [ "$(id -u)" -eq 0 ]; then {_VTYSH}; else sudo -n {_VTYSH}; fi'
READS = (RELEASE, STATE)
IDENTITY = r'^ID="?cumulus-linux"?$'
_UNLIKE = "this does not answer as Cumulus Linux"
DEFAULT_TIMERS = Timers(keepalive=3, hold=9)
"""FRR's ``datacenter`` profile (lib/defaults.c, bgpd/bgp_vty.c), with which NVIDIA ships it."""


def parse(output: str) -> SwitchState:
    """State from what :data:`READS` printed; raises ``ValueError`` with one line when it is not Cumulus's."""
    system, said = answers(output, READS, _UNLIKE)
    release = re.search(r'^VERSION_ID="?([\w.-]+)"?$', system, re.MULTILINE)
    if release is None or not re.search(IDENTITY, system, re.MULTILINE):
        first = next((line for line in system.splitlines() if line.strip()), "nothing")
        msg = f"{_UNLIKE}: {first[:120]!r} in /etc/os-release"
        raise ValueError(msg)
    spelling_of(release[1])
    state = frr.parse(said)
    neighbours = {address: _plain(found) for address, found in state.neighbours.items()}
    return replace(state, neighbours=neighbours, release=release[1])


def _plain(found: NeighbourState) -> NeighbourState:
    return replace(found, timers=None) if found.timers == DEFAULT_TIMERS else found


def comparable(neighbour: Neighbour) -> Neighbour:
    """A neighbour as it is read once it has been written."""
    timers = None if neighbour.timers == DEFAULT_TIMERS else neighbour.timers
    return replace(neighbour, timers=timers, description=neighbour.description[:LONGEST_DESCRIPTION])
