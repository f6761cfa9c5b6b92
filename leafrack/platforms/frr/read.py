"""What an FRR switch answers, as values: its neighbours, routes and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from leafrack.addresses import Address, Network, network_of
from leafrack.errors import printable
from leafrack.platforms import limits, posix
from leafrack.platforms.as_numbers import as_number
from leafrack.platforms.frr import running, settings
from leafrack.platforms.state import Line, ListenerState, NeighbourState, SessionState, SwitchState

_WITHOUT_POLICY = ("inboundEbgpRequiresPolicy", "outboundEbgpRequiresPolicy")
"""Keys of a neighbour's address family that FRR sets where RFC 8212 discards its routes."""

DEFAULT = "default"
"""Name of the default VRF."""


def commands(vrf: str, *, routes: bool = True) -> str:
    """Words for vtysh that read a switch: neighbours of a VRF or of ``all``, the rest of the default one."""
    shown = (
        f"show bgp vrf {vrf} neighbors json",
        *(("show ip route json", "show ipv6 route json") if routes else ()),
        "show running-config bgpd",
    )
    return " ".join(f"-c '{command}'" for command in shown)


def reading(vrf: str) -> str:
    """Program for a switch's shell, where ``frr`` runs vtysh: neighbours of a VRF, and the routes that are in use."""
    return posix.shortened("leafrack.platforms.frr/read.sh").replace("@VRF@", vrf)


READ = f'frr() {{ vtysh "$@"; }}\n{reading(DEFAULT)}'
READ_WITHOUT_ROUTES = f"vtysh {commands(DEFAULT, routes=False)}"
_INSTALLED = re.compile(r"(?:[0-9a-fA-F.:]+/\d+\n)*")
"""Routes as :data:`READ` prints them, before the configuration."""
_UNLIKE = "this does not answer as FRR with bgpd"


def parse(output: str) -> SwitchState:
    """State from what :data:`READ`, :data:`READ_WITHOUT_ROUTES` or :func:`commands` printed.

    Raises ``ValueError`` with one line when it is not FRR's.
    """
    try:
        documents, rest = _documents(output)
        # Without tables the configuration is all that tells a switch from anybody else.
        if len(documents) != 3 and not (len(documents) == 1 and rest.strip()):
            first = next((line for line in output.splitlines() if line.strip()), "nothing")
            raise ValueError(repr(first[:120]))  # noqa: TRY301 - one place says whose answer it is not
        # Somebody else's description may hold what ends a line for Python.
        in_use = _INSTALLED.match(rest)
        routes = in_use[0].split() if in_use else []
        return _parsed(documents, routes, "\n".join(map(printable, rest.split("\n")[len(routes) :])))
    except ValueError as error:
        msg = f"{_UNLIKE}: {error}"
        raise ValueError(msg) from None
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        msg = f"{_UNLIKE}: {type(error).__name__} in what it says of its neighbours"
        raise ValueError(msg) from None


def _parsed(documents: Sequence[Mapping[str, Any]], in_use: Iterable[str], rest: str) -> SwitchState:
    neighbours, *tables = documents
    # Of all VRFs each is a document in the document.
    neighbours = neighbours.get(DEFAULT, neighbours)
    instances = running.instances(rest)
    here = [instance for instance in instances if not instance.place]
    peers = {key: value for key, value in neighbours.items() if isinstance(value, dict) and "bgpState" in value}
    configured = running.configured(rest)
    said = running.lines(rest, configured, peers)
    own_id = (str(peer.get("localRouterId", "")) for peer in peers.values())
    found = (
        _neighbour(address, peer, said[key], configured.get(key, ()))
        for key, peer in peers.items()
        if (address := _address(key) or _address(peer.get("bgpNeighborAddr", ""))) is not None
    )
    return SwitchState(
        as_number=here[0].as_number if here else None,
        neighbours={state.address: state for state in found},
        router_id=next(filter(None, own_id), running.router_id(rest)),
        routes=frozenset((*map(network_of, in_use), *(route for table in tables for route in _routes(table)))),
        lists=running.listed(rest),
        paths=running.listed_paths(rest),
        elsewhere=tuple(instance.place for instance in instances if instance.place),
        listeners={one.prefix: _listener(one, configured.get(one.group, ()), rest) for one in running.ranges(rest)},
        listen_limit=running.listen_limit(rest),
    )


def _listener(one: running.Range, configured: Sequence[running.Said], rest: str) -> ListenerState:
    version = one.prefix.version
    own = _of_family(configured, version)
    given, set_as, others = settings.of_lines(own, activated=running.activated(rest, one.group, version))
    description, raised = limits.told(given.description)
    return ListenerState(
        **{**vars(given), "description": description},
        prefix=one.prefix,
        group=one.group,
        set_as=set_as,
        maximum_neighbours=running.listen_limit(rest),
        raised=raised,
        rest=tuple(line for line in others if line != "peer-group"),
    )


def _of_family(configured: Sequence[running.Said], version: int) -> list[str]:
    return [said.text for said in configured if said.family in ("", f"ipv{version} unicast")]


def _documents(output: str) -> tuple[list[dict[str, Any]], str]:
    """JSON objects that the text starts with, and what follows them."""
    decoder, documents, rest = json.JSONDecoder(), [], output.lstrip()
    while rest.startswith("{"):
        try:
            document, end = decoder.raw_decode(rest)
        except ValueError:
            break
        # Only an escape of JSON's can put something unprintable into it: most often nothing is to be done.
        said = rest[:end].replace("\n", "")
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
    address: Address, peer: Mapping[str, Any], lines: tuple[Line, ...], configured: Sequence[running.Said]
) -> NeighbourState:
    state = _state(str(peer.get("bgpState", "")))
    established = state is SessionState.ESTABLISHED
    families = _families(peer)
    own = _of_family(configured, address.version)
    given, set_as, rest = settings.of_lines(own, activated=f"ipv{address.version}unicast" in families)
    came_by = peer.get("peerSubnetRangeGroup")
    return NeighbourState(
        **{**vars(given), "description": given.description or str(peer.get("nbrDesc", ""))},
        address=address,
        remote_as=as_number(peer.get("remoteAs", 0)),
        state=state,
        # NVIDIA's FRR says it without the unit.
        uptime=peer.get("bgpTimerUpMsec", peer.get("bgpTimerUp", 0)) / 1000 if established else 0.0,
        last_error="" if established else _last_error(peer, list(families.values())),
        prefixes_received=sum(family.get("acceptedPrefixCounter", 0) for family in families.values()),
        lines=lines,
        lacks_policy=any(key in family for family in families.values() for key in _WITHOUT_POLICY),
        local_address=_address(str(peer.get("hostLocal", ""))),
        router_id=str(peer.get("remoteRouterId", "")) if established else "",
        set_as=set_as,
        rest=rest,
        came_by=ip_network(came_by) if came_by else None,
    )


def _state(said: str) -> SessionState:
    """FRR has two more than the RFC, both on the way to Idle."""
    return SessionState.IDLE if said in ("Clearing", "Deleted") else SessionState.of(said)


def _families(peer: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Families of a neighbour; ``ipv4Unicast`` in FRR is ``IPv4 Unicast`` in NVIDIA's."""
    return {name.replace(" ", "").lower(): family for name, family in peer.get("addressFamilyInfo", {}).items()}


def _last_error(peer: Mapping[str, Any], families: Sequence[Mapping[str, Any]]) -> str:
    if peer.get("prefixesConfigExceedMax"):
        limit = next((family["prefixAllowedMax"] for family in families if "prefixAllowedMax" in family), "")
        again = peer.get("restartInTimerMsec")
        when = f", tried again in {again // 1000} s" if again else ""
        return f"maximum-prefix {limit} exceeded{when}"
    return str(peer.get("lastNotificationReason", peer.get("lastResetDueTo", "")))


def _routes(table: Mapping[str, Any]) -> list[Network]:
    return [
        network_of(prefix, strict=True)
        for prefix, entries in table.items()
        if any(entry.get("installed") and entry.get("selected") for entry in entries)
    ]
