"""What a healthy fabric looks like, from the fabric file alone and for each phase of its building."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from config import Fabric, Rack
from verify.model import End, Endpoint, Kind, Phase, Session

MESH_LIMIT = 100
"""Nodes up to which a full mesh is meant to work (Calico's own recommendation)."""


def sessions(fabric: Fabric, phase: Phase = Phase.FINAL, racks: Iterable[str] | None = None) -> tuple[Session, ...]:
    """Sessions that must be Established in a phase, for some racks or all of them."""
    return tuple(
        session
        for name in (fabric.racks if racks is None else racks)
        for reflector in fabric.racks[name].reflectors
        for session in of_reflector(fabric, name, reflector, phase)
    )


def of_reflector(
    fabric: Fabric, rack: str, reflector: str, phase: Phase, *, whole: bool = False
) -> tuple[Session, ...]:
    """Sessions of one reflector: to the leaves of its rack and, once reflected, to its nodes.

    A session between two reflectors is listed with the first of them only, or with both when ``whole``.
    """
    declared = fabric.racks[rack]
    own = tuple(
        dict.fromkeys((fabric.rack_as(rack),) if phase is Phase.FINAL else (fabric.as_number, fabric.rack_as(rack)))
    )
    kinds = [_to_leaves(rack, declared, reflector, own)]
    if phase is not Phase.CONNECTED:
        kinds.append(_to_nodes(rack, declared, reflector, own, whole=whole))
    return tuple(session for found in kinds for session in found)


def _to_leaves(rack: str, declared: Rack, reflector: str, own: tuple[int, ...]) -> Iterable[Session]:
    for name, leaf in declared.leaves.items():
        for address in declared.reflectors[reflector]:
            far = leaf.address.of(address.version)
            if far is not None:
                yield Session(
                    kind=Kind.LEAF,
                    rack=rack,
                    near=End(name=reflector, address=address, as_numbers=own),
                    far=End(name=name, address=far, as_numbers=(leaf.as_number,)),
                )


def _to_nodes(rack: str, declared: Rack, reflector: str, own: tuple[int, ...], *, whole: bool) -> Iterable[Session]:
    reflectors = list(declared.reflectors)
    earlier = {reflector} if whole else set(reflectors[: reflectors.index(reflector) + 1])
    for name, addresses in declared.nodes.items():
        for address in declared.reflectors[reflector] if name not in earlier else ():
            far = addresses.of(address.version)
            if far is not None:
                yield Session(
                    kind=Kind.NODE,
                    rack=rack,
                    near=End(name=reflector, address=address, as_numbers=own),
                    far=End(name=name, address=far, as_numbers=own),
                )


def mesh(
    fabric: Fabric, racks: Iterable[str] | None = None, *, reflectors: bool = True, of: str | None = None
) -> tuple[Session, ...]:
    """Sessions of the node-to-node mesh on the way back to it, with the fabric's AS.

    Between all nodes of some racks; without ``reflectors`` between their members only, because Calico keeps nodes with
    a cluster ID out of the mesh; with ``of`` only those of a node that has just ceased to be a reflector, to the nodes
    of its rack that are none or stopped being one before it. Pairs across racks are listed up to ``MESH_LIMIT`` nodes.
    """
    chosen = list(fabric.racks if racks is None else racks)
    nodes = [
        (rack, name, addresses)
        for rack in chosen
        for name, addresses in (fabric.racks[rack].nodes if reflectors else fabric.racks[rack].members).items()
    ]
    across = len(nodes) <= MESH_LIMIT
    own = (fabric.as_number,)
    if of is not None:
        in_order = [name for rack in chosen for name in fabric.racks[rack].reflectors]
        still = set(in_order[: in_order.index(of)])
        pairs = [(a, b) for a in nodes for b in nodes if a[1] == of and b[1] != of and b[1] not in still]
    else:
        pairs = [(a, b) for a, b in combinations(nodes, 2) if across or a[0] == b[0]]
    return tuple(
        Session(
            kind=Kind.MESH,
            rack=near[0],
            near=End(name=near[1], address=address, as_numbers=own),
            far=End(name=far[1], address=other, as_numbers=own),
        )
        for near, far in pairs
        for address in near[2]
        if (other := far[2].of(address.version)) is not None
    )


def way_back_to_leaves(fabric: Fabric) -> tuple[Session, ...]:
    """Sessions to the leaves once every rack has given up its own AS again and before the mesh comes back."""
    nobodys_own = {rack: declared.model_copy(update={"as_number": None}) for rack, declared in fabric.racks.items()}
    return sessions(fabric.model_copy(update={"racks": nobodys_own}), Phase.CONNECTED)


def endpoints(fabric: Fabric, racks: Iterable[str] | None = None) -> tuple[Endpoint, ...]:
    """How to reach the leaves of some racks, or of all."""
    return tuple(
        Endpoint(
            name=name,
            platform=leaf.platform,
            host=leaf.ssh_host,
            port=leaf.ssh.port,
            user=leaf.ssh.user,
            host_key=leaf.ssh.host_key,
            identity_file=leaf.ssh.identity_file,
        )
        for rack in (fabric.racks if racks is None else racks)
        for name, leaf in fabric.racks[rack].leaves.items()
    )
