"""What a Comware switch answers, as values: its neighbours, routes, prefix lists and path lists.

The summary has the AS and the routes of a neighbour, ``verbose`` how long its session is up and who is at the other
end; neither lists one whose address family is not activated. Why a session is down Comware tells of one neighbour at a
time: it is asked for each that the summary has as down (:mod:`leafrack.platforms.comware.log`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from leafrack.addresses import Address, Network, network_of
from leafrack.errors import printable
from leafrack.platforms.as_numbers import as_number
from leafrack.platforms.comware import log, paths, running, settings
from leafrack.platforms.played import answers, split
from leafrack.platforms.state import ListenerState, NeighbourState, SessionState, SwitchState

VERSION = "display version"
CONFIGURATION = "display current-configuration configuration bgp"
LISTS = "display current-configuration | include prefix-list"
PATHS = "display current-configuration | include as-path"
PEERS = {4: "display bgp peer ipv4", 6: "display bgp peer ipv6"}
ROUTES = {4: "display ip routing-table", 6: "display ipv6 routing-table"}
READ = (
    VERSION,
    CONFIGURATION,
    LISTS,
    PATHS,
    *(said for summary in PEERS.values() for said in (summary, f"{summary} verbose")),
    *ROUTES.values(),
)
"""Commands whose answers :func:`parse` takes, each after a line ``### COMMAND``."""
IS_COMWARE = r"Comware Software, Version 7\."
"""What ``display version`` says on a switch of the platform."""
_UNLIKE = "this does not answer as Comware 7"

_ROW = re.compile(
    r"^ {0,4}(?P<dynamic>\* ?)?(?P<who>[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]+)\s+(?P<number>[\d.]+)\s+\d+\s+\d+\s+\d+\s+"
    r"(?P<routes>\d+)\s+(?P<since>\S+)\s+(?P<state>[A-Z]\S*)",
    re.MULTILINE,
)
_MOST = 64
"""Neighbours at most that are asked for why they are down: more than a rack has, and of a switch full of others few."""
_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


class _Summary(NamedTuple):
    """A neighbour in ``display bgp peer``."""

    remote_as: int
    routes: int
    state: SessionState
    uptime: float
    dynamic: bool


def besides(told: Mapping[str, str]) -> tuple[str, ...]:
    """Commands that tell why neighbours are down, from the answers to :data:`READ`."""
    return tuple(map(log.command, _down(told)))


def _down(told: Mapping[str, str]) -> list[Address]:
    tables = ((version, "\n".join(_lines(told.get(command, "")))) for version, command in PEERS.items())
    try:
        listed = [one for version, table in tables for one in _summaries(table, version).items()]
    except ValueError:
        # A table of another shape is told when all of it is read.
        return []
    return [who for who, each in listed if each.state is not SessionState.ESTABLISHED][:_MOST]


def parse(output: str) -> SwitchState:
    """State from what :data:`READ` and :func:`besides` printed; raises ``ValueError`` with one line if it is none."""
    told = dict(zip(READ, answers(output, READ, _UNLIKE), strict=True))
    asked = {log.command(who): who for who in _down(told)}
    # What was asked besides follows the last of them.
    found = {command: _lines(answer) for command, answer in split(output, (*READ, *asked)).items()}
    errors = {who: log.last_error(found.get(command, [])) for command, who in asked.items()}
    if not any(re.search(IS_COMWARE, line) for line in found[VERSION]):
        first = next((line.strip() for line in found[VERSION] if line.strip()), "nothing")
        msg = f"{_UNLIKE}: {first[:120]!r}"
        raise ValueError(msg)
    try:
        return _parsed(found, errors)
    except ValueError as error:
        msg = f"{_UNLIKE}: {error}"
        raise ValueError(msg) from None


_SHAPES: Mapping[str, str] = {
    CONFIGURATION: r"#|return",
    LISTS: r".*\bprefix-list\b.*",
    PATHS: r".*\bas-path\b.*",
    **dict.fromkeys(PEERS.values(), r" *Local AS number *:.*"),
    **dict.fromkeys(ROUTES.values(), r" *Destinations *:.*"),
}
"""A line that each answer has, where it has any."""


def _shaped(told: Mapping[str, list[str]]) -> None:
    """Raise ``ValueError`` with the first line of an answer of another shape."""
    for command, pattern in _SHAPES.items():
        said = [line.rstrip() for line in told[command] if line.strip()]
        if said and not any(re.fullmatch(pattern, line) for line in said):
            raise ValueError(f"`{command}` is answered by {said[0].strip()[:120]!r}")


def _lines(answer: str) -> list[str]:
    # Somebody else's description may hold what ends a line for Python.
    return [printable(line.rstrip("\r").expandtabs()) for line in answer.split("\n")]


def _parsed(told: Mapping[str, list[str]], errors: Mapping[Address, str]) -> SwitchState:
    _shaped(told)
    bgp = running.bgp(told[CONFIGURATION])
    said = running.peers(bgp.said)
    if bgp.as_number is None and not bgp.elsewhere and any(line.startswith("bgp ") for line in told[CONFIGURATION]):
        msg = "its configuration has a BGP of no AS number"
        raise ValueError(msg)
    summaries = _all_summaries(told, said)
    details = {who: block for command in PEERS.values() for who, block in _details(told[f"{command} verbose"]).items()}
    configured = {address for who in said if (address := running.address_of(who)) is not None}
    graceful_restart = running.has_graceful_restart(bgp.said)
    lists = running.listed(told[LISTS])
    named = paths.names(lists)
    return SwitchState(
        as_number=bgp.as_number,
        neighbours={
            who: replace(
                _neighbour(
                    who, said, named, summaries.get(who), details.get(who, {}), graceful_restart=graceful_restart
                ),
                last_error=errors.get(who, ""),
            )
            for who in sorted({*configured, *summaries}, key=lambda one: (one.version, int(one)))
        },
        routes=frozenset((*_routes4(told[ROUTES[4]]), *_routes6(told[ROUTES[6]]))),
        router_id=_router_id(told),
        lists={name: frozenset(entries) for name, entries in lists.items() if name not in named.values()},
        paths=paths.listed(told[PATHS], named),
        numbers=lists,
        elsewhere=bgp.elsewhere,
        listeners={
            prefix: _listener(prefix, lines, named, graceful_restart=graceful_restart)
            for who, lines in said.items()
            if (prefix := running.network_of(who)) is not None
        },
    )


def _listener(
    prefix: Network, said: Sequence[running.BgpLine], named: Mapping[str, str], *, graceful_restart: bool
) -> ListenerState:
    lines = ((one.family, one.text) for one in said)
    given, set_as, rest = settings.of_lines(lines, settings.family(prefix.version), graceful_restart=graceful_restart)
    return ListenerState(
        **{**vars(given), "paths_in": named.get(given.paths_in, given.paths_in)},
        prefix=prefix,
        set_as=set_as,
        rest=rest,
    )


def _all_summaries(
    told: Mapping[str, list[str]], said: Mapping[str, tuple[running.BgpLine, ...]]
) -> dict[Address, _Summary]:
    """Summary of both families; raises ``ValueError`` where one lacks a neighbour that is enabled in it."""
    found: dict[Address, _Summary] = {}
    for version, command in PEERS.items():
        listed = _summaries("\n".join(told[command]), version)
        if missing := _activated(said, version) - set(listed):
            msg = f"`{command}` does not list {min(missing, key=int)}, which is enabled"
            raise ValueError(msg)
        found |= listed
    return found


def _activated(said: Mapping[str, tuple[running.BgpLine, ...]], version: int) -> set[Address]:
    """Neighbours of a version that are enabled in its family: ``display bgp peer`` has to list them."""
    return {
        address
        for who, lines in said.items()
        if (address := running.address_of(who)) is not None and address.version == version
        for line in lines
        if (line.family, line.text) == (settings.family(version), "enable")
    }


def _router_id(told: Mapping[str, list[str]]) -> str:
    lines = (line for command in PEERS.values() for line in told[command])
    said = (re.fullmatch(r" *BGP local router ID *: *(\S+)", line.rstrip()) for line in lines)
    return next((found[1] for found in said if found), "")


def _summaries(table: str, version: int) -> dict[Address, _Summary]:
    """Rows of a family's summary; an address that is too long for its column has a line of its own."""
    found: dict[Address, _Summary] = {}
    for row in _ROW.finditer(table):
        # An IPv4 neighbour that carries IPv6 routes too is in both.
        if (address := running.address_of(row["who"])) is not None and address.version == version:
            state = _state(row["state"])
            up = _seconds(row["since"]) if state is SessionState.ESTABLISHED else 0.0
            found[address] = _Summary(as_number(row["number"]), int(row["routes"]), state, up, bool(row["dynamic"]))
    return found


def _details(lines: Sequence[str]) -> dict[Address, Mapping[str, str]]:
    """What ``verbose`` says of each neighbour, as far as it is asked for."""
    found: dict[Address, Mapping[str, str]] = {}
    block: dict[str, str] = {}
    for line in map(str.strip, lines):
        if head := re.match(r"Peer: (\S+)\s+Local: ", line):
            block = {}
            if (address := running.address_of(head[1])) is not None:
                found[address] = block
        elif said := re.fullmatch(r"BGP current state: (\S+?)(?:, Up for (\S+))?", line):
            block |= {"state": said[1], "up": said[2] or ""}
        elif said := re.fullmatch(r"BGP version \d+, remote router ID (\S+)", line):
            block["router id"] = said[1]
    return found


def _neighbour(
    address: Address,
    said: Mapping[str, tuple[running.BgpLine, ...]],
    named: Mapping[str, str],
    summary: _Summary | None,
    detail: Mapping[str, str],
    *,
    graceful_restart: bool,
) -> NeighbourState:
    lines = ((one.family, one.text) for one in said.get(str(address), ()))
    given, set_as, rest = settings.of_lines(lines, settings.family(address.version), graceful_restart=graceful_restart)
    state = summary.state if summary else SessionState.IDLE
    up = state is SessionState.ESTABLISHED
    return NeighbourState(
        **{**vars(given), "paths_in": named.get(given.paths_in, given.paths_in)},
        address=address,
        remote_as=summary.remote_as if summary else set_as or 0,
        state=state,
        uptime=(_seconds(detail.get("up", "")) or (summary.uptime if summary else 0.0)) if up else 0.0,
        prefixes_received=summary.routes if summary else 0,
        lines=tuple(running.lines(address, said, named, dynamic=bool(summary and summary.dynamic))),
        router_id=detail.get("router id", "") if up else "",
        set_as=set_as,
        rest=rest,
        came_by=_came_by(address, said) if summary and summary.dynamic else None,
    )


def _came_by(address: Address, said: Mapping[str, object]) -> Network | None:
    """The subnet that a neighbour came from: the narrower one."""
    holding = (one for one in map(running.network_of, said) if one is not None and address in one)
    return max(holding, key=lambda one: one.prefixlen, default=None)


def _state(said: str) -> SessionState:
    """Comware has one more than the RFC, for a neighbour that is ignored: ``Idle(Admin)``."""
    return SessionState.of(said.partition("(")[0])


def _seconds(said: str) -> float:
    """Seconds of ``00h14m22s``, ``0286h47m`` or ``00:14:17``."""
    if clock := re.fullmatch(r"(\d+):(\d\d):(\d\d)", said):
        return float(int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3]))
    return float(sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([wdhms])", said)))


def _routes4(lines: Sequence[str]) -> Iterator[Network]:
    """``DESTINATION/LENGTH PROTOCOL PREFERENCE COST NEXT-HOP INTERFACE``; more next hops follow without the first."""
    for line in lines:
        row = re.match(r" ?(\d+\.\d+\.\d+\.\d+/\d+)\s+\S+\s+\d+\s+\d+\s+\S+\s+(\S+)", line)
        if row and row[2] != "NULL0":
            yield network_of(row[1])


def _routes6(lines: Sequence[str]) -> Iterator[Network]:
    """A block a route: ``Destination: PREFIX``, then next hop and interface."""
    destination = ""
    for line in lines:
        if said := re.match(r" ?Destination *: *([0-9A-Fa-f:.]+/\d+)", line):
            destination = said[1]
        elif (said := re.match(r" ?Interface *: *(\S+)", line)) and destination:
            if said[1] != "NULL0":
                yield network_of(destination)
            destination = ""
