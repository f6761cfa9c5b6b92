"""What an EOS switch answers, as values: its neighbours, routes, prefix lists and path lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from leafrack.addresses import Address, Network, network_of
from leafrack.errors import printable
from leafrack.platforms import played
from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.eos import running, settings
from leafrack.platforms.limits import told
from leafrack.platforms.state import ListenerState, NeighbourState, SessionState, SwitchState

_SESSIONS = "show bgp neighbors vrf all | json"
READS = (
    _SESSIONS,
    "show ip route | json",
    "show ipv6 route | json",
    "show running-config | section router bgp",
    "show running-config | section prefix-list",
    "show running-config | section route-map",
    "show running-config | section ip as-path",
)
UNREAD = {_SESSIONS: r"^% BGP inactive", "show ipv6 route | json": r"^% .*[Rr]outing .*(?:disabled|not enabled)"}
"""Commands that a switch without BGP, and one without IPv6, may refuse."""
_OF = {command: part for command in READS if (part := command.partition("| section ")[2])}
"""What stands in each block of a section of the running configuration."""
_UNLIKE = "this does not answer as EOS"
_DEFAULT = "default"


def parse(output: str) -> SwitchState:
    """State from the answers to :data:`READS`; raises ``ValueError`` with one line when they are not EOS's."""
    answers = played.answers(output, READS, _UNLIKE)
    try:
        return _parsed(tuple(map(_document, answers[:3])), tuple(map(_text, READS[3:], answers[3:])))
    except ValueError as error:
        msg = f"{_UNLIKE}: {error}"
        raise ValueError(msg) from None
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        msg = f"{_UNLIKE}: {type(error).__name__} in what it says of its neighbours or routes"
        raise ValueError(msg) from None


def _document(answer: str) -> Mapping[str, Any]:
    """The default VRF's part of a JSON object; of a command that may fail (:data:`UNREAD`) there is none.

    IPv6 routes have no VRFs around them in some releases. A document of another shape is refused: one that says
    nothing of neighbours or routes looks as if there were none.
    """
    if not answer.strip():
        return {}
    try:
        found = json.loads(answer)
        there = found["vrfs"].get(_DEFAULT, _NO_VRF) if "vrfs" in found else found
        if not any(isinstance(there[kind], type_) for kind, type_ in _PARTS.items() if kind in there):
            raise KeyError  # noqa: TRY301 - one place says what is shown of it
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise ValueError(repr(" ".join(answer.split())[:120])) from None
    return dict(there)


_PARTS: Mapping[str, type] = {"peerList": list, "routes": dict}
_NO_VRF: Mapping[str, Any] = {"peerList": [], "routes": {}}
"""Where nothing runs in the default VRF."""


def _text(command: str, answer: str) -> str:
    """A section: each of its blocks has what was asked for."""
    lines = [printable(line) for line in answer.split("\n")]
    if any(line.strip(" !") for line in lines) and not any(_OF[command] in line for line in lines):
        # No more of it than its beginning: a password may stand in it.
        raise ValueError(repr(" ".join(answer.split()[:3])[:60]))
    return "\n".join(lines)


def _parsed(documents: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> SwitchState:
    sessions, routes, routes6 = documents
    bgp, lists, route_maps, paths = texts
    instance = running.instance(bgp)
    peers = {ip_address(peer["peerAddress"]): peer for peer in _peers(sessions)}
    known = dict.fromkeys((*running.addresses(instance), *peers))
    states = (_neighbour(address, peers.get(address, {}), instance, route_maps) for address in known)
    own = (str(peer["localRouterId"]) for peer in peers.values() if peer.get("localRouterId"))
    said = (line.split()[1] for line in instance.lines.get("", ()) if line.startswith("router-id "))
    return SwitchState(
        as_number=instance.as_number,
        neighbours={state.address: state for state in states} if instance.as_number is not None else {},
        routes=frozenset((*_routes(routes), *_routes(routes6))),
        router_id=next(iter((*said, *own)), ""),
        lists=running.listed(lists),
        numbers=running.numbered(lists),
        paths=running.listed_paths(paths, route_maps),
        elsewhere=instance.elsewhere,
        listeners={one.prefix: _listener(one, instance) for one in instance.ranges()},
        listen_limit=instance.listen_limit(),
    )


def _listener(one: running.EosRange, bgp: running.EosInstance) -> ListenerState:
    version, group = one.prefix.version, one.group
    said = bgp.said(group, f"ipv{version}")
    given, _, rest = settings.of_lines(said, group, activated=bgp.activated(group, version))
    description, raised = told(given.description)
    return ListenerState(
        **{**vars(given), "description": description},
        prefix=one.prefix,
        group=group,
        set_as=one.as_number,
        maximum_neighbours=bgp.listen_limit(),
        raised=raised,
        rest=tuple(line for line in rest if not re.fullmatch("peer[ -]group", line)),
    )


def _peers(sessions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Neighbours of the default VRF; one behind an interface (``peerAddress`` with a zone) is none of ours."""
    found: list[Mapping[str, Any]] = sessions.get("peerList", [])
    if nameless := next((peer for peer in found if "peerAddress" not in peer), None):
        raise ValueError(f"no peerAddress in {json.dumps(nameless)[:120]!r}")
    return [peer for peer in found if "%" not in peer["peerAddress"]]


def _neighbour(address: Address, peer: Mapping[str, Any], bgp: running.EosInstance, route_maps: str) -> NeighbourState:
    state = SessionState.of(peer.get("state", SessionState.IDLE))
    up = state is SessionState.ESTABLISHED
    who, came_by = str(address), bgp.listens(address)
    activated = bgp.activated(who, address.version)
    given, set_as, rest = settings.of_lines(bgp.said(who, f"ipv{address.version}"), who, activated=activated)
    return NeighbourState(
        **{**vars(given), "description": given.description or printable(str(peer.get("description", "")))},
        address=address,
        remote_as=number_or_none(str(peer.get("asn", ""))) or set_as or 0,
        state=state,
        uptime=float(peer.get("establishedTime", 0)) if up else 0.0,
        last_error="" if up else printable(_last_error(peer)),
        prefixes_received=peer.get("prefixesReceived", 0) + peer.get("v6PrefixesReceived", 0),
        lines=running.lines(bgp, address, route_maps),
        lacks_policy=bgp.discards(),
        local_address=_address(str(peer.get("updateSource", ""))),
        router_id=str(peer.get("routerId", "")) if up else "",
        set_as=set_as,
        rest=rest,
        came_by=None if came_by is None else came_by.prefix,
    )


def _last_error(peer: Mapping[str, Any]) -> str:
    hint = peer.get("establishFailHint") or peer.get("idleReason")
    sent = (peer.get(f"lastError{way}{part}") for way in ("Rcvd", "Sent") for part in ("Code", "Subcode"))
    return str(hint or "/".join(str(one) for one in list(sent)[:2] if one))


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _routes(table: Mapping[str, Any]) -> Iterator[Network]:
    """Routes that packets follow."""
    found = table.get("routes", {}).items()
    followed = (prefix for prefix, route in found if route.get("routeAction", "forward") == "forward")
    yield from (network_of(prefix, strict=True) for prefix in followed)
