"""What EOS shows as JSON and text, in the shape of recorded answers (napalm, SuzieQ; EOS 4.21 to 4.32)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from lab.fakes.model import Peer, Route, Seen, Understood

_ROUTES = 256_000
"""Limit of a neighbour that has none of its own."""


def version(host: str, model: str, release: str, uptime: float) -> str:
    """Of ``show version``."""
    return (
        f"Arista {model}\nHardware version: 11.05\nSerial number: {host.upper()}\n"
        f"System MAC address: 0200.0000.0001\n\nSoftware image version: {release}\nArchitecture: x86_64\n\n"
        f"Uptime: {int(uptime) // 60} minutes\nTotal memory: 8098984 kB\nFree memory: 5817328 kB\n\n"
    )


def sessions(states: Mapping[str, str], *, json: bool, left: float) -> str:
    """Of ``show configuration sessions detail``; ``left`` is the time of the one that waits, in seconds."""
    if json:
        return _text(
            {
                "maxSavedSessions": 1,
                "maxOpenSessions": 5,
                "sessions": {
                    name: {
                        "state": state,
                        "completedTime": 0.0,
                        "commitUser": "",
                        "description": "",
                        "instances": {},
                        **({"commitBy": left} if state == "pendingCommitTimer" else {}),
                    }
                    for name, state in states.items()
                },
            }
        )
    rows = (
        f"  {name:<20} {state:<20} {f'{int(left) // 60}m{int(left) % 60}s' if state == 'pendingCommitTimer' else ''}\n"
        for name, state in states.items()
    )
    head = "Maximum number of completed sessions: 1\nMaximum number of pending sessions: 5\n\n"
    columns = f"  {'Name':<20} {'State':<20} Commit Time Left\n  {'-' * 20} {'-' * 20} {'-' * 16}\n"
    waits = [name for name, state in states.items() if state == "pendingCommitTimer"]
    last = "".join(f"\nSession with pending commit timer: {name}\n" for name in waits)
    return head + columns + "".join(rows) + last


def neighbours(runs: Understood, seen: Mapping[str, Seen]) -> str:
    """Of ``show bgp neighbors vrf all | json``."""
    if runs.as_number is None:
        return _text({"vrfs": {}})
    known = {**{address: Seen() for address in runs.peers}, **seen}
    own = {"localAsn": str(runs.as_number), "localRouterId": runs.router_id or "0.0.0.0"}  # noqa: S104 - as EOS says it
    peers = [
        {**_peer(address, one, runs.peers.get(address) or _came(address, one, runs)), **own}
        for address, one in known.items()
    ]
    return _text({"vrfs": {"default": {"peerList": peers}}})


def _came(address: str, seen: Seen, runs: Understood) -> Peer:
    """Who came by a range: nothing in the answer says that it did."""
    found = (one.peer for one in runs.ranges if ip_address(address) in ip_network(one.prefix))
    return next(found, Peer(as_number=seen.remote_as))


def _peer(address: str, seen: Seen, peer: Peer) -> Mapping[str, Any]:
    up = seen.state == "Established"
    six = ip_address(address).version == 6
    told: dict[str, Any] = {
        "peerAddress": address,
        "asn": str(seen.remote_as or peer.as_number or 0),
        "linkType": "external",
        "routerId": seen.router_id or "0.0.0.0",  # noqa: S104 - as EOS says it
        "vrf": "default",
        "version": 4,
        "holdTime": seen.hold if up else 0,
        "keepaliveTime": seen.keepalive if up else 0,
        "configHoldTime": peer.timers[1] if peer.timers else 180,
        "configKeepaliveTime": peer.timers[0] if peer.timers else 60,
        "state": seen.state,
        "prefixesSent": 0 if six else seen.sent,
        "prefixesReceived": 0 if six else seen.received,
        "v6PrefixesSent": seen.sent if six else 0,
        "v6PrefixesReceived": seen.received if six else 0,
        "maxTotalRoutes": peer.limit or _ROUTES,
        "updateSource": seen.local_address,
    }
    if up:
        told["establishedTime"] = int(seen.uptime)
    elif seen.error:
        told["establishFailHint"] = seen.error
    if peer.description:
        told["description"] = peer.description
    return told


def routes(table: Mapping[str, Route]) -> str:
    """Of ``show ip route | json`` and ``show ipv6 route | json``."""
    words = {"bgp": "eBGP", "connected": "connected", "static": "static", "kernel": "static", "local": "connected"}
    shown = {
        prefix: {
            "kernelProgrammed": True,
            "hardwareProgrammed": True,
            "directlyConnected": route.protocol == "connected",
            "routeAction": "forward",
            "routeLeaked": False,
            "routeType": words.get(route.protocol, route.protocol),
            "vias": [
                {"interface": interface, **({"nexthopAddr": address} if address else {})}
                for address, interface in route.hops
            ],
        }
        for prefix, route in table.items()
    }
    return _text({"vrfs": {"default": {"routingDisabled": False, "routes": shown}}})


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=4) + "\n"
