"""What a Comware box answers to ``display``: shapes of outputs of HP MSR V7, H3C S5820V2 and H3C Cloud Lab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from lab.fakes.comware.configuration import Bgp
from lab.fakes.comware.words import shown
from lab.fakes.model import Route, Seen

_NOBODY = "0.0.0.0"  # noqa: S104 - an answer, not a bind
_ERRORS = {"Message Header": 1, "OPEN": 2, "UPDATE": 3, "Hold": 4, "Finite": 5, "Cease": 6}
"""Codes of notifications (RFC 4271 §4.5) by what their names begin with."""
_PROTOCOLS = {"bgp": ("BGP", 255), "connected": ("Direct", 0), "static": ("Static", 60), "kernel": ("Static", 60)}


def version(host: str, minutes: int) -> str:
    """Of ``display version``."""
    return (
        "H3C Comware Software, Version 7.1.070, Release 2612P06\n"
        "Copyright (c) 2004-2024 New H3C Technologies Co., Ltd. All rights reserved.\n"
        f"H3C S6800-54QF uptime is 0 weeks, 0 days, {minutes // 60} hours, {minutes % 60} minutes\n"
        "Last reboot reason : User reboot\n\n"
        "Boot image: flash:/s6800-cmw710-boot-r2612p06.bin\n"
        f"System name: {host}\n"
    )


def of_version(sessions: Mapping[str, Seen], bgp: Bgp, number: int) -> dict[str, Seen]:
    """Sessions of an IP version that BGP lists: those that are enabled in its family, and those of a range."""
    family = bgp.families.get(f"ipv{number} unicast")
    enabled = {who for who, lines in family.peers.items() if "enable" in lines} if family else set()
    members = {
        who
        for who, lines in bgp.view.peers.items()
        if lines.get("group", "").removeprefix("group ") in enabled and "group" in lines
    }
    return {
        who: seen
        for who, seen in sorted(sessions.items(), key=lambda one: int(ip_address(one[0])))
        if ip_address(who).version == number and (who in enabled or who in members or seen.dynamic)
    }


def summary(bgp: Bgp, router_id: str, sessions: Mapping[str, Seen], down: set[str]) -> Iterator[str]:
    """Of ``display bgp peer ipv4``; ``down`` are those that are ignored."""
    up = sum(seen.state == "Established" for seen in sessions.values())
    yield ""
    yield f" BGP local router ID: {router_id}"
    yield f" Local AS number: {bgp.as_number}"
    yield f" Total number of peers: {len(sessions):<18}Peers in established state: {up}"
    yield ""
    yield "  * - Dynamically created peer"
    yield "  Peer                    AS  MsgRcvd  MsgSent OutQ PrefRcv Up/Down  State"
    yield ""
    for who, seen in sessions.items():
        name = f"{'*' if seen.dynamic and who not in bgp.view.peers else ''}{shown(who)}"
        state = "Idle(Admin)" if who in down else seen.state
        number = seen.remote_as or bgp.view.peers.get(who, {}).get("as-number", "0").split()[-1]
        counts = f"{number:>11} {12:>8} {12:>8} {0:>4} {seen.received:>7} {_clock(seen.uptime)} {state}"
        # An address that has no room has a line of its own.
        if len(name) > 15:
            yield f"  {name}"
            yield f"  {'':15}{counts}"
        else:
            yield f"  {name:<15}{counts}"


def verbose(bgp: Bgp, router_id: str, sessions: Mapping[str, Seen]) -> Iterator[str]:
    """Of ``display bgp peer ipv4 verbose``."""
    for who, seen in sessions.items():
        lines = bgp.view.peers.get(who, {})
        yield ""
        yield f"         Peer: {shown(who)}\t Local: {router_id}"
        yield f"         Type: {'IBGP' if str(seen.remote_as) == bgp.as_number else 'EBGP'} link"
        if "description" in lines:
            yield f'         Peer\'s description: "{lines["description"].removeprefix("description ")}"'
        yield f"         BGP version 4, remote router ID {seen.router_id or _NOBODY}"
        yield "         Update group ID: 0"
        up = f", Up for {_long(seen.uptime)}" if seen.state == "Established" else ""
        yield f"         BGP current state: {seen.state}{up}"
        yield f"         BGP current event: {'RecvKeepalive' if up else 'CRTimerExpired'}"
        yield f"         BGP last state: {'OpenConfirm' if up else 'Connect'}"
        if up:
            yield "         Port:  Local - 179\tRemote - 52160"
        yield f"         Configured: Active Hold Time: {seen.hold} sec   Keepalive Time: {seen.keepalive} sec"
        yield ""
        yield " NLRI statistics:"
        yield f"         Rcvd:  UnReach NLRI          0,      Reach NLRI {seen.received:>10}"
        yield " Maximum allowed prefix number: 4294967295"
        yield " Threshold: 75%"
        yield f" Authentication type configured: {'MD5' if 'password' in lines else 'None'}"
        yield " Minimum time between advertisements is 30 seconds"
        yield " Peer preferred value: 0"
        yield " Routing policy configured:"
        yield " No routing policy is configured"


def log_info(who: str, seen: Seen) -> Iterator[str]:
    """Of ``display bgp peer ipv4 ADDRESS log-info``; what ended a session is told as one that the box has ended."""
    yield ""
    yield f" Peer : {shown(who)}"
    yield ""
    yield "      Date      Time    State Notification"
    yield "                              Error/SubError"
    yield ""
    if seen.error:
        code = next((number for words, number in _ERRORS.items() if seen.error.startswith(words)), 6)
        yield f"  28-Nov-2026 03:04:05  Down  Send Notification with Error {code}/0"
        yield f"                              {seen.error}"


def routes4(table: Mapping[str, Route]) -> Iterator[str]:
    """Of ``display ip routing-table``."""
    yield ""
    yield f"Destinations : {len(table)}\tRoutes : {sum(max(1, len(route.hops)) for route in table.values())}"
    yield ""
    yield "Destination/Mask   Proto   Pre Cost        NextHop         Interface"
    for prefix, route in sorted(table.items(), key=lambda one: ip_network(one[0])):
        name, preference = _PROTOCOLS.get(route.protocol, (route.protocol.upper(), 100))
        first = prefix
        for hop, interface in route.hops or (("", "NULL0"),):
            yield f"{first:<18} {name:<7} {preference:<3} 0           {hop or _NOBODY:<15} {interface}"
            first = ""
    yield "127.0.0.1/32       Direct  0   0           127.0.0.1       InLoop0"
    yield "224.0.0.0/4        Direct  0   0           0.0.0.0         NULL0"


def routes6(table: Mapping[str, Route]) -> Iterator[str]:
    """Of ``display ipv6 routing-table``."""
    yield ""
    yield f"Destinations : {len(table)}\tRoutes : {len(table)}"
    for prefix, route in sorted(table.items(), key=lambda one: ip_network(one[0])):
        name, preference = _PROTOCOLS.get(route.protocol, (route.protocol.upper(), 100))
        hop, interface = route.hops[0] if route.hops else ("", "NULL0")
        yield ""
        yield f"Destination: {shown(prefix):<43} Protocol  : {name}"
        yield f"NextHop    : {shown(hop or '::'):<43} Preference: {preference}"
        yield f"Interface  : {interface:<43} Cost      : 0"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours:02}:{minutes:02}:{whole % 60:02}" if hours < 100 else f"{hours:04}h{minutes:02}m"


def _long(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}h{whole // 60 % 60:02}m{whole % 60:02}s"
