"""Which fabrics to try: few that have every pair of kinds between them, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, reduce
from itertools import combinations
from operator import or_
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.generated.draw import Drawn, fabrics, kinds_of, nodes_of, plans

CANDIDATES = 100
"""Fabrics that are drawn to choose one from."""
OTHERS = 60
"""Fabrics on one wiring that are drawn to choose a change from."""
SEARCHES = 400
"""Times that a choice is looked for again: most seeds need fifty."""
LET_GO = 3
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


@cache
def candidates_of(number: int, count: int) -> tuple[Drawn, ...]:
    """Fabrics from which so many are chosen."""
    return tuple(drawn(fabrics(), number, CANDIDATES * count))


def pairs_of(one: Drawn) -> frozenset[Pair]:
    """Pairs of kinds that a fabric has."""
    return frozenset(combinations(sorted(kinds_of(one)), 2))


def chosen(number: int, count: int, most_nodes: int) -> list[Drawn]:
    """So many fabrics with as many pairs of kinds as can be, all of them whole."""
    candidates = [one for one in candidates_of(number, count) if len(nodes_of(one)) <= most_nodes]
    random = Random(number)  # noqa: S311 - to choose the same again, not to keep a secret
    while True:
        found = [candidates[one] for one in _cover([pairs_of(one) for one in candidates], count, random)]
        # Asked of the few that are wanted: a proof takes its time.
        broken = [one for one in found if not one.is_whole]
        if not broken:
            return found
        candidates = [one for one in candidates if one not in broken]


def _cover(sets: Sequence[frozenset[Pair]], count: int, random: Random) -> list[int]:
    """Which sets to take to have most of the pairs: some are let go again and again, and better ones looked for."""
    bit = {pair: 1 << position for position, pair in enumerate(sorted(_union(sets)))}
    masks = [sum(bit[pair] for pair in pairs) for pairs in sets]
    best = _swapped(_greedy(masks, count), masks, random)
    for _ in range(SEARCHES):
        if _covered(masks, best) == len(bit):
            break
        tried = list(best)
        for place in random.sample(range(len(tried)), min(LET_GO, len(tried))):
            tried[place] = random.randrange(len(masks))
        found = _swapped(tried, masks, random)
        # One that is as good leads elsewhere.
        if _covered(masks, found) >= _covered(masks, best):
            best = found
    return best


def _greedy(masks: Sequence[int], count: int) -> list[int]:
    """Each adds most to those before it."""
    found: list[int] = []
    have = 0
    while len(found) < min(count, len(masks)):
        left = set(range(len(masks))) - set(found)
        added = max(left, key=lambda one: ((masks[one] & ~have).bit_count(), -one))
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
    """Another fabric on the same wiring, in the same cluster, as rich as can be and with the most moves.

    Every third one may ask for what one update cannot do; the others are such that it can.
    """
    others = drawn(plans(one.wiring, one.cluster_as), number, OTHERS)
    fitting = others if number % 3 == 1 else [eased(one, other) for other in others]
    richest = sorted(fitting, key=lambda other: -len(kinds_of(other) | moves_of(one, other)))
    return next(other for other in richest if other.file != one.file and other.is_whole)


def eased(one: Drawn, other: Drawn) -> Drawn:
    """The other fabric, with those racks as they are now that one update cannot change so."""
    kept = [rack for rack in one.fabric.racks if is_two_changes(one, other, rack)]
    if not kept:
        return other
    file = {**other.file, "ttlSecurity": one.fabric.ttl_security, "racks": dict(other.file["racks"])}
    passwords = dict(other.passwords)
    for rack in kept:
        file["racks"][rack] = {**one.file["racks"][rack], "interconnect": str(one.fabric.rack_interconnect(rack))}
        passwords.pop(rack, None)
        passwords |= {rack: one.passwords[rack]} if rack in one.passwords else {}
    return Drawn(file, passwords, one.cluster_as, one.wiring)


def moves_of(one: Drawn, other: Drawn) -> frozenset[str]:
    """How racks change in whom they know, each by a name: what a change may be special about, beside its kinds."""
    found = set()
    for rack, before in one.fabric.racks.items():
        after = other.fabric.racks[rack]
        listened, listens = one.fabric.listens(rack), other.fabric.listens(rack)
        if (before.label is None) != (after.label is None):
            found.add("names to a label" if before.label is None else "a label to names")
        elif before.label != after.label:
            found.add("a label to another label")
        if listened != listens:
            found.add("to ranges" if listens else "from ranges")
        elif listens and one.fabric.ranges_of(rack) != other.fabric.ranges_of(rack):
            found.add("ranges to other ranges")
        if listened and listens and before.reflectors.keys() != after.reflectors.keys():
            found.add("a name in a range")
    return frozenset(found)


def is_two_changes(one: Drawn, other: Drawn, rack: str) -> bool:
    """Whether one update cannot make a change of a rack (preflight.transitions, preflight.by_label).

    It moves to another interconnect, or nodes of it between names and ranges, and its sessions get or lose something;
    its leaves listen and are to know reflectors; or its nodes have an AS of their own and are to be known by a label.
    """
    before, after = one.fabric, other.fabric
    was, will = bool(before.reflectors_of(rack)), bool(after.reflectors_of(rack))
    ranges = not (was or will) and _named(one, rack) != _named(other, rack)
    local = (before.racks[rack].local_as_number, after.racks[rack].local_as_number) != (None, None)
    changed = (rack in one.passwords) != (rack in other.passwords) or before.ttl_security != after.ttl_security
    numbered = before.rack_as(rack) != before.as_number and after.by_label(rack) is not None
    return (was != will and (local or changed)) or (ranges and changed) or (before.listens(rack) and will) or numbered


def _named(one: Drawn, rack: str) -> set[str]:
    """Nodes of a rack that its leaves know by name, where every node peers with them."""
    fabric = one.fabric if one.fabric.listens(rack) else one.named_fabric
    return set(fabric.racks[rack].nodes)
