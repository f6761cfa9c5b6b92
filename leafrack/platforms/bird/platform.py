"""BIRD 2 as a platform: how our part is written, read and compared."""

from __future__ import annotations

from collections.abc import Mapping

from leafrack.addresses import Address
from leafrack.platforms.bird import read, settings, transaction, write
from leafrack.platforms.evidence import Evidence, Strength
from leafrack.platforms.job import PathList, PrefixList
from leafrack.platforms.played import PlayedPlatform
from leafrack.platforms.reading import Behaviour, Feature, ThirdParty


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


def _entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    return read.listed(line for one in lists for line in write.render_list(one).splitlines())


def _path_entries(paths: PathList) -> frozenset[str]:
    return read.listed(write.render_paths(paths).splitlines())[paths.name]


BIRD = PlayedPlatform(
    title="BIRD 2",
    reads=(read.READ,),
    lines=write.lines,
    dialogue=transaction.DIALOGUE,
    transaction=transaction.TRANSACTION,
    behaviour=_BEHAVIOUR,
    remedies=_Remedies(),
    text=write.text,
    entered=write.by_hand,
    parse=read.parse,
    words=settings.words,
    as_words=settings.as_words,
    entries=_entries,
    cannot={
        Feature.MAXIMUM_NEIGHBOURS: "BIRD takes everybody who comes from the range and may; leave maximumNeighbours out"
    },
    path_entries=_path_entries,
    evidence=(
        Evidence(
            Strength.RUN,
            "BIRD 2.0.12 of Debian 12: the whole suite in one run, that of ranges in several, by `make nightly`; a "
            "short case, and a rack that lives through `up`, drift, a change and `destroy`, by `make test`.",
        ),
    ),
    # The file of a neighbour is leafrack's.
    neighbour_is_ours_alone=True,
)
