"""The end of a leaf by hand: ``python -m leafrack hand-over back`` says what somebody is to take away from it.

Standard input is :class:`HandedOver` as JSON. Nobody is waited for, and nothing fails for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from leafrack.commands import resource
from leafrack.errors import UnreadableError
from leafrack.world.cluster import ClusterReader
from leafrack.world.connection import Connection
from leafrack.world.model import Cluster, Value

NAMED = 4
"""Neighbours that the line names; of more it gives the number."""


class HandedOver(Value):
    """What a leaf by hand was given, and the BGPPeers that are there as long as the leaf is of the fabric."""

    leaf: str
    neighbours: tuple[str, ...]
    """Those without a name by the range that they come from, before the others."""
    lists: tuple[str, ...]
    peers: tuple[str, ...]
    cluster: Cluster


def back(handed: HandedOver) -> None:
    """Say what stays on the leaf, unless the leaf stays in the fabric and is now configured by leafrack."""
    if not _goes_on(handed):
        resource.tell(said(handed))


def said(handed: HandedOver) -> str:
    """One line, because that is what Pulumi keeps on the screen."""
    some = handed.neighbours[:NAMED]
    more = len(handed.neighbours) - len(some)
    neighbours = ", ".join(some) + (f" and {more} more" if more else "")
    lists, command = ", ".join(handed.lists), f"leafrack render {handed.leaf} FABRIC.yaml --remove"
    return (
        f"{handed.leaf}: nobody waits for it; what is to be taken away there by hand: neighbours {neighbours}; "
        f"lists {lists} (`{command}`, with the file as it was)"
    )


def _goes_on(handed: HandedOver) -> bool:
    try:
        names = {peer.name for peer in ClusterReader(Connection(handed.cluster, patience=0.0)).peers()}
    except UnreadableError:
        return False
    return not names.isdisjoint(handed.peers)


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0, but for what it cannot read on standard input."""
    return resource.main("hand-over", arguments, HandedOver, lambda _: None, back)
