"""What leafrack puts on a leaf, from the fabric file alone: its neighbours and prefix lists as values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from leafrack.fabric import Fabric, Leaf, names
from leafrack.platforms import Feature, PlayedPlatform, platform_of
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList, Task
from leafrack.platforms.state import Timers

MAXIMUM_NEIGHBOURS = 100
"""That a leaf takes in a rack's ranges, of each family, where the file gives no number: two racks full of servers."""


def neighbours(fabric: Fabric, rack: str, leaf: str) -> dict[str, tuple[Neighbour, ...]]:
    """Neighbours of a leaf by node, one for each family that both have, as they are when the rack is connected."""
    declared = fabric.racks[rack]
    return {
        node: tuple(
            Neighbour(
                address=address,
                as_number=start_as(fabric, rack, leaf),
                description=names.neighbour_description(rack, node),
                **_terms(fabric, rack, leaf, address.version),
            )
            for address in addresses
            if declared.leaves[leaf].address.of(address.version) is not None
        )
        for node, addresses in fabric.border(rack).items()
    }


def listeners(fabric: Fabric, rack: str, leaf: str) -> tuple[Listener, ...]:
    """Ranges in which a leaf takes the nodes of a rack that is known by a label, as the rack is connected.

    Of the families that the fabric carries and the leaf has an address of.
    """
    declared = fabric.racks[rack]
    if not fabric.listens(rack):
        return ()
    return tuple(
        Listener(
            prefix=prefix,
            group=names.listening_group(fabric.name, prefix.version),
            as_number=_start_of_ranges(fabric, rack, leaf),
            description=names.range_description(rack),
            maximum_neighbours=declared.maximum_neighbours or MAXIMUM_NEIGHBOURS,
            **_terms(fabric, rack, leaf, prefix.version),
        )
        for prefix in fabric.ranges_of(rack)
        if prefix.version in fabric.versions and declared.leaves[leaf].address.of(prefix.version) is not None
    )


def _terms(fabric: Fabric, rack: str, leaf: str, version: int) -> dict[str, Any]:
    """What a leaf sets of the sessions to the nodes of a rack, whether it knows their names or takes whoever comes."""
    declared, paths = fabric.racks[rack], path_list(fabric, rack, leaf)
    return {
        "list_in": names.list_in(fabric.name, version),
        "list_out": names.list_out(fabric.name, version),
        "as_numbers": _as_numbers(fabric, rack),
        "paths_in": "" if paths is None else paths.name,
        "as_override": fabric.overrides_as(rack, leaf),
        "remove_private_as": declared.local_as_number is not None,
        "graceful_restart": len(declared.leaves) == 1,
        "timers": _timers(declared.leaves[leaf]),
        "ttl_security": fabric.ttl_security,
        "maximum_prefix": fabric.maximum_prefix,
    }


def start_as(fabric: Fabric, rack: str, leaf: str) -> int | None:
    """AS with which a leaf's neighbours start: the fabric's where it stays, otherwise any.

    A platform that takes no neighbours of any AS begins with the fabric's, and is given the other one at the end. Where
    its jobs are played, the one that plays them asks the cluster for the AS that a node has by then.
    """
    keeps = fabric.leaf_side_as(rack) == fabric.as_number
    return fabric.as_number if keeps or takes_one_as(fabric, rack, leaf) else None


def _start_of_ranges(fabric: Fabric, rack: str, leaf: str) -> int | None:
    """The same for ranges: of those that leafrack writes, nobody could ask who will come."""
    keeps = fabric.leaf_side_as(rack) == fabric.as_number
    return fabric.as_number if keeps or needs_two(fabric, rack, leaf) else None


def takes_one_as(fabric: Fabric, rack: str, leaf: str) -> bool:
    """Whether the rack changes its AS, and the leaf has each neighbour in one AS at a time.

    A program for a leaf's shell cannot ask in which AS a node is: on such a platform ``check`` refuses the rack.
    """
    declared = fabric.racks[rack].leaves[leaf]
    platform, changes = platform_of(declared.platform), fabric.leaf_side_as(rack) != fabric.as_number
    carried = declared.by_hand or isinstance(platform, PlayedPlatform)
    return changes and carried and Feature.ANY_AS in platform.cannot


def needs_two(fabric: Fabric, rack: str, leaf: str) -> bool:
    """Whether a change of the rack's AS takes two hand-overs of a leaf by hand."""
    return fabric.racks[rack].leaves[leaf].by_hand and takes_one_as(fabric, rack, leaf)


def _timers(leaf: Leaf) -> Timers | None:
    return None if leaf.timers is None else Timers(leaf.timers.keepalive, leaf.timers.hold)


def keepalive_time(leaf: Leaf) -> str | None:
    """``keepaliveTime`` of the BGPPeers to a leaf (v3/bgppeer.go, a duration); ``None`` where it has no timers."""
    return None if leaf.timers is None else f"{leaf.timers.keepalive}s"


def job(fabric: Fabric, rack: str, leaf: str, task: Task) -> Job:
    """A job of a leaf, without passwords."""
    return Job(
        task=task,
        as_number=fabric.racks[rack].leaves[leaf].as_number,
        own_lists=names.own_lists(fabric.name),
        lists=prefix_lists(fabric),
        paths=path_list(fabric, rack, leaf),
        neighbours=tuple(each for found in neighbours(fabric, rack, leaf).values() for each in found),
        final_as=fabric.leaf_side_as(rack),
        listeners=listeners(fabric, rack, leaf),
    )


def with_password(job: Job, password: str | None) -> Job:
    """A job whose sessions have a TCP MD5 password (RFC 2385)."""
    return replace(
        job,
        neighbours=tuple(replace(each, password=password) for each in job.neighbours),
        listeners=tuple(replace(each, password=password) for each in job.listeners),
    )


def in_as(job: Job, as_number: int | None) -> Job:
    """A job whose sessions start in another AS."""
    return replace(
        job,
        neighbours=tuple(replace(each, as_number=as_number) for each in job.neighbours),
        listeners=tuple(replace(each, as_number=as_number) for each in job.listeners),
    )


def prefix_lists(fabric: Fabric) -> tuple[PrefixList, ...]:
    """What nodes may announce and what they are sent: pods and services, and outbound what the file adds."""
    return tuple(
        PrefixList(name(fabric.name, version), tuple(cidr for cidr in ranges if cidr.version == version))
        for version in sorted({cidr.version for cidr in fabric.advertised})
        for name, ranges in ((names.list_in, fabric.advertised), (names.list_out, fabric.accepted))
    )


def path_list(fabric: Fabric, rack: str, leaf: str) -> PathList | None:
    """What nodes may announce by its path: no AS but those in which the rack itself is seen.

    So a node never carries routes from one leaf to the other, nor from another rack, whatever it has over BGP.
    """
    if not platform_of(fabric.racks[rack].leaves[leaf].platform).takes_paths:
        return None
    return PathList(names.path_list(fabric.name), _as_numbers(fabric, rack))


def _as_numbers(fabric: Fabric, rack: str) -> tuple[int, ...]:
    """Every AS in which a rack is seen at some time: before it has its own, with it, and as its leaves see it."""
    return tuple(sorted({fabric.as_number, fabric.rack_as(rack), fabric.leaf_side_as(rack)}))
