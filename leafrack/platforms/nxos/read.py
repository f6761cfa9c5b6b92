"""What an NX-OS switch answers, as values: its neighbours, routes, prefix lists and path lists.

Keys are those of Cisco's command reference of 9.3(x) (``show bgp neighbors``, ``show bgp summary``, ``show ip route``).
``TABLE_x`` holds ``ROW_x``: an object where there is one, a list where there are more. Numbers may be text, times are
ISO 8601 (``P2DT16H8M52S``) or as people read them (``6w3d``, ``00:05:12``), AS numbers asplain or asdot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from leafrack.addresses import Address, Network, network_of
from leafrack.errors import printable
from leafrack.platforms.as_numbers import as_number
from leafrack.platforms.nxos import running, settings
from leafrack.platforms.played import answers
from leafrack.platforms.state import Effect, Line, ListenerState, NeighbourState, SessionState, SwitchState

CONFIGURATION = "show running-config | section '^feature bgp|^router bgp|^ip(v6)* prefix-list|^ip as-path|^route-map'"
NEIGHBOURS = "show bgp vrf all all neighbors | json"
SUMMARY = "show bgp vrf all all summary | json"
ROUTES = ("show ip route | json", "show ipv6 route | json")
READS = (CONFIGURATION, NEIGHBOURS, SUMMARY, *ROUTES)
FEATURE_OFF = r"^% ?Invalid (?:command|parameter).*$|^[^{]*\bnot (?:enabled|running).*$"
"""Without ``feature bgp`` there are no such commands, which is told by the configuration. No word of a description."""

_UNLIKE = "this does not answer as NX-OS"
_NO_ERROR = ("", "No error")
_NO_VRF = "default"
_UNITS = (31_536_000, 604_800, 86_400, 3600, 60, 1)
"""Seconds of years, weeks, days, hours, minutes, seconds."""
_WORDS = {"Shut": SessionState.IDLE, "Closing": SessionState.IDLE}
"""States that the RFC does not know, by their first word: ``Shut (Admin)``, ``Shut (PfxCt)``."""

Row = Mapping[str, Any]


def parse(output: str) -> SwitchState:
    """State from the joined answers to :data:`READS`; raises ``ValueError`` with one line when it is not NX-OS's."""
    configuration, *documents = answers(output, READS, _UNLIKE)
    try:
        # Somebody else's description may hold what ends a line for Python; some releases indent with tabs.
        text = "\n".join(printable(line.expandtabs()) for line in configuration.split("\n"))
        return _parsed(text, *documents)
    except ValueError as error:
        msg = f"{_UNLIKE}: {error}"
        raise ValueError(msg) from None
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        msg = f"{_UNLIKE}: {type(error).__name__} in what it says of its neighbours or routes"
        raise ValueError(msg) from None


def _document(answer: str, table: str) -> Row:
    """A document that is empty or has a table; raises ``ValueError`` with the beginning of another one."""
    text = answer.strip()
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or (found and table not in found):
        raise ValueError(repr(text.partition("\n")[0][:120]))
    return found


def _parsed(text: str, told_of_neighbours: str, told_of_all: str, *tables: str) -> SwitchState:
    top = running.blocks(text)
    if running.is_none(top):
        raise ValueError(repr(top.inside[0].text[:120]))
    instance = running.instance(top)
    (lists, numbers), (paths, path_numbers) = running.listed(top), running.listed_paths(top)
    found = SwitchState(None, lists=lists, paths=paths, numbers={**path_numbers, **numbers})
    routes = frozenset(route for table in tables for route in _routes(_document(table, "TABLE_vrf")))
    if instance is None:
        return replace(found, routes=routes)
    neighbours, summary = _document(told_of_neighbours, "TABLE_neighbor"), _document(told_of_all, "TABLE_vrf")
    told = {address: row for row in _rows(neighbours, "neighbor") if (address := _address_of(row)) is not None}
    configured = {address: said for who, said in instance.neighbours.items() if (address := _address(who)) is not None}
    if configured and not told:
        raise ValueError(f"no neighbours in the answer to `{NEIGHBOURS}`")
    here = (row for row in _rows(summary, "vrf") if row.get("vrf-name-out", _NO_VRF) == _NO_VRF)
    return replace(
        found,
        as_number=instance.as_number,
        neighbours={
            address: _neighbour(address, told.get(address, {}), configured.get(address, ()), instance, top)
            for address in dict.fromkeys((*configured, *told))
        },
        listeners={prefix: _listener(prefix, said) for prefix, said in _ranges(instance)},
        routes=routes,
        router_id=next((str(row["vrf-router-id"]) for row in here if "vrf-router-id" in row), instance.router_id),
        elsewhere=instance.elsewhere,
    )


def _rows(row: Row, name: str) -> Iterator[Row]:
    """Rows of a table: one, several, or none where there is no such table."""
    rows = row.get(f"TABLE_{name}", {}).get(f"ROW_{name}", ())
    yield from (rows,) if isinstance(rows, dict) else rows


def _address_of(row: Row) -> Address | None:
    """Address of a neighbour in the default VRF; a range of neighbours has none."""
    if row.get("vrf", _NO_VRF) != _NO_VRF:
        return None
    return _address(str(row.get("neighbor", row.get("ipv6neighbor", ""))))


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _ranges(instance: running.Router) -> Iterator[tuple[Network, tuple[running.Told, ...]]]:
    yield from ((ip_network(who, strict=False), said) for who, said in instance.neighbours.items() if "/" in who)


def _listener(prefix: Network, said: tuple[running.Told, ...]) -> ListenerState:
    given, set_as, rest = settings.of_lines(said, prefix.version)
    most = next((found for line in rest if (found := re.fullmatch(r"maximum-peers (\d+)", line))), None)
    return ListenerState(
        **vars(given),
        prefix=prefix,
        set_as=set_as,
        maximum_neighbours=None if most is None else int(most[1]),
        rest=tuple(line for line in rest if most is None or line != most[0]),
    )


def _neighbour(
    address: Address, row: Row, said: tuple[running.Told, ...], instance: running.Router, top: running.Block
) -> NeighbourState:
    given, set_as, rest = settings.of_lines(said, address.version)
    state = _state(str(row.get("state", "")))
    established = state is SessionState.ESTABLISHED
    families = [family for one in _rows(row, "peraf") for family in _rows(one, "persaf")]
    return NeighbourState(
        **{**vars(given), "description": given.description or printable(str(row.get("description", "")))},
        address=address,
        remote_as=as_number(row.get("remoteas") or (set_as if isinstance(set_as, int) else 0)),
        state=state,
        uptime=seconds(str(row.get("elapsedtime", ""))) if established else 0.0,
        last_error="" if established else _last_error(row),
        prefixes_received=sum(int(family.get("pfxrecvd", 0)) for family in families),
        lines=(*_made_by_a_range(row), *running.lines(said, instance.templates, address.version, top)),
        local_address=_address(str(row.get("localaddr", row.get("ipv6localaddr", "")))),
        router_id=str(row.get("remote-id", "")) if established else "",
        set_as=set_as,
        rest=rest,
        came_by=ip_network(of, strict=False) if (of := _parent(row)) else None,
    )


def _parent(row: Row) -> str:
    """The range by which a neighbour came."""
    return printable(str(row.get("prefix-parent") or row.get("ipv6prefix-parent") or ""))


def _made_by_a_range(row: Row) -> Iterator[Line]:
    """What NX-OS does with a neighbour that is of a range and has lines of its own too, nobody has told."""
    if of := _parent(row):
        yield Line(f"neighbor {of}", Effect.REFUSES)


def _state(said: str) -> SessionState:
    return _WORDS.get(said.partition(" ")[0]) or SessionState.of(said.partition(" ")[0])


def _last_error(row: Row) -> str:
    own, theirs = (printable(str(row.get(key, ""))) for key in ("resetreason", "peerresetreason"))
    return own if own not in _NO_ERROR else "" if theirs in _NO_ERROR else f"by the neighbour: {theirs}"


def seconds(said: str) -> float:
    """Seconds of a time in any of NX-OS's formats; 0 for what is none."""
    if clock := re.fullmatch(r"(\d+):(\d+):(\d+)(?:\.\d+)?", said):
        return int(clock[1]) * 3600.0 + int(clock[2]) * 60 + int(clock[3])
    iso = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", said)
    short = re.fullmatch(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", said)
    found = iso or short
    return float(sum(int(n or 0) * size for n, size in zip(found.groups(), _UNITS, strict=True))) if found else 0.0


def _routes(table: Row) -> Iterator[Network]:
    """Prefixes of the default VRF that a path is in use for."""
    for vrf in _rows(table, "vrf"):
        if vrf.get("vrf-name-out", _NO_VRF) == _NO_VRF:
            for family in _rows(vrf, "addrf"):
                for prefix in _rows(family, "prefix"):
                    if any(str(path.get("ubest", "true")) == "true" for path in _rows(prefix, "path")):
                        yield network_of(str(prefix.get("ipprefix", prefix.get("ipv6prefix"))))
