"""Leaves, spines and the links between them, as far as the fabric file declares them and completed where it does not.

A file without spines, or with spines and no uplinks, is one whose owner leaves that part to others: every leaf is then
linked to every spine, and a spine is assumed where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from leafrack.addresses import Address, Network
from leafrack.fabric import Fabric, Leaf
from leafrack.fabric.source import at
from leafrack.platforms import DEFAULT, platform_of
from leafrack.proof.model import VERSIONS, End, Gap, Kind, Session, Speaker

_LINK_PREFIX = {4: 30, 6: 126}
_SPARE_LINKS = {4: int(ip_address("100.64.0.0")), 6: int(ip_address("fd64:6c61:6200::"))}
"""Addresses of links that are not declared: shared address space (RFC 6598), a unique local prefix (RFC 4193)."""
_SPARE_AS = range(65000, 64512, -1)


@dataclass(frozen=True)
class Underlay:
    """Spines and leaves with what is connected to them, and their sessions."""

    speakers: dict[str, Speaker]
    sessions: tuple[Session, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class _Wire:
    leaf: str
    spine: str
    here: Address
    there: Address

    @property
    def network(self) -> Network:
        """The longest prefix, up to that of a point-to-point link, that holds both ends."""
        length = _LINK_PREFIX[self.here.version]
        while self.there not in (found := ip_network((self.here, length), strict=False)):
            length -= 1
        return found


def underlay(fabric: Fabric) -> Underlay:
    """The switches of a fabric."""
    spines = _spines(fabric)
    wires, gaps = _wires(fabric, list(spines))
    leaves = {name: (rack, leaf) for rack, declared in fabric.racks.items() for name, leaf in declared.leaves.items()}
    speakers = {}
    for number, (name, as_number) in enumerate(spines.items()):
        own = [wire for wire in wires if wire.spine == name]
        given = fabric.spines[name].router_id if name in fabric.spines else None
        speakers[name] = Speaker(
            name,
            Kind.SPINE,
            as_number,
            router_id=number if given is None else int(given),
            addresses=tuple(dict.fromkeys(wire.there for wire in own)),
            subnets=tuple(dict.fromkeys(wire.network for wire in own)),
            behaviour=platform_of(DEFAULT).behaviour,
            assumed=not fabric.spines,
        )
    for name, (rack, leaf) in leaves.items():
        own = [wire for wire in wires if wire.leaf == name]
        speakers[name] = Speaker(
            name,
            Kind.LEAF,
            leaf.as_number,
            router_id=int(leaf.router_id or leaf.address.first) & 0xFFFFFFFF,
            rack=rack,
            addresses=(*leaf.address, *(wire.here for wire in own)),
            subnets=(*_connected(fabric, rack, leaf), *(wire.network for wire in own)),
            behaviour=platform_of(leaf.platform).behaviour,
        )
    sessions = tuple(
        Session(
            End(wire.leaf, wire.here, speakers[wire.leaf].as_number),
            End(wire.spine, wire.there, spines[wire.spine]),
        )
        for wire in wires
    )
    return Underlay(speakers, sessions, tuple(gaps))


def _connected(fabric: Fabric, rack: str, leaf: Leaf) -> Iterator[Network]:
    yield from (subnet for subnet in fabric.racks[rack].subnets if any(one in subnet for one in leaf.address))


def _spines(fabric: Fabric) -> dict[str, int]:
    """AS number by name: those declared, those that only uplinks name, or one that is assumed."""
    spines = {name: spine.as_number for name, spine in fabric.spines.items()}
    racks = fabric.racks.values()
    named = [spine for rack in racks for leaf in rack.leaves.values() for spine in leaf.uplinks]
    taken = {*spines.values(), *(leaf.as_number for rack in racks for leaf in rack.leaves.values())}
    taken |= {number for rack in fabric.racks for number in (fabric.rack_as(rack), fabric.leaf_side_as(rack))}
    free = (number for number in _SPARE_AS if number not in taken)
    hosts = {name for rack in racks for name in (*rack.leaves, *rack.nodes)}
    for name in named or ([] if spines else ["spine" if "spine" not in hosts else "(spine)"]):
        spines.setdefault(name, next(free))
    return spines


def _wires(fabric: Fabric, spines: list[str]) -> tuple[list[_Wire], list[Gap]]:
    wires: list[_Wire] = []
    gaps: list[Gap] = []
    free = dict(_SPARE_LINKS)
    declared = any(leaf.uplinks for rack in fabric.racks.values() for leaf in rack.leaves.values())
    for rack_name, rack in fabric.racks.items():
        for name, leaf in rack.leaves.items():
            path = at("racks", rack_name, "leaves", name)
            for version in fabric.versions:
                if declared and not leaf.uplinks:
                    gaps.append(
                        Gap(frozenset({name}), version, f"leaf {name} has no uplink: declare its link to a spine", path)
                    )
                elif declared:
                    for spine, uplink in leaf.uplinks.items():
                        here, there = uplink.address.of(version), uplink.peer_address.of(version)
                        if here is not None and there is not None:
                            wires.append(_Wire(name, spine, here, there))
                        else:
                            text = f"the uplink of {name} to {spine} has no {VERSIONS[version]} addresses: declare both"
                            gaps.append(Gap(frozenset({name, spine}), version, text, f"{path}.uplinks.{spine}"))
                else:
                    for spine in spines:
                        there, here = (_address(version, free[version] + offset) for offset in (1, 2))
                        free[version] += 4
                        wires.append(_Wire(name, spine, here, there))
    return wires, gaps


def _address(version: int, number: int) -> Address:
    found: Address = ip_address(number.to_bytes(4 if version == 4 else 16, "big"))
    return found
