"""What a played Nexus answers to ``show``: sections of its configuration, tables as JSON with Cisco's keys.

Cisco's Nexus 9000 Series NX-OS Command Reference (Show Commands), 9.3(x), has the keys; tables as text are not played.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from lab.fakes.model import Route, Seen, Understood

Row = dict[str, Any]


def neighbours(runs: Understood, seen: Mapping[str, Seen]) -> Row:
    """``show bgp vrf all all neighbors``: who is configured, who came by a range, and the ranges."""
    rows = [_row(address, runs, seen.get(address, Seen())) for address in runs.peers]
    for address, one in seen.items():
        if address not in runs.peers:
            of = next((r.prefix for r in runs.ranges if ip_address(address) in ip_network(r.prefix)), "")
            rows.append({**_row(address, runs, one, of), "prefix-parent": of})
    ranges = ({"ipv6prefixneighbor" if ":" in r.prefix else "ipv4prefixneighbor": r.prefix} for r in runs.ranges)
    return _table("neighbor", [*rows, *ranges])


def _row(address: str, runs: Understood, one: Seen, of: str = "") -> Row:
    """Of a neighbour; ``of`` is the range by which it came."""
    peer = runs.peers.get(address) or next((r.peer for r in runs.ranges if r.prefix == of), None)
    shut = peer is not None and peer.shutdown
    number = peer.as_number if peer and isinstance(peer.as_number, int) else 0
    up = one.state == "Established"
    row: Row = {
        "neighbor": address,
        "remoteas": str(one.remote_as or number or 0),
        "link": "ibgp" if one.remote_as == runs.as_number else "ebgp",
        "version": 4,
        "remote-id": one.router_id or "0.0.0.0",  # noqa: S104 - an identifier
        "state": "Shut (Admin)" if shut else one.state,
        "up": str(up).lower(),
        "elapsedtime": _iso(one.uptime),
        "vrf": "default",
        "ttlsecurity": str(bool(peer and peer.ttl_hops)).lower(),
        "remove-privateas": str(bool(peer and peer.private_as)).lower(),
        "holdtime": one.hold,
        "keepalivetime": one.keepalive,
        "resetreason": one.error or "No error",
        "peerresetreason": "No error",
    }
    if peer and peer.description:
        row["description"] = peer.description
    if up:
        row["localaddr"], row["remoteaddr"] = one.local_address, address
    version = ip_address(address).version
    family = {"per-safi": 1, "per-af-name": f"IPv{version} Unicast", "pfxrecvd": one.received, "pfxsent": one.sent}
    return {**row, **_table("peraf", [{"per-afi": 1 if version == 4 else 2, **_table("persaf", [family])}])}


def summary(runs: Understood) -> Row:
    """``show bgp vrf all all summary``, without its neighbours."""
    row = {"vrf-name-out": "default", "vrf-router-id": runs.router_id, "vrf-local-as": str(runs.as_number)}
    return _table("vrf", [row] if runs.as_number else [])


def routes(version: int, table: Mapping[str, Route]) -> Row:
    """``show ip route`` or ``show ipv6 route``."""
    prefixes = [
        {
            "ipprefix": prefix,
            "ucast-nhops": len(route.hops),
            "mcast-nhops": 0,
            "attached": str(route.protocol == "connected").lower(),
            **_table("path", [_path(route.protocol, *hop) for hop in route.hops]),
        }
        for prefix, route in table.items()
    ]
    family = {"addrf": f"ipv{version}", **_table("prefix", prefixes)}
    return _table("vrf", [{"vrf-name-out": "default", **_table("addrf", [family])}])


def _path(protocol: str, address: str, interface: str) -> Row:
    client = "direct" if protocol == "connected" else protocol
    return {**({"ipnexthop": address} if address else {}), "ifname": interface, "clientname": client, "ubest": "true"}


def _table(name: str, rows: Sequence[Row]) -> Row:
    """A table; one row stands there without a list."""
    return {f"TABLE_{name}": {f"ROW_{name}": rows[0] if len(rows) == 1 else list(rows)}} if rows else {}


def as_json(document: Row, pipe: str) -> str:
    """``| json`` writes numbers as text, ``| json native`` as numbers; nothing where there is nothing."""
    if not document:
        return ""
    text: Any = document if pipe == "json native" else _as_text(document)
    return f"{json.dumps(text, separators=(',', ':'))}\n"


def _as_text(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_text(one) for key, one in value.items()}
    return list(map(_as_text, value)) if isinstance(value, list) else str(value)


def _iso(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    return f"P{days}DT{rest // 3600}H{rest % 3600 // 60}M{rest % 60}S"


def headed(words: Sequence[str], text: str) -> str:
    """A running configuration with the lines that come before it."""
    head = f"!Command: show {' '.join(words)}\n!Time: Sat Nov 28 03:04:05 2026"
    return f"\n{head}\n\nversion 9.3(10) Bios:version 07.69\n{text}"


def part(text: str, parts: Sequence[str]) -> str:
    """``show running-config bgp`` has the feature and its instance."""
    return _section(text, r"^feature bgp|^router bgp") if list(parts) == ["bgp"] else text


def piped(text: str, pipe: str) -> str:
    """``| section PATTERN`` of a configuration."""
    said = re.fullmatch(r"section (?:'(.+)'|(\S+))", pipe)
    return _section(text, said[1] or said[2]) if said else text


def _section(text: str, pattern: str) -> str:
    """Lines that a pattern finds, each with all that stands inside it."""
    found, inside = [], False
    for line in text.split("\n"):
        inside = line.startswith(" ") if inside else False
        inside = inside or bool(re.search(pattern, line))
        found += [line] if inside else []
    return "".join(f"{line}\n" for line in found)
