"""Which fabrics to try: few that have every pair of kinds between them, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import combinations
from operator import or_
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.generated.draw import Drawn, fabrics, kinds_of, nodes_of, plans

CANDIDATES = 50
"""Fabrics that are drawn to choose one from."""
OTHERS = 60
"""Fabrics on one wiring that are drawn to choose a change from."""
SEARCHES = 200
"""Beginnings from which a choice is looked for: most seeds need three."""
SWAPS = 10
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
    """So many fabrics with as many pairs of kinds as can be, all of them whole."""
    candidates = [one for one in drawn(fabrics(), number, CANDIDATES * count) if len(nodes_of(one)) <= most_nodes]
    random = Random(number)  # noqa: S311 - to choose the same again, not to keep a secret
    while True:
        found = [candidates[one] for one in _cover([pairs_of(one) for one in candidates], count, random)]
        # Asked of the few that are wanted: a proof takes its time.
        broken = [one for one in found if not one.is_whole]
        if not broken:
            return found
        candidates = [one for one in candidates if one not in broken]


def _cover(sets: Sequence[frozenset[Pair]], count: int, random: Random) -> list[int]:
    """Which sets to take to have most of the pairs: the best of some searches, each from another beginning."""
    bit = {pair: 1 << position for position, pair in enumerate(sorted(_union(sets)))}
    masks = [sum(bit[pair] for pair in pairs) for pairs in sets]
    best: list[int] = []
    for search in range(SEARCHES):
        ties = [random.random() if search else -one for one in range(len(masks))]
        found = _swapped(_greedy(masks, count, ties), masks, random)
        if not best or _covered(masks, found) > _covered(masks, best):
            best = found
        if _covered(masks, best) == len(bit):
            break
    return best


def _greedy(masks: Sequence[int], count: int, ties: Sequence[float]) -> list[int]:
    """Each adds most to those before it."""
    found: list[int] = []
    have = 0
    while len(found) < min(count, len(masks)):
        left = set(range(len(masks))) - set(found)
        added = max(left, key=lambda one: ((masks[one] & ~have).bit_count(), ties[one]))
        found.append(added)
        have |= masks[added]
    return found


def _swapped(found: list[int], masks: Sequence[int], random: Random) -> list[int]:
    """Put better ones into the place of one after the other, until that helps no more."""
    best = list(found)
    for _ in range(SWAPS):
        for place in range(len(found)):
            rest = _union_of(masks, found[:place] + found[place + 1 :])
            found[place] = max(range(len(masks)), key=lambda one: ((rest | masks[one]).bit_count(), random.random()))
        if _covered(masks, found) <= _covered(masks, best):
            break
        best = list(found)
    return best


def _union_of(masks: Sequence[int], which: Iterable[int]) -> int:
    return reduce(or_, (masks[one] for one in which), 0)


def _covered(masks: Sequence[int], which: Iterable[int]) -> int:
    return _union_of(masks, which).bit_count()


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
