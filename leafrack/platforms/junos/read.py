"""What a Junos switch answers, as values: its neighbours, routes and policies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from leafrack.addresses import Address, Network
from leafrack.errors import printable
from leafrack.platforms import played
from leafrack.platforms.as_numbers import number_or_none
from leafrack.platforms.junos import documents, settings
from leafrack.platforms.junos.sets import Statement, below, quoted, statements
from leafrack.platforms.junos.write import BGP, OPTIONS, PATHS, POLICY, group_of
from leafrack.platforms.state import Effect, Line, NeighbourState, SessionState, Settings, SwitchState

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


@dataclass(frozen=True)
class Member(NeighbourState):
    """A neighbour as a group of Junos has it."""

    group: str = ""
    """Empty where a range let it in."""
    said: tuple[Statement, ...] = field(default=(), repr=False)
    """All that is said of it itself."""


@dataclass(frozen=True)
class _Bgp:
    """What is configured at [edit protocols bgp]."""

    said: tuple[Statement, ...]
    groups: Mapping[str, tuple[Statement, ...]] = field(init=False)
    """By name."""
    members: Mapping[Address, str] = field(init=False)
    """Group of each neighbour."""

    def __post_init__(self) -> None:
        groups: dict[str, tuple[Statement, ...]] = {}
        for each in self.said:
            if each[:1] == ("group",):
                groups[each[1]] = (*groups.get(each[1], ()), each[2:])
        members = {
            address: name
            for name, said in groups.items()
            for one in below(said, "neighbor")
            if (address := _address(one[0])) is not None
        }
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "members", members)

    def own(self, address: Address) -> tuple[Statement, ...]:
        """What is said of a neighbour itself."""
        said = below(self.groups.get(self.members.get(address, ""), ()), "neighbor")
        return tuple(one[1:] for one in said if len(one) > 1 and _address(one[0]) == address)

    def inherited(self, group: str) -> tuple[Statement, ...]:
        """What a group and all of BGP say for a neighbour."""
        said = (one for one in self.groups.get(group, ()) if one[:1] != ("neighbor",))
        return (*said, *(one for one in self.said if one[:1] != ("group",)))


def _parsed(answers: Mapping[str, Sequence[str]]) -> SwitchState:
    routing = tuple(below(statements(answers[_ROUTING]), "routing-options"))
    bgp = _Bgp(tuple(below(statements(answers[_BGP]), *BGP)))
    options = tuple(one for one in statements(answers[_POLICIES]) if one[:1] == OPTIONS)
    policies, paths = entries(options), path_entries(options)
    instances = below(statements(answers[_INSTANCES]), "routing-instances")
    peers = {
        address: peer
        for information in documents.of_answer(answers[_NEIGHBOURS], "bgp-information", "output").get(
            "bgp-information", ()
        )
        for peer in _of_master(documents.inside(information, "bgp-peer"))
        if (address := _address(documents.needed(peer, "peer-address"))) is not None
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
        address = _address(documents.said(peer, "peer-address"))
        times = peer.get("elapsed-time", ())
        if address is not None and times:
            found[address] = float(times[0].get("attributes", {}).get("junos:seconds", 0))
    return found


def _address(said: str) -> Address | None:
    """Address of a neighbour; that of a session has its port behind it (``10.1.0.11+179``)."""
    try:
        return ip_address(said.partition("+")[0].partition("%")[0])
    except ValueError:
        return None


def _neighbour(address: Address, peer: Mapping[str, Any], bgp: _Bgp, uptime: float, paths: Collection[str]) -> Member:
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
        local_address=_address(documents.said(peer, "local-address")),
        router_id=documents.said(peer, "peer-id") if up else "",
        set_as=set_as,
        rest=rest,
        group=group,
        said=own,
    )


def _last_error(peer: Mapping[str, Any]) -> str:
    """Junos tells the sort of a NOTIFICATION (RFC 4271 §4.5), not which of the sort it was."""
    said = documents.said(peer, "last-error")
    if said == _OTHER_AS:
        return f"{said}: most often another AS than the one that is expected"
    return "" if said == "None" else said


def _lines(address: Address, group: str, given: Settings, bgp: _Bgp) -> Iterator[Line]:
    if not group:
        # Neither: one that was taken away a moment ago.
        yield from (Line(said, Effect.REFUSES) for said in _allowing(address, bgp))
        return
    if not _ours(group, bgp):
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


def _allowing(address: Address, bgp: _Bgp) -> Iterator[str]:
    """Lines of groups that take whoever comes from a range."""
    for name, said in bgp.groups.items():
        for one in said:
            if "allow" in one[:3] and _within(address, one[-1]):
                yield f"group {quoted(name)} {' '.join(one)}"


def _within(address: Address, said: str) -> bool:
    try:
        return said == "all" or address in ip_network(said, strict=False)
    except ValueError:
        return False


def _ours(group: str, bgp: _Bgp) -> bool:
    """Whether a group is a fabric's: its name is the one that its neighbours' lists give it."""
    said = [one[1:] for one in below(bgp.groups[group], "neighbor")]
    named = {
        way: {group_of(one[1]) for one in said if one[:1] == (way,) and len(one) == 2} for way in ("import", "export")
    }
    return all(group in names for names in named.values())


def _routes(answer: Sequence[str]) -> Iterator[Network]:
    """Destinations of the active routes of the default instance's table."""
    for information in documents.of_answer(answer, "route-information").get("route-information", ()):
        for table in documents.inside(information, "route-table"):
            for route in table.get("rt", ()):
                yield ip_network(documents.needed(route, "rt-destination"), strict=False)
