"""Which fabrics to try: few that have every pair of kinds between them, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.generated.draw import Drawn, fabrics, kinds_of, nodes_of, plans

CANDIDATES = 50
"""Fabrics that are drawn to choose one from."""
OTHERS = 60
"""Fabrics on one wiring that are drawn to choose a change from."""
Pair = tuple[str, str]


def drawn(strategy: st.SearchStrategy[Drawn], number: int, count: int) -> list[Drawn]:
    """So many examples of a strategy, the same for the same seed: most are valid and whole, not all."""
    found: list[Drawn] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: Drawn) -> None:
        found.append(one)

    collect()
    return found


def pairs_of(one: Drawn) -> frozenset[Pair]:
    """Pairs of kinds that a fabric has."""
    return frozenset(combinations(sorted(kinds_of(one)), 2))


def chosen(number: int, count: int, most_nodes: int) -> list[Drawn]:
    """So many fabrics with as many pairs of kinds as can be: each adds most to those before it."""
    candidates = [one for one in drawn(fabrics(), number, CANDIDATES * count) if len(nodes_of(one)) <= most_nodes]
    pairs = [pairs_of(one) for one in candidates]

    @cache
    def is_whole(one: int) -> bool:
        # Asked of the few that are wanted: a proof takes its time.
        return candidates[one].is_whole

    found: list[int] = []
    while len(found) < min(count, len(candidates)):
        covered = _union(pairs[one] for one in found)
        others = sorted(set(range(len(candidates))) - set(found), key=lambda one: -len(pairs[one] - covered))
        found.append(next(one for one in others if is_whole(one)))
    return [candidates[one] for one in found]


def _union(sets: Iterable[frozenset[Pair]]) -> frozenset[Pair]:
    return frozenset[Pair]().union(*sets)


def uncovered(found: Sequence[Drawn], among: Sequence[Drawn]) -> frozenset[Pair]:
    """Pairs of kinds that some fabric has, and none of those that were chosen."""
    return _union(map(pairs_of, among)) - _union(map(pairs_of, found))


def another(one: Drawn, number: int) -> Drawn:
    """Another fabric on the same wiring, in the same cluster, as rich as can be.

    Every third one may ask for what one update cannot do; the others are such that it can.
    """
    others = drawn(plans(one.wiring, one.cluster_as), number, OTHERS)
    fitting = [other for other in others if number % 3 == 1 or not is_two_changes(one, other)]
    richest = sorted(fitting or others, key=lambda other: -len(kinds_of(other)))
    return next(other for other in richest if other.file != one.file and other.is_whole)


def is_two_changes(one: Drawn, other: Drawn) -> bool:
    """Whether a rack moves to another interconnect and its sessions get or lose something (preflight.transitions)."""
    before, after = one.fabric, other.fabric
    for rack in before.racks:
        moves = bool(before.reflectors_of(rack)) != bool(after.reflectors_of(rack))
        local = (before.racks[rack].local_as_number, after.racks[rack].local_as_number) != (None, None)
        password = (rack in one.passwords) != (rack in other.passwords)
        if moves and (local or password or before.ttl_security != after.ttl_security):
            return True
    return False
