"""What a Junos switch answers, as values: its neighbours, routes and policies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from leafrack.addresses import Address, Network, network_of
from leafrack.errors import printable
from leafrack.platforms import played
from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.junos import documents, settings
from leafrack.platforms.junos.groups import Groups, Listening, Member, address_of, allowing, ours
from leafrack.platforms.junos.sets import Statement, below, quoted, statements
from leafrack.platforms.junos.write import BGP, OPTIONS, PATHS, POLICY
from leafrack.platforms.state import Effect, Line, SessionState, Settings, SwitchState

VERSION = "show version | no-more"
_ROUTING = "show configuration routing-options | display set | no-more"
_BGP = "show configuration protocols bgp | display set | no-more"
_POLICIES = "show configuration policy-options | display set | no-more"
_INSTANCES = 'show configuration routing-instances | display set | match "protocols bgp" | no-more'
_NEIGHBOURS = "show bgp neighbor | display json | no-more"
_SUMMARY = "show bgp summary | display json | no-more"
_ROUTES = tuple(f"show route table {one} active-path | display json | no-more" for one in ("inet.0", "inet6.0"))
READ = (VERSION, _ROUTING, _BGP, _POLICIES, _INSTANCES, _NEIGHBOURS, _SUMMARY, *_ROUTES)
"""Commands whose answers :func:`parse` takes (Juniper, CLI reference)."""
IDENTITY = r"(?i)^junos[ :]"
"""What the answer to :data:`VERSION` has, and no other platform's (``Junos: 21.4R3.15``, ``JUNOS Base OS boot …``)."""
UNREAD = {_ROUTES[1]: r"^error: .*\btable\b.*$"}
"""A box without IPv6 has no such table."""
_UNLIKE = "this does not answer as Junos"
_OTHER_AS = "Open Message Error"


def parse(output: str) -> SwitchState:
    """State from what :data:`READ` printed; raises ``ValueError`` with one line when it is not Junos'."""
    try:
        return _parsed(_answers(output))
    except ValueError as error:
        msg = f"{_UNLIKE}: {error}"
        raise ValueError(msg) from None
    except (AttributeError, IndexError, KeyError, TypeError, RecursionError) as error:
        msg = f"{_UNLIKE}: {type(error).__name__} in what it says of its neighbours"
        raise ValueError(msg) from None


def _answers(output: str) -> Mapping[str, Sequence[str]]:
    # Somebody else's description may hold what ends a line for Python.
    text = "\n".join(map(printable, output.split("\n")))
    found = dict(zip(READ, played.answers(text, READ, "it"), strict=True))
    if not re.search(IDENTITY, found[VERSION], re.MULTILINE):
        first = next((line for line in found[VERSION].split("\n") if line.strip()), "nothing")
        raise ValueError(repr(first[:120]))
    return {command: answer.split("\n") for command, answer in found.items()}


def _parsed(answers: Mapping[str, Sequence[str]]) -> SwitchState:
    routing = tuple(below(statements(answers[_ROUTING]), "routing-options"))
    bgp = Groups(tuple(below(statements(answers[_BGP]), *BGP)))
    options = tuple(one for one in statements(answers[_POLICIES]) if one[:1] == OPTIONS)
    policies, paths = entries(options), path_entries(options)
    instances = below(statements(answers[_INSTANCES]), "routing-instances")
    peers = {
        address: peer
        for information in documents.of_answer(answers[_NEIGHBOURS], "bgp-information", "output").get(
            "bgp-information", ()
        )
        for peer in _of_master(documents.inside(information, "bgp-peer"))
        if (address := address_of(documents.needed(peer, "peer-address"))) is not None
    }
    up_since = _uptimes(documents.of_answer(answers[_SUMMARY], "bgp-information", "output"))
    addresses = (*bgp.members, *(one for one in peers if one not in bgp.members))
    found = [_neighbour(one, peers.get(one, {}), bgp, up_since.get(one, 0.0), paths) for one in addresses]
    numbers = (number_or_none(documents.said(peer, "local-as")) for peer in peers.values())
    ids = (documents.said(peer, "local-id") for peer in peers.values())
    return SwitchState(
        as_number=_as_number(routing) or (next(filter(None, numbers), None) if bgp.said else None),
        neighbours={state.address: state for state in found},
        routes=frozenset(route for command in _ROUTES for route in _routes(answers[command])),
        router_id=next((one[1] for one in routing if one[:1] == ("router-id",)), next(filter(None, ids), "")),
        lists={name: said for name, said in policies.items() if name not in paths},
        paths=paths,
        elsewhere=tuple(dict.fromkeys(one[0] for one in instances if one[1:3] == BGP)),
        listeners={prefix: _listener(prefix, dynamic, bgp, name, paths) for prefix, name, dynamic in bgp.ranges()},
    )


def _as_number(routing: Iterable[Statement]) -> int | None:
    said = (one[1] for one in routing if one[:1] == ("autonomous-system",) and len(one) > 1)
    return next((number for each in said if (number := number_or_none(each))), None)


def entries(said: Iterable[Statement]) -> Mapping[str, frozenset[str]]:
    """All that policies say, by their name."""
    found: dict[str, frozenset[str]] = {}
    for one in below(said, *POLICY):
        found[one[0]] = found.get(one[0], frozenset()) | {" ".join(map(quoted, one[1:]))}
    return found


def path_entries(said: Sequence[Statement]) -> Mapping[str, frozenset[str]]:
    """Expressions of AS paths by their name, with all that a policy of that name says."""
    policies = entries(said)
    found = {one[0]: " ".join(("as-path", *map(quoted, one[1:]))) for one in below(said, *PATHS)}
    return {name: frozenset({text}) | policies.get(name, frozenset()) for name, text in found.items()}


def _of_master(peers: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Those of the default instance."""
    yield from (one for one in peers if documents.said(one, "peer-cfg-rti") in ("", "master"))


def _uptimes(document: Mapping[str, Any]) -> Mapping[Address, float]:
    found: dict[Address, float] = {}
    told = (peer for information in document.get("bgp-information", ()) for peer in information.get("bgp-peer", ()))
    for peer in _of_master(told):
        address = address_of(documents.said(peer, "peer-address"))
        times = peer.get("elapsed-time", ())
        if address is not None and times:
            found[address] = float(times[0].get("attributes", {}).get("junos:seconds", 0))
    return found


def _neighbour(address: Address, peer: Mapping[str, Any], bgp: Groups, uptime: float, paths: Collection[str]) -> Member:
    group = bgp.members.get(address, "")
    own = bgp.own(address)
    given, set_as, rest = settings.of_statements(own, address.version, paths)
    state = SessionState.of(documents.said(peer, "peer-state")) if peer else SessionState.IDLE
    up = state is SessionState.ESTABLISHED
    # Without a word of families Junos exchanges the one of the address.
    silent = not any(one[:1] == ("family",) for one in (*own, *bgp.inherited(group)))
    inherited = next((one[1] for one in bgp.inherited(group) if one[0] == "peer-as" and len(one) > 1), None)
    return Member(
        **{**vars(given), "activated": given.activated or silent},
        address=address,
        remote_as=number_or_none(documents.said(peer, "peer-as"))
        or (set_as if isinstance(set_as, int) else number_or_none(inherited))
        or 0,
        state=state,
        uptime=uptime if up else 0.0,
        last_error="" if up else _last_error(peer),
        prefixes_received=sum(
            int(documents.said(rib, "accepted-prefix-count") or 0)
            for rib in peer.get("bgp-rib", ())
            if documents.said(rib, "name") in ("inet.0", "inet6.0")
        ),
        lines=tuple(_lines(address, group, given, bgp)),
        local_address=address_of(documents.said(peer, "local-address")),
        router_id=documents.said(peer, "peer-id") if up else "",
        set_as=set_as,
        rest=rest,
        group=group,
        said=own,
        came_by=bgp.came_by(address),
    )


def _listener(prefix: Network, dynamic: Statement, bgp: Groups, group: str, paths: Collection[str]) -> Listening:
    said = tuple(one for one in bgp.groups[group] if one[:1] != ("neighbor",))
    entry = tuple(below(said, *dynamic)) if dynamic else ()
    of_all = [one for one in said if one[0] not in ("type", "allow", "dynamic-neighbor")]
    own = [*of_all, *(one for one in entry if one[0] not in ("allow", "peer-limit"))]
    given, set_as, rest = settings.of_statements(own, prefix.version, paths)
    silent = not any(one[:1] == ("family",) for one in (*own, *bgp.inherited(group)))
    limits = [int(one[1]) for one in entry if one[0] == "peer-limit" and one[1].isdigit()]
    return Listening(
        **{**vars(given), "activated": given.activated or silent},
        prefix=prefix,
        group=group,
        set_as=set_as,
        maximum_neighbours=next(iter(limits), None),
        rest=rest,
        dynamic=dynamic,
        said=said,
    )


def _last_error(peer: Mapping[str, Any]) -> str:
    """Junos tells the sort of a NOTIFICATION (RFC 4271 §4.5), not which of the sort it was."""
    said = documents.said(peer, "last-error")
    if said == _OTHER_AS:
        return f"{said}: most often another AS than the one that is expected"
    return "" if said == "None" else said


def _lines(address: Address, group: str, given: Settings, bgp: Groups) -> Iterator[Line]:
    if not group:
        # Neither: one that was taken away a moment ago.
        yield from (Line(said, Effect.REFUSES) for said in allowing(address, bgp))
        return
    if not ours(group, bgp):
        yield Line(f"group {quoted(group)} neighbor {address}", Effect.REFUSES)
    if given.shutdown is not None:
        yield Line("shutdown", Effect.SHUTS)
    yield from (
        Line(f"{way} {name}", Effect.REPLACED, name)
        for way, names in (("import", f"{given.paths_in} {given.list_in}"), ("export", given.list_out))
        for name in names.split()
    )
    for one in bgp.inherited(group):
        if one[0] == "shutdown":
            yield Line("shutdown", Effect.SHUTS)
        elif one[0] == "multihop":
            yield Line(" ".join(one), Effect.MULTIHOP)


def _routes(answer: Sequence[str]) -> Iterator[Network]:
    """Destinations of the active routes of the default instance's table."""
    for information in documents.of_answer(answer, "route-information").get("route-information", ()):
        for table in documents.inside(information, "route-table"):
            for route in table.get("rt", ()):
                yield network_of(documents.needed(route, "rt-destination"))
