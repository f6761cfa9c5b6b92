"""BIRD 2 as a platform: how our part is written, read and compared."""

from __future__ import annotations

from collections.abc import Mapping

from leafrack.addresses import Address
from leafrack.platforms import differences
from leafrack.platforms.bird import read, settings, write
from leafrack.platforms.job import Job, Neighbour, PrefixList
from leafrack.platforms.reading import Behaviour, Feature, Remedies, ThirdParty
from leafrack.platforms.state import NeighbourState, Setting, Settings, SwitchState


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"configure a `protocol bgp` with `local as {as_number}`, to a spine as a rule,"

    def remove_neighbour(self, address: Address) -> str:
        return f"take the `protocol bgp` with `neighbor {address}` out of bird.conf"

    def pass_without_policy(self) -> str:
        return "`import all; export all;`"


_BEHAVIOUR = Behaviour(third_party=ThirdParty.SHARED, real_as_counts=False)
"""proto/bgp/attrs.c of 2.0.12, ``bgp_use_next_hop`` (the next hop stays where both neighbours are behind one
interface), ``bgp_decode_attrs`` (a loop is a path with ``local as``); ``merge paths on``, as fabrics have it.
"""


class _Bird:
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
        # The file is leafrack's alone: what else is in it goes when it is written again.
        more = (f"has `{line}`" for line in found.rest)
        return (*differences.of_neighbour(neighbour, found, settings.words), *more)

    def list_differences(self, lists: tuple[PrefixList, ...], found: SwitchState) -> tuple[str, ...]:
        right = read.listed(line for one in lists for line in write.render_list(one).splitlines())
        return differences.of_lists(right, found.lists)

    def as_difference(self, as_number: int, found: NeighbourState) -> tuple[str, ...]:
        return differences.of_as(as_number, found, settings.as_words)


BIRD = _Bird()
