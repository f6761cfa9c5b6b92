"""FRRouting as a platform: how our part is written, read and compared."""

from __future__ import annotations

from collections.abc import Mapping

from leafrack.addresses import Address
from leafrack.platforms import differences
from leafrack.platforms.frr import read, running, settings, write
from leafrack.platforms.job import Job, Neighbour, PrefixList
from leafrack.platforms.reading import Behaviour, Feature, Remedies, ThirdParty
from leafrack.platforms.state import NeighbourState, Setting, Settings, SwitchState


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"configure `router bgp {as_number}`"

    def remove_neighbour(self, address: Address) -> str:
        return f"`no neighbor {address}`"

    def pass_without_policy(self) -> str:
        return "`no bgp ebgp-requires-policy`"


_BEHAVIOUR = Behaviour(third_party=ThirdParty.GROUP, leaves_receivers_as=True)
"""bgpd/bgp_route.c of 8.4, ``subgroup_announce_check`` and ``bgp_update``; ``aspath_replace_private_asns`` in
bgp_aspath.c; ``bestpath as-path multipath-relax``, as fabrics have it.
"""


class _Frr:
    read = read.READ
    behaviour = _BEHAVIOUR
    remedies: Remedies = _Remedies()
    cannot: Mapping[Feature, str] = {}

    def text(self, job: Job) -> str:
        return write.text(job)

    def program(self, job: Job) -> str:
        return write.program(job)

    def parse(self, output: str) -> SwitchState:
        return read.parse(output)

    def words(self, setting: Setting, of: Settings) -> str:
        return settings.words(setting, of)

    def neighbour_differences(self, neighbour: Neighbour, found: NeighbourState) -> tuple[str, ...]:
        return differences.of_neighbour(neighbour, found, settings.words)

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        return differences.of_lists(running.listed(write.render_lists(lists)), found.lists)

    def as_difference(self, as_number: int, found: NeighbourState) -> tuple[str, ...]:
        return differences.of_as(as_number, found, settings.as_words)


FRR = _Frr()
