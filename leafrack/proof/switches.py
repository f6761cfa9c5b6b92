"""Leaves and spines as speakers of BGP, their sessions over the declared links, and the links that are missing."""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.addresses import Network
from leafrack.fabric import Fabric, Leaf
from leafrack.fabric.source import at
from leafrack.fabric.underlay import WIDEST_LINK, Ends, Underlay
from leafrack.platforms import DEFAULT, platform_of
from leafrack.proof.model import VERSIONS, End, Gap, Kind, Session, Speaker


def speakers(fabric: Fabric, under: Underlay) -> Iterator[Speaker]:
    """Spines, then leaves, with what is connected to them."""
    for name, as_number in under.spines.items():
        if not under.of_spine(name):
            continue  # one that the file gives no link is none of the way; the check says so
        own = [(ends.spine, network) for _, _, ends, network in _standing(fabric, under, spine=name)]
        yield Speaker(
            name,
            Kind.SPINE,
            as_number,
            router_id=int(under.router_ids[name]),
            addresses=tuple(dict.fromkeys(address for address, _ in own)),
            subnets=tuple(dict.fromkeys(network for _, network in own)),
            behaviour=platform_of(DEFAULT).behaviour,
            assumed=not fabric.spines,
        )
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            own = [(ends.leaf, network) for _, _, ends, network in _standing(fabric, under, leaf=name)]
            yield Speaker(
                name,
                Kind.LEAF,
                leaf.as_number,
                router_id=int(under.router_ids[name]),
                rack=rack,
                addresses=(*leaf.address, *(address for address, _ in own)),
                subnets=(*_connected(fabric, rack, leaf), *(network for _, network in own)),
                behaviour=platform_of(leaf.platform).behaviour,
            )


def sessions(fabric: Fabric, under: Underlay) -> Iterator[Session]:
    """A session for each family of each link."""
    for leaf, spine, ends, _ in _standing(fabric, under):
        yield Session(End(leaf, ends.leaf, under.leaves[leaf]), End(spine, ends.spine, under.spines[spine]))


def gaps(fabric: Fabric, under: Underlay) -> Iterator[Gap]:
    """Leaves without a link, links without one of the families, ends of a link that share no network."""
    if not under.declares_links:
        return
    for rack, declared in fabric.racks.items():
        for name, leaf in declared.leaves.items():
            path = at("racks", rack, "leaves", name)
            for version in fabric.versions:
                if not leaf.uplinks:
                    text = f"leaf {name} has no uplink: declare its link to a spine"
                    yield Gap(frozenset({name}), version, text, path)
                for link in under.of_leaf(name) if leaf.uplinks else ():
                    text = _unusable(name, link.spine, link.of(version), version)
                    if text:
                        yield Gap(frozenset({name, link.spine}), version, text, f"{path}.uplinks.{link.spine}")


def _unusable(leaf: str, spine: str, ends: Ends | None, version: int) -> str:
    if ends is None or not ends.declared:
        return f"the uplink of {leaf} to {spine} has no {VERSIONS[version]} addresses: declare both"
    if ends.network is None:
        widest = WIDEST_LINK[version]
        return f"{leaf} ({ends.leaf}) and {spine} ({ends.spine}) share no network, not even a /{widest}: correct one"
    return ""


def _standing(
    fabric: Fabric, under: Underlay, *, leaf: str = "", spine: str = ""
) -> Iterator[tuple[str, str, Ends, Network]]:
    """Families of links over which packets get: all of an underlay that declares none, the declared ones otherwise."""
    for link in under.links:
        if (leaf and link.leaf != leaf) or (spine and link.spine != spine):
            continue
        for ends in link.ends:
            network = ends.network
            stands = ends.version in fabric.versions and (ends.declared or not under.declares_links)
            if stands and network is not None:
                yield link.leaf, link.spine, ends, network


def _connected(fabric: Fabric, rack: str, leaf: Leaf) -> Iterator[Network]:
    yield from (subnet for subnet in fabric.racks[rack].subnets if any(one in subnet for one in leaf.address))
