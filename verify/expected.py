"""What a healthy fabric looks like, from the fabric file alone and for each phase of its building."""

from __future__ import annotations

from collections.abc import Iterable

from config import Fabric, Rack
from verify.model import Endpoint, End, Kind, Phase, Session


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
    own = tuple(dict.fromkeys((fabric.rack_as(rack),) if phase is Phase.FINAL else (fabric.as_number, fabric.rack_as(rack))))
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


def _to_nodes(
    rack: str, declared: Rack, reflector: str, own: tuple[int, ...], *, whole: bool
) -> Iterable[Session]:
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
