"""FRRouting as a platform: how our part is written, read and compared."""

from __future__ import annotations

from collections.abc import Mapping

from leafrack.addresses import Address
from leafrack.platforms.evidence import Evidence, Strength
from leafrack.platforms.frr import read, running, settings, write
from leafrack.platforms.job import PathList, PrefixList, Task
from leafrack.platforms.reading import Behaviour, ThirdParty
from leafrack.platforms.shell import ShellPlatform


class _Remedies:
    def run_bgp(self, as_number: int) -> str:
        return f"configure `router bgp {as_number}`"

    def remove_neighbour(self, address: Address) -> str:
        return f"`no neighbor {address}`"

    def pass_without_policy(self) -> str:
        return "`no bgp ebgp-requires-policy`"


_BEHAVIOUR = Behaviour(third_party=ThirdParty.GROUP, leaves_receivers_as=True, ttl_security_is_multihop=True)
"""bgpd/bgp_route.c of 8.4, ``subgroup_announce_check`` and ``bgp_update`` (a next hop has to be connected
where the TTL is 1, which TTL security raises); ``aspath_replace_private_asns`` in
bgp_aspath.c; ``bestpath as-path multipath-relax``, as fabrics have it.
"""


def _scripts(*names: str) -> tuple[str, ...]:
    return tuple(f"leafrack.platforms.frr/{name}.sh" for name in names)


def _entries(lists: tuple[PrefixList, ...]) -> Mapping[str, frozenset[str]]:
    return running.listed(write.render_lists(lists))


def _path_entries(paths: PathList) -> frozenset[str]:
    return running.listed_paths(write.render_paths(paths))[paths.name]


FRR = ShellPlatform(
    scripts={
        Task.SESSIONS: _scripts("apply", "sessions", "ranges", "differing", "removal", "keys", "inside"),
        Task.RETIRED: _scripts("apply", "retired", "removal", "keys", "inside"),
        Task.AS_NUMBERS: _scripts("apply", "as-numbers", "differing"),
    },
    read=read.READ,
    read_without_routes=read.READ_WITHOUT_ROUTES,
    behaviour=_BEHAVIOUR,
    remedies=_Remedies(),
    text=write.text,
    by_hand=write.by_hand,
    parse=read.parse,
    words=settings.words,
    as_words=settings.as_words,
    entries=_entries,
    one_limit_for_all=True,
    path_entries=_path_entries,
    evidence=(
        Evidence(
            Strength.RUN,
            "FRR 8.4 of Debian 12, by `make test`, and ranges to listen on by `make nightly`; by `make test-platforms` "
            "FRR 10.7.1, and 10.3 but for path lists.",
        ),
    ),
)
