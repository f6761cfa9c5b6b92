"""Which racks and nodes are alike: a fabric of a thousand nodes is proved on a few of each kind.

Two racks are alike when exchanging them changes nothing but names: the same interconnect, as many leaves with links to
the same spines, nodes of the same kinds and families, AS numbers that are either nobody else's or the same. Of each
kind two racks stay, and of each kind of node in them two (of reflectors three, so that a failed one leaves the same
question behind): every pair of the whole fabric then has its like among those that are left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from leafrack.fabric import Addresses, Fabric, Rack

RACKS_KEPT = 2
REFLECTORS_KEPT = 3
MEMBERS_KEPT = 2


@dataclass(frozen=True)
class Classes:
    """``fabric`` is what is left; ``likes`` has, by rack, all racks of its kind in the order of the file.

    ``stands_for`` says how many nodes of its rack a node that is left stands for.
    """

    fabric: Fabric
    likes: Mapping[str, tuple[str, ...]]
    stands_for: Mapping[str, float]

    def like(self, source: str, destination: str) -> tuple[str, str]:
        """The pair of racks that is left and stands for a pair."""
        first = self.likes[source][0]
        if source == destination:
            return first, first
        if self.likes[source] == self.likes[destination]:
            return first, self.likes[source][1]
        return first, self.likes[destination][0]

    def count(self, source: str, destination: str) -> int:
        """How many pairs of racks a pair that is left stands for."""
        here, there = len(self.likes[source]), len(self.likes[destination])
        if source == destination:
            return here
        return here * (here - 1) if self.likes[source] == self.likes[destination] else here * there


def classes(fabric: Fabric) -> Classes:
    """Sort a fabric's racks and nodes by kind."""
    used = Counter(number for rack in fabric.racks for number in _numbers(fabric, rack))
    used.update({spine.as_number: 2 for spine in fabric.spines.values()})
    found: dict[Hashable, list[str]] = {}
    for name, rack in fabric.racks.items():
        found.setdefault(_kind(fabric, name, rack, used), []).append(name)
    likes = {name: tuple(names) for names in found.values() for name in names}
    kept = {name: _smaller(rack) for name, rack in fabric.racks.items() if name in likes[name][:RACKS_KEPT]}
    stands_for = {
        node: share
        for name, left in kept.items()
        for kind in ("reflectors", "members")
        for node, share in _shares(fabric.racks[name], getattr(fabric.racks[name], kind), getattr(left, kind))
    }
    return Classes(fabric.model_copy(update={"racks": kept}), likes, stands_for)


def _shares(rack: Rack, whole: Mapping[str, Addresses], some: Mapping[str, Addresses]) -> Iterator[tuple[str, float]]:
    counts, left = (Counter(_node(rack, addresses) for addresses in nodes.values()) for nodes in (whole, some))
    for node, addresses in some.items():
        kind = _node(rack, addresses)
        yield node, counts[kind] / left[kind]


def samples(rack: Rack, without: str) -> set[str]:
    """One node of each kind, another than ``without``."""
    found: dict[Hashable, str] = {}
    for place, nodes in enumerate((rack.reflectors, rack.members)):
        for name, addresses in nodes.items():
            if name != without:
                found.setdefault((place, _node(rack, addresses)), name)
    return set(found.values())


def _numbers(fabric: Fabric, rack: str) -> set[int]:
    return {
        fabric.rack_as(rack),
        fabric.leaf_side_as(rack),
        *(leaf.as_number for leaf in fabric.racks[rack].leaves.values()),
    }


def _kind(fabric: Fabric, name: str, rack: Rack, used: Mapping[int, int]) -> Hashable:
    order: dict[int, int] = {}

    def number(value: int) -> tuple[str, int]:
        """Its own value where others have it too, its place in the rack otherwise."""
        return ("shared", value) if used[value] > 1 else ("own", order.setdefault(value, len(order)))

    return (
        fabric.rack_interconnect(name),
        number(fabric.rack_as(name)),
        rack.local_as_number is not None and number(rack.local_as_number),
        tuple(
            (
                number(leaf.as_number),
                leaf.platform,
                fabric.overrides_as(name, leaf_name),
                _families(leaf.address),
                tuple(
                    sorted(
                        (spine, _families(up.address), _families(up.peer_address)) for spine, up in leaf.uplinks.items()
                    )
                ),
                tuple(sorted(_subnets(rack, leaf.address))),
            )
            for leaf_name, leaf in rack.leaves.items()
        ),
        _nodes(rack, rack.reflectors, REFLECTORS_KEPT),
        _nodes(rack, rack.members, MEMBERS_KEPT),
    )


def _nodes(rack: Rack, nodes: Mapping[str, Addresses], most: int) -> Hashable:
    counts = Counter(_node(rack, addresses) for addresses in nodes.values())
    return tuple(sorted((kind, min(count, most)) for kind, count in counts.items()))


def _node(rack: Rack, addresses: Addresses) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return _families(addresses), tuple(_subnets(rack, addresses))


def _families(addresses: Addresses) -> tuple[int, ...]:
    return tuple(address.version for address in addresses)


def _subnets(rack: Rack, addresses: Addresses) -> list[int]:
    """Which of the rack's subnets, by their place."""
    return [place for place, subnet in enumerate(rack.subnets) if any(address in subnet for address in addresses)]


def _smaller(rack: Rack) -> Rack:
    # It keeps the subnets of the whole rack. Fewer subnets would change the kind of its nodes.
    return rack.model_copy(
        update={
            "reflectors": _some(rack, rack.reflectors, REFLECTORS_KEPT),
            "members": _some(rack, rack.members, MEMBERS_KEPT),
        }
    )


def _some(rack: Rack, nodes: Mapping[str, Addresses], most: int) -> dict[str, Addresses]:
    seen: Counter[Hashable] = Counter()
    kept = {}
    for name, addresses in nodes.items():
        kind = _node(rack, addresses)
        seen[kind] += 1
        if seen[kind] <= most:
            kept[name] = addresses
    return kept
