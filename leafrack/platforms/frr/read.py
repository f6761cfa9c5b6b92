"""What an FRR switch answers, as values: its neighbours, routes and prefix lists."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from leafrack.addresses import Address, Network
from leafrack.errors import printable
from leafrack.platforms.base import Line, NeighbourState, SwitchState
from leafrack.platforms.frr import differences, running

_WITHOUT_POLICY = ("inboundEbgpRequiresPolicy", "outboundEbgpRequiresPolicy")
"""Keys of a neighbour's address family that FRR sets where RFC 8212 discards its routes."""

_COMMANDS = " ".join(
    f"-c {command}"
    for command in (
        "'show bgp vrf default neighbors json'",
        "'show ip route json'",
        "'show ipv6 route json'",
        "'show running-config bgpd'",
    )
)
READ = f"vtysh {_COMMANDS}"


def parse(output: str) -> SwitchState:
    """State from what :data:`READ` printed; raises ``ValueError`` with one line when it is not FRR's."""
    try:
        return _parsed(output)
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        msg = f"this does not answer as FRR with bgpd: {type(error).__name__} in what it says of its neighbours"
        raise ValueError(msg) from None


def _parsed(output: str) -> SwitchState:
    documents, rest = _documents(output)
    # Somebody else's description may hold what ends a line for Python.
    rest = "\n".join(map(printable, rest.split("\n")))
    if len(documents) != 3:
        first = next((line for line in output.splitlines() if line.strip()), "nothing")
        msg = f"this does not answer as FRR with bgpd: {first[:120]!r}"
        raise ValueError(msg)
    neighbours, *tables = documents
    instance = re.search(r"^router bgp (\d+)", rest, re.MULTILINE)
    peers = {key: value for key, value in neighbours.items() if isinstance(value, dict) and "bgpState" in value}
    said, configured = running.lines(rest, peers), differences.configured(rest)
    found = (
        _neighbour(address, peer, said[key], configured.get(key, ()))
        for key, peer in peers.items()
        if (address := _address(key) or _address(peer.get("bgpNeighborAddr", ""))) is not None
    )
    return SwitchState(
        as_number=int(instance[1]) if instance else None,
        neighbours={state.address: state for state in found},
        router_id=next((str(peer.get("localRouterId", "")) for peer in peers.values()), ""),
        routes=frozenset(route for table in tables for route in _routes(table)),
        lists=differences.listed(rest),
    )


def _documents(output: str) -> tuple[list[dict[str, Any]], str]:
    """JSON objects that the text starts with, and what follows them."""
    decoder, documents, rest = json.JSONDecoder(), [], output.lstrip()
    while rest.startswith("{"):
        try:
            document, end = decoder.raw_decode(rest)
        except ValueError:
            break
        # Only an escape of JSON's can put something unprintable into it: most often nothing is to be done.
        said = rest[:end]
        documents.append(document if "\\" not in said and printable(said) == said else _printable(document))
        rest = rest[end:].lstrip()
    return documents, rest


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {printable(key): _printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return list(map(_printable, value))
    return printable(value) if isinstance(value, str) else value


def _address(text: str) -> Address | None:
    """Address of a neighbour; of one behind an interface (``swp1``) there is none until it has been heard."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def _neighbour(
    address: Address, peer: Mapping[str, Any], lines: tuple[Line, ...], configured: tuple[str, ...]
) -> NeighbourState:
    established = peer.get("bgpState") == "Established"
    families = list(peer.get("addressFamilyInfo", {}).values())
    return NeighbourState(
        address=address,
        remote_as=int(peer.get("remoteAs", 0)),
        state=str(peer.get("bgpState", "")),
        uptime=peer.get("bgpTimerUpMsec", 0) / 1000 if established else 0.0,
        description=str(peer.get("nbrDesc", "")),
        last_error="" if established else _last_error(peer, families),
        prefixes_received=sum(family.get("acceptedPrefixCounter", 0) for family in families),
        lines=lines,
        lacks_policy=any(key in family for family in families for key in _WITHOUT_POLICY),
        local_address=_address(str(peer.get("hostLocal", ""))),
        router_id=str(peer.get("remoteRouterId", "")) if established else "",
        settings=running.settings(configured),
        configured=differences.with_family(configured, peer, address.version),
    )


def _last_error(peer: Mapping[str, Any], families: Sequence[Mapping[str, Any]]) -> str:
    if peer.get("prefixesConfigExceedMax"):
        limit = next((family["prefixAllowedMax"] for family in families if "prefixAllowedMax" in family), "")
        again = peer.get("restartInTimerMsec")
        when = f", tried again in {again // 1000} s" if again else ""
        return f"maximum-prefix {limit} exceeded{when}"
    return str(peer.get("lastNotificationReason", peer.get("lastResetDueTo", "")))


def _routes(table: Mapping[str, Any]) -> list[Network]:
    return [
        ip_network(prefix)
        for prefix, entries in table.items()
        if any(entry.get("installed") and entry.get("selected") for entry in entries)
    ]
