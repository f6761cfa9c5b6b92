"""What a BIRD switch answers, as values: its neighbours, the kernel's routes, and the files that are leafrack's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from leafrack.addresses import Address, Network, network_of
from leafrack.errors import printable
from leafrack.platforms.bird import settings, transaction
from leafrack.platforms.bird.protocols import Protocol, protocols, seconds_since
from leafrack.platforms.played import HEADING
from leafrack.platforms.state import Effect, Line, ListenerState, NeighbourState, SessionState, SwitchState

READ = transaction.reading("leafrack", "read what BIRD runs")
_UNLIKE = "this does not answer as BIRD 2"


def parse(output: str) -> SwitchState:
    """State from what :data:`READ` printed; raises ``ValueError`` with one line when it is not BIRD's."""
    try:
        # Somebody else's description may hold what ends a line for Python.
        lines = list(map(printable, output.split("\n")))
        return _parsed(lines[1:] if lines[0].startswith(HEADING) else lines)
    except ValueError as error:
        msg = f"{_UNLIKE}: {error}"
        raise ValueError(msg) from None
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        msg = f"{_UNLIKE}: {type(error).__name__} in its routes"
        raise ValueError(msg) from None


def _parsed(lines: Sequence[str]) -> SwitchState:
    parts = _parts(lines)
    said, written = parts.pop(""), {name: text for name, text in parts.items() if name not in ("routes", "files")}
    status = dict(re.findall(r"^(Router ID is|Current server time is) (\S.*)$", "\n".join(said), re.MULTILINE))
    if not (said and said[0].startswith("BIRD 2") and "Router ID is" in status and "files" in parts):
        first = next((line for line in lines if line.strip()), "nothing")
        raise ValueError(repr(first[:120]))
    now = datetime.fromisoformat(status["Current server time is"])
    found = list(protocols(said))
    here = [one for one in found if not one.vrf]
    neighbours = [text for name, text in written.items() if name.startswith("neighbour-")]
    ranges = [text for name, text in written.items() if name.startswith("range-")]
    ours = {name: text for text in (*neighbours, *ranges) if (name := _name(text))}
    lists = listed(line for name, text in written.items() if name.startswith("list-") for line in text)
    return SwitchState(
        as_number=_as_number(here, ours),
        neighbours={**dict(_idle(neighbours)), **_neighbours(here, ours, now)},
        routes=frozenset(_routes(parts["routes"])),
        router_id=status["Router ID is"],
        lists={name: entries for name, entries in lists.items() if not _of_paths(entries)},
        paths={name: entries for name, entries in lists.items() if _of_paths(entries)},
        elsewhere=tuple(dict.fromkeys(one.vrf for one in found if one.vrf)),
        listeners={**dict(_unheard(ranges)), **_listeners(here, ours)},
    )


def _parts(lines: Sequence[str]) -> dict[str, list[str]]:
    """Lines by the heading before them."""
    parts: dict[str, list[str]] = {"": []}
    part = parts[""]
    for line in lines:
        if line.startswith("=== "):
            part = parts.setdefault(line.removeprefix("=== "), [])
        else:
            part.append(line)
    return parts


def _name(text: Iterable[str]) -> str:
    return next((said[1] for line in text if (said := re.fullmatch(r"protocol bgp '(.+)' \{", line))), "")


def _as_number(found: Sequence[Protocol], ours: Mapping[str, object]) -> int | None:
    """AS of the protocols that are not leafrack's, as BIRD has none of its own: the one that most of them have."""
    by_range = {one.name for one in found if (parent := _parent(one, found)) and parent.name in ours}
    said = [number for one in found if one.name not in {*ours, *by_range} and (number := one.number("Local AS"))]
    said = said or [number for one in found if (number := one.number("Local AS"))]
    return max(said, key=said.count, default=None)


def _neighbours(
    found: Sequence[Protocol], ours: Mapping[str, Sequence[str]], now: datetime
) -> dict[Address, NeighbourState]:
    states: dict[Address, NeighbourState] = {}
    for one in found:
        address = one.address
        if address is None:
            continue
        parent = _parent(one, found)
        # Where two protocols have one neighbour, somebody else's is the news; but who has come by a range, and has a
        # name since, is the one that has the session.
        news = one.name not in ours and (parent is None or one.state is SessionState.ESTABLISHED)
        if address not in states or news:
            states[address] = _neighbour(one, address, ours.get(one.name), now, parent)
    return states


def _parent(one: Protocol, found: Sequence[Protocol]) -> Protocol | None:
    """The protocol for a range by which one has come; BIRD does not name it, but calls those that it makes so."""
    address = one.address
    if address is None or not re.fullmatch(r"dynbgp\d+", one.name):
        return None
    return next((each for each in found if each.range is not None and address in each.range), None)


def _listeners(found: Sequence[Protocol], ours: Mapping[str, Sequence[str]]) -> dict[Network, ListenerState]:
    return {one.range: _listener(one, one.range, ours.get(one.name)) for one in found if one.range is not None}


def _listener(one: Protocol, prefix: Network, text: Sequence[str] | None) -> ListenerState:
    given, rest = _of_range(text or ())
    shutdown = {"shutdown": ""} if one.disabled else {}
    said = {"description": one.fields.get("Description", ""), "set_as": one.number("Neighbor AS") or None}
    return ListenerState(**{**said, **given, **shutdown}, prefix=prefix, rest=rest)


def _of_range(text: Sequence[str]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    given, rest = settings.of_lines(text)
    return given, tuple(line for line in rest if line != settings.PASSIVE)


def _unheard(written: Iterable[Sequence[str]]) -> Iterable[tuple[Network, ListenerState]]:
    """Ranges of our files where BIRD does not run them."""
    for text in written:
        said = next((found[1] for line in text if (found := re.fullmatch(r" +neighbor range (\S+) .*", line))), None)
        if said is not None:
            given, rest = _of_range(text)
            yield ip_network(said), ListenerState(**{**given, "shutdown": ""}, prefix=ip_network(said), rest=rest)


def _idle(written: Iterable[Sequence[str]]) -> Iterable[tuple[Address, NeighbourState]]:
    """Neighbours of our files, as they are where BIRD does not run them: their folder is not included any more."""
    for text in written:
        said = next((found[1] for line in text if (found := re.fullmatch(r" +neighbor (\S+) .*", line))), None)
        if said is not None:
            given, rest = settings.of_lines(text)
            address = ip_address(said)
            yield (
                address,
                NeighbourState(
                    **{**given, "shutdown": ""}, address=address, remote_as=0, state=SessionState.IDLE, rest=rest
                ),
            )


def _neighbour(
    one: Protocol, address: Address, text: Sequence[str] | None, now: datetime, parent: Protocol | None
) -> NeighbourState:
    given, rest = settings.of_lines(text or ())
    shutdown = {"shutdown": ""} if one.disabled else {}
    refuses = () if text else (Line(f"protocol bgp {(parent or one).name}", Effect.REFUSES),)
    up = one.state.value == "Established"
    return NeighbourState(
        **{"description": one.fields.get("Description", ""), **given, **shutdown},
        address=address,
        remote_as=one.number("Neighbor AS"),
        state=one.state,
        uptime=seconds_since(one.since, now) if up else 0.0,
        last_error="" if up else one.last_error,
        prefixes_received=one.imported,
        lines=refuses,
        local_address=one.local_address,
        router_id=one.fields.get("Neighbor ID", "") if up else "",
        rest=rest,
        came_by=None if parent is None else parent.range,
    )


def _routes(lines: Sequence[str]) -> Iterable[Network]:
    """Unicast routes of the kernel's main tables: one JSON list a family."""
    decoder, text = json.JSONDecoder(), "\n".join(lines).strip()
    for version in (4, 6):
        table, end = decoder.raw_decode(text) if text else ([], 0)
        text = text[end:].lstrip()
        default = "0.0.0.0/0" if version == 4 else "::/0"
        for route in table:
            if route.get("type", "unicast") == "unicast":
                yield network_of(default if route["dst"] == "default" else str(route["dst"]), strict=True)


def _of_paths(entries: frozenset[str]) -> bool:
    """Whether the entries of a list are AS numbers."""
    return all(map(str.isdigit, entries))


def listed(lines: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Entries of each list by its name."""
    text = "\n".join(lines)
    return {
        name: frozenset(entry.strip() for entry in entries.split(","))
        for name, entries in re.findall(r"^define '(.+)' = \[([^\]]*)\];$", text, re.MULTILINE)
    }
