"""What becomes of a leaf's settings of its neighbours, once the file is applied: said where something will change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from leafrack.addresses import Address
from leafrack.fabric import names
from leafrack.platforms import NeighbourState, Platform, Setting, Settings
from leafrack.platforms.differences import RETRY
from leafrack.platforms.state import Limit, PrivateAs


@dataclass(frozen=True)
class InFile:
    """What the fabric file says of the sessions between a leaf and the nodes of its rack."""

    timers: bool
    ttl_security: bool
    maximum_prefix: int | None
    pair: bool
    """The rack has two leaves, so that nodes are not to keep the routes of one that is gone."""
    local_as: bool


def remarks(
    platform: Platform, neighbours: Iterable[NeighbourState], file: InFile
) -> Mapping[str, tuple[Address, ...]]:
    """Settings that do not stay as they are, or that the file has no key for, with the neighbours that have them."""
    found: dict[str, tuple[Address, ...]] = {}
    for neighbour in neighbours:
        said = [(platform.words(one, neighbour), becomes(platform, neighbour, file)) for one, becomes in _BECOMES]
        said += [(line, "has no key in the file: it stays on the switch, neither set nor watched")
                 for line in neighbour.rest]  # fmt: skip
        for words, what in said:
            if words and what:
                text = f"`{words}` {what}"
                found[text] = (*found.get(text, ()), neighbour.address)
    return found


def _shutdown(_platform: Platform, _found: NeighbourState, _file: InFile) -> str:
    return "keeps the session down: take it away first"


def _timers(_platform: Platform, _found: NeighbourState, file: InFile) -> str:
    goes = "goes, as not all neighbours have the same: give the leaf timers in the file to keep them"
    return "" if file.timers else goes


def _ttl_security(_platform: Platform, _found: NeighbourState, file: InFile) -> str:
    goes = "goes, which resets the session: say ttlSecurity: true, or take it away on both ends first"
    return "" if file.ttl_security else goes


def _graceful_restart(_platform: Platform, _found: NeighbourState, file: InFile) -> str:
    goes = "goes, as the rack has one leaf: its nodes keep the leaf's routes for a while after it is gone"
    return "" if file.pair else goes


def _list_in(_platform: Platform, found: NeighbourState, _file: InFile) -> str:
    return _list(found.list_in)


def _list_out(_platform: Platform, found: NeighbourState, _file: InFile) -> str:
    return _list(found.list_out)


def _list(name: str) -> str:
    gives_way = "gives way to leafrack's own list, of pods and services only: see that this is enough"
    return "" if name.startswith(names.LISTS) else gives_way


def _paths_in(platform: Platform, found: NeighbourState, _file: InFile) -> str:
    gives_way = "gives way to leafrack's own list, of paths of the rack's AS numbers only: see that this is enough"
    return "" if found.paths_in.startswith(names.LISTS) or not platform.takes_paths else gives_way


def _limit(platform: Platform, found: NeighbourState, file: InFile) -> str:
    if file.maximum_prefix is None:
        return "goes, as not all neighbours have the same: give maximumPrefix in the file to have a limit"
    ours = Limit(file.maximum_prefix, RETRY)
    becomes = platform.words(Setting.LIMIT, Settings(limit=ours))
    return "" if found.limit == ours else f"becomes `{becomes}`"


def _private_as(platform: Platform, found: NeighbourState, file: InFile) -> str:
    if not file.local_as:
        return "goes, as the rack has no localASNumber: its nodes are sent paths with private AS numbers in them"
    ours = PrivateAs()
    becomes = platform.words(Setting.PRIVATE_AS, Settings(private_as=ours))
    return "" if found.private_as == ours else f"becomes `{becomes}`"


_BECOMES: tuple[tuple[Setting, Callable[[Platform, NeighbourState, InFile], str]], ...] = (
    (Setting.SHUTDOWN, _shutdown),
    (Setting.TIMERS, _timers),
    (Setting.TTL_SECURITY, _ttl_security),
    (Setting.GRACEFUL_RESTART, _graceful_restart),
    (Setting.LIST_IN, _list_in),
    (Setting.LIST_OUT, _list_out),
    (Setting.PATHS_IN, _paths_in),
    (Setting.LIMIT, _limit),
    (Setting.PRIVATE_AS, _private_as),
)
"""The others stay, or are said of the leaf (``asOverride``) and of its BGPPeers (passwords)."""
