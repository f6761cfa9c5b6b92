"""What a played Junos switch shows of its sessions and routes, as JSON.

The shape is the one of outputs that SuzieQ has recorded on 19.4: each value is a list of objects with ``data``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from lab.fakes.box import Fake
from lab.fakes.junos_meaning import BGP, understood
from lab.fakes.junos_statements import Configuration, Statement, below
from lab.fakes.model import Seen, Understood

_ERRORS = {"OPEN Message Error": "Open Message Error", "Hold Timer Expired": "Hold Timer Expired Error"}
"""Sorts of NOTIFICATION (RFC 4271 §4.5) in Junos' words; all others are `Cease`."""


def version(fake: Fake[Configuration]) -> str:
    """`show version`."""
    return (
        f"Hostname: {fake.host}\nModel: qfx5120-48y-8c\nJunos: 21.4R3.15\nJUNOS OS Kernel 64-bit  [20220806.3b9a5e9]\n"
    )


def _told(**values: object) -> dict[str, Any]:
    """An object of Junos' JSON: each value is a list of objects."""
    return {
        name.replace("_", "-"): value if isinstance(value, list) else [{"data": str(value)}]
        for name, value in values.items()
    }


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=4, separators=(", ", " : ")) + "\n"


def _silent(fake: Fake[Configuration]) -> bool:
    return not below(fake.running.active(), *BGP)


_NOT_RUNNING = {"output": [{"data": "BGP is not running"}]}


def neighbours(fake: Fake[Configuration]) -> str:
    """`show bgp neighbor | display json`."""
    if _silent(fake):
        return _json(_NOT_RUNNING)
    means, said = understood(fake.running), below(fake.running.active(), *BGP, "group")
    peers = [_peer(means, said, address, seen) for address, seen in fake.speaker.sessions().items()]
    return _json({"bgp-information": [{"attributes": _SPACE, "bgp-peer": peers}]})


_SPACE = {"xmlns": "http://xml.juniper.net/junos/21.4R0/junos-routing"}


def _peer(means: Understood, said: list[Statement], address: str, seen: Seen) -> dict[str, Any]:
    up = seen.state == "Established"
    came = (one.group for one in means.ranges if ip_address(address) in ip_network(one.prefix))
    group = next((one[0] for one in said if one[1:3] == ("neighbor", address)), next(came, ""))
    number = seen.remote_as or getattr(means.peers.get(address), "as_number", None) or 0
    error = next((said for begins, said in _ERRORS.items() if seen.error.startswith(begins)), "Cease")
    found = _told(
        peer_address=f"{address}+179" if up else address,
        peer_as=number,
        local_address=f"{seen.local_address}+50178" if seen.local_address else "unspecified",
        local_as=means.as_number,
        peer_group=group,
        peer_cfg_rti="master",
        peer_fwd_rti="master",
        peer_type="External",
        peer_state=seen.state,
        last_error=error if seen.error else "None",
        flap_count=0,
    )
    if up:
        table = "inet6.0" if ":" in address else "inet.0"
        rib = _told(name=table, accepted_prefix_count=seen.received, received_prefix_count=seen.received)
        found |= _told(peer_id=seen.router_id, local_id=means.router_id, bgp_rib=[rib])
    return {"attributes": {"junos:style": "detail"}, **found}


def summary(fake: Fake[Configuration]) -> str:
    """`show bgp summary | display json`."""
    if _silent(fake):
        return _json(_NOT_RUNNING)
    peers = [
        _told(
            peer_address=address,
            peer_as=seen.remote_as,
            elapsed_time=[{"data": str(int(seen.uptime)), "attributes": {"junos:seconds": str(int(seen.uptime))}}],
            peer_state=seen.state,
        )
        for address, seen in fake.speaker.sessions().items()
    ]
    return _json({"bgp-information": [{"attributes": _SPACE, "bgp-peer": peers}]})


def routes(fake: Fake[Configuration], table: str) -> str:
    """`show route table inet.0 active-path | display json`; ``table`` is inet or inet6."""
    found = [
        _told(rt_destination=prefix, rt_entry=[_told(active_tag="*", protocol_name=one.protocol.upper())])
        for prefix, one in fake.speaker.routes(6 if table == "inet6" else 4).items()
    ]
    told = [{**_told(table_name=f"{table}.0"), "rt": found}] if found else []
    return _json({"route-information": [{"attributes": _SPACE, **({"route-table": told} if told else {})}]})
